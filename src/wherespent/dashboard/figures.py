"""Series as Plotly figures: plain dicts, without theme colours (the style sheet gives those).

A dict costs 3 ms where `plotly.graph_objects` costs 20; tests validate every builder with it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from wherespent.analytics.filters import Granularity
from wherespent.dashboard.figure_axes import BASE, Figure, escaped, moment, time_layout, x_of
from wherespent.dashboard.formats import percent
from wherespent.dashboard.series import Axis, Series

BLANK: Figure = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    },
}
CONFIG = {"displayModeBar": False, "responsive": True, "doubleClick": "autosize"}

_STRIPES = "rgba(255,255,255,0.55)"
# Seen on both themes.
_UNREAD_STRIPES = "rgba(128,136,152,0.55)"
# The name of the columns that stand for what was not read.
UNREAD_NAME = "Not read"
# Makes a label another one to Plotly, not to a person.
TELLING_APART = "\N{ZERO WIDTH SPACE}"
_WHOLE_HEIGHT = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}


def stacked_bars(
    lines: Sequence[Series],
    axis: Axis,
    grain: Granularity,
    *,
    shown: Callable[[float], str],
    provisional: int | None = None,
    money: bool = False,
    unit: str = "",
) -> Figure:
    """One bar per bucket; buckets that end after `provisional` are hatched.

    What was not read is a hatched column, from the bottom to the top.
    """
    loose = [provisional is not None and end > provisional for end in axis.ends()]
    whole = _whole(lines)
    data = [_bar(line, axis, shown, loose, whole) for line in lines]
    layout = time_layout(axis, grain, money=money, lines=lines, unit=unit)
    if axis.gaps:
        data.append(_gaps(axis))
        layout = layout | {"yaxis2": _WHOLE_HEIGHT}
    return {"data": data, "layout": layout | {"barmode": "relative", "bargap": 0.26}}


def stacked_areas(
    lines: Sequence[Series],
    axis: Axis,
    grain: Granularity,
    *,
    shown: Callable[[float], str],
    unit: str = "",
) -> Figure:
    """Areas on top of each other; bars where there are too few buckets to draw a line.

    A line would lead across what was not read, down to zero: there are bars then, too.
    """
    if len(axis.starts) < 3 or axis.gaps:
        return stacked_bars(lines, axis, grain, shown=shown, unit=unit)
    whole = _whole(lines)
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "all",
            "line": {"width": 0.5, "color": line.colour},
            "fillcolor": line.colour + "cc",
            **_points(line, axis, shown, whole),
        }
        for line in lines
    ]
    return {"data": data, "layout": time_layout(axis, grain, lines=lines, unit=unit)}


def donut(lines: Sequence[Series], *, shown: Callable[[float], str], unit: str) -> Figure:
    """Shares of a whole; slices below zero cannot be drawn and are left out."""
    drawn = [line for line in lines if line.total > 0]
    total = sum(line.total for line in drawn)
    slices = {
        "type": "pie",
        "hole": 0.7,
        "labels": [escaped(label) for label in told_apart([line.label for line in drawn])],
        "values": [_rounded(line.total) for line in drawn],
        "customdata": [shown(line.total) for line in drawn],
        "marker": {"colors": [line.colour for line in drawn]},
        "sort": False,
        "direction": "clockwise",
        "textinfo": "none",
        "hovertemplate": "%{label}<br>%{customdata} · %{percent}<extra></extra>",
    }
    centre = {
        "text": f"<b>{escaped(shown(total))}</b><br>{escaped(unit)}",
        "showarrow": False,
        "font": {"size": 14},
    }
    margin = {"l": 4, "r": 4, "t": 4, "b": 4}
    layout = BASE | {"showlegend": False, "margin": margin, "annotations": [centre]}
    return {"data": [slices], "layout": layout}


def told_apart(labels: Sequence[str]) -> list[str]:
    """Two keys may be called the same: slices and categories of one label would be joined."""
    told: dict[str, None] = {}
    for label in labels:
        own = label
        while own in told:
            own += TELLING_APART
        told[own] = None
    return list(told)


def flat_bars(
    lines: Sequence[Series], labels: Sequence[str], *, shown: Callable[[float], str]
) -> Figure:
    """Horizontal stacked bars, one row per label, the first on top."""
    names = [escaped(label) for label in labels]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": escaped(line.label),
            # Positions, not names: two entities may be called the same.
            "y": list(range(len(names))),
            "x": [None if not value else _rounded(value) for value in line.values],
            "customdata": ["" if not value else shown(value) for value in line.values],
            "marker": {"color": line.colour},
            "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
        }
        for line in lines
    ]
    layout = BASE | {
        "barmode": "stack",
        "bargap": 0.34,
        "hovermode": "y unified",
        "showlegend": False,
        "margin": {"l": 8, "r": 10, "t": 4, "b": 28},
        "xaxis": {"exponentformat": "B", "zeroline": False, "fixedrange": True, "nticks": 5},
        "yaxis": {
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "fixedrange": True,
            "zeroline": False,
        },
    }
    return {"data": data, "layout": layout}


def _bar(
    line: Series,
    axis: Axis,
    shown: Callable[[float], str],
    loose: Sequence[bool],
    whole: Sequence[float | None],
) -> dict[str, Any]:
    marker: dict[str, Any] = {"color": line.colour}
    if any(loose):
        marker["pattern"] = {
            "shape": ["/" if it else "" for it in loose],
            "fillmode": "overlay",
            "fgcolor": _STRIPES,
            "size": 5,
            "solidity": 0.28,
        }
    return {"type": "bar", "marker": marker, **_points(line, axis, shown, whole)}


def _gaps(axis: Axis) -> dict[str, Any]:
    """What was not read, on an axis of its own: it has no value, not even zero."""
    return {
        "type": "bar",
        "name": UNREAD_NAME,
        "yaxis": "y2",
        "x": [moment(start) for start in axis.gaps],
        "y": [1] * len(axis.gaps),
        "width": [
            (end - start) * 1000
            for start, end in zip(axis.starts, axis.ends(), strict=True)
            if start in axis.gaps
        ],
        "customdata": list(axis.gaps.values()),
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {
            "color": "rgba(0,0,0,0)",
            "line": {"width": 0},
            "pattern": {
                "shape": "/",
                "fillmode": "overlay",
                "fgcolor": _UNREAD_STRIPES,
                "size": 7,
                "solidity": 0.18,
            },
        },
    }


def _points(
    line: Series, axis: Axis, shown: Callable[[float], str], whole: Sequence[float | None]
) -> dict[str, Any]:
    """A zero is left out: the hover names only what is there."""
    return {
        "name": escaped(line.label),
        **x_of(axis),
        "y": [None if not value else _rounded(value) for value in line.values],
        "customdata": [
            _said(value, of, shown) for value, of in zip(line.values, whole, strict=True)
        ],
        "hovertemplate": "%{customdata}",
    }


def _said(value: float | None, whole: float | None, shown: Callable[[float], str]) -> str:
    """The exact value, and its share of the bucket: "$12.50 · 33.2 %"."""
    if not value:
        return ""
    return f"{shown(value)} · {percent(value / whole)}" if whole else shown(value)


def _whole(lines: Sequence[Series]) -> list[float | None]:
    """The sum of each bucket; None where a share says nothing: one line, or a refund in it."""
    columns = zip(*(line.values for line in lines), strict=True)
    return [
        sum(value or 0 for value in column)
        if len(lines) > 1 and not any((value or 0) < 0 for value in column)
        else None
        for column in columns
    ]


def _rounded(value: float) -> float:
    """Seven significant digits draw the same picture in half the bytes."""
    return int(value) if float(value).is_integer() else float(f"{value:.7g}")
