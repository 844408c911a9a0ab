"""What only Explore draws: rankings, tree maps, heat maps, and a period beside the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wherespent.dashboard.figures import BASE, Figure, escaped, moment, told_apart
from wherespent.dashboard.series import Axis

# Seen on both themes.
BEFORE_COLOUR = "#8b95a7"
_HEAT = ((0.0, "rgba(71,113,245,0.07)"), (0.25, "rgba(71,113,245,0.30)"), (1.0, "#2f5bea"))
_HEAT_BELOW = ((0.0, "#d6456f"), (0.5, "rgba(128,136,152,0.07)"), (1.0, "#2f5bea"))
_MINUTE_HOVER = "%a %-d %b %Y, %H:%M UTC"


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a ranking: its value, the same in words, and what it was before."""

    label: str
    colour: str
    value: float | None
    words: str
    short: str = ""
    before: float | None = None
    before_words: str = ""
    # Where a click leads, None: nowhere.
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle of a tree map; `parent` is the `key` of the one around it, '' at the top."""

    key: str
    label: str
    parent: str
    value: float
    words: str
    colour: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a heat map, row by row: None where nothing is known."""

    across: Sequence[str]
    down: Sequence[str]
    values: Sequence[Sequence[float | None]]
    words: Sequence[Sequence[str]] = field(default=())
    # Wide rows of days are read by a few dates, not by ninety.
    is_time: bool = False


def ranking(
    bars: Sequence[Bar], *, before: str = "", money: bool = False, log: bool = False
) -> Figure:
    """One horizontal bar per key, the first on top; `before` names the grey bars below them."""
    rows = list(range(len(bars)))
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "Now",
            "y": rows,
            "x": [bar.value for bar in bars],
            "customdata": [escaped(bar.words) for bar in bars],
            "text": [escaped(bar.short) for bar in bars],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": [bar.colour for bar in bars]},
            "meta": [bar.href for bar in bars],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]
    if before:
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": escaped(before),
                "y": rows,
                "x": [bar.before for bar in bars],
                "customdata": [escaped(bar.before_words) for bar in bars],
                "meta": [bar.href for bar in bars],
                "marker": {"color": BEFORE_COLOUR, "opacity": 0.55},
                "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
            }
        )
    return {"data": data, "layout": _flat([bar.label for bar in bars], money=money, log=log)}


def _flat(labels: Sequence[str], *, money: bool, log: bool) -> Figure:
    x: dict[str, Any] = {"exponentformat": "B", "zeroline": False, "nticks": 6}
    x |= {"tickprefix": "$", "tickformat": ",~g"} if money else {}
    x |= {"type": "log"} if log else {"rangemode": "tozero"}
    return BASE | {
        "barmode": "group",
        "bargap": 0.3,
        "bargroupgap": 0.06,
        "hovermode": "y unified",
        "showlegend": False,
        "margin": {"l": 8, "r": 76, "t": 4, "b": 30},
        "xaxis": x | {"fixedrange": True},
        "yaxis": {
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": [escaped(label) for label in labels],
            "fixedrange": True,
            "zeroline": False,
        },
    }


def tree_map(tiles: Sequence[Tile]) -> Figure:
    """Areas in proportion to the leaves; what is around them has no size of its own."""
    parents = {tile.parent for tile in tiles}
    # Numbers, not names: Plotly reads tags in these, too.
    ids = {tile.key: str(at) for at, tile in enumerate(tiles)}
    trace = {
        "type": "treemap",
        "ids": [ids[tile.key] for tile in tiles],
        "labels": [escaped(tile.label) for tile in tiles],
        "parents": [ids.get(tile.parent, "") for tile in tiles],
        "values": [0 if tile.key in parents else tile.value for tile in tiles],
        "customdata": [escaped(tile.words) for tile in tiles],
        "meta": [tile.href for tile in tiles],
        "branchvalues": "remainder",
        "marker": {
            # Tints, so that the same words are read on all of them in both themes.
            "colors": [tile.colour + ("30" if tile.key in parents else "70") for tile in tiles],
            "cornerradius": 4,
            # Room for the names of what has parts inside.
            "pad": {"t": 24, "l": 4, "r": 4, "b": 4}
            if len(parents) > 1
            else dict.fromkeys("tlrb", 2),
            # A border between tiles of one colour; the style sheet gives it that of the card.
            "line": {"width": 1.5},
        },
        "textfont": {"size": 12.5},
        "textposition": "top left",
        "texttemplate": "<b>%{label}</b><br>%{customdata}",
        "hovertemplate": "%{label}<br>%{customdata} · %{percentRoot:.1%}<extra></extra>",
        "pathbar": {"visible": False},
        "tiling": {"pad": 2},
    }
    layout = BASE | {
        "margin": {"l": 0, "r": 0, "t": 4, "b": 0},
        "uniformtext": {"minsize": 10, "mode": "hide"},
    }
    return {"data": [trace], "layout": layout}


def heat_map(grid: Grid) -> Figure:
    """A cell for each row and column: the darker, the more."""
    known = [value for row in grid.values for value in row if value is not None]
    is_signed = min(known, default=0) < 0
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": [escaped(text) for text in told_apart(grid.across)],
        "y": [escaped(text) for text in told_apart(grid.down)],
        "z": [list(row) for row in grid.values],
        "customdata": [[escaped(word) for word in row] for row in grid.words],
        "colorscale": [list(it) for it in (_HEAT_BELOW if is_signed else _HEAT)],
        "showscale": False,
        "xgap": 2 if len(grid.across) <= 100 else 0,
        "ygap": 2,
        "hoverongaps": False,
        "hovertemplate": "%{y} · %{x}<br>%{customdata}<extra></extra>",
    }
    trace |= {"zmid": 0} if is_signed else {"zmin": 0}
    x: dict[str, Any] = {"type": "category", "ticks": "", "showgrid": False, "zeroline": False}
    y = {
        "type": "category",
        "ticks": "",
        "autorange": "reversed",
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
    layout = BASE | {
        "margin": {"l": 8, "r": 8, "t": 6, "b": 40},
        "xaxis": x | {"fixedrange": True} | ({"tickangle": 0} if grid.is_time else {}),
        "yaxis": y,
        "showlegend": False,
    }
    return {"data": [trace], "layout": layout}


def with_words(
    figure: Figure, said: Sequence[tuple[Sequence[float | None], Sequence[str]]]
) -> Figure:
    """The same picture with other hover texts: the values and words of its first traces."""
    data = [*figure["data"]]
    for at, (values, words) in enumerate(said):
        if data[at].get("mode") == "lines" and "stackgroup" not in data[at]:
            # Lines are drawn through the known points alone.
            told = [it for value, it in zip(values, words, strict=True) if value is not None]
        else:
            # What is nothing is not named in the hover.
            told = [it if value else "" for value, it in zip(values, words, strict=True)]
        data[at] = data[at] | {"customdata": [escaped(word) for word in told]}
    return figure | {"data": data}


def with_period_before(
    figure: Figure,
    axis: Axis,
    values: Sequence[float | None],
    words: Sequence[str],
    name: str,
    colour: str = BEFORE_COLOUR,
) -> Figure:
    """The same picture with the compared period as a dotted line, bucket by bucket."""
    line = {
        "type": "scatter",
        "mode": "lines+markers" if len(axis.starts) == 1 else "lines",
        "name": escaped(name),
        "x": [moment(start) for start in axis.starts],
        "y": [None if value is None else float(f"{value:.7g}") for value in values],
        "customdata": [escaped(word) for word in words],
        "hovertemplate": "%{customdata}",
        "connectgaps": False,
        "line": {"color": colour, "width": 2, "dash": "dot"},
    }
    return figure | {"data": [*figure["data"], line]}


def with_value_axis(figure: Figure, **axis: Any) -> Figure:
    """The same picture with other ticks on its axis of values."""
    layout = figure["layout"]
    return figure | {"layout": layout | {"yaxis": layout.get("yaxis", {}) | axis}}


def with_links(figure: Figure, hrefs: Sequence[Sequence[str | None]]) -> Figure:
    """The same picture; a click on a part of its first traces leads somewhere."""
    data = [*figure["data"]]
    for at, each in enumerate(hrefs):
        data[at] = data[at] | {"meta": list(each)}
    return figure | {"data": data}


def with_money_along(figure: Figure) -> Figure:
    """The same flat bars with dollars on the axis below them."""
    layout = figure["layout"]
    x = layout["xaxis"] | {"tickprefix": "$", "tickformat": ",~g"}
    return figure | {"layout": layout | {"xaxis": x}}


def by_minute(figure: Figure) -> Figure:
    layout = figure["layout"]
    x = layout["xaxis"] | {"hoverformat": _MINUTE_HOVER}
    return figure | {"layout": layout | {"xaxis": x}}


def without_sums(figure: Figure) -> Figure:
    """The same picture; its numbers as a table have no line of totals."""
    layout = figure["layout"]
    return figure | {"layout": layout | {"meta": layout.get("meta", {}) | {"adds": False}}}


def side_by_side(figure: Figure) -> Figure:
    """Bars next to each other: what does not add up must not be stacked."""
    return figure | {"layout": figure["layout"] | {"barmode": "group", "bargap": 0.2}}
