"""Overview: this month and where it will end, then what the range cost, what moved, and why."""

from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import (
    drawings_cost,
    drawings_overview_freshness,
    drawings_overview_month,
    drawings_overview_movers,
    drawings_overview_top,
    drawings_usage,
    kpis,
)
from wherespent.dashboard.components import card, chart, chart_or_table, chart_outputs, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_cost import COST_STACKS, COST_WORDS
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.still import still
from wherespent.dashboard.tables import TablePart, table_place
from wherespent.dashboard.url_state import CHART_OR_TABLE, PageChoice, View

PATH = "/"
TITLE = "Overview"

FRESHNESS = "overview-freshness"
MONTH = "overview-month"
MONTH_CHART = "overview-month-chart"
RANGE = "overview-range"
KPIS = "overview-kpis"
COST = "overview-cost"
COST_BY = "overview-cost-by"
COST_VIEW = "overview-cost-view"
MOVERS = "overview-movers"
MOVERS_UNIT = "overview-movers-unit"
TOKENS = "overview-tokens"
REQUESTS = "overview-requests"
HEAT = "overview-heat"
HEAT_UNIT = "overview-heat-unit"
CHANGES = "overview-changes"

CHOICES = {COST_BY: PageChoice("stack", "model", COST_STACKS), COST_VIEW: CHART_OR_TABLE}

# Where a list of the largest is put, what it is called and what it lists.
_TOP = {
    "overview-models": ("Top models", "model"),
    "overview-projects": ("Top projects", "project_id"),
    "overview-users": ("Top users", "user_id"),
    "overview-keys": ("Top keys", "api_key_id"),
}


def layout(view: View) -> Component:
    return html.Div(
        [
            html.Div(
                [html.H1(TITLE), html.P(id=FRESHNESS, className="freshness")],
                className="overview-head",
            ),
            _month(),
            html.Div(html.H2(id=RANGE), className="range-head"),
            html.Div(kpis.placeholders(), id=KPIS, className="kpis"),
            html.Div([*_cost(view), *_largest(), *_usage(), _changes()], className="grid"),
        ],
        className="overview",
    )


def _month() -> Component:
    body = html.Div(
        [
            html.Div(drawings_overview_month.placeholders(), id=MONTH, className="figures"),
            chart(MONTH_CHART, height=196),
        ],
        className="month",
    )
    return card(
        "This month", body, width="w12", unit="billed cost in USD, whatever the range in the bar"
    )


def _cost(view: View) -> list[Component]:
    choose = segmented(COST_BY, COST_WORDS, CHOICES[COST_BY].of(view), "Stack by")
    show = chart_or_table(COST_VIEW, CHART_OR_TABLE.of(view))
    return [
        card(
            "Billed cost",
            chart(COST, height=420),
            width="w8",
            unit="USD, by",
            end=[choose, show],
        ),
        card("What changed", html.Div(id=MOVERS), width="w4", unit=html.Span(id=MOVERS_UNIT)),
    ]


def _largest() -> list[Component]:
    return [
        card(title, html.Div(id=place), width="w3", unit="billed, USD")
        for place, (title, _) in _TOP.items()
    ]


def _usage() -> list[Component]:
    heat_unit = html.Span(id=HEAT_UNIT)
    return [
        card("Tokens", chart(TOKENS, height=256), width="w4", unit="by kind"),
        card("Requests", chart(REQUESTS, height=256), width="w4", unit="by model"),
        card("When requests happen", chart(HEAT, height=256), width="w4", unit=heat_unit),
    ]


def _changes() -> Component:
    return card(
        "Why the bill changed",
        table_place(CHANGES, label="changes"),
        width="w12",
        unit="by project and model: more requests, larger ones, or another price per token",
    )


def _draw_freshness(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (still(drawings_overview_freshness.line(desk, asked)),)


def _draw_month(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    shown, drawing = drawings_overview_month.drawn(desk, asked)
    return (still(shown), *drawing.outputs())


def _draw_kpis(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return kpis.cards(desk, asked), drawings_overview_freshness.range_line(asked)


def _draw_cost(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    by = CHOICES[COST_BY].dimension(asked.view)
    return drawings_cost.over_time(desk, asked, by).outputs()


def _draw_movers(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    shown, against = drawings_overview_movers.what_changed(desk, asked)
    return still(shown), against


def _draw_top(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return tuple(
        still(drawings_overview_top.top(desk, asked, dimension, title))
        for title, dimension in _TOP.values()
    )


def _draw_usage(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    heat, days = drawings_usage.heat(desk, asked)
    return (
        *drawings_usage.tokens(desk, asked).outputs(),
        *drawings_usage.requests(desk, asked, shown=5).outputs(),
        *heat.outputs(),
        days,
    )


# From the top of the page to its end: what is seen first is drawn first.
PARTS = (
    Part([Output(MONTH, "children"), *chart_outputs(MONTH_CHART)], _draw_month),
    Part([Output(KPIS, "children"), Output(RANGE, "children")], _draw_kpis),
    Part(chart_outputs(COST), _draw_cost),
    Part([Output(MOVERS, "children"), Output(MOVERS_UNIT, "children")], _draw_movers),
    Part([Output(FRESHNESS, "children")], _draw_freshness),
    Part([Output(place, "children") for place in _TOP], _draw_top),
    Part(
        [
            *chart_outputs(TOKENS),
            *chart_outputs(REQUESTS),
            *chart_outputs(HEAT),
            Output(HEAT_UNIT, "children"),
        ],
        _draw_usage,
    ),
    TablePart(CHANGES, drawings_overview_movers.table, shown=10),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
