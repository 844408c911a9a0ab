"""Lets go of single hours of old days; the days that sum them stay.

A stock keeps its hours: they are few, and only they know the last level of a day.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, delete, func, select, update

from wherespent.domain.records import UsageBucket
from wherespent.domain.windows import DAY, floor_day
from wherespent.storage.rollups import Place
from wherespent.storage.sync_state import Reading
from wherespent.storage.tables import (
    MAIN,
    coverage,
    empty_bucket,
    stream_state,
    usage_hour,
    usage_slice_hour,
)


def days_with_hours(
    connection: Connection, place: Place, before: int, since: int = 0
) -> Iterator[int]:
    """UTC days in `[since, before)` that have hours, oldest first: one step in the index each."""
    c, day = usage_hour.c, since
    while True:
        start = connection.scalar(
            select(func.min(c.bucket_start)).where(
                c.account_id == place.account_id,
                c.stream_id == place.stream_id,
                c.bucket_start >= day,
                c.bucket_start < before,
            )
        )
        if start is None:
            return
        yield floor_day(start)
        day = floor_day(start) + DAY


def prune_days(connection: Connection, reading: Reading, days: Sequence[int]) -> None:
    """Let go of the hours of these days, and remember it, in the caller's transaction."""
    # The state first, as every page does: two that lock in different orders could deadlock.
    c, end = stream_state.c, max(days) + DAY
    connection.execute(
        update(stream_state)
        .where(
            c.account_id == reading.place.account_id,
            c.stream_id == reading.place.stream_id,
            c.grouping == reading.grouping,
            func.coalesce(c.pruned_before, 0) < end,
        )
        .values(pruned_before=end)
    )
    for table in (usage_hour, usage_slice_hour, empty_bucket):
        for day in days:
            connection.execute(
                delete(table).where(
                    table.c.account_id == reading.place.account_id,
                    table.c.stream_id == reading.place.stream_id,
                    table.c.bucket_start >= day,
                    table.c.bucket_start < day + DAY,
                )
            )


def pruned_before(connection: Connection, place: Place) -> int:
    """Since when the hours of a stream are all there, 0 when none were let go of."""
    c = stream_state.c
    found = connection.scalar(
        select(c.pruned_before).where(
            c.account_id == place.account_id,
            c.stream_id == place.stream_id,
            c.grouping == MAIN,
        )
    )
    return found or 0


def pruned_days(connection: Connection, place: Place, days: Iterable[int]) -> set[int]:
    """Which of these days were read and have no hours any more: their sums are all there is."""
    end = pruned_before(connection, place)
    candidates = [day for day in days if day < end]
    if not candidates:
        return set()
    c = coverage.c
    read = connection.scalars(
        select(c.bucket_start).where(
            c.account_id == place.account_id,
            c.stream_id == place.stream_id,
            c.grouping == MAIN,
            c.bucket_start.in_(candidates),
        )
    )
    with_hours = set(days_with_hours(connection, place, end, since=min(candidates)))
    return set(read) - with_hours


def without_pruned(
    connection: Connection, place: Place, buckets: Sequence[UsageBucket]
) -> list[UsageBucket]:
    """What may be written: hours of a pruned day would replace its sums by those of a part."""
    pruned = pruned_days(connection, place, {floor_day(bucket.start) for bucket in buckets})
    return [bucket for bucket in buckets if floor_day(bucket.start) not in pruned]
