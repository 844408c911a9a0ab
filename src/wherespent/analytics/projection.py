"""The month so far against the month before, and where it will end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.all_accounts import bill_groupings, expected
from wherespent.analytics.cost import cost_over_time
from wherespent.analytics.coverage import unread_days
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.zones import UTC_ZONE
from wherespent.domain.forecast import TRIED_STARTS, USUAL_DAYS, Forecast, month_end
from wherespent.domain.money import exact_sum
from wherespent.domain.windows import DAY, Window, utc
from wherespent.providers.openai.streams import COSTS

# A start that is tried needs settled days before it and a month after it.
_DAYS_READ = USUAL_DAYS + TRIED_STARTS + 31 + 2 * COSTS.lag_days + 2

Amounts = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Month:
    """US dollars of the month of `today`; every amount is None where a day of it was not read.

    `days` and `days_before` hold the read days of this month up to today and of the whole month
    before. `billed` is this month with today so far, `before` the month before up to the same
    day of the month, `month_before` all of it; `unread` counts unread days of this month.
    """

    today: date
    days: Amounts
    days_before: Amounts
    billed: Decimal | None
    before: Decimal | None
    month_before: Decimal | None
    unread: int
    forecast: Forecast | None

    @property
    def same_day_before(self) -> date:
        """The last day of the month before that is compared with."""
        end = self.today.replace(day=1) - timedelta(days=1)
        return end.replace(day=min(self.today.day, end.day))


def month_so_far(
    connection: Connection, filters: Filters, *, today: int, settled_until: int
) -> Month:
    """The month that `today` lies in, with the choices of `filters`; their window has no say.

    `today` and `settled_until` are starts of UTC days; days from `settled_until` on may still
    change. Raises QuestionRefused as `cost_over_time` does.
    """
    window = Window(today + DAY - _DAYS_READ * DAY, today + DAY)
    billed = _billed_days(connection, filters, window, today)
    day = utc(today).date()
    first = day.replace(day=1)
    first_before = (first - timedelta(days=1)).replace(day=1)
    days = {each: amount for each, amount in billed.items() if first <= each}
    days_before = {each: amount for each, amount in billed.items() if first_before <= each < first}
    found = Month(
        today=day,
        days=days,
        days_before=days_before,
        billed=_sum(days, first, day),
        before=None,
        month_before=_sum(days_before, first_before, first - timedelta(days=1)),
        unread=day.day - len(days),
        forecast=month_end(billed, day, utc(settled_until).date()),
    )
    return replace(found, before=_sum(days_before, first_before, found.same_day_before))


def _billed_days(
    connection: Connection, filters: Filters, window: Window, today: int
) -> dict[date, Decimal]:
    """Every day that was read, oldest first: without a row it cost nothing."""
    asked = replace(filters, window=window, granularity=Granularity.DAY, zone=UTC_ZONE)
    points = cost_over_time(connection, asked)
    billed = {point.bucket_start: point.billed for point in points}
    streams = (COSTS.name,)
    groupings = bill_groupings(connection, asked)
    each = (
        unread_days(connection, label, streams, window, today=today, grouping=groupings[label])
        for label in expected(connection, tuple(groupings), streams)
    )
    missing = frozenset[int]().union(*each)
    return {
        utc(start).date(): billed.get(start, Decimal(0))
        for start in window.days()
        if start not in missing
    }


def _sum(billed: Amounts, first: date, last: date) -> Decimal | None:
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    if any(day not in billed for day in days):
        return None
    return exact_sum([billed[day] for day in days])
