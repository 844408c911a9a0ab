"""Answers about billed cost as drawings: bars over time, bar lists, tables."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import cost
from wherespent.analytics.cost import LineItemRow, TopCosts
from wherespent.dashboard import figures, formats
from wherespent.dashboard.components import (
    Bar,
    Drawing,
    bars,
    blank,
    legend,
    nothing_read,
    share,
    table,
    titled,
)
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import SHOWN, Axis, Series, axis, other_series, top_series
from wherespent.dashboard.url_state import STACKS, TABLE
from wherespent.errors import QuestionRefused

COST_CHOICES = {
    "model": "Model",
    "line_item": "Line item",
    "project_id": "Project",
    "user_id": "User",
    "api_key_id": "Key",
}
COST_STACKS = ("model", "line_item", "project", "user", "key")
COST_WORDS = {word: COST_CHOICES[STACKS[word]] for word in COST_STACKS}
_MOST_BUCKETS_SHOWN = 400


def over_time(desk: Desk, asked: Asked, dimension: str) -> Drawing:
    """Billed cost per bucket, stacked by a dimension, or the same numbers as a table."""
    filters = asked.by_day
    try:
        found = desk.answers.ask(cost.top_costs, filters, dimension, SHOWN)
    except QuestionRefused as reason:
        return Drawing(None, blank("This cannot be split that way", str(reason), sign="note"))
    if not found.points:
        return Drawing(None, nothing_read())
    buckets = axis(filters.window, filters.granularity)
    lines = top_series(
        [(p.bucket_start, p.key, float(p.billed)) for p in found.points],
        buckets.starts,
        label=desk.label(dimension),
        ranked=desk.ranked(dimension),
    )
    if found.other_keys:
        rest = {p.bucket_start: float(p.billed) for p in found.others}
        lines.append(other_series(found.other_keys, rest, buckets.starts))
    provisional = desk.provisional(asked.now)
    if asked.view.show == TABLE:
        return Drawing(None, _time_table(found, buckets, lines))
    figure = figures.stacked_bars(
        lines,
        buckets,
        filters.granularity,
        shown=_shown,
        provisional=provisional,
        money=True,
    )
    links = {it.key: asked.link(dimension, it.key) for it in lines if it.key is not None}
    return Drawing(figure, legend(lines, links, provisional=provisional < buckets.end))


def _shown(value: float) -> str:
    # Nine decimals are exact in a double up to millions of dollars.
    return formats.exact_usd(Decimal(f"{value:.9f}"))


def _time_table(found: TopCosts, buckets: Axis, lines: Sequence[Series]) -> Component:
    """Newest first; the last column and the last row add up exactly."""
    sums: dict[tuple[int | None, str | None], Decimal] = {
        (point.bucket_start, point.key): point.billed for point in found.points
    }
    sums |= {(point.bucket_start, None): point.billed for point in found.others}
    columns = [line.key for line in lines]
    starts = [s for s in reversed(buckets.starts) if any((s, key) in sums for key in columns)]
    rows = [
        [
            formats.day(start, year=True),
            *[formats.usd(sums.get((start, key))) for key in columns],
            _row_total([sums.get((start, key), Decimal()) for key in columns]),
        ]
        for start in starts[:_MOST_BUCKETS_SHOWN]
    ]
    totals = [
        sum((sums.get((s, key), Decimal()) for s in buckets.starts), Decimal()) for key in columns
    ]
    foot = ["Total", *map(formats.usd, totals), formats.usd(sum(totals, Decimal()))]
    head = ["From (UTC)", *[line.label for line in lines], "Total"]
    return table(head, rows, foot=foot, caption="Billed cost over time", tall=True)


def _row_total(amounts: Sequence[Decimal]) -> Component:
    return html.Td(formats.usd(sum(amounts, Decimal())), className="total")


def by_key(desk: Desk, asked: Asked, dimension: str, *, shown: int = 10) -> Component:
    """Billed cost per key over the whole window as labelled bars; their sum is the bill."""
    points = desk.answers.ask(cost.cost_by, asked.total, dimension)
    if not points:
        return nothing_read()
    exact = {point.key: point.billed for point in points}
    lines = top_series(
        [(None, point.key, float(point.billed)) for point in points],
        [None],  # pyright: ignore[reportArgumentType]
        label=desk.label(dimension),
        ranked=desk.ranked(dimension),
        shown=shown,
    )
    total = sum(exact.values(), Decimal())
    named = sum((exact[line.key] for line in lines if line.key is not None), Decimal())
    longest = max((abs(line.total) for line in lines), default=0) or 1
    rows: list[Bar] = []
    for line in lines:
        billed = total - named if line.key is None else exact[line.key]
        rows.append(
            Bar(
                line.label,
                formats.usd(billed),
                formats.percent(billed / total if total else None),
                line.colour,
                abs(line.total) / longest,
                href=None if line.key is None else asked.link(dimension, line.key),
                title=f"{line.label}: {formats.exact_usd(billed)}",
            )
        )
    return bars(rows, f"Billed cost by {COST_CHOICES.get(dimension, dimension).lower()}")


def line_item_table(desk: Desk, asked: Asked, *, most: int) -> tuple[Component, str]:
    """The bill, largest first, and how much of it is shown ("top 6 of 67")."""
    rows = desk.answers.ask(cost.line_items, asked.total)
    if not rows:
        return nothing_read(), ""
    largest = max((abs(row.billed) for row in rows), default=Decimal(1)) or Decimal(1)
    cells = [_line_item_cells(row, asked, float(abs(row.billed) / largest)) for row in rows[:most]]
    total = sum((row.billed for row in rows), Decimal())
    rest = rows[most:]
    if rest:
        left = sum((row.billed for row in rest), Decimal())
        part = formats.percent(left / total if total else None)
        cells.append([f"Other ({len(rest)})", formats.usd(left), part, "", ""])
    foot = [f"All {len(rows)}", formats.usd(total), formats.percent(1.0), "", ""]
    head = ["Line item", "Billed", "Share", "Quantity", "Rate paid"]
    shown = table(head, cells, foot=foot, caption="Line items of the bill", tall=most > 20)
    return shown, f"top {most} of {len(rows)}" if rest else f"all {len(rows)}"


def _line_item_cells(row: LineItemRow, asked: Asked, part: float) -> list[Any]:
    name = row.line_item or "(none)"
    link = dcc.Link(
        formats.shortened(name, 64), href=asked.link("line_item", row.line_item), title=name
    )
    quantity = formats.MISSING if row.quantity is None else formats.compact(row.quantity)
    unit = (
        f" {formats.unit(row.quantity_unit)}"
        if row.quantity_unit and row.quantity is not None
        else ""
    )
    return [
        link,
        titled(formats.usd(row.billed), formats.exact_usd(row.billed)),
        share(formats.percent(row.share), part),
        quantity + unit,
        formats.rate(row.rate_paid, row.quantity_unit),
    ]


def left_out(desk: Desk, asked: Asked) -> str:
    """A model filter leaves out line items without a model; how much that is must be said."""
    totals = desk.answers.ask(cost.cost_totals, asked.total)
    if not totals.unmodelled:
        return ""
    return f"The model filter leaves out {formats.usd(totals.unmodelled)} of items without a model."
