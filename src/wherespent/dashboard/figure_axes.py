"""The axes of a figure: buckets of time to the right, amounts with their unit upwards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from wherespent.analytics.filters import Granularity
from wherespent.dashboard.series import Axis, Series
from wherespent.domain.windows import DAY

Figure = dict[str, Any]

BASE: Figure = {
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "Inter, system-ui, sans-serif", "size": 11.5},
    "hoverlabel": {"align": "left", "font": {"size": 12}},
}

_HOVER_DAYS = {
    Granularity.HOUR: "%a %-d %b %Y, %H:00",
    Granularity.DAY: "%a %-d %b %Y",
    Granularity.WEEK: "week of %-d %b %Y",
    Granularity.MONTH: "%B %Y",
    Granularity.QUARTER: "quarter from %B %Y",
}
_DIGIT_WIDTH = 8


def escaped(text: str) -> str:
    """Plotly reads tags and entities in every text: `<a href>` would be a live link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def x_of(axis: Axis) -> dict[str, Any]:
    if axis.width:
        return {"x0": moment(axis.starts[0]), "dx": axis.width * 1000}
    return {"x": [moment(start) for start in axis.starts]}


def time_layout(
    axis: Axis,
    grain: Granularity,
    *,
    lines: Sequence[Series],
    money: bool = False,
    unit: str = "",
) -> Figure:
    first, buckets = axis.starts[0], len(axis.starts)
    is_hourly = grain is Granularity.HOUR
    few = buckets <= 14 and not is_hourly
    x: dict[str, Any] = {
        "type": "date",
        "showgrid": False,
        "zeroline": False,
        "hoverformat": _HOVER_DAYS[grain] + (f" {axis.zone}" if is_hourly else ""),
        "tickformatstops": [
            {"dtickrange": [None, 43_200_000], "value": "%H:%M\n%-d %b"},
            {"dtickrange": [43_200_000, "M1"], "value": "%-d %b"},
            {"dtickrange": ["M1", None], "value": "%b %Y"},
        ],
    }
    if few:
        del x["tickformatstops"]
        x |= {"tickmode": "array", "tickvals": [moment(start) for start in axis.starts]}
        x["tickformat"] = "%b %Y" if axis.width == 0 else "%-d %b"
    y: dict[str, Any] = {"zeroline": False, "rangemode": "tozero", "exponentformat": "B"}
    left = 44
    if money:
        largest = max((sum(column) for column in _columns(lines)), default=0.0)
        y |= {"tickprefix": "$", "tickformat": _dollar_format(largest)}
        left = max(left, _DIGIT_WIDTH * len(f"$-{largest:,.0f}") if largest >= 0.05 else 72)
    return BASE | {
        "hovermode": "x unified",
        "showlegend": False,
        **unit_on_axis(unit, left),
        # Wide enough for the longest label: `automargin` would draw every chart twice.
        "margin": {"l": left, "r": 8, "t": 22 if unit else 8, "b": 28},
        "xaxis": x,
        "yaxis": y,
        # The zoom lives as long as the question: a refresh keeps it, another range resets it.
        "uirevision": f"{grain}:{first}:{buckets}",
        # Read by what makes a table of the figure.
        "meta": {"zone": axis.zone},
    }


def unit_on_axis(unit: str, left: int) -> Figure:
    """What the numbers of the upright axis count, above its upper end; nothing for ''."""
    if not unit:
        return {}
    place = {
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "xshift": 6 - left,
    }
    text = {"text": escaped(unit), "showarrow": False, "yanchor": "bottom", "yshift": 5}
    return {"annotations": [place | text | {"font": {"size": 11}}]}


def _dollar_format(largest: float) -> str:
    if 0 < largest < 0.05:
        return "~g"
    return ",.0f" if largest >= 5 else ",.2~f"


def _columns(lines: Sequence[Series]) -> list[list[float]]:
    values = [[value or 0.0 for value in line.values] for line in lines]
    return [list(column) for column in zip(*values, strict=True)]


def moment(start: int) -> str:
    """Epoch seconds as Plotly reads them on an axis of dates."""
    when = datetime.fromtimestamp(start, UTC)
    return f"{when:%Y-%m-%d}" if start % DAY == 0 else f"{when:%Y-%m-%d %H:%M}"
