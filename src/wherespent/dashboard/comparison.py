"""What a number is compared with: a period that was read as completely as the one that is shown."""

from dataclasses import replace
from decimal import Decimal

from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard import gaps
from wherespent.dashboard.desk import Asked, Desk
from wherespent.domain.money import EXACT


def before(
    desk: Desk, asked: Asked, streams: tuple[str, ...], *, by: tuple[str, ...] = ()
) -> Filters | None:
    """The compared period as one bucket; None where nothing is compared.

    Nor where a day of either period was not read: less data is not less cost. `by` as in
    `gaps.unread`.
    """
    compared = asked.compared
    if compared is None or gaps.unread(desk, asked, streams, by=by):
        return None
    if gaps.unread(desk, asked, streams, gaps.utc_days(compared, streams), by=by):
        return None
    return replace(compared, granularity=Granularity.TOTAL)


def changed(now: Decimal | int | None, then: Decimal | int | None) -> Decimal | str | None:
    """The relative change for a column of changes: 0.25 is a quarter more, "new" from nothing."""
    if now is None or then is None:
        return None
    if not then:
        return "new" if now else Decimal(0)
    return EXACT.divide(Decimal(now) - Decimal(then), abs(Decimal(then)))
