"""What rose and what fell between the two periods that are compared, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.movers import Mover, movers
from wherespent.dashboard import formats, gaps
from wherespent.dashboard.components import UNHEARD, blank, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_overview_freshness import days
from wherespent.dashboard.drawings_overview_top import billed_href
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.domain.cost_change import CostChange, Split
from wherespent.domain.money import exact_sum
from wherespent.errors import QuestionRefused

_SHOWN = 3
_WORDS = {
    "volume": ("more requests", "fewer requests"),
    "size": ("larger", "smaller"),
    "price": ("dearer", "cheaper"),
}
_WHOLE = {
    Split.NEW: "new: nothing in the period before",
    Split.GONE: "gone: nothing in this period",
    Split.OTHER_UNIT: "not billed by token",
    Split.UNKNOWN: "requests are not known",
}
_SHORT = {
    Split.NEW: "new",
    Split.GONE: "gone",
    Split.OTHER_UNIT: "not billed by token",
    Split.UNKNOWN: "requests not known",
}


@dataclass(frozen=True, slots=True)
class _Changes:
    """The changes of a view, or in `reason` why there are none to tell."""

    rows: Sequence[Mover]
    before: Filters | None
    reason: Component | None = None


def what_changed(desk: Desk, asked: Asked) -> tuple[Component, str]:
    """The largest changes, each with its parts, and what they are against."""
    try:
        found = _changes(desk, asked)
    except QuestionRefused as reason:
        return blank("This cannot be asked", str(reason), sign="note"), ""
    if found.before is None or found.reason is not None:
        return found.reason or html.Div(), ""
    total = exact_sum([row.change.total for row in found.rows])
    unit = f"{formats.signed_usd(total)} against {days(found.before.window)}"
    return _card(desk, asked, found.rows), unit


def _changes(desk: Desk, asked: Asked) -> _Changes:
    before = asked.compared
    if before is None:
        why = "Choose a period to compare with in the bar above."
        return _Changes((), None, blank("Nothing to compare with", why))
    is_used = not _unread(desk, asked, before, gaps.REQUEST_STREAMS)
    # First: what cannot be asked will not be known later either.
    then = replace(before, granularity=Granularity.TOTAL)
    rows = desk.answers.ask(movers, asked.total, then, with_usage=is_used)
    missing = _unread(desk, asked, before, gaps.COST_STREAMS)
    if missing:
        return _Changes((), before, _not_comparable(desk, asked, before, missing))
    if not rows:
        return _Changes((), before, gaps.nothing(desk, asked, gaps.COST_STREAMS))
    return _Changes(rows, before)


def _unread(desk: Desk, asked: Asked, before: Filters, streams: tuple[str, ...]) -> int:
    windows = (asked.filters.window, before.window)
    return sum(len(gaps.unread(desk, asked, streams, window)) for window in windows)


def _not_comparable(desk: Desk, asked: Asked, before: Filters, missing: int) -> Component:
    unknown = gaps.unknown_account(desk, asked)
    were = "1 day was" if missing == 1 else f"{missing} days were"
    text = (
        f"{were} not read of this range and of {days(before.window)}: what changed is known once"
        " both are whole."
    )
    return unknown or blank("Not comparable yet", text)


def _card(desk: Desk, asked: Asked, rows: Sequence[Mover]) -> Component:
    rose = [row for row in rows if row.change.total > 0][:_SHOWN]
    fell = [row for row in rows if row.change.total < 0][:_SHOWN]
    longest = max((abs(row.change.total) for row in (*rose, *fell)), default=Decimal(1))
    parts: list[Component] = []
    for title, shown in (("Rose", rose), ("Fell", fell)):
        if shown:
            parts.append(html.H3(title))
            listed = [_row(desk, asked, row, longest) for row in shown]
            parts.append(html.Div(listed, role="list", **labelled(title)))
    if not parts:
        return blank("Nothing changed", "Every project and model was billed what it was before.")
    named = {(row.project, row.model) for row in (*rose, *fell)}
    rest = [row for row in rows if (row.project, row.model) not in named and row.change.total]
    if rest:
        parts.append(_rest(rest))
    return html.Div([*parts, _in_all(rows)], className="movers")


def _row(desk: Desk, asked: Asked, row: Mover, longest: Decimal) -> Component:
    model, project = desk.label("model")(row.model), desk.label("project_id")(row.project)
    change = row.change
    name = html.Span(
        [
            dcc.Link(model, href=billed_href(asked, "model", row.model)),
            html.Span(" in ", className="dim"),
            dcc.Link(project, href=asked.entity("project_id", row.project)),
        ],
        className="name",
        title=f"{model} in {project}",
    )
    exact = f"{formats.exact_usd(row.now)}, was {formats.exact_usd(row.before)}"
    look = "amount up" if change.total > 0 else "amount down"
    amount = html.Span(formats.signed_usd(change.total), className=look, title=exact)
    return html.Div(
        [
            html.Div([name, amount], className="head"),
            _bar(change, longest),
            html.Div([html.Span(reason) for reason in reasons(change)], className="why"),
        ],
        className="mover",
        role="listitem",
    )


def reasons(change: CostChange) -> list[str]:
    """The parts of a change in words, the largest first; else why it has none."""
    if change.split is not Split.PARTS:
        return [_WHOLE[change.split]]
    parts = sorted(_parts(change), key=lambda part: -abs(part[1]))
    return [
        f"{_WORDS[name][amount < 0]} {formats.signed_usd(amount)}"
        for name, amount in parts
        if amount
    ]


def _parts(change: CostChange) -> list[tuple[str, Decimal]]:
    return [("volume", change.volume), ("size", change.size), ("price", change.price)]


def _bar(change: CostChange, longest: Decimal) -> Component:
    """As long as the change; the parts that go against it are faint."""
    parts = _parts(change) if change.split is Split.PARTS else [("whole", change.total)]
    whole = sum((abs(amount) for _, amount in parts), Decimal(0)) or Decimal(1)
    pieces = [
        html.I(
            className=f"{name} against" if amount * change.total < 0 else name,
            style={"flexGrow": f"{abs(amount) / whole:.4f}"},
        )
        for name, amount in parts
        if amount
    ]
    width = f"{max(abs(change.total) / longest, Decimal('0.02')) * 100:.1f}%"
    return html.Div(html.Div(pieces, style={"width": width}), className="parts", **UNHEARD)


def _rest(rows: Sequence[Mover]) -> Component:
    total = exact_sum([row.change.total for row in rows])
    smaller = "1 smaller change" if len(rows) == 1 else f"{len(rows)} smaller changes"
    amount = html.Span(formats.signed_usd(total), className="amount")
    name = html.Span(["Everything else", html.Span(f" {smaller}", className="dim")])
    return html.Div(html.Div([name, amount], className="head"), className="mover rest")


def _in_all(rows: Iterable[Mover]) -> Component:
    """All changes by their cause: the legend of the bars, with sums."""
    changes = [row.change for row in rows]
    sums = [
        ("volume", "requests", exact_sum([it.volume for it in changes])),
        ("size", "size", exact_sum([it.size for it in changes])),
        ("price", "price", exact_sum([it.price for it in changes])),
    ]
    for split, text in _SHORT.items():
        whole = exact_sum([it.total for it in changes if it.split is split])
        sums.append(("whole", text, whole))
    entries = [
        html.Span([html.I(className=look), f"{text} {formats.signed_usd(amount)}"])
        for look, text, amount in sums
        if amount
    ]
    return html.Div(entries, className="causes", title="All changes by their cause")


COLUMNS = (
    Column("project", "Project"),
    Column("model", "Model"),
    Column("before", "Before", Kind.MONEY),
    Column("now", "Now", Kind.MONEY),
    Column("change", "Change", Kind.MONEY, about="Now less before"),
    Column("ratio", "Change, %", Kind.CHANGE),
    Column("volume", "Requests", Kind.MONEY, about="More or fewer, at the old size and price"),
    Column("size", "Size", Kind.MONEY, about="Tokens per request, at the new number of requests"),
    Column("price", "Price", Kind.MONEY, about="Paid per token: all that is left of the change"),
    Column("unsplit", "Not split", Kind.MONEY, about="New, gone, or not billed by token"),
    Column("why", "Why"),
)


def table(desk: Desk, asked: Asked) -> Table:
    """Every project and model with a change; the total is the change of the bill."""
    found = _changes(desk, asked)
    if found.before is None or found.reason is not None:
        return Table("What changed", COLUMNS, (), empty=found.reason)
    model, project = desk.label("model"), desk.label("project_id")
    rows = [
        Row(
            f"{row.project}\n{row.model}",
            {"project": project(row.project), "model": model(row.model), **_values(row)},
            hrefs={
                "project": asked.entity("project_id", row.project),
                "model": billed_href(asked, "model", row.model),
            },
        )
        for row in found.rows
        if row.change.total
    ]
    return Table(
        "What changed by project and model",
        COLUMNS,
        rows,
        total=_totals(found.rows),
        note=f"Against {days(found.before.window)}, whole UTC days",
    )


def _values(row: Mover) -> dict[str, Any]:
    change = row.change
    is_split = change.split is Split.PARTS
    return {
        "before": row.before,
        "now": row.now,
        "change": change.total,
        "ratio": change.total / row.before if row.before > 0 else None,
        "volume": change.volume if is_split else None,
        "size": change.size if is_split else None,
        "price": change.price if is_split else None,
        "unsplit": None if is_split else change.total,
        "why": "" if is_split else _SHORT[change.split],
    }


def _totals(rows: Sequence[Mover]) -> dict[str, Any]:
    before = exact_sum([row.before for row in rows])
    change = exact_sum([row.change.total for row in rows])
    return {
        "before": before,
        "now": exact_sum([row.now for row in rows]),
        "change": change,
        "ratio": change / before if before > 0 else None,
        "volume": exact_sum([row.change.volume for row in rows]),
        "size": exact_sum([row.change.size for row in rows]),
        "price": exact_sum([row.change.price for row in rows]),
        "unsplit": exact_sum([row.change.unsplit for row in rows]),
    }
