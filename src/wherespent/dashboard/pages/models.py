"""Models: what each costs, the price paid against the list, and moving from one to another."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_migration as migration
from wherespent.dashboard import drawings_models
from wherespent.dashboard.chart_cards import chart, chart_outputs
from wherespent.dashboard.components import UNHEARD, card, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_migration import NEW_CHOICE, OLD_CHOICE
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import Table, TablePart, table_place
from wherespent.dashboard.url_state import View

PATH = "/models"
TITLE = "Models"

KPIS = "models-kpis"
MODELS = "models"
MISSING = "models-missing"
MISSING_CARD = "models-missing-card"
OLD = "migration-old"
NEW = "migration-new"
SUGGESTED = "migration-suggested"
SHARE = "migration-share"
VERDICT = "migration-verdict"
PROJECTS = "migration-projects"
CHOICES = {OLD: OLD_CHOICE, NEW: NEW_CHOICE}

_ABOUT = (
    "What each model was billed, and what its usage costs at list prices: two numbers that are"
    " never one. Prices paid are the bill divided by its quantities."
)
_ABOUT_MISSING = (
    "In no estimate, and never counted as $0. A file of your own prices fills the gaps:"
    " the setting WHERESPENT_PRICES."
)


def layout(view: View) -> Component:
    missing = card(
        "Without a list price", html.Div(id=MISSING), width="w12", foot=html.Span(_ABOUT_MISSING)
    )
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(drawings_models.placeholders(), id=KPIS, className="kpis"),
            html.Div(
                [
                    card("Models", table_place(MODELS), width="w12"),
                    html.Div(missing, id=MISSING_CARD, className="w12", hidden=True),
                    _migration(view),
                ],
                className="grid",
            ),
        ],
        className="models",
    )


def _migration(view: View) -> Component:
    pick = html.Div(
        [
            _select(OLD, "From", OLD_CHOICE.of(view)),
            html.Span("→", className="dim", **UNHEARD),
            _select(NEW, "To", NEW_CHOICE.of(view)),
            html.Span(id=SUGGESTED, className="dim"),
        ],
        className="migration-pick",
    )
    body = html.Div(
        [
            html.Div(chart(SHARE, height=330), className="migration-chart"),
            html.Div(id=VERDICT),
        ],
        className="migration-body",
    )
    title = "Moving from one model to another"
    return card(
        title,
        html.Div([pick, body, table_place(PROJECTS)]),
        width="w12",
        unit="share of the requests of the two",
    )


def _select(name: str, label: str, value: str) -> Component:
    return dmc.Select(
        id=name,
        data=[value] if value else [],
        value=value or None,
        searchable=True,
        clearable=True,
        size="xs",
        limit=100,
        nothingFoundMessage="No such model in this range",
        comboboxProps={"width": 300, "position": "bottom-start"},
        className="migration-model",
        leftSection=label,
        leftSectionWidth=46,
        **labelled(f"{label} model"),
    )


def _draw_kpis(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (drawings_models.cards(desk, asked),)


def _draw_missing(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return drawings_models.without_price(desk, asked)


def _draw_migration(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    pair = migration.pair_of(desk, asked)
    return (
        *migration.controls(pair),
        *migration.share_over_time(desk, asked, pair).outputs(),
        migration.verdict(desk, asked, pair),
    )


def _projects(desk: Desk, asked: Asked) -> Table:
    return migration.projects(desk, asked, migration.pair_of(desk, asked))


PARTS = (
    Part([Output(KPIS, "children")], _draw_kpis),
    TablePart(MODELS, drawings_models.models, drawings_models.opened, shown=25),
    Part([Output(MISSING, "children"), Output(MISSING_CARD, "hidden")], _draw_missing),
    Part(
        [
            Output(OLD, "data"),
            Output(OLD, "placeholder"),
            Output(NEW, "data"),
            Output(NEW, "placeholder"),
            Output(SUGGESTED, "children"),
            *chart_outputs(SHARE),
            Output(VERDICT, "children"),
        ],
        _draw_migration,
    ),
    TablePart(PROJECTS, _projects, shown=12),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
