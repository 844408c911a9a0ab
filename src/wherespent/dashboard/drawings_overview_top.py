"""The largest models, projects, users and keys of the range, each against the period before."""

from decimal import Decimal

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.leaders import Leader, Leaders, leaders
from wherespent.dashboard import formats, gaps
from wherespent.dashboard.colours import colours
from wherespent.dashboard.components import UNHEARD, blank, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.domain.line_items import parse_line_item
from wherespent.errors import QuestionRefused

SHOWN = 6


def top(desk: Desk, asked: Asked, dimension: str, title: str) -> Component:
    """Names, what each was billed, its change and its share of the bill."""
    # A period that was not wholly read is nothing to compare with.
    before = asked.compared
    windows = [asked.filters.window, *([before.window] if before else [])]
    by = (dimension,)
    if any(gaps.unread(desk, asked, gaps.COST_STREAMS, window, by=by) for window in windows):
        before = None
    try:
        found = desk.answers.ask(leaders, asked.total, before, dimension, SHOWN)
    except QuestionRefused as reason:
        return blank("This cannot be split that way", str(reason), sign="note")
    if not found.rows:
        return gaps.nothing(desk, asked, gaps.COST_STREAMS, by=by)
    rows = [_row(desk, asked, found, row, dimension) for row in found.rows]
    if found.keys > len(found.rows):
        rows.append(_rest(found))
    shown = html.Div(rows, className="leaders", role="list", **labelled(title))
    href = explore_href(asked.view, measure="billed_cost", split=(dimension,), chart="table")
    more = dcc.Link(f"All {found.keys} in Explore", href=href, className="link")
    return html.Div([shown, html.Div(more, className="card-foot")], className="leaders-card")


def _row(desk: Desk, asked: Asked, found: Leaders, row: Leader, dimension: str) -> Component:
    label = desk.label(dimension)(row.key)
    share = row.billed / found.total if found.total else None
    colour = colours([row.key], desk.ranked(dimension))[row.key]
    first = max(abs(it.billed) for it in found.rows) or Decimal(1)
    href = billed_href(asked, dimension, row.key)
    bar = html.I(
        style={"width": f"{abs(row.billed) / first * 100:.1f}%", "background": colour}, **UNHEARD
    )
    return html.Div(
        [
            dcc.Link(label, href=href, className="name", title=label),
            _amount(row.billed),
            html.Span(bar, className="track"),
            _change(row),
            html.Span(formats.percent(share), className="share"),
        ],
        className="leader",
        role="listitem",
    )


def billed_href(asked: Asked, dimension: str, key: str) -> str:
    """The page of what was billed; among models may be line items that name none."""
    if dimension == "model" and not parse_line_item(f"{key}, input").model_key:
        return asked.entity("line_item", key)
    return asked.entity(dimension, key)


def _amount(billed: Decimal) -> Component:
    return html.Span(formats.usd(billed), className="amount", title=formats.exact_usd(billed))


def _change(row: Leader) -> Component:
    text = formats.change(row.billed, row.before)
    if not text or row.before is None:
        return html.Span()
    look = "up" if row.billed > row.before else "down" if row.billed < row.before else ""
    was = f"was {formats.exact_usd(row.before)}"
    return html.Span(text, className=f"tag {look}".strip(), title=was)


def _rest(found: Leaders) -> Component:
    left = found.total - sum((row.billed for row in found.rows), Decimal(0))
    share = left / found.total if found.total else None
    more = f"{found.keys - len(found.rows)} more"
    return html.Div(
        [
            html.Span([more, html.Span(f" {formats.percent(share)}", className="share")]),
            _amount(left),
        ],
        className="leader rest",
        role="listitem",
    )
