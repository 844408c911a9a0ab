"""The rule about buckets that come back empty over money: kept, flagged, and believed when a
reading at least an hour later agrees."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from wherespent.domain.windows import DAY
from wherespent.storage.rollups import Place
from wherespent.storage.tables import empty_bucket

BELIEVE_EMPTY_AFTER = timedelta(hours=1)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class EmptyBuckets:
    """The flags of one reading, in the caller's transaction."""

    connection: Connection
    place: Place
    grouping: int

    def changed(
        self,
        stored: Mapping[int, Mapping[int, Value]],
        read: Mapping[int, Mapping[int, Value]],
        now: datetime,
    ) -> list[int]:
        """Starts of the buckets to write, oldest first; sets and clears flags."""
        differing = sorted(start for start, cells in read.items() if cells != stored.get(start, {}))
        emptied = [start for start in differing if not read[start]]
        flags = self._between(min(read), max(read))
        if flags:
            self._clear({start for start in flags if read.get(start)})
        if not emptied:
            return differing
        believed = {s for s in emptied if s in flags and flags[s] + BELIEVE_EMPTY_AFTER <= now}
        # A flag from the future was set by a clock that was wrong.
        misdated = {s for s in emptied if s in flags and flags[s] > now}
        self._clear(believed | misdated)
        self._set([s for s in emptied if s not in flags or s in misdated], now)
        return [start for start in differing if read[start] or start in believed]

    def days_to_doubt(self, now: datetime) -> set[int]:
        """UTC days with a flag that a further reading can settle."""
        rows = self.connection.scalars(
            select(empty_bucket.c.bucket_start).where(
                self._mine(), empty_bucket.c.seen_at <= now - BELIEVE_EMPTY_AFTER
            )
        )
        return {start - start % DAY for start in rows}

    def _between(self, first: int, last: int) -> dict[int, datetime]:
        c = empty_bucket.c
        rows = self.connection.execute(
            select(c.bucket_start, c.seen_at).where(
                self._mine(), c.bucket_start.between(first, last)
            )
        )
        return {row[0]: row[1] for row in rows}

    def _clear(self, starts: Collection[int]) -> None:
        for start in starts:
            self.connection.execute(
                delete(empty_bucket).where(self._mine(), empty_bucket.c.bucket_start == start)
            )

    def _set(self, starts: list[int], now: datetime) -> None:
        if not starts:
            return
        key = {
            "account_id": self.place.account_id,
            "stream_id": self.place.stream_id,
            "grouping": self.grouping,
        }
        self.connection.execute(
            insert(empty_bucket),
            [{**key, "bucket_start": start, "seen_at": now} for start in starts],
        )

    def _mine(self) -> ColumnElement[bool]:
        c = empty_bucket.c
        return and_(
            c.account_id == self.place.account_id,
            c.stream_id == self.place.stream_id,
            c.grouping == self.grouping,
        )
