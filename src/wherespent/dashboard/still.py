"""Parts of a page that only stand there: sent as one element with HTML in it.

Dash tells every component on a page about every component that is drawn: a part of n components
on a page of m costs n x m in the browser. A list of a hundred small elements is one here.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, cast

from dash import html
from dash.development.base_component import Component

_NAMES = {"className": "class", "tabIndex": "tabindex", "colSpan": "colspan"}
_PLAIN = frozenset({"id", "class", "title", "role", "tabindex", "colspan", "scope"})
_TAGS = {"Link": "a"}
# Links lead to pages of ours: nothing that a browser would run.
_OWN = ("/", "?")


def still(children: Any) -> Component:
    """The same elements and links, without callbacks: nothing in them may be an output.

    `assets/still.js` puts the HTML in place; links go on as those of Dash do. Every text is
    escaped here. Raises ValueError for an element that is no plain HTML.
    """
    markup: dict[str, Any] = {"data-html": html_of(children)}
    return html.Div(className="still", **markup)


def html_of(node: Any) -> str:
    """Components, elements as Dash sends them, texts, numbers, or any of these in a list."""
    if node is None:
        return ""
    if isinstance(node, str | int | float):
        return escape(str(node))
    if isinstance(node, Component):
        return _element(node.to_plotly_json())
    if isinstance(node, Mapping):
        return _element(cast("Mapping[str, Any]", node))
    return "".join(html_of(each) for each in cast("Iterable[Any]", node))


def _element(node: Mapping[str, Any]) -> str:
    kind, properties = str(node["type"]), dict(node["props"])
    if kind not in _TAGS and node["namespace"] != "dash_html_components":
        raise ValueError(f"{kind} is no plain HTML: it cannot stand still")
    tag = _TAGS.get(kind, kind.lower())
    inside = html_of(properties.pop("children", None))
    attributes = "".join(_attribute(name, value) for name, value in properties.items())
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    name = _NAMES.get(name, name)
    if value is None or value is False:
        return ""
    if name == "style":
        value = ";".join(f"{_css_name(key)}:{text}" for key, text in value.items())
    elif name == "hidden":
        return " hidden"
    elif name == "href":
        value = value if str(value).startswith(_OWN) and not str(value).startswith("//") else "?"
    elif name not in _PLAIN and not name.startswith(("data-", "aria-")):
        raise ValueError(f"{name} is no attribute of what stands still")
    return f' {name}="{escape(str(value))}"'


def _css_name(name: str) -> str:
    """`flexGrow` is flex-grow; variables stay as they are."""
    if name.startswith("--"):
        return name
    return "".join(f"-{it.lower()}" if it.isupper() else it for it in name)
