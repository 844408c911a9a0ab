"""The page of one model, at the address of its name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.analytics.entities import EntityKind
from wherespent.dashboard import (
    drawings_cost,
    drawings_model,
    drawings_model_prices,
    drawings_people,
    drawings_usage,
    gaps,
    people_tables,
)
from wherespent.dashboard.chart_cards import Drawing, chart, chart_outputs
from wherespent.dashboard.components import card
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_model import Subject, explored, subject_of
from wherespent.dashboard.model_facts import model_facts
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import Table, TablePart, table_place
from wherespent.dashboard.url_state import PageChoice, View

PATHS = ("/models",)
TITLE = "Models"

HEAD = "model-head"
BODY = "model-body"
KPIS = "model-kpis"
COST = "model-cost"
PAID = "model-paid"
LISTED = "model-listed"
TOKENS = "model-tokens"
PRICES = "model-prices"
WHO = {
    "model-projects": (EntityKind.PROJECT, "Projects"),
    "model-users": (EntityKind.USER, "Users"),
    "model-keys": (EntityKind.API_KEY, "API keys"),
}
CHOICES: dict[str, PageChoice] = {}


def layout(_: View) -> Component:
    cost = card(
        "Billed cost over time", chart(COST, height=292), width="w7", unit="USD, by line item"
    )
    listed = card("List prices", html.Div(id=LISTED), width="w5", unit="USD per M tokens")
    prices = card(
        "Price paid over time",
        chart(PRICES, height=256),
        width="w6",
        unit="USD, dotted: list price of the same usage",
    )
    tokens = card("Tokens", chart(TOKENS, height=256), width="w6", unit="by kind")
    paid = card(
        "Price paid and list price",
        html.Div(id=PAID),
        width="w12",
        unit="over the whole range, all tiers",
    )
    tables = [card(title, table_place(name), width="w12") for name, (_, title) in WHO.items()]
    body = [
        html.Div(drawings_model.placeholders(), id=KPIS, className="kpis"),
        html.Div([cost, listed, prices, tokens, paid, *tables], className="grid"),
    ]
    head = html.Section(html.H1("\N{NO-BREAK SPACE}"), className="card entity-head")
    return html.Div(
        [html.Div(head, id=HEAD), html.Div(body, id=BODY, className="entity-body")],
        className="people entity model",
    )


def _draw_head(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return drawings_model.unknown(asked), True, None
    listed = drawings_model.list_prices(desk, subject)
    return drawings_model.head(desk, asked, subject), False, listed


def _draw_kpis(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    return ([] if subject is None else drawings_model.cards(desk, subject),)


def _nothing(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return Drawing(None, gaps.nothing(desk, asked, gaps.COST_STREAMS)).outputs()


def _draw_cost(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return _nothing(desk, asked)
    drawn = drawings_cost.over_time(desk, subject.own, "line_item")
    return explored(drawn, subject.explore(asked, "billed_cost", "line_item")).outputs()


def _draw_prices(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return *_nothing(desk, asked), None
    paid = model_facts(desk, subject.own).paid.get(subject.key, {})
    return (
        *drawings_model_prices.prices_over_time(desk, subject.own).outputs(),
        drawings_model_prices.price_table(paid, whole=True),
    )


def _draw_tokens(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return _nothing(desk, asked)
    drawn = drawings_usage.tokens(desk, subject.own)
    return explored(drawn, subject.explore(asked, "input_tokens", "project_id")).outputs()


def _used_by(kind: EntityKind, title: str) -> Callable[[Desk, Asked], Table]:
    def ask(desk: Desk, asked: Asked) -> Table:
        subject: Subject | None = subject_of(desk, asked)
        if subject is None:
            return Table(title, (), ())
        found = people_tables.table(desk, subject.own, kind)
        # Which model they use is what the page is about.
        return replace(found, columns=[it for it in found.columns if it.key != "models"])

    ask.__name__ = f"model_used_by_{kind.value}"
    return ask


def _opened(kind: EntityKind) -> Callable[[Desk, Asked, str], Any]:
    def opened(desk: Desk, asked: Asked, key: str) -> Any:
        subject = subject_of(desk, asked)
        if subject is None:
            return None
        return drawings_people.detail(desk, subject.own, kind.dimension, key)

    return opened


PARTS = (
    Part(
        [Output(HEAD, "children"), Output(BODY, "hidden"), Output(LISTED, "children")], _draw_head
    ),
    Part([Output(KPIS, "children")], _draw_kpis),
    Part(chart_outputs(COST), _draw_cost),
    Part([*chart_outputs(PRICES), Output(PAID, "children")], _draw_prices),
    Part(chart_outputs(TOKENS), _draw_tokens),
    *(
        TablePart(name, _used_by(kind, title), _opened(kind), shown=10)
        for name, (kind, title) in WHO.items()
    ),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
