"""The provider's own total of a day's bill, asked for without any grouping, beside ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.types import BigInteger

from wherespent.domain.money import from_nanos
from wherespent.domain.windows import Window
from wherespent.storage.bulk import upsert
from wherespent.storage.tables import MAIN, billed_total, cost_day


@dataclass(frozen=True, slots=True)
class BilledDay:
    """What the stored rows of one day add up to: whole nano-dollars, and how many rows."""

    nanos: int
    rows: int


NOTHING_BILLED = BilledDay(0, 0)


def agrees(day: BilledDay, total: int) -> bool:
    """Whether rounding alone explains the difference: half a nano-dollar for every row, and for
    the total itself."""
    return 2 * abs(day.nanos - total) <= day.rows + 1


def billed_days(connection: Connection, account_id: int, window: Window) -> dict[int, BilledDay]:
    """UTC day → what the reading that carries all totals holds; days without a row are absent."""
    c = cost_day.c
    rows = connection.execute(
        select(c.bucket_start, func.sum(type_coerce(c.amount, BigInteger)), func.count())
        .where(
            c.account_id == account_id,
            c.grouping == MAIN,
            c.bucket_start >= window.start,
            c.bucket_start < window.end,
        )
        .group_by(c.bucket_start)
    )
    return {start: BilledDay(int(nanos), count) for start, nanos, count in rows}


def totals_read(connection: Connection, account_id: int, window: Window) -> dict[int, datetime]:
    """UTC day → when its total was read last."""
    c = billed_total.c
    rows = connection.execute(
        select(c.bucket_start, c.read_at).where(
            c.account_id == account_id,
            c.bucket_start >= window.start,
            c.bucket_start < window.end,
        )
    )
    return {row[0]: row[1] for row in rows}


def replace_billed_totals(
    connection: Connection,
    account_id: int,
    totals: Mapping[int, int],
    read_at: datetime,
    *,
    moved: frozenset[int] = frozenset(),
) -> None:
    """Keep the newest total (whole nano-dollars) of each UTC day.

    `moved` days changed between the reading of their rows and that of their total.
    """
    upsert(
        connection,
        billed_total,
        [
            {
                "account_id": account_id,
                "bucket_start": start,
                "amount": from_nanos(nanos),
                "read_at": read_at,
                "moved": int(start in moved),
            }
            for start, nanos in totals.items()
        ],
    )
