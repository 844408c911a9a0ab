"""A chart in its card: the graph, what stands below it, and a menu of what can be made of it."""

from dataclasses import dataclass
from typing import Any

from dash import Output, dcc, html
from dash.development.base_component import Component

from wherespent.dashboard import figures
from wherespent.dashboard.elements import Children, icon, labelled
from wherespent.dashboard.table_model import Table


class FigureWithTable(dict[str, Any]):
    """A figure that knows its own table; the browser gets the figure alone."""

    table: Table


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart card shows: a figure or none, and what stands below it.

    `explore` leads to the same question in Explore. `table` has the numbers of the figure; None:
    they are taken from the figure itself.
    """

    figure: figures.Figure | None
    below: Children = None
    explore: str | None = None
    table: Table | None = None

    def outputs(self) -> tuple[figures.Figure, bool, Children, Children]:
        """One value for each of `chart_outputs`."""
        figure = self.figure or figures.BLANK
        if self.table is not None:
            figure = FigureWithTable(figure)
            figure.table = self.table
        return figure, self.figure is None, self.below, _explore(self.explore)


def chart(name: str, *, height: int = 300) -> Component:
    """A graph that keeps its place, with its menu; its outputs are `chart_outputs(name)`."""
    graph = dcc.Graph(
        id=name,
        figure=figures.BLANK,
        config=figures.CONFIG,  # pyright: ignore[reportArgumentType]
        style={"height": height},
        responsive=True,
    )
    frame = html.Div(
        [_menu(name), html.Div(graph, className="chart-graph"), html.Div(id=as_table(name))],
        id=f"{name}-frame",
        className="chart",
    )
    below = html.Div(id=f"{name}-below", className="chart-below")
    place: dict[str, Any] = {"data-chart": name}
    return html.Div(
        [frame, below, dcc.Store(id=shown(name))],
        id=f"{name}-part",
        className="chart-part",
        **place,
    )


def chart_outputs(name: str) -> list[Output]:
    return [
        Output(name, "figure"),
        Output(f"{name}-frame", "hidden"),
        Output(f"{name}-below", "children"),
        Output(f"{name}-explore", "children"),
    ]


def as_table(name: str) -> str:
    """Where the numbers of a chart are put when they are asked for."""
    return f"{name}-as-table"


def shown(name: str) -> str:
    """The store that says whether a chart is looked at as a table."""
    return f"{name}-shown"


def _menu(name: str) -> Component:
    summary = html.Summary(
        icon("dots"),
        className="button chart-options",
        title="Table, image, Explore",
        **labelled("Options of this chart"),
    )
    items = [
        _item("table", "table", "Show as table", "to-table"),
        _item("chart", "chart", "Show as chart", "to-chart"),
        _item("png", "image", "Image (PNG)"),
        _item("svg", "image", "Image (SVG)"),
        html.Div(id=f"{name}-explore"),
    ]
    menu = html.Div(html.Div(items, className="menu-items"), className="menu")
    return html.Details([summary, menu], className="picks chart-menu")


def _item(does: str, sign: str, text: str, look: str = "") -> Component:
    on: dict[str, Any] = {"data-do": does}
    return html.Button(
        [icon(sign), text], type="button", className=f"menu-item {look}".rstrip(), **on
    )


def _explore(href: str | None) -> Children:
    if href is None:
        return None
    return dcc.Link([icon("search"), "Open in Explore"], href=href, className="menu-item")
