"""Costs: the bill over time by any dimension, its line items, rates, models and months."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import (
    drawings_cost,
    drawings_cost_numbers,
    drawings_line_items,
    drawings_months,
    drawings_rates,
)
from wherespent.dashboard.chart_cards import chart, chart_outputs
from wherespent.dashboard.components import card, chart_or_table, labelled, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_cost import COST_CHOICES, COST_STACKS, COST_WORDS
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import TablePart, table_place
from wherespent.dashboard.url_state import CHART_OR_TABLE, PageChoice, View

PATH = "/costs"
TITLE = "Costs"

NUMBERS = "costs-numbers"
BILL_NUMBERS = "costs-numbers-bill"
RATE_NUMBERS = "costs-numbers-rates"
OVER_TIME = "costs-over-time"
BY = "costs-by"
VIEW = "costs-view"
RANKED = "costs-ranked"
RANKED_UNIT = "costs-ranked-unit"
ITEMS = "costs-items"
RATES = "costs-rates"
RATES_IN = "costs-rates-in"
CHANGED = "costs-rates-changed"
MATRIX = "costs-matrix"
MONTHS = "costs-months"

CHOICES = {
    BY: PageChoice("stack", "project", COST_STACKS),
    VIEW: CHART_OR_TABLE,
    RATES_IN: PageChoice("unit", drawings_rates.MAIN_UNIT),
}

_ABOUT = (
    "Billed cost is OpenAI's own figure, by UTC day, before credits, refunds and tax. Today and"
    " the 3 days before it may still change."
)


def layout(view: View) -> Component:
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(_numbers(), id=NUMBERS, className="kpis four"),
            html.Div([*_over_time(view), _items(), *_rates(view), *_who()], className="grid"),
        ],
        className="costs",
    )


def _numbers() -> list[Component]:
    """Rates take longest to tell: they do not keep the bill waiting."""
    *bill, rates = [
        html.Div(
            [html.Div(title, className="title"), html.Div("\N{NO-BREAK SPACE}", className="value")],
            className="card kpi",
        )
        for title in drawings_cost_numbers.TITLES
    ]
    return [
        html.Div(bill, id=BILL_NUMBERS, className="contents"),
        html.Div(rates, id=RATE_NUMBERS, className="contents"),
    ]


def _over_time(view: View) -> list[Component]:
    choose = segmented(BY, COST_WORDS, CHOICES[BY].of(view), "Stack by")
    show = chart_or_table(VIEW, CHART_OR_TABLE.of(view))
    return [
        card(
            "Billed cost over time",
            chart(OVER_TIME, height=360),
            width="w8",
            unit="USD, by",
            end=[choose, show],
        ),
        card("Ranking", html.Div(id=RANKED), width="w4", unit=html.Span(id=RANKED_UNIT)),
    ]


def _items() -> Component:
    return card(
        "Line items",
        table_place(ITEMS, label="line items"),
        width="w12",
        unit="open one for its days",
    )


def _rates(view: View) -> list[Component]:
    choose = dmc.SegmentedControl(
        id=RATES_IN,
        data=[{"value": drawings_rates.MAIN_UNIT, "label": "Tokens"}],
        value=CHOICES[RATES_IN].of(view),
        size="xs",
        **labelled("Unit of the rates"),
    )
    return [
        card(
            "Rates paid",
            chart(RATES, height=300),
            width="w5",
            unit="billed cost ÷ quantity",
            end=choose,
        ),
        card(
            "Rates that changed",
            table_place(CHANGED, label="changes"),
            width="w7 dense wide",
            unit="and what that cost since",
        ),
    ]


def _who() -> list[Component]:
    return [
        card(
            "Project by model",
            table_place(MATRIX, label="projects"),
            width="w12 dense",
            unit="billed cost of the range, USD",
        ),
        card(
            "Month by month",
            table_place(MONTHS, label="projects"),
            width="w12 dense",
            unit="billed cost by project, USD; the last 12 months, whatever the range",
        ),
    ]


def _draw_bill_numbers(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (drawings_cost_numbers.bill_cards(desk, asked),)


def _draw_rate_numbers(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (drawings_cost_numbers.rates_card(desk, asked),)


def _draw_over_time(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    by = CHOICES[BY].dimension(asked.view)
    return drawings_cost.over_time(desk, asked, by).outputs()


def _draw_ranked(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    by = CHOICES[BY].dimension(asked.view)
    ranked = drawings_cost.by_key(desk, asked, by, shown=11)
    return ranked, f"USD, by {COST_CHOICES.get(by, by).lower()}"


def _draw_rates(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    unit = CHOICES[RATES_IN].of(asked.view)
    drawing = drawings_rates.over_time(desk, asked, unit)
    return (*drawing.outputs(), drawings_rates.units(desk, asked))


PARTS = (
    Part([Output(BILL_NUMBERS, "children")], _draw_bill_numbers),
    Part([Output(RATE_NUMBERS, "children")], _draw_rate_numbers),
    Part(chart_outputs(OVER_TIME), _draw_over_time),
    Part([Output(RANKED, "children"), Output(RANKED_UNIT, "children")], _draw_ranked),
    TablePart(ITEMS, drawings_line_items.table, detail=drawings_line_items.days, shown=12),
    Part([*chart_outputs(RATES), Output(RATES_IN, "data")], _draw_rates),
    TablePart(CHANGED, drawings_rates.changes, shown=8),
    TablePart(MATRIX, drawings_months.matrix, shown=12),
    TablePart(MONTHS, drawings_months.month_table, shown=12),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
