"""Overview: what was billed and used, against the period before, and where it went."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_cost, drawings_usage, kpis, shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import card, chart, chart_or_table, chart_outputs, segmented
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_cost import COST_STACKS, COST_WORDS
from wherespent.dashboard.url_state import CHART_OR_TABLE, PageChoice, View

PATH = "/"
TITLE = "Overview"

KPIS = "overview-kpis"
COST = "overview-cost"
COST_BY = "overview-cost-by"
COST_VIEW = "overview-cost-view"
MODELS = "overview-models"
DONUT = "overview-donut"
TOKENS = "overview-tokens"
REQUESTS = "overview-requests"
HEAT = "overview-heat"
HEAT_UNIT = "overview-heat-unit"
ITEMS = "overview-items"
ITEMS_UNIT = "overview-items-unit"

CHOICES = {COST_BY: PageChoice("stack", "model", COST_STACKS), COST_VIEW: CHART_OR_TABLE}

_BILLED = (
    "Billed cost is what OpenAI's Costs API reports, by UTC day, before credits, refunds and tax."
    " Today and the 3 days before it are still being revised."
)


def layout(view: View) -> Component:
    choose = segmented(COST_BY, COST_WORDS, CHOICES[COST_BY].of(view), "Stack by")
    show = chart_or_table(COST_VIEW, CHART_OR_TABLE.of(view))
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_BILLED, className="sub"),
            html.Div(kpis.placeholders(), id=KPIS, className="kpis"),
            html.Div(
                [
                    card(
                        "Billed cost",
                        chart(COST, height=316),
                        width="w8",
                        unit="USD, by",
                        end=[choose, show],
                    ),
                    card("Cost by model", html.Div(id=MODELS), width="w4", unit="USD"),
                    card("Tokens", chart(TOKENS, height=256), width="w4", unit="by kind"),
                    card("Requests", chart(REQUESTS, height=256), width="w4", unit="by model"),
                    card(
                        "Model distribution",
                        chart(DONUT, height=230),
                        width="w4",
                        unit="share of requests",
                    ),
                    card(
                        "When requests happen",
                        chart(HEAT, height=284),
                        width="w5",
                        unit=html.Span(id=HEAT_UNIT),
                    ),
                    card(
                        "Line items",
                        html.Div(id=ITEMS),
                        width="w7",
                        unit=html.Span(id=ITEMS_UNIT),
                        end=dcc.Link("All line items", href="/costs", className="link"),
                    ),
                ],
                className="grid",
            ),
        ]
    )


def register(app: Dash, desk: Desk) -> None:
    ask = Input(shell.ASK, "data")

    @app.callback(Output(KPIS, "children"), ask)
    @threaded
    def draw_kpis(asked: dict[str, Any]) -> list[Component]:
        return kpis.cards(desk, desk.asked(asked))

    @app.callback(*chart_outputs(COST), ask)
    @threaded
    def draw_cost(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        by = CHOICES[COST_BY].dimension(question.view)
        return drawings_cost.over_time(desk, question, by).outputs()

    @app.callback(Output(MODELS, "children"), ask)
    @threaded
    def draw_models(asked: dict[str, Any]) -> Component:
        return drawings_cost.by_key(desk, desk.asked(asked), "model", shown=8)

    @app.callback(*chart_outputs(TOKENS), *chart_outputs(REQUESTS), *chart_outputs(DONUT), ask)
    @threaded
    def draw_usage(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        return (
            *drawings_usage.tokens(desk, question).outputs(),
            *drawings_usage.requests(desk, question, shown=5).outputs(),
            *drawings_usage.distribution(desk, question).outputs(),
        )

    @app.callback(
        *chart_outputs(HEAT),
        Output(HEAT_UNIT, "children"),
        Output(ITEMS, "children"),
        Output(ITEMS_UNIT, "children"),
        ask,
    )
    @threaded
    def draw_details(asked: dict[str, Any]) -> tuple[Any, ...]:
        question = desk.asked(asked)
        heat, days = drawings_usage.heat(desk, question)
        return (
            *heat.outputs(),
            days,
            *drawings_cost.line_item_table(desk, question, most=7),
        )
