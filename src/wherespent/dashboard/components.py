"""The parts that pages are made of: cards, tables, bars, legends and states in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import Output, dcc, html
from dash.development.base_component import Component

from wherespent.dashboard import figures
from wherespent.dashboard.series import Series

Children = Any
Element = dict[str, Any]
# Not read out: it repeats what is said elsewhere, or says nothing.
UNHEARD: dict[str, Any] = {"aria-hidden": "true"}


def labelled(text: str) -> dict[str, Any]:
    """The name that a screen reader says."""
    return {"aria-label": text}


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart card shows: a figure or none, and what stands below it."""

    figure: figures.Figure | None
    below: Children = None

    def outputs(self) -> tuple[figures.Figure, bool, Children]:
        return self.figure or figures.BLANK, self.figure is None, self.below


def icon(name: str) -> Component:
    return html.Span(className=f"icon icon-{name}", **UNHEARD)


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


def chart(name: str, *, height: int = 300) -> Component:
    """A graph that keeps its place; its three outputs are `chart_outputs(name)`."""
    graph = dcc.Graph(
        id=name,
        figure=figures.BLANK,
        config=figures.CONFIG,  # pyright: ignore[reportArgumentType]
        style={"height": height},
        responsive=True,
    )
    below = html.Div(id=f"{name}-below", style={"minHeight": 24})
    return html.Div([html.Div(graph, id=f"{name}-frame", className="chart"), below])


def chart_outputs(name: str) -> list[Output]:
    return [
        Output(name, "figure"),
        Output(f"{name}-frame", "hidden"),
        Output(f"{name}-below", "children"),
    ]


def segmented(name: str, choices: Mapping[str, str], value: str, label: str) -> Component:
    data = [{"value": key, "label": text} for key, text in choices.items()]
    return dmc.SegmentedControl(id=name, data=data, value=value, size="xs", **labelled(label))


def chart_or_table(name: str, value: str) -> Component:
    return segmented(name, {"chart": "Chart", "table": "Table"}, value, "Chart or table")


def legend(
    lines: Sequence[Series], links: Mapping[str, str] | None = None, *, provisional: bool = False
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
    if provisional:
        entries.append(revised_note())
    return html.Div(entries, className="legend")


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


def nothing_read() -> Component:
    return blank(
        "Nothing in this range",
        "Nothing was read here, or nothing passes the filters. What was not read is not $0.",
    )


def spark(values: Sequence[float | None], *, second: bool = False) -> Component:
    """A small line without axes, drawn as a mask so that it takes the colour of the theme."""
    known = [value or 0.0 for value in values]
    if len(known) < 2 or not any(known):
        return html.Div(className="spark")
    low, high = min(0.0, *known), max(known)
    span = (high - low) or 1.0
    step = 100 / (len(known) - 1)
    dots = [f"{i * step:.1f} {33 - (value - low) / span * 30:.1f}" for i, value in enumerate(known)]
    path = "M" + "L".join(dots)
    line = _shape(
        f"<path d='{path}' fill='none' stroke='black' stroke-width='1.7'"
        " stroke-linejoin='round' vector-effect='non-scaling-stroke'/>"
    )
    area = _shape(f"<path d='{path}L100 36L0 36Z'/>")
    return html.Div(
        className="spark second" if second else "spark",
        style={"--line-shape": line, "--area-shape": area},
        **UNHEARD,
    )


def _shape(inside: str) -> str:
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 36'"
        f" preserveAspectRatio='none'>{inside}</svg>"
    )
    return f'url("data:image/svg+xml,{quote(svg, safe=" =/:")}")'
