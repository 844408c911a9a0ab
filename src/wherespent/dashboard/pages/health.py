"""Data health: how fresh and how complete each stream is, and what to do where it is not."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wherespent.dashboard import (
    drawings_coverage,
    drawings_doubt,
    drawings_health,
    drawings_proofs,
    drawings_restatements,
    shell,
)
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import card
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.several_accounts import of_each_account
from wherespent.dashboard.url_state import PageChoice, View

PATH = "/health"
TITLE = "Data health"

CHOICES: dict[str, PageChoice] = {}
_ABOUT = (
    "What was read from OpenAI, how fresh it is, and where days are missing. A day without data"
    " is not a day of $0."
)


@dataclass(frozen=True, slots=True)
class Section:
    """One card of the page; `draw` is asked again while the page is looked at."""

    name: str
    title: str
    draw: Callable[[Desk, datetime], Component]
    unit: str = ""

    @property
    def drawn(self) -> str:
        """Where the browser keeps a mark of what the card shows."""
        return f"{self.name}-drawn"


SECTIONS = (
    Section(
        "health-proof", "Proof", drawings_proofs.proofs, "what must hold of the stored numbers"
    ),
    Section("health-streams", "Streams", drawings_health.streams),
    Section("health-coverage", "Coverage", drawings_coverage.calendar, "UTC days of a year"),
    Section(
        "health-restated",
        "Restatements",
        drawings_restatements.restated,
        "days that changed after they had settled",
    ),
    Section(
        "health-doubted", "Empty after money", drawings_doubt.doubted, "kept until a sync agrees"
    ),
    Section("health-unknown", "Unknown data", drawings_doubt.unknown, "kept as it came"),
    Section("health-runs", "Last sync runs", drawings_health.runs),
)


def layout(_: View) -> Component:
    cards = [
        card(
            it.title,
            html.Div([html.Div(id=it.name), dcc.Store(id=it.drawn)]),
            width="w12",
            unit=it.unit or None,
        )
        for it in SECTIONS
    ]
    parts = [html.H1(TITLE), html.P(_ABOUT, className="sub"), html.Div(cards, className="grid")]
    return html.Div(parts)


def register(app: Dash, desk: Desk) -> None:
    for section in SECTIONS:
        _register(app, desk, section)


def _register(app: Dash, desk: Desk, section: Section) -> None:
    # Runs come and go without the data changing: this page follows the clock, not the version.
    @app.callback(
        Output(section.name, "children"),
        Output(section.drawn, "data"),
        Input(shell.VISIBLE_TICK, "data"),
        State(section.drawn, "data"),
    )
    @threaded
    def draw(_: Any, drawn: str | None) -> list[Any]:
        section_now = of_each_account(desk, section.draw)
        # What is drawn again closes what a person has opened in it.
        mark = sha256(repr(section_now).encode()).hexdigest()
        return [no_update, no_update] if mark == drawn else [section_now, mark]
