"""The parts that pages are made of: cards, tables, bars, legends and states in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from wherespent.dashboard.chart_cards import Drawing, chart, chart_outputs
from wherespent.dashboard.elements import UNHEARD, Children, Element, element, icon, labelled
from wherespent.dashboard.series import Series
from wherespent.dashboard.spark import spark

# What pages draw with, wherever it is defined.
__all__ = [
    "UNHEARD",
    "Bar",
    "Children",
    "Drawing",
    "Element",
    "bars",
    "blank",
    "card",
    "chart",
    "chart_or_table",
    "chart_outputs",
    "element",
    "icon",
    "labelled",
    "legend",
    "restated_note",
    "revised_note",
    "segmented",
    "share",
    "spark",
    "table",
    "titled",
    "unread_note",
]


def card(
    title: str,
    children: Children,
    *,
    width: str = "w6",
    unit: Children = None,
    end: Children = None,
    foot: Children = None,
) -> Component:
    head: list[Component | None] = [
        html.H2(title),
        html.Span(unit, className="unit") if unit is not None else None,
    ]
    if end is not None:
        head.append(html.Div(end, className="end"))
    parts = [html.Div(head, className="card-head"), children]
    if foot is not None:
        parts.append(html.Div(foot, className="card-foot"))
    return html.Section(parts, className=f"card {width}", **labelled(title))


def segmented(name: str, choices: Mapping[str, str], value: str, label: str) -> Component:
    data = [{"value": key, "label": text} for key, text in choices.items()]
    return dmc.SegmentedControl(id=name, data=data, value=value, size="xs", **labelled(label))


def chart_or_table(name: str, value: str) -> Component:
    return segmented(name, {"chart": "Chart", "table": "Table"}, value, "Chart or table")


def legend(
    lines: Sequence[Series],
    links: Mapping[str, str] | None = None,
    *,
    provisional: bool = False,
    unread: bool = False,
    restated: bool = False,
) -> Component:
    """Names beside their colours; a name with a link narrows the view to it."""
    entries: list[Component] = []
    for line in lines:
        href = (links or {}).get(line.key) if line.key is not None else None
        # One element per name: Dash pays for each, and a page has a hundred of these.
        look: dict[str, Any] = {
            "title": line.label,
            "className": "entry",
            "style": {"--c": line.colour},
        }
        entries.append(
            dcc.Link(line.label, href=href, **look) if href else html.Span(line.label, **look)
        )
    if restated:
        entries.append(restated_note())
    if unread:
        entries.append(unread_note())
    if provisional:
        entries.append(revised_note())
    return html.Div(entries, className="legend")


def restated_note() -> Component:
    why = "OpenAI changed the bill of these days after they had settled. See Data health."
    return html.Span([html.I(className="diamond"), "restated"], title=why)


def unread_note() -> Component:
    why = "Nothing was read of these days, or not all of it: that is not zero. See Data health."
    return html.Span([html.I(className="hatched unread"), "not read"], title=why)


def revised_note() -> Component:
    why = "OpenAI still revises the bill of these days: today and the 3 days before it"
    return html.Span(
        [html.I(className="hatched"), "still being revised"],
        title=why,
        style={"marginLeft": "auto"},
    )


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Children]],
    *,
    foot: Sequence[Children] | None = None,
    caption: str,
    tall: bool = False,
    words: Sequence[str] = (),
) -> Component:
    """`words` names the columns that hold text: numbers stand to the right."""
    looks = ["left" if name in words else None for name in columns]
    titles = [
        element("Th", name, scope="col", className=look)
        for name, look in zip(columns, looks, strict=True)
    ]
    parts: list[Children] = [
        html.Caption(caption, className="unseen"),
        element("Thead", element("Tr", titles)),
        element("Tbody", [_row(row, looks) for row in rows]),
    ]
    if foot is not None:
        parts.append(element("Tfoot", _row(foot, looks)))
    region: dict[str, Any] = {"role": "region", "aria-label": caption}
    return html.Div(
        html.Table(parts), className="scroll tall" if tall else "scroll", tabIndex=0, **region
    )


def _row(cells: Sequence[Children], looks: Sequence[str | None]) -> Element:
    return element(
        "Tr",
        [
            cell if _is_cell(cell) else element("Td", cell, className=look)
            for cell, look in zip(cells, looks, strict=True)
        ],
    )


def _is_cell(cell: Children) -> bool:
    if isinstance(cell, html.Td):
        return True
    return isinstance(cell, dict) and cast("Element", cell)["type"] == "Td"


def share(text: str, part: float) -> Element:
    """A table cell with a share in words, and drawn."""
    width = f"{max(0.0, min(1.0, part)) * 100:.1f}%"
    return element("Td", text, className="share", style={"--w": width})


def titled(text: str, title: str) -> Element:
    """A table cell whose full precision shows on hover."""
    return element("Td", text, title=title)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar list; `part` is its share of the longest bar."""

    label: str
    amount: str
    share: str
    colour: str
    part: float
    href: str | None = None
    title: str = ""


def bars(rows: Sequence[Bar], caption: str) -> Component:
    """Bars with the name and the number on them: read without an axis or a hover."""
    return html.Div([_bar(row) for row in rows], className="bars", role="list", **labelled(caption))


def _bar(row: Bar) -> Component:
    text = (
        dcc.Link(row.label, href=row.href, className="text", title=row.title)
        if row.href
        else html.Span(row.label, className="text", title=row.title)
    )
    return html.Div(
        [
            text,
            html.Span(row.share, className="share-text"),
            html.Span(row.amount, className="amount", title=row.title),
        ],
        className="row",
        role="listitem",
        style={"--w": f"{max(0.0, row.part) * 100:.2f}%", "--c": row.colour},
    )


def blank(title: str, text: Children, *, sign: str = "empty") -> Component:
    """A state in words where a picture cannot be."""
    return html.Div([icon(sign), html.B(title), html.Div(text)], className="blank", role="status")
