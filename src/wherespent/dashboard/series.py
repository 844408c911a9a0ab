"""Rows of an answer as the lines of a chart: the largest few, and the rest as one."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wherespent.analytics.filters import Granularity
from wherespent.dashboard.colours import OTHER, colours
from wherespent.domain.windows import DAY, HOUR, Window, floor_day

SHOWN = 8
_WIDTHS = {Granularity.HOUR: HOUR, Granularity.DAY: DAY, Granularity.WEEK: 7 * DAY}
_MONDAY = 4 * DAY  # the epoch was a Thursday


@dataclass(frozen=True, slots=True)
class Axis:
    """The bucket starts of a chart. `width` is 0 where buckets differ (months).

    `gaps` says of buckets that were not read, or not wholly, what is missing; `blank` are those
    of which nothing was read. Starts are in the wall-clock seconds of `zone` ("UTC+2").
    """

    starts: tuple[int, ...]
    width: int
    end: int
    gaps: Mapping[int, str] = field(default_factory=dict[int, str])
    blank: frozenset[int] = frozenset()
    zone: str = "UTC"

    def ends(self) -> list[int]:
        return [*self.starts[1:], self.end]


@dataclass(frozen=True, slots=True)
class Series:
    """One named line: a value per bucket, None where there is none."""

    key: str | None  # None: several keys as one
    label: str
    colour: str
    values: tuple[float | None, ...]
    total: float


def axis(window: Window, grain: Granularity, unread: Collection[int] = frozenset()) -> Axis:
    """Every bucket of the window, whether anything is in it or not.

    `unread` are the UTC days of the window that were not read.
    """
    buckets = _buckets(window, grain)
    return _with_gaps(buckets, window, unread) if unread else buckets


def _buckets(window: Window, grain: Granularity) -> Axis:
    if width := _WIDTHS.get(grain, 0):
        shift = _MONDAY if grain is Granularity.WEEK else 0
        first = (window.start - shift) // width * width + shift
        starts = tuple(range(first, window.end, width))
        return Axis(starts, width, starts[-1] + width)
    step = 3 if grain is Granularity.QUARTER else 1
    moments = [_month(window.start, step)]
    while moments[-1] < window.end:
        moments.append(_next_month(moments[-1], step))
    return Axis(tuple(moments[:-1]), 0, moments[-1])


def _with_gaps(buckets: Axis, window: Window, unread: Collection[int]) -> Axis:
    gaps: dict[int, str] = {}
    blank: set[int] = set()
    for start, end in zip(buckets.starts, buckets.ends(), strict=True):
        days = range(floor_day(max(start, window.start)), min(end, window.end), DAY)
        missing = sum(day in unread for day in days)
        if missing == len(days):
            blank.add(start)
            gaps[start] = "not read"
        elif missing:
            gaps[start] = f"{missing} of {len(days)} days not read"
    return replace(buckets, gaps=gaps, blank=frozenset(blank))


def known_values(values: Mapping[Any, float | None], buckets: Axis) -> list[float | None]:
    """One value per bucket: None where nothing was read, 0 where it was and nothing is there."""
    absent = {start: None if start in buckets.blank else 0.0 for start in buckets.starts}
    return [values.get(start) or absent[start] for start in buckets.starts]


def top_series(
    points: Iterable[tuple[int | None, str, float]],
    starts: Sequence[int],
    *,
    label: Callable[[str], str],
    ranked: Sequence[str],
    shown: int = SHOWN,
) -> list[Series]:
    """The `shown` largest keys, largest first, then one "Other" that holds all the rest."""
    cells: dict[str, dict[int | None, float]] = defaultdict(dict)
    totals: dict[str, float] = defaultdict(float)
    for start, key, value in points:
        cells[key][start] = cells[key].get(start, 0.0) + value
        totals[key] += value
    order = sorted(totals, key=lambda key: (-abs(totals[key]), key))
    # One key more takes no more room than "Other (1)" would.
    kept = order if len(order) <= shown + 1 else order[:shown]
    colour = colours(kept, ranked)
    lines = [
        Series(key, label(key), colour[key], tuple(cells[key].get(s) for s in starts), totals[key])
        for key in kept
    ]
    rest = order[len(kept) :]
    if rest:
        lines.append(_other(rest, cells, starts))
    return lines


def _other(
    rest: Sequence[str],
    cells: Mapping[str, Mapping[int | None, float]],
    starts: Sequence[int],
) -> Series:
    sums: dict[int | None, float] = defaultdict(float)
    for key in rest:
        for start, value in cells[key].items():
            sums[start] += value
    return other_series(len(rest), sums, starts)


def other_series(keys: int, sums: Mapping[int | None, float], starts: Sequence[int]) -> Series:
    """Several keys as one line."""
    values = tuple(sums.get(start) for start in starts)
    return Series(None, f"Other ({keys})", OTHER, values, sum(sums.values()))


def _month(moment: int, step: int) -> int:
    day = datetime.fromtimestamp(moment, UTC)
    month = (day.month - 1) // step * step + 1
    return int(datetime(day.year, month, 1, tzinfo=UTC).timestamp())


def _next_month(moment: int, step: int) -> int:
    day = datetime.fromtimestamp(moment, UTC)
    years, month = divmod(day.month - 1 + step, 12)
    return int(datetime(day.year + years, month + 1, 1, tzinfo=UTC).timestamp())
