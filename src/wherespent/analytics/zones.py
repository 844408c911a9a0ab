"""Time zones of usage: stored hours are UTC, a viewer may want days of another zone.

Everything works in wall-clock seconds: the epoch second that a clock of the zone would show if it
were UTC. In them every day has 24 hours, so windows, buckets and axes stay as they are.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from wherespent.domain.windows import DAY, HOUR, Window, floor_day, utc

_LONGEST_NAME = 64
# No zone is further from UTC.
_FURTHEST_HOURS = 16


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the IANA database, by name.

    Usage is kept by the hour: an offset with a part of an hour is rounded to whole hours, a half
    up (`is_exact` says so).
    """

    name: str = "UTC"

    @property
    def is_utc(self) -> bool:
        return self.name == "UTC"

    def today(self, now: datetime) -> date:
        return now.astimezone(UTC if self.is_utc else ZoneInfo(self.name)).date()

    def wall(self, moment: int) -> int:
        """Wall-clock seconds of an hour (epoch seconds) that usage is kept by."""
        return moment if self.is_utc else moment + _offset_hours(self.name, moment) * HOUR

    def utc_window(self, window: Window) -> Window:
        """The hours (epoch seconds) that a window of wall-clock days is made of."""
        if self.is_utc:
            return window
        return Window(self._first_hour(window.start), self._first_hour(window.end))

    def utc_days(self, window: Window) -> Window:
        """The whole UTC days that a window of wall-clock days touches: what is read at once."""
        hours = self.utc_window(window)
        return Window(floor_day(hours.start), floor_day(hours.end - HOUR) + DAY)

    def is_exact(self, window: Window) -> bool:
        """Whether the zone is whole hours from UTC at both ends of the window."""
        return all(
            not (_offset(self.name, moment).total_seconds() % HOUR)
            for moment in (window.start, window.end)
        )

    def offset_name(self, window: Window) -> str:
        """How far the shown hours are from UTC at the end of the window: "UTC+2"."""
        hours = 0 if self.is_utc else _offset_hours(self.name, window.end)
        return f"UTC{hours:+d}" if hours else "UTC"

    def _first_hour(self, wall: int) -> int:
        """The first hour at or after a moment of the wall clock, which may skip that moment."""
        moment = wall - _FURTHEST_HOURS * HOUR
        while self.wall(moment) < wall:
            moment += HOUR
        return moment


UTC_ZONE = Zone()


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the database of time zones knows the name."""
    if not name or len(name) > _LONGEST_NAME:
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _offset(name: str, moment: int) -> timedelta:
    return utc(moment).astimezone(ZoneInfo(name)).utcoffset() or timedelta()


@lru_cache(maxsize=16_384)
def _offset_hours(name: str, moment: int) -> int:
    return int((_offset(name, moment).total_seconds() + HOUR / 2) // HOUR)
