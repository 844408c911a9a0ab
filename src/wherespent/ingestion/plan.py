"""Decides what to read next. Pure: from what was read and the clock to windows."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from wherespent.domain.streams import SECOND_LOOK_DAYS, Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day, joined_days

# Four whole pages of 168 hours: what one sync run of a usage stream reads at most.
_CHUNK_DAYS = 28
_SECOND_LOOK_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be in the database.

    `[since, until)` in whole UTC days; `floor` is the oldest day that the provider offers.
    Provisional days that were read less than `pace` ago are left for the next sync.
    """

    since: int
    until: int
    floor: int = 0
    pace: timedelta = timedelta(0)

    def days(self) -> range:
        return range(max(self.since, self.floor), self.until, DAY)


def plan_windows(
    stream: Stream,
    wanted: Wanted,
    days_read: Mapping[int, datetime],
    *,
    doubted: AbstractSet[int] = frozenset(),
    skipped: AbstractSet[int] = frozenset(),
    now: datetime,
) -> list[Window]:
    """Windows to read, newest first: what is provisional, then what was never or badly read.

    `doubted` days came back empty over money; `skipped` ones were read or tried in this sync.
    """
    needed = [
        day
        for day in wanted.days()
        if day not in skipped
        and (day in doubted or _is_due(day, days_read.get(day), stream, wanted.pace, now))
    ]
    recent_from = provisional_from(stream, now)
    chunk = max(stream.page_seconds, _CHUNK_DAYS * DAY)
    recent = [day for day in needed if day >= recent_from]
    history = [day for day in needed if day < recent_from]
    return [*_newest_first(recent, chunk), *_newest_first(history, chunk)]


def _is_due(
    day: int, read_at: datetime | None, stream: Stream, pace: timedelta, now: datetime
) -> bool:
    if is_settled(day, read_at, stream.lag_days, now):
        return False
    was_read_just_now = read_at is not None and now - pace < read_at <= now
    return not (was_read_just_now and day >= provisional_from(stream, now))


def is_settled(day: int, read_at: datetime | None, lag_days: int, now: datetime) -> bool:
    """Whether a UTC day needs no further reading."""
    # A reading in the future was made by a clock that was wrong.
    if read_at is None or read_at > now:
        return False
    if epoch(read_at) < day + DAY + lag_days * DAY:
        return False
    return had_its_last_look(day, read_at) or now - read_at < _SECOND_LOOK_EVERY


def had_its_last_look(day: int, read_at: datetime) -> bool:
    """By its age when it was read, not now: the last look must come after the last restatement."""
    return epoch(read_at) >= day + DAY + SECOND_LOOK_DAYS * DAY


def provisional_from(stream: Stream, now: datetime) -> int:
    """Start of the oldest UTC day that is still being revised."""
    return floor_day(epoch(now)) - stream.lag_days * DAY


def _newest_first(days: list[int], chunk: int) -> Iterator[Window]:
    for window in reversed(joined_days(days)):
        yield from window.cut_newest_first(chunk)
