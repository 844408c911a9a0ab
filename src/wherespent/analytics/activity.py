"""Who was active: distinct users and API keys with usage in a window."""

from sqlalchemy import Connection, select

from wherespent.analytics.filters import Filters
from wherespent.analytics.sources import Account, usage_source, usage_streams
from wherespent.analytics.zones import Zone
from wherespent.domain.windows import DAY, Window

# (user id, API key id)
_Active = set[tuple[str, str]]


def active_ids(connection: Connection, account: Account, filters: Filters) -> tuple[int, int]:
    """How many users and how many API keys have any usage in the window."""
    days, edges = _whole_days(filters.zone, filters.window)
    found = _active_in_days(connection, account, filters, days) if days else set[tuple[str, str]]()
    for edge in edges:
        found |= _active_in_hours(connection, account, filters, edge)
    return len({user for user, _ in found if user}), len({key for _, key in found if key})


def _whole_days(zone: Zone, window: Window) -> tuple[Window | None, list[Window]]:
    """The UTC days that lie wholly in a window of another zone, and the hours at its ends."""
    whole = zone.utc_window(window)
    start, end = -(-whole.start // DAY) * DAY, whole.end // DAY * DAY
    if start > end:
        return None, [whole]
    edges = [(whole.start, start), (end, whole.end)]
    days = Window(start, end) if start < end else None
    return days, [Window(*edge) for edge in edges if edge[0] < edge[1]]


def _active_in_days(
    connection: Connection, account: Account, filters: Filters, window: Window
) -> _Active:
    needed = (*filters.usage_choices, "user_id", "api_key_id")
    source = usage_source(account, usage_streams(), needed, hours=False)
    series, facts = source.series.c, source.facts.c
    # One look per series along an index; as a join Postgres would read the window through.
    any_day = (
        select(facts.bucket_start)
        .where(
            source.scope_of_series,
            source.key == series.id,
            facts.bucket_start >= window.start,
            facts.bucket_start < window.end,
        )
        .correlate(source.series)
        .limit(1)
        .scalar_subquery()
    )
    statement = source.chosen(filters.usage_choices, series.user_id, series.api_key_id)
    found = connection.execute(statement.where(any_day.is_not(None))).all()
    return {(user, key) for user, key in found}


def _active_in_hours(
    connection: Connection, account: Account, filters: Filters, window: Window
) -> _Active:
    """At most a day of hours."""
    choices = filters.usage_choices
    source = usage_source(account, usage_streams(), (*choices, "user_id"), hours=True)
    ids = (source.series.c.user_id, source.series.c.api_key_id)
    statement = select(*ids).distinct().select_from(source.joined())
    found: _Active = set()
    for where in source.wheres(connection, window, choices):
        found |= {(user, key) for user, key in connection.execute(statement.where(where))}
    return found
