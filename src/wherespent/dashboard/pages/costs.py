"""Costs: the bill over time by any dimension, and every line item of it."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from typing import Any

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_cost, shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import card, chart, chart_or_table, chart_outputs, segmented
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_cost import COST_CHOICES, COST_STACKS, COST_WORDS
from wherespent.dashboard.url_state import CHART_OR_TABLE, PageChoice, View

PATH = "/costs"
TITLE = "Costs"

OVER_TIME = "costs-over-time"
BY = "costs-by"
VIEW = "costs-view"
RANKED = "costs-ranked"
RANKED_UNIT = "costs-ranked-unit"
NOTE = "costs-note"
ITEMS = "costs-items"
ITEMS_UNIT = "costs-items-unit"

CHOICES = {BY: PageChoice("stack", "line_item", COST_STACKS), VIEW: CHART_OR_TABLE}

_MOST_ITEMS = 300
_ABOUT = (
    "Billed cost is OpenAI's own figure. It leaves out credits, refunds and tax, its days are"
    " UTC days, and today and the 3 days before it may still change."
)


def layout(view: View) -> Component:
    choose = segmented(BY, COST_WORDS, CHOICES[BY].of(view), "Stack by")
    show = chart_or_table(VIEW, CHART_OR_TABLE.of(view))
    return html.Div(
        [
            html.H1(TITLE),
            html.P([_ABOUT, " ", html.Span(id=NOTE)], className="sub"),
            html.Div(
                [
                    card(
                        "Billed cost over time",
                        chart(OVER_TIME, height=380),
                        width="w8",
                        unit="USD, by",
                        end=[choose, show],
                    ),
                    card(
                        "Ranking",
                        html.Div(id=RANKED),
                        width="w4",
                        unit=html.Span(id=RANKED_UNIT),
                    ),
                    card(
                        "Line items",
                        html.Div(id=ITEMS),
                        width="w12",
                        unit=html.Span(id=ITEMS_UNIT),
                    ),
                ],
                className="grid",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    ask = Input(shell.ASK, "data")

    @app.callback(*chart_outputs(OVER_TIME), ask)
    @threaded
    def draw_over_time(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        by = CHOICES[BY].dimension(question.view)
        return drawings_cost.over_time(desk, question, by).outputs()

    @app.callback(Output(RANKED, "children"), Output(RANKED_UNIT, "children"), ask)
    @threaded
    def draw_ranked(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        by = CHOICES[BY].dimension(question.view)
        ranked = drawings_cost.by_key(desk, question, by, shown=12)
        return ranked, f"USD, by {COST_CHOICES.get(by, by).lower()}"

    @app.callback(
        Output(ITEMS, "children"), Output(ITEMS_UNIT, "children"), Output(NOTE, "children"), ask
    )
    @threaded
    def draw_items(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        return (
            *drawings_cost.line_item_table(desk, question, most=_MOST_ITEMS),
            drawings_cost.left_out(desk, question),
        )
