"""Facts of usage and the rollups that sum them, rewritten in one transaction.

The facts of a page are in memory when they are written, so they are summed there: the engines
would have to sort them again, which takes three times as long.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from wherespent.domain.records import Measures
from wherespent.domain.streams import STOCK_MEASURES, Stream
from wherespent.domain.windows import DAY, HOUR, Window, floor_day, joined
from wherespent.storage.blocks import block_of, insert_block
from wherespent.storage.tables import (
    MAIN,
    usage_day,
    usage_hour,
    usage_slice_day,
    usage_slice_hour,
)

# Bucket start → series → measures.
Cells = Mapping[int, Mapping[int, Measures]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where facts of one stream are: the first two parts of every key."""

    account_id: int
    stream_id: int


def rewrite_usage(
    connection: Connection,
    place: Place,
    stream: Stream,
    hours: Cells,
    changed: Collection[int],
    slice_of: Mapping[int, int],
    *,
    stored: Collection[int],
) -> None:
    """Rewrite the `changed` hours, and (day, series), (hour, slice) and (day, slice) above them.

    `hours` holds every hour of every day that a changed one lies in, as it is to be; `stored`
    are those that have rows now. The day of a stock is the level in the last hour that has one.
    """
    block = block_of(hours, len(stream.measures))
    changed_hours = block if len(changed) == len(hours) else block.only(changed)
    is_stock = not STOCK_MEASURES.isdisjoint(stream.measures)
    of_days = (block.last_of_each(DAY) if is_stock else block).summed(DAY)
    days = {floor_day(start) for start in changed}
    for table, starts, width, facts in (
        (usage_hour, [start for start in changed if start in stored], HOUR, changed_hours),
        (usage_day, days, DAY, of_days),
        (usage_slice_hour, changed, HOUR, changed_hours.summed(HOUR, slice_of)),
        (usage_slice_day, days, DAY, of_days.summed(DAY, slice_of)),
    ):
        for span in joined(sorted(starts), width):
            _delete(connection, place, table.name, span)
        key = (place.account_id, place.stream_id)
        insert_block(connection, table, key, stream.measures, facts)


def _delete(connection: Connection, place: Place, table: str, span: Window) -> None:
    connection.execute(
        text(
            f"DELETE FROM {table} WHERE account_id = :account AND stream_id = :stream"
            " AND bucket_start >= :start AND bucket_start < :end"
        ),
        {
            "account": place.account_id,
            "stream": place.stream_id,
            "start": span.start,
            "end": span.end,
        },
    )


def rewrite_cost_rollup(connection: Connection, account_id: int, days: Iterable[Window]) -> None:
    """Rewrite (day, slice) of costs; a quantity is kept only where every part has one."""
    for span in days:
        bound: dict[str, Any] = {
            "account": account_id,
            "main": MAIN,
            "start": span.start,
            "end": span.end,
        }
        connection.execute(
            text(
                "DELETE FROM cost_slice_day WHERE account_id = :account"
                " AND bucket_start >= :start AND bucket_start < :end"
            ),
            bound,
        )
        connection.execute(
            text(
                "INSERT INTO cost_slice_day (account_id, bucket_start, slice_id, amount, quantity)"
                " SELECT f.account_id, f.bucket_start, s.slice_id,"
                " CAST(SUM(f.amount) AS BIGINT),"
                " CASE WHEN COUNT(f.quantity) = COUNT(*) THEN SUM(f.quantity) END"
                " FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
                " WHERE f.account_id = :account AND f.grouping = :main"
                " AND f.bucket_start >= :start AND f.bucket_start < :end"
                " GROUP BY f.account_id, f.bucket_start, s.slice_id"
            ),
            bound,
        )
