"""Who was active: distinct users and API keys with usage in a window."""

from sqlalchemy import Connection, select

from wherespent.analytics.filters import Filters
from wherespent.analytics.sources import Account, usage_source, usage_streams


def active_ids(connection: Connection, account: Account, filters: Filters) -> tuple[int, int]:
    """How many users and how many API keys have any usage in the window."""
    needed = (*filters.usage_choices, "user_id", "api_key_id")
    source = usage_source(account, usage_streams(), needed, hours=False)
    series, facts = source.series.c, source.facts.c
    # One look per series along an index; as a join Postgres would read the window through.
    any_day = (
        select(facts.bucket_start)
        .where(
            source.scope_of_series,
            source.key == series.id,
            facts.bucket_start >= filters.window.start,
            facts.bucket_start < filters.window.end,
        )
        .correlate(source.series)
        .limit(1)
        .scalar_subquery()
    )
    statement = source.chosen(filters.usage_choices, series.user_id, series.api_key_id)
    has_usage = any_day.is_not(None)
    found = connection.execute(statement.where(has_usage)).all()
    return len({user for user, _ in found if user}), len({key for _, key in found if key})
