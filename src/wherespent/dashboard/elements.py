"""What every drawing is made of: HTML elements, icons and the names that a screen reader says."""

from typing import Any

from dash import html
from dash.development.base_component import Component

Children = Any
Element = dict[str, Any]
# Not read out: it repeats what is said elsewhere, or says nothing.
UNHEARD: dict[str, Any] = {"aria-hidden": "true"}


def labelled(text: str) -> dict[str, Any]:
    """The name that a screen reader says."""
    return {"aria-label": text}


def icon(name: str) -> Component:
    return html.Span(className=f"icon icon-{name}", **UNHEARD)


def element(kind: str, children: Children = None, **properties: Any) -> Element:
    """An HTML element as Dash sends it to the browser.

    A long table holds thousands: as component objects they would cost more than its SQL.
    """
    shown = {name: value for name, value in properties.items() if value is not None}
    return {
        "namespace": "dash_html_components",
        "type": kind,
        "props": {"children": children, **shown},
    }


def in_code(text: str) -> list[Any]:
    """Between backquotes stands what a person types."""
    parts = text.split("`")
    return [html.Code(part) if number % 2 else part for number, part in enumerate(parts)]
