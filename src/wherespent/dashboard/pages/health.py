"""Data health: how fresh and how complete each stream is, and what to do where it is not."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from typing import Any

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_health, shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import card
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.url_state import PageChoice, View

PATH = "/health"
TITLE = "Data health"

STREAMS = "health-streams"
RUNS = "health-runs"

CHOICES: dict[str, PageChoice] = {}
_ABOUT = (
    "What was read from OpenAI, how fresh it is, and where days are missing. A day without data"
    " is not a day of $0."
)


def layout(_: View) -> Component:
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(
                [
                    card(
                        "Streams",
                        html.Div(id=STREAMS),
                        width="w12",
                        unit="coverage of the last 90 days",
                        foot=drawings_health.key_to_strips(),
                    ),
                    card("Last sync runs", html.Div(id=RUNS), width="w12"),
                ],
                className="grid",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    # Runs come and go without the data changing: this page follows the clock, not the version.
    @app.callback(
        Output(STREAMS, "children"), Output(RUNS, "children"), Input(shell.VISIBLE_TICK, "data")
    )
    @threaded
    def draw_health(_: Any) -> tuple[Component, Component]:
        now = desk.clock()
        return drawings_health.streams(desk, now), drawings_health.runs(desk, now)
