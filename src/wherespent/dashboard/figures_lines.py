"""Ratios and rates as lines: what cannot be stacked, because its parts do not add up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from wherespent.analytics.filters import Granularity
from wherespent.dashboard.figure_axes import Figure, escaped, moment
from wherespent.dashboard.figures import stacked_bars
from wherespent.dashboard.series import Axis, Series

# Seen on both themes; the style sheet gives the sign on the chart that of the theme.
_SIGN = "#5b82f5"
_DIGIT_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Sign:
    """A diamond on a line: where, how high, and what it says."""

    start: int
    height: float
    words: str


def lines(
    series: Sequence[Series],
    axis: Axis,
    grain: Granularity,
    *,
    shown: Callable[[float], str],
    unit: str = "",
    signs: Sequence[Sign] = (),
    prefix: str = "",
    percent: bool = False,
    steps: bool = False,
    log: bool = False,
    adds: bool = False,
) -> Figure:
    """One line for each series. A bucket without a value is crossed: there was nothing to divide
    by. What was not read is a hatched column, as in other charts.

    `steps` keeps the height until the next value; `log` shows lines that lie far apart; `adds`
    is True of amounts, whose values over time have a sum.
    """
    # The axis of time and what was not read on it are those of every chart.
    ground = stacked_bars((), axis, grain, shown=shown, unit=unit)
    drawn = [_line(line, axis, shown, steps=steps) for line in series]
    marked = [_signs(signs)] if signs else []
    y = ground["layout"]["yaxis"] | _axis(series, prefix=prefix, percent=percent, log=log)
    layout = ground["layout"] | {"yaxis": y}
    layout["meta"] = layout["meta"] | {"adds": adds}
    layout["margin"] = layout["margin"] | {"l": _left(series, prefix)}
    return {"data": [*drawn, *ground["data"], *marked], "layout": layout}


def _line(
    line: Series, axis: Axis, shown: Callable[[float], str], *, steps: bool
) -> dict[str, Any]:
    known = [
        (start, value)
        for start, value in zip(axis.starts, line.values, strict=True)
        if value is not None
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escaped(line.label),
        "x": [moment(start) for start, _ in known],
        "y": [float(f"{value:.7g}") for _, value in known],
        "customdata": [escaped(shown(value)) for _, value in known],
        "hovertemplate": "%{customdata}",
        "line": {
            "color": line.colour,
            "width": 3 if line.key is None else 2,
            "shape": "hv" if steps else "linear",
            **({"dash": "dot"} if line.key is None else {}),
        },
    }


def _signs(signs: Sequence[Sign]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Changed",
        "x": [moment(sign.start) for sign in signs],
        "y": [sign.height for sign in signs],
        "customdata": [escaped(sign.words) for sign in signs],
        "hovertemplate": "%{customdata}",
        "marker": {"symbol": "diamond", "size": 9, "color": _SIGN},
        "cliponaxis": False,
    }


def _axis(series: Sequence[Series], *, prefix: str, percent: bool, log: bool) -> dict[str, Any]:
    y: dict[str, Any] = {"rangemode": "tozero"}
    if percent:
        y |= {"tickformat": ".0%", "range": [0, _ceiling(series)]}
    if prefix:
        y |= {"tickprefix": prefix, "tickformat": ",~g"}
    if log:
        known = [value for line in series for value in line.values if value]
        ticks = _log_ticks(min(known), max(known))
        said = [f"{prefix}{tick:,.10g}" for tick in ticks]
        y |= {"type": "log", "rangemode": "normal", "tickmode": "array"}
        y |= {"tickvals": ticks, "ticktext": said, "tickprefix": ""}
    return y


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten between the two, a step beyond them."""
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    every = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
    return [tick for tick in every if low / 2 <= tick <= high * 2]


def _ceiling(series: Sequence[Series]) -> float:
    """The next tenth above the highest share: a line at 62 % needs no room up to 100."""
    highest = max((value for line in series for value in line.values if value), default=1.0)
    return min(1.02, (int(highest * 10) + 1) / 10 + 0.02)


def _left(series: Sequence[Series], prefix: str) -> int:
    """Wide enough for the longest label: `automargin` would draw every chart twice."""
    known = [abs(value) for line in series for value in line.values if value]
    if not prefix or not known:
        return 48
    longest = max(len(f"{prefix}{value:.1g}") for value in (min(known), max(known)))
    return max(48, _DIGIT_WIDTH * (longest + 1))
