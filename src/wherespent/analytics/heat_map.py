"""When in the week the requests come: one sum per weekday and hour."""

from dataclasses import dataclass

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.filters import Filters, Granularity, newest_days
from wherespent.analytics.sources import request_streams, usage_source
from wherespent.analytics.sums import Sums, added, sums
from wherespent.domain.windows import DAY, HOUR, Window

_MOST_DAYS = 28
_FIRST_MONDAY = 4 * DAY


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """Requests of one hour of the week (0 is Monday) of the asked zone, over the weeks read."""

    weekday: int
    hour: int
    requests: int


def heat_map_window(filters: Filters) -> Window:
    """What `requests_by_hour_of_week` reads: at most the last 28 days of the window."""
    return newest_days(filters.window, _MOST_DAYS)


def requests_by_hour_of_week(connection: Connection, filters: Filters) -> list[HourOfWeek]:
    """Requests by hour of the week over `heat_map_window(filters)`; hours without are absent."""

    def ask(scope: Scope, _: tuple[str, ...]) -> Sums:
        choices = scope.filters.usage_choices
        source = usage_source(
            scope.account, request_streams(), choices, hours=True, zone=filters.zone
        )
        return sums(
            connection,
            source,
            heat_map_window(filters),
            Granularity.HOUR,
            choices,
            measures=(added(source.facts.c.num_model_requests),),
        )

    found = added_up(connection, filters, (), ask)
    by_hour: dict[int, int] = {}
    for (bucket,), (requests,) in found.items():
        hour = (bucket - _FIRST_MONDAY) // HOUR % (7 * 24)
        by_hour[hour] = by_hour.get(hour, 0) + (requests or 0)
    return [HourOfWeek(hour // 24, hour % 24, count) for hour, count in sorted(by_hour.items())]
