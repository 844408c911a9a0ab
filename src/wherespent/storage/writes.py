"""Replaces whole buckets: any number of repeats equals one, and a row that the provider no
longer sends disappears.

Each function runs in the caller's transaction and writes only what differs from what is
stored, then the rollups that sum it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, Row, text, update

from wherespent.domain.records import (
    Measures,
    UsageBucket,
    added_measures,
    by_number,
)
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window, ceil_day, floor_day
from wherespent.storage.empty_buckets import EmptyBuckets
from wherespent.storage.rollups import Place, rewrite_usage
from wherespent.storage.series import UsageSeries
from wherespent.storage.tables import MAIN, account
from wherespent.storage.usage_revisions import append_usage_revisions, settled_usage

# Bucket start → series → measures.
Cells = dict[int, dict[int, Measures]]


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
    settled_before: int,
    now: datetime,
) -> Written:
    """Make the stored hours equal to `buckets`, and rewrite their rollups.

    A day that starts before `settled_before` is settled: its change is kept as a revision.
    """
    if not buckets:
        return Written()
    wanted = chain.from_iterable(bucket.records for bucket in buckets)
    numbers = series.numbers(connection, wanted, group_by)
    read: Cells = {
        bucket.start: by_number(numbers, bucket.records, added_measures) for bucket in buckets
    }
    # Whole days, because their rollups are summed again.
    stored = _stored(connection, place, stream, Window(floor_day(min(read)), max(read) + 1))
    changed = EmptyBuckets(connection, place, MAIN).changed(stored, read, now)
    if changed:
        settled = settled_usage(connection, place, stream, changed, settled_before)
        days = {floor_day(start) for start in changed}
        hours = {start: cells for start, cells in stored.items() if floor_day(start) in days}
        hours |= {start: read[start] for start in changed}
        slice_of = series.slices(connection, set[int]().union(*stored.values()))
        rewrite_usage(connection, place, stream, hours, changed, slice_of, stored=stored)
        append_usage_revisions(connection, place, stream, settled, now)
    return Written(
        rows=sum(map(len, read.values())),
        buckets_changed=len(changed),
        violations=_violations(stream, read),
    )


def _stored(connection: Connection, place: Place, stream: Stream, span: Window) -> Cells:
    names = ", ".join(stream.measures)
    rows: Iterator[Row[tuple[int, ...]]] = connection.execute(
        text(
            f"SELECT bucket_start, series_id, {names} FROM usage_hour WHERE account_id = :account"
            " AND stream_id = :stream AND bucket_start >= :start AND bucket_start < :end"
        ),
        _bound(place, Window(span.start, ceil_day(span.end))),
    )
    cells: Cells = {}
    for row in rows:
        cells.setdefault(row[0], {})[row[1]] = row[2:]
    return cells


def _bound(place: Place, span: Window) -> dict[str, int]:
    return {
        "account": place.account_id,
        "stream": place.stream_id,
        "start": span.start,
        "end": span.end,
    }


def _violations(stream: Stream, read: Cells) -> int:
    """Rows where input is not uncached + cached + cache write, as far as all are known."""
    names = ("input_tokens", "input_uncached_tokens", "input_cached_tokens")
    if not set(names) <= set(stream.measures):
        return 0
    total, uncached, cached, written = (
        stream.measures.index(name) for name in (*names, "input_cache_write_tokens")
    )
    count = 0
    for cells in read.values():
        for m in cells.values():
            whole, first, second = m[total], m[uncached], m[cached]
            if whole is None or first is None or second is None:
                continue
            count += whole != first + second + (m[written] or 0)
    return count


def advance_version(connection: Connection, account_id: int) -> None:
    """Tell whoever keeps answers that they are old."""
    connection.execute(
        update(account).where(account.c.id == account_id).values(version=account.c.version + 1)
    )
