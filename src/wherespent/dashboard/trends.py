"""The small lines in the rows of tables: one value per bucket for every key."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard.series import Axis, known_values
from wherespent.domain.windows import DAY

# A small line of more points than this is a scribble, and its bytes are sent for every row.
_MOST_DAYS = 45


def of_trend(filters: Filters) -> Filters:
    """The same question in buckets that a small line can show."""
    is_long = filters.window.seconds > _MOST_DAYS * DAY
    if filters.granularity is Granularity.DAY and is_long:
        return replace(filters, granularity=Granularity.WEEK)
    return filters


def trends(
    points: Iterable[tuple[int | None, str, float]], buckets: Axis
) -> Mapping[str, Sequence[float | None]]:
    """Key → a value per bucket: None where nothing was read."""
    cells: dict[str, dict[int | None, float]] = defaultdict(dict)
    for bucket, key, value in points:
        cells[key][bucket] = value
    return {key: known_values(at, buckets) for key, at in cells.items()}
