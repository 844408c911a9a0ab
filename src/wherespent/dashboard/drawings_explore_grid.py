"""Heat maps of Explore: two dimensions against each other, one against time, days and hours."""

from datetime import timedelta

from wherespent.analytics.explore import Explored
from wherespent.analytics.filters import Granularity
from wherespent.dashboard import figures_explore, formats, gaps
from wherespent.dashboard.colours import OTHER
from wherespent.dashboard.components import Drawing
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_explore_notes import below
from wherespent.dashboard.explore_lines import Line, drawn, lines_of
from wherespent.dashboard.explore_pairs import as_float, pairs_table, value_label
from wherespent.dashboard.explore_question import Exploring
from wherespent.dashboard.explore_words import Labels, in_full
from wherespent.dashboard.figures_explore import Grid
from wherespent.dashboard.series import Axis
from wherespent.domain.windows import DAY, epoch, utc

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(f"{hour}:00" for hour in range(24))


def grid(desk: Desk, asking: Exploring, found: Explored) -> Drawing:
    """Two dimensions against each other, one against time, or none: days and hours."""
    if len(asking.dimensions) > 1:
        return Drawing(figures_explore.heat_map(_of_pairs(desk, asking, found)))
    buckets = gaps.axis_of(desk, asking.asked, asking.question.filters, asking.measure.streams)
    if asking.dimensions:
        shown = _of_times(desk, asking, found, buckets)
    elif asking.grain in (Granularity.HOUR, Granularity.DAY):
        shown = _calendar(asking, found, buckets)
    else:
        shown = _of_times(desk, asking, found, buckets)
    unread = below(f"{len(buckets.gaps)} of them were not read, or not wholly: left blank.")
    return Drawing(figures_explore.heat_map(shown), unread if buckets.gaps else None)


def _of_pairs(desk: Desk, asking: Exploring, found: Explored) -> Grid:
    rows, columns, cells = pairs_table(found, asking.question.most, asking.question.most)
    labels, measure = Labels(desk, asking.dimensions), asking.measure
    return Grid(
        across=[value_label(labels, 1, column, "Other") for column in columns],
        down=[value_label(labels, 0, row, "Other") for row in rows],
        values=[[as_float(measure, cells.get((row, it))) for it in columns] for row in rows],
        words=[
            [in_full(measure, measure.value(cells.get((row, it)))) for it in columns]
            for row in rows
        ],
    )


def _of_times(desk: Desk, asking: Exploring, found: Explored, axis: Axis) -> Grid:
    lines = [
        drawn(asking.measure, line, axis, now=epoch(asking.asked.now))
        for line in lines_of(desk, found, asking.dimensions)
    ]
    return Grid(
        across=[_moment(start, asking.grain, year=_is_long(axis)) for start in axis.starts],
        down=[line.series.label for line in lines],
        values=[line.series.values for line in lines],
        words=[line.words for line in lines],
        is_time=True,
    )


def _calendar(asking: Exploring, found: Explored, axis: Axis) -> Grid:
    """Hours of the day by day, or days of the week by week."""
    line = Line((), asking.measure.title, OTHER, found.buckets, found.whole)
    one = drawn(asking.measure, line, axis, now=epoch(asking.asked.now))
    by_hour = asking.grain is Granularity.HOUR
    rows = _HOURS if by_hour else _WEEKDAYS
    places: dict[tuple[int, str], tuple[float | None, str]] = {}
    across: dict[str, None] = {}
    for start, value, said in zip(axis.starts, one.series.values, one.words, strict=True):
        when = utc(start)
        first = when if by_hour else when - timedelta(days=when.weekday())
        column = formats.day(first.date(), year=_is_long(axis))
        across[column] = None
        places[when.hour if by_hour else when.weekday(), column] = value, said
    nothing = (None, "")
    return Grid(
        across=list(across),
        down=rows,
        values=[[places.get((at, it), nothing)[0] for it in across] for at in range(len(rows))],
        words=[[places.get((at, it), nothing)[1] for it in across] for at in range(len(rows))],
        is_time=True,
    )


def _is_long(axis: Axis) -> bool:
    """Whether a day without its year could be one of two."""
    return axis.starts[-1] - axis.starts[0] >= 365 * DAY


def _moment(start: int, grain: Granularity, *, year: bool) -> str:
    when = utc(start)
    if start % DAY or grain is Granularity.HOUR:
        return f"{formats.day(when.date(), year=year)}, {when:%H:%M}"
    if grain in (Granularity.MONTH, Granularity.QUARTER):
        return f"{when:%b %Y}"
    return formats.day(start, year=year)
