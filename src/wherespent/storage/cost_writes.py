"""Replaces whole days of billed cost, and keeps a revision of every cell that changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text

from wherespent.domain.records import (
    CostAmount,
    CostBucket,
    Dimensions,
    added_costs,
    by_number,
)
from wherespent.domain.windows import DAY, Window, epoch, joined
from wherespent.storage.bulk import insert_rows
from wherespent.storage.empty_buckets import EmptyBuckets
from wherespent.storage.revisions import PROVISIONAL, REGROUPED, RESTATED
from wherespent.storage.rollups import Place, rewrite_cost_rollup
from wherespent.storage.series import CostSeries
from wherespent.storage.tables import MAIN, cost_revision, coverage
from wherespent.storage.writes import Written

_Day = dict[int, CostAmount]
# Day → series → amount.
Cells = dict[int, _Day]


def replace_costs(
    connection: Connection,
    place: Place,
    series: CostSeries,
    group_by: tuple[str, ...],
    buckets: Sequence[CostBucket],
    *,
    grouping: int,
    settled_before: int,
    now: datetime,
) -> Written:
    """Make the stored days equal to `buckets`; every changed cell is kept as a revision.

    A day that starts before `settled_before` is settled: its change is a restatement.
    """
    if not buckets:
        return Written()
    wanted = set[Dimensions]().union(*(bucket.records for bucket in buckets))
    numbers = series.numbers(connection, wanted, group_by)
    read: Cells = {
        bucket.start: by_number(numbers, bucket.records, added_costs) for bucket in buckets
    }
    span = Window(min(read), max(read) + DAY)
    stored = _stored(connection, place, grouping, span)
    # A day that was read and held nothing has changed as well.
    for start in _read_before(connection, place, grouping, span):
        stored.setdefault(start, {})
    changed = EmptyBuckets(connection, place, grouping).changed(stored, read, now)
    revisions = _Revisions(place.account_id, grouping, settled_before, now)
    revisions.append(connection, stored, {start: read[start] for start in changed})
    _replace(connection, place, grouping, read, changed)
    if grouping == MAIN:
        rewrite_cost_rollup(connection, place.account_id, joined(changed, DAY))
    return Written(rows=sum(map(len, read.values())), buckets_changed=len(changed))


def _stored(connection: Connection, place: Place, grouping: int, span: Window) -> Cells:
    rows = connection.execute(
        text(
            "SELECT bucket_start, series_id, amount, quantity FROM cost_day"
            " WHERE account_id = :account AND grouping = :grouping"
            " AND bucket_start >= :start AND bucket_start < :end"
        ),
        _bound(place, grouping, span),
    )
    cells: Cells = {}
    for start, number, nanos, quantity in rows:
        cells.setdefault(start, {})[number] = CostAmount(nanos, quantity)
    return cells


def _read_before(connection: Connection, place: Place, grouping: int, span: Window) -> set[int]:
    start = coverage.c.bucket_start
    return set(
        connection.scalars(
            select(start).where(
                coverage.c.account_id == place.account_id,
                coverage.c.stream_id == place.stream_id,
                coverage.c.grouping == grouping,
                start >= span.start,
                start < span.end,
            )
        )
    )


def _replace(
    connection: Connection, place: Place, grouping: int, read: Cells, changed: list[int]
) -> None:
    for days in joined(changed, DAY):
        connection.execute(
            text(
                "DELETE FROM cost_day WHERE account_id = :account AND grouping = :grouping"
                " AND bucket_start >= :start AND bucket_start < :end"
            ),
            _bound(place, grouping, days),
        )
    insert_rows(
        connection,
        "cost_day",
        ("account_id", "grouping", "bucket_start", "series_id", "amount", "quantity"),
        [
            (place.account_id, grouping, start, number, cell.nanos, cell.quantity)
            for start in changed
            for number, cell in sorted(read[start].items(), key=lambda item: item[0])
        ],
    )


def _bound(place: Place, grouping: int, span: Window) -> dict[str, int]:
    return {
        "account": place.account_id,
        "grouping": grouping,
        "start": span.start,
        "end": span.end,
    }


@dataclass(frozen=True, slots=True)
class _Revisions:
    account_id: int
    grouping: int
    settled_before: int
    now: datetime

    def append(self, connection: Connection, stored: Cells, changed: Cells) -> None:
        """Keep old and new of every cell that changes in a day that was read before.

        The same money under other dimensions is kept as well, though it is no restatement: what
        is stored now, less all that is kept here, must lead back to what was stored then.
        """
        rows = [
            (
                self.account_id,
                self.grouping,
                start,
                number,
                old,
                new,
                epoch(self.now),
                self._kind(start, before, after),
            )
            for start, after in changed.items()
            if (before := stored.get(start)) is not None
            for number in sorted({*before, *after})
            if (old := _nanos(before.get(number))) != (new := _nanos(after.get(number)))
        ]
        columns = [column.name for column in cost_revision.columns if column.name != "id"]
        insert_rows(connection, cost_revision.name, columns, rows)

    def _kind(self, start: int, before: _Day, after: _Day) -> int:
        if start >= self.settled_before:
            return PROVISIONAL
        return REGROUPED if _is_regrouped(before, after) else RESTATED


def _nanos(cell: CostAmount | None) -> int | None:
    return cell.nanos if cell else None


def _is_regrouped(before: _Day, after: _Day) -> bool:
    """The same money under other dimensions, because a grouping was refused."""
    if not before or not after or not before.keys().isdisjoint(after):
        return False
    return sum(c.nanos for c in before.values()) == sum(c.nanos for c in after.values())
