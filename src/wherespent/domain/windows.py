"""Half-open spans of UTC time, and how they are aligned and cut."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MINUTE = 60
HOUR = 3600
DAY = 86_400


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """`[start, end)` in whole epoch seconds, UTC."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a window must end after its start: [{self.start}, {self.end})")

    @classmethod
    def of(cls, start: datetime, end: datetime) -> "Window":
        return cls(epoch(start), epoch(end))

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def days(self) -> range:
        """Starts of the UTC days that the window touches."""
        return range(floor_day(self.start), self.end, DAY)

    def before(self, moment: int) -> "Window | None":
        return Window(self.start, min(self.end, moment)) if moment > self.start else None

    def since(self, moment: int) -> "Window | None":
        return Window(max(self.start, moment), self.end) if moment < self.end else None

    def cut_newest_first(self, seconds: int) -> Iterator["Window"]:
        """Tile the window with pieces of at most `seconds`, the newest first."""
        end = self.end
        while end > self.start:
            start = max(self.start, end - seconds)
            yield Window(start, end)
            end = start


def epoch(moment: datetime) -> int:
    """Whole epoch seconds of an aware datetime. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place here: give it a time zone")
    return int(moment.timestamp())


def utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def floor_day(seconds: int) -> int:
    return seconds - seconds % DAY


def ceil_day(seconds: int) -> int:
    return -(-seconds // DAY) * DAY


def joined(starts: Iterable[int], width: int) -> list[Window]:
    """Neighbouring buckets (ascending starts) as the fewest windows, oldest first."""
    windows: list[Window] = []
    for start in starts:
        if windows and windows[-1].end == start:
            windows[-1] = Window(windows[-1].start, start + width)
        else:
            windows.append(Window(start, start + width))
    return windows


def joined_days(days: Iterable[int]) -> list[Window]:
    """UTC days in any order as the fewest windows, oldest first."""
    return joined(sorted(days), DAY)
