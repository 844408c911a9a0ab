"""Tokens: kinds over time, by model, and what the other streams count."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from typing import Any

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_usage, shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import card, chart, chart_outputs, segmented
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.url_state import PageChoice, View

PATH = "/tokens"
TITLE = "Tokens"

KINDS = "tokens-kinds"
SPECIAL = "tokens-special"
MODELS = "tokens-models"
REQUESTS = "tokens-requests"
REQUESTS_BY = "tokens-requests-by"
TABLE = "tokens-table"
OTHERS = "tokens-others"

_REQUEST_CHOICES = {
    "model": "Model",
    "project": "Project",
    "user": "User",
    "key": "Key",
    "tier": "Tier",
    "batch": "Batch",
}
CHOICES = {REQUESTS_BY: PageChoice("stack", "model", tuple(_REQUEST_CHOICES))}
_ABOUT = (
    "Input is uncached + cached + cache write; cached tokens are part of input, not beside it."
    " Times are UTC."
)


def layout(view: View) -> Component:
    by = CHOICES[REQUESTS_BY].of(view)
    choose = segmented(REQUESTS_BY, _REQUEST_CHOICES, by, "Split requests by")
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(
                [
                    card("Tokens over time", chart(KINDS, height=320), width="w7", unit="by kind"),
                    card("Tokens by model", chart(MODELS, height=320), width="w5", unit="by kind"),
                    card(
                        "Requests over time",
                        chart(REQUESTS, height=280),
                        width="w7",
                        unit="by",
                        end=choose,
                    ),
                    card("Audio and image tokens", chart(SPECIAL, height=280), width="w5"),
                    card("By model", html.Div(id=TABLE), width="w12"),
                ],
                className="grid",
            ),
            html.Div(id=OTHERS, className="grid"),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    ask = Input(shell.ASK, "data")

    @app.callback(*chart_outputs(KINDS), *chart_outputs(SPECIAL), *chart_outputs(MODELS), ask)
    @threaded
    def draw_kinds(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        return (
            *drawings_usage.tokens(desk, question).outputs(),
            *drawings_usage.special_tokens(desk, question).outputs(),
            *drawings_usage.tokens_by_model(desk, question).outputs(),
        )

    @app.callback(*chart_outputs(REQUESTS), ask)
    @threaded
    def draw_requests(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        by = CHOICES[REQUESTS_BY].dimension(question.view)
        return drawings_usage.requests(desk, question, by).outputs()

    @app.callback(Output(TABLE, "children"), Output(OTHERS, "children"), ask)
    @threaded
    def draw_tables(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        return (
            drawings_usage.model_table(desk, question),
            drawings_usage.other_streams(desk, question),
        )
