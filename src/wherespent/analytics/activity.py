"""Who was active: distinct users and API keys with usage in a window."""

from sqlalchemy import Connection, exists

from wherespent.analytics.filters import Filters
from wherespent.analytics.sources import Account, usage_source, usage_streams
from wherespent.domain.windows import DAY


def active_ids(connection: Connection, account: Account, filters: Filters) -> tuple[int, int]:
    """How many users and how many API keys have any usage in the window."""
    needed = (*filters.usage_choices, "user_id", "api_key_id")
    source = usage_source(account, usage_streams(), needed, hours=False)
    series, facts = source.series.c, source.facts.c
    # Most series are found on one of the first days tried; reading the window through takes
    # twenty times as long.
    days = range(filters.window.start, filters.window.end, DAY)
    has_usage = exists().where(
        facts.account_id == series.account_id,
        facts.stream_id == series.stream_id,
        facts.bucket_start.in_(days),
        source.key == series.id,
    )
    statement = source.chosen(filters.usage_choices, series.user_id, series.api_key_id)
    found = connection.execute(statement.where(has_usage)).all()
    return len({user for user, _ in found if user}), len({key for _, key in found if key})
