"""The numbers of a chart as a table: read off its figure, or given by whoever drew it."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from collections.abc import Callable, Sequence
from typing import Any, cast

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from wherespent.dashboard import shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.chart_cards import FigureWithTable, as_table, shown
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.figure_tables import table_of
from wherespent.dashboard.figures import Figure
from wherespent.dashboard.table_model import Table
from wherespent.dashboard.tables import TablePart, table_place

_PART, _AS_TABLE = "chart-part", "chart-part as-table"

FigureOf = Callable[[Desk, Asked], Figure]


def register_chart_table(app: Dash, desk: Desk, name: str, figure_of: FigureOf) -> None:
    """Let the chart `name` be looked at as a table of what `figure_of` draws."""
    part = TablePart(f"{name}-data", lambda desk, asked: _table(figure_of(desk, asked)), shown=40)
    part.register(app, desk)

    @app.callback(
        Output(as_table(name), "children"),
        Output(f"{name}-part", "className"),
        Input(shown(name), "data"),
        State(shell.ASK, "data"),
        prevent_initial_call=True,
    )
    @threaded
    def show(chosen: dict[str, Any] | None, ask: dict[str, Any] | None) -> Sequence[Any]:
        if (chosen or {}).get("as") != "table":
            return [None, _PART]
        with desk.answers.at() as version:
            return [drawn_table(part, desk, desk.asked(ask), version), _AS_TABLE]


def drawn_table(part: TablePart, desk: Desk, asked: Asked, version: int) -> Component:
    """The place of a table with the table in it."""
    place = table_place(part.name)
    answers = part.answer(desk, asked, version)
    for output, value in zip(part.outputs, answers, strict=True):
        setattr(cast("Component", place[output.component_id]), output.component_property, value)
    return place


def _table(figure: Figure) -> Table:
    return figure.table if isinstance(figure, FigureWithTable) else table_of(figure)
