"""Replaces whole buckets: any number of repeats equals one, and a row that the provider no
longer sends disappears.

Each function runs in the caller's transaction and writes only what differs from what is
stored, then the rollups that sum it. A bucket that comes back empty over money is kept and
flagged, and believed when a reading at least an hour later agrees.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, delete, insert, select, text, update

from wherespent.domain.records import CostAmount, CostBucket, UsageBucket
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, Window, epoch
from wherespent.storage.bulk import insert_rows
from wherespent.storage.rollups import Place, rewrite_cost_rollup, rewrite_usage_rollups
from wherespent.storage.series import CostSeries, UsageSeries
from wherespent.storage.tables import MAIN, account, cost_day, cost_revision, empty_bucket

BELIEVE_EMPTY_AFTER = timedelta(hours=1)
Value = TypeVar("Value")
# Bucket start → series → value.
Cells = dict[int, dict[int, Value]]


@dataclass(slots=True)
class Written:
    """What one page did. `violations`: rows whose token parts do not add up to their total."""

    rows: int = 0
    buckets_changed: int = 0
    violations: int = 0

    def add(self, other: "Written") -> None:
        self.rows += other.rows
        self.buckets_changed += other.buckets_changed
        self.violations += other.violations


def replace_usage(
    connection: Connection,
    place: Place,
    stream: Stream,
    series: UsageSeries,
    group_by: tuple[str, ...],
    buckets: Sequence[UsageBucket],
    *,
    now: datetime,
) -> Written:
    """Make the stored hours equal to `buckets`, and rewrite their rollups."""
    if not buckets:
        return Written()
    read = _usage_cells(connection, series, group_by, buckets)
    span = Window(min(read), max(read) + stream.width)
    stored = _stored_usage(connection, place, stream, span)
    changed = _changed(connection, place, MAIN, stored, read, now)
    for hours in _spans(changed, stream.width):
        _delete_usage(connection, place, hours)
    _insert_usage(connection, place, stream, read, changed)
    rewrite_usage_rollups(
        connection, place, _joined(changed, stream.width, gap=DAY), stream.measures
    )
    return Written(
        rows=sum(map(len, read.values())),
        buckets_changed=len(changed),
        violations=_violations(stream, read),
    )


def _usage_cells(
    connection: Connection,
    series: UsageSeries,
    group_by: tuple[str, ...],
    buckets: Sequence[UsageBucket],
) -> Cells[tuple[int | None, ...]]:
    wanted = set().union(*(bucket.records for bucket in buckets))
    numbers = series.numbers(connection, wanted, group_by)
    return {
        bucket.start: {numbers[dims]: measures for dims, measures in bucket.records.items()}
        for bucket in buckets
    }


def _stored_usage(
    connection: Connection, place: Place, stream: Stream, span: Window
) -> Cells[tuple[int | None, ...]]:
    names = ", ".join(stream.measures)
    rows = connection.execute(
        text(
            f"SELECT bucket_start, series_id, {names} FROM usage_hour WHERE account_id = :account"
            " AND stream_id = :stream AND bucket_start >= :start AND bucket_start < :end"
        ),
        _bound(place, span),
    )
    cells: Cells[tuple[int | None, ...]] = {}
    for row in rows:
        cells.setdefault(row[0], {})[row[1]] = row[2:]
    return cells


def _delete_usage(connection: Connection, place: Place, span: Window) -> None:
    connection.execute(
        text(
            "DELETE FROM usage_hour WHERE account_id = :account AND stream_id = :stream"
            " AND bucket_start >= :start AND bucket_start < :end"
        ),
        _bound(place, span),
    )


def _insert_usage(
    connection: Connection,
    place: Place,
    stream: Stream,
    read: Cells[tuple[int | None, ...]],
    changed: list[int],
) -> None:
    key = (place.account_id, place.stream_id)
    insert_rows(
        connection,
        "usage_hour",
        ("account_id", "stream_id", "bucket_start", "series_id", *stream.measures),
        [
            (*key, start, number, *measures)
            for start in changed
            for number, measures in sorted(read[start].items(), key=itemgetter(0))
        ],
    )


def _violations(stream: Stream, read: Cells[tuple[int | None, ...]]) -> int:
    """Rows where input is not uncached + cached + cache write, as far as all are known."""
    names = ("input_tokens", "input_uncached_tokens", "input_cached_tokens")
    if not set(names) <= set(stream.measures):
        return 0
    total, uncached, cached, written = (
        stream.measures.index(name) for name in (*names, "input_cache_write_tokens")
    )
    return sum(
        1
        for cells in read.values()
        for m in cells.values()
        if m[total] is not None
        and m[uncached] is not None
        and m[cached] is not None
        and m[total] != m[uncached] + m[cached] + (m[written] or 0)
    )


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
    wanted = set().union(*(bucket.records for bucket in buckets))
    numbers = series.numbers(connection, wanted, group_by)
    read = {
        bucket.start: {numbers[dims]: amount for dims, amount in bucket.records.items()}
        for bucket in buckets
    }
    span = Window(min(read), max(read) + DAY)
    stored = _stored_costs(connection, place, grouping, span)
    changed = _changed(connection, place, grouping, stored, read, now)
    revisions = _Revisions(place.account_id, grouping, settled_before, now)
    revisions.append(connection, stored, {start: read[start] for start in changed})
    for days in _spans(changed, DAY):
        _delete_costs(connection, place, grouping, days)
    key = (place.account_id, grouping)
    insert_rows(
        connection,
        "cost_day",
        ("account_id", "grouping", "bucket_start", "series_id", "amount", "quantity"),
        [
            (*key, start, number, cell.nanos, cell.quantity)
            for start in changed
            for number, cell in sorted(read[start].items(), key=itemgetter(0))
        ],
    )
    if grouping == MAIN:
        rewrite_cost_rollup(connection, place.account_id, _spans(changed, DAY))
    return Written(rows=sum(map(len, read.values())), buckets_changed=len(changed))


def _stored_costs(
    connection: Connection, place: Place, grouping: int, span: Window
) -> Cells[CostAmount]:
    rows = connection.execute(
        text(
            "SELECT bucket_start, series_id, amount, quantity FROM cost_day"
            " WHERE account_id = :account AND grouping = :grouping"
            " AND bucket_start >= :start AND bucket_start < :end"
        ),
        {
            "account": place.account_id,
            "grouping": grouping,
            "start": span.start,
            "end": span.end,
        },
    )
    cells: Cells[CostAmount] = {}
    for start, number, nanos, quantity in rows:
        cells.setdefault(start, {})[number] = CostAmount(nanos, quantity)
    return cells


def _delete_costs(connection: Connection, place: Place, grouping: int, days: Window) -> None:
    c = cost_day.c
    connection.execute(
        delete(cost_day).where(
            c.account_id == place.account_id,
            c.grouping == grouping,
            c.bucket_start >= days.start,
            c.bucket_start < days.end,
        )
    )


@dataclass(frozen=True, slots=True)
class _Revisions:
    account_id: int
    grouping: int
    settled_before: int
    now: datetime

    def append(
        self, connection: Connection, stored: Cells[CostAmount], changed: Cells[CostAmount]
    ) -> None:
        """Keep old and new of every cell that changes in a day that was already stored."""
        known = {start: stored[start] for start in changed if start in stored}
        rows = [
            (
                self.account_id,
                self.grouping,
                start,
                number,
                old.nanos if old else None,
                new.nanos if new else None,
                epoch(self.now),
                int(start < self.settled_before),
            )
            for start, before in known.items()
            if not _is_regrouped(before, changed[start])
            for number in sorted({*before, *changed[start]})
            if _nanos(old := before.get(number)) != _nanos(new := changed[start].get(number))
        ]
        columns = [c.name for c in cost_revision.columns if c.name != "id"]
        insert_rows(connection, cost_revision.name, columns, rows)


def _nanos(cell: CostAmount | None) -> int | None:
    return cell.nanos if cell else None


def _is_regrouped(before: dict[int, CostAmount], after: dict[int, CostAmount]) -> bool:
    """The same money under other dimensions, because a grouping was refused: no revision."""
    return before.keys().isdisjoint(after) and sum(c.nanos for c in before.values()) == sum(
        c.nanos for c in after.values()
    )


def _changed(
    connection: Connection,
    place: Place,
    grouping: int,
    stored: Cells[Value],
    read: Cells[Value],
    now: datetime,
) -> list[int]:
    """Starts of the buckets to write, oldest first, after the rule about empty ones."""
    differing = sorted(start for start, cells in read.items() if cells != stored.get(start, {}))
    emptied = [start for start in differing if not read[start]]
    filled = [start for start, cells in read.items() if cells]
    flags = _flags(connection, place, grouping, Window(min(read), max(read) + 1))
    _unflag(connection, place, grouping, [start for start in filled if start in flags])
    if not emptied:
        return differing
    believed = {
        start for start in emptied if start in flags and flags[start] + BELIEVE_EMPTY_AFTER <= now
    }
    _unflag(connection, place, grouping, believed)
    _flag(connection, place, grouping, [s for s in emptied if s not in flags], now)
    return [start for start in differing if read[start] or start in believed]


def _flags(
    connection: Connection, place: Place, grouping: int, span: Window
) -> dict[int, datetime]:
    c = empty_bucket.c
    rows = connection.execute(
        select(c.bucket_start, c.seen_at).where(
            _flags_of(place, grouping), c.bucket_start >= span.start, c.bucket_start < span.end
        )
    )
    return {start: seen_at for start, seen_at in rows}


def _flags_of(place: Place, grouping: int) -> Any:
    c = empty_bucket.c
    return and_(
        c.account_id == place.account_id,
        c.stream_id == place.stream_id,
        c.grouping == grouping,
    )


def _unflag(
    connection: Connection, place: Place, grouping: int, starts: Iterable[int]
) -> None:
    for start in starts:
        connection.execute(
            delete(empty_bucket).where(
                _flags_of(place, grouping), empty_bucket.c.bucket_start == start
            )
        )


def _flag(
    connection: Connection, place: Place, grouping: int, starts: list[int], now: datetime
) -> None:
    key = {"account_id": place.account_id, "stream_id": place.stream_id, "grouping": grouping}
    if starts:
        connection.execute(
            insert(empty_bucket),
            [{**key, "bucket_start": start, "seen_at": now} for start in starts],
        )


def advance_version(connection: Connection, account_id: int) -> None:
    """Tell whoever keeps answers that they are old."""
    connection.execute(
        update(account).where(account.c.id == account_id).values(version=account.c.version + 1)
    )


def _spans(starts: list[int], width: int) -> list[Window]:
    """Neighbouring buckets as the fewest spans."""
    return _joined(starts, width, gap=0)


def _joined(starts: list[int], width: int, *, gap: int) -> list[Window]:
    """Buckets that are at most `gap` seconds apart as one span."""
    spans: list[Window] = []
    for start in starts:
        if spans and start - spans[-1].end <= gap:
            spans[-1] = Window(spans[-1].start, start + width)
        else:
            spans.append(Window(start, start + width))
    return spans


def _bound(place: Place, span: Window) -> dict[str, int]:
    return {
        "account": place.account_id,
        "stream": place.stream_id,
        "start": span.start,
        "end": span.end,
    }
