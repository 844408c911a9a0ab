"""Tables of pages: sorted, filtered, opened and exported, with their rows made on the server.

A page puts `table_place(name)` into its layout and `TablePart(name, ask)` into its PARTS; `ask`
answers with a `Table`. See docs/decisions/0007-tables-on-the-server.md.
"""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

import base64
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from wherespent.dashboard import shell, table_drawing
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import blank, icon, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.table_export import EXPORT_WORDS, exported
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.dashboard.table_view import TableView
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused
from wherespent.exports.writers import MEDIA_TYPES, Format

__all__ = ["Column", "Kind", "Row", "Table", "TablePart", "table_place"]

_FILTER_MS = 250


@dataclass(frozen=True, slots=True)
class TablePart:
    """One table of a page: drawn anew when the question changes, or what is made of the table.

    `detail` draws what a row opens to, from its key. `shown` rows are there at first.
    """

    name: str
    ask: Callable[[Desk, Asked], Table]
    detail: Callable[[Desk, Asked, str], Any] | None = None
    shown: int = 50

    @property
    def outputs(self) -> Sequence[Output]:
        return [
            Output(f"{self.name}-table", "children"),
            Output(f"{self.name}-columns", "children"),
            Output(f"{self.name}-tools", "className"),
        ]

    def answer(self, desk: Desk, asked: Asked, version: int) -> Sequence[Any]:
        """The first drawing: as the table comes."""
        return self.drawn(desk, asked, version, TableView())

    def drawn(self, desk: Desk, asked: Asked, version: int, view: TableView) -> Sequence[Any]:
        with desk.answers.at(version):
            try:
                table = self.ask(desk, asked)
            except QuestionRefused as reason:
                refused = blank("This cannot be split that way", str(reason), sign="note")
                return [refused, [], "table-tools none"]
            detail = functools.partial(self.detail, desk, asked) if self.detail else None
            return [
                table_drawing.body(table, view, detail, self.shown),
                table_drawing.column_choices(table, view),
                table_drawing.tools_look(table, view),
            ]

    def register(self, app: Dash, desk: Desk) -> None:
        self._register_drawing(app, desk)
        self._register_export(app, desk)

    def _register_drawing(self, app: Dash, desk: Desk) -> None:
        @app.callback(
            list(self.outputs),
            Input(shell.ASK, "data"),
            Input(f"{self.name}-state", "data"),
            Input(f"{self.name}-filter", "value"),
            prevent_initial_call=True,
        )
        @threaded
        @functools.wraps(self.ask)
        def draw(asked: dict[str, Any] | None, state: Any, text: Any) -> Sequence[Any]:
            view = TableView.parse(state, text)
            with desk.answers.at() as version:
                return self.drawn(desk, desk.asked(asked), version, view)

    def _register_export(self, app: Dash, desk: Desk) -> None:
        @app.callback(
            Output(f"{self.name}-download", "data"),
            Input(f"{self.name}-export", "data"),
            State(shell.ASK, "data"),
            State(f"{self.name}-state", "data"),
            State(f"{self.name}-filter", "value"),
            prevent_initial_call=True,
        )
        @threaded
        @functools.wraps(self.ask)
        def export(
            wanted: dict[str, Any] | None, ask: dict[str, Any] | None, state: Any, text: Any
        ) -> Any:
            word = (wanted or {}).get("format")
            if word not in set(Format):
                raise PreventUpdate
            view = TableView.parse(state, text)
            with desk.answers.at():
                return self.file(desk, desk.asked(ask), view, Format(word))

    def file(
        self, desk: Desk, asked: Asked, view: TableView, file_format: Format
    ) -> dict[str, Any]:
        """The rows, columns and total that are seen, as a file for the browser to save."""
        content = exported(self.ask(desk, asked), view, file_format)
        return {
            "filename": f"{_file_name(self.name, asked)}.{file_format.value}",
            "content": base64.b64encode(content).decode(),
            "type": MEDIA_TYPES[file_format],
            "base64": True,
        }


def table_place(name: str, *, label: str = "rows") -> Component:
    """Where the table `name` is drawn, below its filter, columns and downloads."""
    place: dict[str, Any] = {"data-table": name}
    tools = html.Div(
        [
            dmc.TextInput(
                id=f"{name}-filter",
                value="",
                debounce=_FILTER_MS,
                placeholder="Filter",
                size="xs",
                leftSection=icon("search"),
                className="table-filter",
                **labelled(f"Filter {label}"),
            ),
            _menu("columns", "Columns", html.Div(id=f"{name}-columns", className="menu-items")),
            _menu("download", "Download", html.Div(_formats(), className="menu-items")),
        ],
        id=f"{name}-tools",
        className="table-tools none",
    )
    return html.Div(
        [
            tools,
            html.Div(id=f"{name}-table", className="table-body"),
            dcc.Store(id=f"{name}-state"),
            dcc.Store(id=f"{name}-export"),
            dcc.Download(id=f"{name}-download"),
        ],
        className="table-part",
        **place,
    )


def _menu(sign: str, title: str, items: Component) -> Component:
    summary = html.Summary([icon(sign), html.Span(title)], className="button small", title=title)
    return html.Details([summary, html.Div(items, className="menu")], className="picks")


def _formats() -> list[Component]:
    pressed: list[tuple[str, dict[str, Any]]] = [
        (words, {"data-export": one.value}) for one, words in EXPORT_WORDS.items()
    ]
    return [html.Button(words, type="button", className="menu-item", **on) for words, on in pressed]


def _file_name(name: str, asked: Asked) -> str:
    """What it is and of which days: both are in the window."""
    window = asked.filters.window
    first, last = utc(window.start).date(), utc(window.end - 1).date()
    return f"wherespent-{name}-{first}-to-{last}"
