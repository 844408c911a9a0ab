"""What a question is asked about: the window, the granularity and the chosen dimensions."""

from dataclasses import dataclass, replace
from enum import StrEnum

from wherespent.analytics.zones import UTC_ZONE, Zone
from wherespent.domain.windows import DAY, Window, floor_day

MOST_HOURLY_DAYS = 31

# The key of what was read without this dimension: unknown, while '' is known to be unattributed.
NOT_REPORTED = "?"


class Granularity(StrEnum):
    """How wide one point is. Weeks begin on Monday; everything is UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Choice:
    """Values of one dimension to keep (none: all) and to leave out; '' is unattributed."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def keeps(self, value: str) -> bool:
        return (not self.include or value in self.include) and value not in self.exclude


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class Filters:
    """A window of whole days and what is chosen in it.

    `account` holds labels, all accounts without any; `model` holds model keys. `line_item`
    applies to billed cost only: usage has none. Days are those of UTC for billed cost always,
    and for usage unless another `zone` is asked for, over at most `MOST_HOURLY_DAYS`: usage is
    then read by the hour, and its buckets are in wall-clock seconds (see `zones`).
    Raises ValueError where the window does not begin and end at midnight, or is too long.
    """

    window: Window
    granularity: Granularity = Granularity.DAY
    account: Choice = EVERYTHING
    project: Choice = EVERYTHING
    model: Choice = EVERYTHING
    user: Choice = EVERYTHING
    api_key: Choice = EVERYTHING
    line_item: Choice = EVERYTHING
    zone: Zone = UTC_ZONE

    def __post_init__(self) -> None:
        if self.window.start % DAY or self.window.end % DAY:
            raise ValueError(f"a question is about whole UTC days, not {self.window}")
        if not self.zone.is_utc and self.window.seconds > MOST_HOURLY_DAYS * DAY:
            raise ValueError(f"days of {self.zone.name} are answered over {MOST_HOURLY_DAYS} days")

    @property
    def grain(self) -> Granularity:
        """The granularity that usage is answered in: days where hours would be too many."""
        if self.granularity is Granularity.HOUR and self.window.seconds > MOST_HOURLY_DAYS * DAY:
            return Granularity.DAY
        return self.granularity

    @property
    def usage_choices(self) -> dict[str, Choice]:
        """The choices that leave usage out, by dimension (`model_key` for the model)."""
        by_dimension = {
            "project_id": self.project,
            "model_key": self.model,
            "user_id": self.user,
            "api_key_id": self.api_key,
        }
        return {name: choice for name, choice in by_dimension.items() if choice}

    @property
    def cost_choices(self) -> dict[str, Choice]:
        """The choices that leave billed cost out: line items too, which usage does not have."""
        choices = self.usage_choices
        return choices | {"line_item": self.line_item} if self.line_item else choices

    def previous(self) -> "Filters":
        """The equal window just before."""
        start = self.window.start
        return replace(self, window=Window(start - self.window.seconds, start))


def newest_days(window: Window, days: int) -> Window:
    """At most the last `days` days of a window."""
    return Window(max(window.start, floor_day(window.end) - days * DAY), window.end)
