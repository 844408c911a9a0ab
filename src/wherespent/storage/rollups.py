"""Rollups: rewritten from the facts that they sum, in the transaction that writes those.

The facts of a page are in memory when they are written, so they are summed there: the engines
would have to sort them again, which takes three times as long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from wherespent.domain.records import Measures
from wherespent.domain.streams import STOCK_MEASURES, Stream
from wherespent.domain.windows import DAY, HOUR, Window, floor_day, joined
from wherespent.storage.bulk import insert_rows
from wherespent.storage.tables import MAIN

# Bucket start → series or slice → measures.
Cells = Mapping[int, Mapping[int, Measures]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where facts of one stream are: the first two parts of every key."""

    account_id: int
    stream_id: int


def rewrite_usage_rollups(
    connection: Connection,
    place: Place,
    stream: Stream,
    hours: Cells,
    changed: list[int],
    slice_of: Mapping[int, int],
) -> None:
    """Rewrite (day, series), (hour, slice) and (day, slice) where hours have changed.

    `hours` holds every hour of every day that a `changed` one lies in, as it is now stored.
    """
    days = sorted({floor_day(start) for start in changed})
    series_days = {day: _day(stream, hours, day) for day in days}
    for table, width, cells in (
        ("usage_day", DAY, series_days),
        ("usage_slice_hour", HOUR, {h: _sliced(hours.get(h, {}), slice_of) for h in changed}),
        ("usage_slice_day", DAY, {d: _sliced(c, slice_of) for d, c in series_days.items()}),
    ):
        for span in joined(sorted(cells), width):
            _delete(connection, place, table, span)
        number = "series_id" if table == "usage_day" else "slice_id"
        insert_usage(connection, place, table, number, stream, cells)


def insert_usage(
    connection: Connection, place: Place, table: str, number: str, stream: Stream, cells: Cells
) -> None:
    """Insert in the order of the key: both engines then append."""
    key = (place.account_id, place.stream_id)
    insert_rows(
        connection,
        table,
        ("account_id", "stream_id", "bucket_start", number, *stream.measures),
        [
            (*key, start, n, *measures)
            for start, cell in sorted(cells.items())
            for n, measures in sorted(cell.items())
        ],
    )


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


def _day(stream: Stream, hours: Cells, day: int) -> dict[int, Measures]:
    """A day of each series: the sum of its hours, or the level in the last hour of a stock."""
    in_order = [cells for hour in range(day, day + DAY, HOUR) if (cells := hours.get(hour))]
    if not STOCK_MEASURES.isdisjoint(stream.measures):
        return dict(in_order[-1]) if in_order else {}
    rows: dict[int, list[Measures]] = {}
    for cells in in_order:
        for series, measures in cells.items():
            if series in rows:
                rows[series].append(measures)
            else:
                rows[series] = [measures]
    return {series: summed(each) for series, each in rows.items()}


def _sliced(cells: Mapping[int, Measures], slice_of: Mapping[int, int]) -> dict[int, Measures]:
    rows: dict[int, list[Measures]] = {}
    for series, measures in cells.items():
        number = slice_of[series]
        if number in rows:
            rows[number].append(measures)
        else:
            rows[number] = [measures]
    return {number: summed(each) for number, each in rows.items()}


def summed(rows: list[Measures]) -> Measures:
    """Column sums; unknown (None) plus a number is that number."""
    if len(rows) == 1:
        return rows[0]
    try:
        return tuple(map(sum, zip(*rows, strict=True)))  # pyright: ignore[reportArgumentType]
    except TypeError:
        return tuple(map(_known_sum, zip(*rows, strict=True)))


def _known_sum(column: tuple[int | None, ...]) -> int | None:
    known = [value for value in column if value is not None]
    return sum(known) if known else None


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
