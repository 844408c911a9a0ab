"""What the reading of a UTC day amounts to. Pure: from when it was read to a state."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wherespent.domain.windows import DAY, Window, epoch, floor_day, joined_days

ReadDays = Mapping[int, datetime]


class DayState(StrEnum):
    """Ordered from the one that wants most attention to the one that wants none."""

    HOLE = "hole"  # wanted, and not read completely, though days before and after it were
    DOUBTED = "doubted"  # came back empty over stored rows: kept until a later reading agrees
    RESTATED = "restated"  # read and settled, and changed since it had settled
    PROVISIONAL = "provisional"  # read, and may still change
    WAITING = "waiting"  # wanted, and its turn is still to come
    SETTLED = "settled"  # read after its lag had passed
    NOT_WANTED = "not_wanted"  # before the history that is kept or offered


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring UTC days of one state."""

    window: Window
    state: DayState

    @property
    def days(self) -> int:
        return self.window.seconds // DAY


@dataclass(slots=True)
class Known:
    """What is known about the days of one reading; `since` is the oldest day that is wanted."""

    read: ReadDays
    since: int = 0
    doubted: Collection[int] = frozenset()
    restated: Collection[int] = frozenset()
    lag_days: int = 0
    watermark: int | None = field(init=False)
    oldest: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.watermark = watermark(self.read)
        self.oldest = min(self.read, default=None)

    def state(self, day: int, today: int) -> DayState:
        """The state of a UTC day that is not after `today`, both as epoch seconds."""
        if day in self.doubted:
            return DayState.DOUBTED
        read_at = self.read.get(day)
        if read_at is None:
            return self._unread(day, today)
        if not is_complete(day, read_at):
            is_open = self.watermark is None or day >= self.watermark
            return DayState.PROVISIONAL if is_open else DayState.HOLE
        if epoch(read_at) < day + (1 + self.lag_days) * DAY:
            return DayState.PROVISIONAL
        return DayState.RESTATED if day in self.restated else DayState.SETTLED

    def _unread(self, day: int, today: int) -> DayState:
        if day < self.since:
            return DayState.NOT_WANTED
        is_between = self.oldest is not None and self.oldest < day < today
        return DayState.HOLE if is_between else DayState.WAITING


def is_complete(day: int, read_at: datetime) -> bool:
    """Whether a UTC day was read at or after its end."""
    return epoch(read_at) >= day + DAY


def watermark(read: ReadDays) -> int | None:
    """The end of the newest day that was read completely."""
    newest = max((day for day, at in read.items() if is_complete(day, at)), default=None)
    return None if newest is None else newest + DAY


def holes(read: ReadDays, since: int = 0) -> tuple[Window, ...]:
    """Days that are not complete between the oldest one read and the watermark, oldest first.

    What lies before `since` is not wanted, so nothing would ever fill it.
    """
    end = watermark(read)
    if end is None:
        return ()
    days = range(max(min(read), since), end, DAY)
    missing = (day for day in days if day not in read or not is_complete(day, read[day]))
    return tuple(joined_days(missing))


def oldest_wanted(now: datetime, backfill_days: int) -> int:
    """The first UTC day of the history that is kept, as epoch seconds."""
    return floor_day(epoch(now)) - backfill_days * DAY


def spans(known: Known, window: Window, today: int) -> Iterator[Span]:
    """Days of one state joined: a quiet year is three spans, not 365 days."""
    start, state = window.start, known.state(window.start, today)
    for day in range(window.start + DAY, window.end, DAY):
        found = known.state(day, today)
        if found is not state:
            yield Span(Window(start, day), state)
            start, state = day, found
    yield Span(Window(start, window.end), state)
