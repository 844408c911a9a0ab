"""How fresh and how complete the data is: the typed answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wherespent.domain.windows import DAY, Window


class State(StrEnum):
    OK = "ok"
    SYNCING = "syncing"
    FAILING = "failing"
    UNSUPPORTED = "unsupported"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One sync run; `finished_at` is None while it runs, `error` is '' where there is none."""

    id: int
    stream: str
    grouping: int
    window: Window
    started_at: datetime
    finished_at: datetime | None
    requests: int
    rows: int
    buckets_changed: int
    violations: int
    status: str
    error: str


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream in one grouping. Moments in buckets are epoch seconds, None where unknown.

    `watermark` is the end of the newest complete day; `oldest` and `newest` are the starts of
    the first and last stored bucket; `gaps` are the days between the oldest one read and the
    watermark that are not complete. `rows` is None unless it was asked to be counted.
    """

    stream: str
    grouping: int
    state: State
    watermark: int | None
    oldest: int | None
    newest: int | None
    rows: int | None
    last_run: RunRow | None
    last_success_at: datetime | None
    error: str
    remedy: str
    gaps: tuple[Window, ...]
    coverage_days: int

    @property
    def missing_days(self) -> int:
        return sum(gap.seconds for gap in self.gaps) // DAY
