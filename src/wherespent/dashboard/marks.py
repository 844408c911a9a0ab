"""Small signs over the bars of a chart; the style sheet colours them for light and dark."""

from collections.abc import Mapping, Sequence

from wherespent.dashboard.figures import Figure, escaped, moment
from wherespent.dashboard.series import Axis, Series

# Above the bar, by this part of the highest one, so that it hides nothing.
_LIFT = 0.035
# Seen on both themes.
_COLOUR = "#5b82f5"


def with_marks(
    figure: Figure, lines: Sequence[Series], axis: Axis, marks: Mapping[int, str], *, name: str
) -> Figure:
    """The same bars with a sign over each bucket that has words in `marks`."""
    tops = {start: _top(lines, at) for at, start in enumerate(axis.starts)}
    lift = max(tops.values(), default=0.0) * _LIFT
    marked = [start for start in axis.starts if start in marks]
    if not marked:
        return figure
    signs = {
        "type": "scatter",
        "mode": "markers",
        "name": escaped(name),
        "x": [moment(start) for start in marked],
        "y": [tops[start] + lift for start in marked],
        "customdata": [escaped(marks[start]) for start in marked],
        "hovertemplate": "%{customdata}",
        # The sign in the hover text has this colour, the one on the chart that of the theme.
        "marker": {"symbol": "diamond", "size": 8, "color": _COLOUR},
        "cliponaxis": False,
    }
    return figure | {"data": [*figure["data"], signs]}


def _top(lines: Sequence[Series], at: int) -> float:
    return sum(max(0.0, line.values[at] or 0.0) for line in lines)
