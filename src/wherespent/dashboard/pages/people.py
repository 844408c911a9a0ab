"""People and keys: who spent it, with which keys, in which projects, and which keys idle."""

from collections.abc import Callable
from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.analytics.entities import EntityKind
from wherespent.dashboard import drawings_people, people_tables
from wherespent.dashboard.chart_cards import chart, chart_outputs
from wherespent.dashboard.components import blank, card, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.idle_keys_table import idle_table
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import Table, TablePart, table_place
from wherespent.dashboard.url_state import PageChoice, View

PATH = "/people"
TITLE = "People and keys"

KPIS = "people-kpis"
WHO = "people-who"
COST = "people-cost"
COST_CARD = "people-cost-card"
IDLE = "idle-keys"
IDLE_WORD = "idle"
# What a word of the control lists.
KINDS = {
    "users": EntityKind.USER,
    "service-accounts": EntityKind.SERVICE_ACCOUNT,
    "projects": EntityKind.PROJECT,
    "keys": EntityKind.API_KEY,
}
WORDS = {
    "users": "Users",
    "service-accounts": "Service accounts",
    "projects": "Projects",
    "keys": "API keys",
    IDLE_WORD: "Idle keys",
}
CHOICES = {WHO: PageChoice("who", "users", tuple(WORDS))}

_ABOUT = (
    "Who spent it, by what OpenAI reports of users, service accounts, projects and API keys."
    " Names are remembered: what is deleted keeps the name under which it spent."
)


def layout(view: View) -> Component:
    who = CHOICES[WHO].of(view)
    control = segmented(WHO, WORDS, who, "List of")
    tables = [
        html.Div(
            card(WORDS[word], table_place(_name(word)), width="w12"),
            id=_place(word),
            hidden=word != who,
            className="people-card",
        )
        for word in WORDS
    ]
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(drawings_people.placeholders(), id=KPIS, className="kpis"),
            html.Div(control, className="people-who"),
            html.Div(
                card("Billed cost over time", chart(COST, height=250), width="w12", unit="USD"),
                id=COST_CARD,
                hidden=who == IDLE_WORD,
                className="people-card",
            ),
            *tables,
        ],
        className="people",
    )


def _name(word: str) -> str:
    """The name of a table, and of its file."""
    return IDLE if word == IDLE_WORD else word


def _place(word: str) -> str:
    return f"people-{word}-card"


def _who(asked: Asked) -> str:
    return CHOICES[WHO].of(asked.view)


def _draw_kpis(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    idle = PATH + asked.view.with_choice(CHOICES[WHO].name, IDLE_WORD).query()
    return (drawings_people.cards(desk, asked, idle),)


def _draw_chosen(_: Desk, asked: Asked) -> tuple[Any, ...]:
    who = _who(asked)
    return (who == IDLE_WORD, *(word != who for word in WORDS))


def _draw_cost(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    kind = KINDS.get(_who(asked), EntityKind.API_KEY)
    return drawings_people.over_time(desk, asked, kind).outputs()


def _listed(word: str) -> Callable[[Desk, Asked], Table]:
    """What is not looked at costs nothing."""

    def ask(desk: Desk, asked: Asked) -> Table:
        if _who(asked) != word:
            return Table(WORDS[word], (), ())
        if word == IDLE_WORD:
            return idle_table(desk, asked, _no_idle)
        return people_tables.table(desk, asked, KINDS[word])

    ask.__name__ = f"table_of_{word.replace('-', '_')}"
    return ask


def _no_idle() -> Component:
    return blank("No idle keys", "Every listed key was used in the last 30 days.", sign="key")


def _opened(word: str) -> Callable[[Desk, Asked, str], Any]:
    dimension = KINDS.get(word, EntityKind.API_KEY).dimension
    return lambda desk, asked, key: drawings_people.detail(desk, asked, dimension, key)


PARTS = (
    Part([Output(KPIS, "children")], _draw_kpis),
    Part(
        [Output(COST_CARD, "hidden"), *(Output(_place(word), "hidden") for word in WORDS)],
        _draw_chosen,
    ),
    Part(chart_outputs(COST), _draw_cost),
    *(TablePart(_name(word), _listed(word), _opened(word)) for word in WORDS),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
