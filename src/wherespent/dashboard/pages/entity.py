"""The page of one project, user, service account or API key, at the address of its id."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.analytics.entities import EntityKind
from wherespent.dashboard import (
    drawings_cost,
    drawings_entity,
    drawings_usage,
    entity_tables,
    gaps,
    kpis,
)
from wherespent.dashboard.chart_cards import Drawing, chart, chart_outputs
from wherespent.dashboard.components import card, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_people import detail
from wherespent.dashboard.entity_subject import DIMENSIONS, Subject, subject_of
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import Table, TablePart, table_place
from wherespent.dashboard.url_state import PageChoice, View

PATHS = tuple(DIMENSIONS)
TITLE = "People and keys"

HEAD = "entity-head"
BODY = "entity-body"
FIGURES = "entity-figures"
KPIS = "entity-kpis"
COST = "entity-cost"
COST_BY = "entity-cost-by"
ITEMS = "entity-items"
TOKENS = "entity-tokens"
REQUESTS = "entity-requests"
MODELS = "entity-models"
# Tables of what it is connected to; that of its own kind is not shown.
CONNECTED = {
    "entity-users": (EntityKind.USER, "Users"),
    "entity-keys": (EntityKind.API_KEY, "API keys"),
    "entity-projects": (EntityKind.PROJECT, "Projects"),
}
_STACKS = {"model": "Model", "line_item": "Line item"}
CHOICES = {COST_BY: PageChoice("stack", "model", tuple(_STACKS))}


def layout(view: View) -> Component:
    choose = segmented(COST_BY, _STACKS, CHOICES[COST_BY].of(view), "Stack by")
    titles = ("Billed cost", "Requests", "Input tokens", "Output tokens", "Last activity")
    empty = [kpis.card(title, "\N{NO-BREAK SPACE}", "", [], "", html.Div()) for title in titles]
    cost = card(
        "Billed cost over time", chart(COST, height=300), width="w8", unit="USD, by", end=[choose]
    )
    items = card("Line items", html.Div(id=ITEMS), width="w4", unit="USD")
    tokens = card("Tokens", chart(TOKENS, height=236), width="w6", unit="by kind")
    requests = card("Requests", chart(REQUESTS, height=236), width="w6", unit="by model")
    tables = [
        html.Div(
            card(title, table_place(name), width="w12"), id=f"{name}-card", className="people-card"
        )
        for name, (_, title) in CONNECTED.items()
    ]
    figures = [
        html.Div(empty, id=KPIS, className="kpis"),
        html.Div([cost, items, tokens, requests], className="grid"),
        html.Div(card("Models", table_place(MODELS), width="w12"), className="people-card"),
    ]
    body = [html.Div(figures, id=FIGURES), *tables]
    head = html.Section(html.H1("\N{NO-BREAK SPACE}"), className="card entity-head")
    return html.Div(
        [html.Div(head, id=HEAD), html.Div(body, id=BODY)],
        className="people entity",
    )


def _draw_head(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return drawings_entity.unknown(asked), True, True, *(True for _ in CONNECTED)
    own = subject.dimension
    hidden = (kind.dimension == own for kind, _ in CONNECTED.values())
    is_empty = not drawings_entity.has_figures(desk, subject)
    return drawings_entity.head(desk, asked, subject), False, is_empty, *hidden


def _draw_kpis(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    return ([] if subject is None else drawings_entity.cards(desk, subject),)


def _draw_cost(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return *_nothing(desk, asked).outputs(), None
    by = CHOICES[COST_BY].dimension(asked.view)
    drawn = drawings_cost.over_time(desk, subject.own, by)
    href = subject.explore(asked, "billed_cost", by)
    items = drawings_cost.by_key(desk, subject.own, "line_item", shown=8)
    return *_explored(drawn, href), items


def _draw_usage(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    subject = subject_of(desk, asked)
    if subject is None:
        return _nothing(desk, asked).outputs() * 2
    tokens = drawings_usage.tokens(desk, subject.own)
    requests = drawings_usage.requests(desk, subject.own, shown=6)
    return (
        *_explored(tokens, subject.explore(asked, "tokens", chart="area")),
        *_explored(requests, subject.explore(asked, "requests", "model")),
    )


def _explored(drawing: Drawing, href: str) -> tuple[Any, ...]:
    return replace(drawing, explore=href).outputs()


def _nothing(desk: Desk, asked: Asked) -> Drawing:
    return Drawing(None, gaps.nothing(desk, asked, gaps.COST_STREAMS))


def _models(desk: Desk, asked: Asked) -> Table:
    subject = subject_of(desk, asked)
    return Table("Models", (), ()) if subject is None else entity_tables.models(desk, subject)


def _connected(kind: EntityKind, title: str) -> Callable[[Desk, Asked], Table]:
    def ask(desk: Desk, asked: Asked) -> Table:
        subject: Subject | None = subject_of(desk, asked)
        if subject is None or subject.dimension == kind.dimension:
            return Table(title, (), ())
        return entity_tables.connected(desk, subject, kind)

    ask.__name__ = f"connected_{kind.value}"
    return ask


def _opened(kind: EntityKind) -> Callable[[Desk, Asked, str], Any]:
    def opened(desk: Desk, asked: Asked, key: str) -> Any:
        subject = subject_of(desk, asked)
        return None if subject is None else detail(desk, subject.own, kind.dimension, key)

    return opened


PARTS = (
    Part(
        [
            Output(HEAD, "children"),
            Output(BODY, "hidden"),
            Output(FIGURES, "hidden"),
            *(Output(f"{name}-card", "hidden") for name in CONNECTED),
        ],
        _draw_head,
    ),
    Part([Output(KPIS, "children")], _draw_kpis),
    Part([*chart_outputs(COST), Output(ITEMS, "children")], _draw_cost),
    Part([*chart_outputs(TOKENS), *chart_outputs(REQUESTS)], _draw_usage),
    TablePart(MODELS, _models, shown=12),
    *(
        TablePart(name, _connected(kind, title), _opened(kind), shown=15)
        for name, (kind, title) in CONNECTED.items()
    ),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
