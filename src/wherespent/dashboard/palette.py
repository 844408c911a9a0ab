"""The search that jumps to anything by name, and the list of keyboard shortcuts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import names
from wherespent.dashboard import formats
from wherespent.dashboard.components import UNHEARD, icon, labelled
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.links import entity_href
from wherespent.dashboard.url_state import View

DIALOG = "palette"
SEARCH = "palette-search"
RESULTS = "palette-results"
OPENER = "palette-opener"
# A store: when the search was opened.
OPENED = "palette-opened"
SHORTCUTS = "shortcuts"
SHORTCUTS_OPENER = "shortcuts-opener"
MOST = 20
_LEAST = 3

_KINDS = {"project_id": "Project", "user_id": "User", "api_key_id": "API key", "model": "Model"}
_ICONS = {"project_id": "folder", "user_id": "user", "api_key_id": "key", "model": "models"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that can be jumped to; `detail` tells it apart from others of its name.

    `words` are searched, `id` is known by its beginning: both in lower case.
    """

    label: str
    kind: str
    sign: str
    href: str
    detail: str
    words: str
    id: str = ""

    def holds(self, word: str) -> bool:
        """Less than three letters are the beginning of a word."""
        known = word in self.words if len(word) >= _LEAST else f" {word}" in f" {self.words}"
        return known or (bool(self.id) and self.id.startswith(word))


def search(desk: Desk, pages: Sequence[Hit], text: str, view: View) -> list[Hit]:
    """At most MOST of what holds every word of the text, the best first; pages for no text.

    Names that begin with the text come first, then those with a word that does, then the rest;
    among equals pages first, then whatever was used most.
    """
    asked = text.casefold().split()
    if not asked:
        return list(pages)
    whole = " ".join(asked)
    found = [
        (_rank(hit, whole), at, hit)
        for at, hit in enumerate([*pages, *_entities(desk, view)])
        if all(hit.holds(word) for word in asked)
    ]
    return [hit for _, _, hit in sorted(found, key=lambda each: each[:2])[:MOST]]


def _rank(hit: Hit, text: str) -> int:
    label = hit.label.casefold()
    if label == text:
        return 0
    if label.startswith(text):
        return 1
    return 2 if f" {text}" in f" {hit.words}" else 3


def page_hit(text: str, sign: str, href: str) -> Hit:
    return Hit(text, "Page", sign, href, "", text.casefold())


def _entities(desk: Desk, view: View) -> Iterator[Hit]:
    """Everything that is in the data, largest first, and then what only the directory knows."""
    offered = desk.answers.lately(names.options)
    for model in offered.models:
        yield _hit(view, "model", model.id, model.label, "", "")
    lists = (
        ("project_id", "project", offered.projects),
        ("user_id", "user", offered.users),
        ("api_key_id", "api_key", offered.api_keys),
    )
    for dimension, kind, options in lists:
        known = desk.answers.lately(names.all_names, kind)
        used = dict.fromkeys(option.id for option in options)
        for id_ in [*used, *(it for it in known if it not in used)]:
            name = known.get(id_)
            label = names.display(kind, id_, known)
            detail = (name.email or name.hint) if name else ""
            state = "deleted" if name and name.deleted else ""
            yield _hit(view, dimension, id_, label, detail, state)


def _hit(view: View, dimension: str, key: str, label: str, detail: str, state: str) -> Hit:
    told = " · ".join(it for it in (key if key != label else "", detail, state) if it)
    return Hit(
        label=formats.shortened(label, 60),
        kind=_KINDS[dimension],
        sign=_ICONS[dimension],
        href=entity_href(view, dimension, key),
        detail=formats.shortened(told, 70),
        words=f"{label} {detail}".casefold(),
        id=key.casefold(),
    )


def results(hits: Sequence[Hit], text: str) -> Component:
    """`data-for` says which text was searched: Enter waits for it."""
    if not hits:
        none = html.P(f"Nothing is called “{formats.shortened(text, 40)}”.", className="none")
        return html.Div(none, **_for(text))
    links = [
        html.Li(
            dcc.Link(
                [
                    icon(hit.sign),
                    html.Span(hit.label, className="label"),
                    html.Span(hit.detail, className="told"),
                    html.Span(hit.kind, className="kind"),
                ],
                href=hit.href,
                className="hit",
            )
        )
        for hit in hits
    ]
    return html.Div(html.Ul(links), **_for(text))


def _for(text: str) -> dict[str, Any]:
    return {"data-for": text.strip()}


def opener() -> Component:
    return html.Button(
        [icon("search"), html.Span("Search", className="text"), html.Kbd("/", **UNHEARD)],
        id=OPENER,
        className="search-opener",
        title="Search (press /)",
        **labelled("Search"),
    )


def shortcuts_opener() -> Component:
    return html.Button(
        [icon("keyboard"), "Keyboard shortcuts"], id=SHORTCUTS_OPENER, className="plain"
    )


def search_dialog() -> Component:
    box = dmc.TextInput(
        id=SEARCH,
        placeholder="Jump to a project, user, key, model or page",
        leftSection=icon("search"),
        value="",
        debounce=120,
        size="md",
        autoComplete="off",
        **labelled("Search"),
    )
    foot = html.Div(
        [
            html.Span([html.Kbd("↑"), html.Kbd("↓"), " choose"]),
            html.Span([html.Kbd("Enter"), " open"]),
            html.Span([html.Kbd("Esc"), " close"]),
        ],
        className="foot",
    )
    return html.Dialog(
        [box, html.Div(id=RESULTS, role="status"), foot],
        id=DIALOG,
        className="palette",
        **labelled("Search"),
    )


def shortcuts_dialog(go_to: Sequence[tuple[str, str, str]]) -> Component:
    """What `assets/keyboard.js` does. `go_to`: letter after `g`, what it opens, id of the link."""
    general = [
        (["/"], "Search"),
        (["?"], "This list"),
        (["d"], "Date range"),
        (["f"], "Filters"),
        (["Esc"], "Close what is open"),
    ]
    columns = [
        _keys("Anywhere", general),
        _keys("Go to", [(["g", letter], text) for letter, text, _ in go_to]),
    ]
    links = json.dumps({letter: link for letter, _, link in go_to})
    read: dict[str, Any] = {"data-go-to": links}
    head = html.Div(
        [
            html.H2("Keyboard shortcuts"),
            html.Button(
                icon("close"), className="button square", title="Close", **labelled("Close")
            ),
        ],
        className="head",
    )
    return html.Dialog(
        [head, html.Div(columns, className="columns")],
        id=SHORTCUTS,
        className="palette shortcuts",
        **labelled("Keyboard shortcuts"),
        **read,
    )


def _keys(title: str, rows: Sequence[tuple[Sequence[str], str]]) -> Component:
    parts: list[Any] = []
    for keys, text in rows:
        parts += [html.Dt([html.Kbd(key) for key in keys]), html.Dd(text)]
    return html.Section([html.H3(title), html.Dl(parts)])
