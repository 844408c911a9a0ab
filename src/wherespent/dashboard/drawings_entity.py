"""The page of one project, user, service account or key: what it is, and what it is tied to."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import cost, people
from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import EntityKind, entities
from wherespent.analytics.idle_keys import idle_keys
from wherespent.dashboard import formats, kpis
from wherespent.dashboard.components import blank
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_people import about
from wherespent.dashboard.elements import Children, element, icon, labelled
from wherespent.dashboard.entity_subject import Subject
from wherespent.dashboard.idle_keys_table import advice
from wherespent.dashboard.mentions import standing_of
from wherespent.dashboard.people_facts import (
    CHOICES,
    is_usage_read,
)
from wherespent.dashboard.ranges import CUSTOM
from wherespent.dashboard.routes import section
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused

_SIGNS = {
    EntityKind.PROJECT: "folder",
    EntityKind.USER: "user",
    EntityKind.SERVICE_ACCOUNT: "robot",
    EntityKind.API_KEY: "key",
}
_WORDS = {
    EntityKind.PROJECT: ("Project", "projects", "Projects"),
    EntityKind.USER: ("User", "users", "Users"),
    EntityKind.SERVICE_ACCOUNT: ("Service account", "service-accounts", "Service accounts"),
    EntityKind.API_KEY: ("API key", "keys", "API keys"),
}
_LONGEST_ID = 160
_DAYS_SHOWN = 30
_NOTHING = "Nothing was used or billed in this range."


def head(desk: Desk, asked: Asked, subject: Subject) -> Component:
    """Name, id, state, and where it belongs."""
    entity = subject.entity
    word, list_word, list_title = _WORDS[entity.kind]
    back = "/people" + asked.view.with_choice("who", list_word).query()
    state = standing_of(entity)
    look = "tag bad" if entity.standing is Standing.DELETED else "tag warn"
    name = [
        html.Span(icon(_SIGNS[entity.kind]), className="entity-sign"),
        html.H1(formats.shortened(entity.label, 80), title=entity.label),
        html.Span(word, className="tag"),
        html.Span(state, className=look) if state else None,
    ]
    facts = [
        element("Div", [element("Dt", title), element("Dd", value)])
        for title, value in about(desk, asked, entity)
        if title != "State"
    ]
    crumbs = [
        dcc.Link("People and keys", href="/people" + asked.view.query()),
        " / ",
        dcc.Link(list_title, href=back),
    ]
    parts: Children = [
        html.Nav(crumbs, className="crumbs", **labelled("Where this page is")),
        html.Div(name, className="entity-name"),
        html.Div([html.Code(entity.bare_id), *_copy(entity.bare_id)], className="entity-id"),
        element("Dl", facts, className="entity-facts"),
        *_notes(desk, asked, subject),
    ]
    return html.Section(parts, className="card entity-head", **labelled(f"{word} {entity.label}"))


def _copy(text: str) -> list[Component]:
    on: dict[str, Any] = {"data-copy": text}
    button = html.Button(
        [icon("copy"), html.Span("Copy")],
        type="button",
        className="button small",
        title="Copy this id",
        **on,
    )
    return [button, html.Span(className="copied", role="status")]


def _notes(desk: Desk, asked: Asked, subject: Subject) -> list[Component]:
    notes: list[Component] = []
    entity = subject.entity
    if entity.kind is EntityKind.API_KEY:
        activity = desk.answers.ask(people.activity, subject.dimension)
        for idle in idle_keys([entity], activity, asked.now):
            owners = desk.answers.ask(entities, "user_id")
            text = f"Idle for {idle.days:,} days, {idle.idleness}. {advice(idle, owners)}."
            notes.append(_note("alert", text))
    if not has_figures(desk, subject):
        notes.append(_nothing(desk, asked, subject))
    name = CHOICES[subject.dimension]
    if getattr(asked.filters, name):
        word = _WORDS[entity.kind][0].lower()
        notes.append(
            _note("filter", f"The filter of the bar on its own {word} does not apply here.")
        )
    return notes


def has_figures(desk: Desk, subject: Subject) -> bool:
    """Whether anything was used or billed in the range, as far as it was read."""
    own = subject.own
    if desk.answers.ask(people.usage_cells, own.total) or not is_usage_read(desk, own):
        return True
    try:
        return bool(desk.answers.ask(cost.cost_over_time, own.total))
    except QuestionRefused:
        return False


def _nothing(desk: Desk, asked: Asked, subject: Subject) -> Component:
    """Nothing in this range: when there was something, and the way there."""
    active = desk.answers.ask(people.activity, subject.dimension).get(subject.entity.id)
    if active is None:
        return _note(
            "note", "Nothing was used or billed in this range, and no usage is stored at all."
        )
    last = utc(active.last).date()
    first = max(utc(active.first).date(), last - timedelta(days=_DAYS_SHOWN - 1))
    view = replace(asked.view, range=CUSTOM, since=first, until=last)
    link = dcc.Link("Show the days before that", href=asked.path + view.query(), className="link")
    text = (
        f"Nothing was used or billed in this range. Last activity: {formats.day(last, year=True)}. "
    )
    return _note("note", [text, link])


def _note(sign: str, text: Children) -> Component:
    return html.Div([icon(sign), html.Span(text)], className="entity-note")


def unknown(asked: Asked) -> Component:
    """The whole page of an id that nothing is known of."""
    where = section(asked.path)
    words = {path: _WORDS[kind] for path, kind in _KINDS_OF_PATHS.items()}
    word, list_word, title = words.get(where, ("", "users", "Users"))
    link = dcc.Link(
        f"All {title[:1].lower()}{title[1:]}" if title != "API keys" else "All API keys",
        href="/people" + asked.view.with_choice("who", list_word).query(),
        className="link",
    )
    id_ = formats.shortened(asked.subject, _LONGEST_ID) or "this address"
    text = html.Span(
        [
            "Nothing with the id ",
            html.Code(id_),
            " was ever listed by OpenAI, used or billed here. Press ",
            html.Kbd("/"),
            " to search by name, or look through the list: ",
            link,
        ]
    )
    shown = blank(f"{word or 'This page'} not known here", text)
    return html.Section([html.H1("Not known here", className="unseen"), shown], className="card")


_KINDS_OF_PATHS = {
    "/projects": EntityKind.PROJECT,
    "/users": EntityKind.USER,
    "/service-accounts": EntityKind.SERVICE_ACCOUNT,
    "/keys": EntityKind.API_KEY,
}


def cards(desk: Desk, subject: Subject) -> list[Component]:
    """The key numbers; how many users are active says something of a project only."""
    shown = kpis.cards(desk, subject.own)
    if subject.entity.kind is EntityKind.PROJECT:
        return shown
    active = desk.answers.ask(people.activity, subject.dimension).get(subject.entity.id)
    if active is None:
        last = kpis.card("Last activity", "never", "no usage is stored", [], "", html.Div())
    else:
        days = [formats.day(utc(day).date(), year=True) for day in (active.last, active.first)]
        last = kpis.card("Last activity", days[0], days[0], [], f"first {days[1]}", html.Div())
    return [*shown[:-1], last]
