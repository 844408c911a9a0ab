"""Answers about billed cost as drawings: bars over time or their table, bar lists."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost
from wherespent.analytics.cost import TopCosts
from wherespent.dashboard import figures, formats, gaps
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.components import Bar, bars, blank, legend, table
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_restatements import MARKED, marks
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.marks import with_marks
from wherespent.dashboard.series import SHOWN, Axis, Series, other_series, top_series
from wherespent.dashboard.url_state import CHART_OR_TABLE, STACKS, TABLE
from wherespent.domain.windows import epoch
from wherespent.errors import QuestionRefused

COST_CHOICES = {
    "model": "Model",
    "line_item": "Line item",
    "project_id": "Project",
    "user_id": "User",
    "api_key_id": "Key",
    "account": "Account",
}
COST_STACKS = ("model", "line_item", "project", "user", "key", "account")
COST_WORDS = {word: COST_CHOICES[STACKS[word]] for word in COST_STACKS}
_MOST_BUCKETS_SHOWN = 400


def over_time(desk: Desk, asked: Asked, dimension: str) -> Drawing:
    """Billed cost per bucket, stacked by a dimension, or the same numbers as a table."""
    filters = asked.by_day
    try:
        found = desk.answers.ask(cost.top_costs, filters, dimension, SHOWN)
    except QuestionRefused as reason:
        return Drawing(None, _refused(reason))
    if not found.points:
        return Drawing(None, gaps.nothing(desk, asked, gaps.COST_STREAMS, by=(dimension,)))
    buckets = gaps.axis_of(desk, asked, filters, gaps.COST_STREAMS, by=(dimension,))
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
    if CHART_OR_TABLE.of(asked.view) == TABLE:
        return Drawing(None, _time_table(found, buckets, lines, epoch(asked.now)))
    figure = figures.stacked_bars(
        lines,
        buckets,
        filters.granularity,
        shown=_shown,
        provisional=provisional,
        money=True,
    )
    restated = marks(desk, asked)
    figure = with_marks(figure, lines, buckets, restated, name=MARKED)
    links = {it.key: asked.link(dimension, it.key) for it in lines if it.key is not None}
    is_loose = provisional < buckets.end
    below = legend(
        lines, links, provisional=is_loose, unread=bool(buckets.gaps), restated=bool(restated)
    )
    explore = explore_href(asked.view, measure="billed_cost", split=(dimension,))
    return Drawing(figure, below, explore=explore)


def _refused(reason: QuestionRefused) -> Component:
    return blank("This cannot be split that way", str(reason), sign="note")


def _shown(value: float) -> str:
    # Nine decimals are exact in a double up to millions of dollars.
    return formats.exact_usd(Decimal(f"{value:.9f}"))


def _time_table(found: TopCosts, buckets: Axis, lines: Sequence[Series], now: int) -> Component:
    """Newest first; the last column and the last row add up exactly.

    A bucket that was read and has no row is $0; one that was not read has no amount.
    """
    sums: dict[tuple[int | None, str | None], Decimal] = {
        (point.bucket_start, point.key): point.billed for point in found.points
    }
    sums |= {(point.bucket_start, None): point.billed for point in found.others}
    columns = [line.key for line in lines]
    starts = [start for start in reversed(buckets.starts) if start <= now]
    rows = [
        _time_row(start, buckets, [sums.get((start, key), Decimal()) for key in columns])
        for start in starts[:_MOST_BUCKETS_SHOWN]
    ]
    totals = [
        sum((sums.get((s, key), Decimal()) for s in buckets.starts), Decimal()) for key in columns
    ]
    foot = ["Total", *map(formats.usd, totals), formats.usd(sum(totals, Decimal()))]
    head = ["From (UTC)", *[line.label for line in lines], "Total"]
    return table(head, rows, foot=foot, caption="Billed cost over time", tall=True)


def _time_row(start: int, buckets: Axis, amounts: Sequence[Decimal]) -> list[Any]:
    missing = buckets.gaps.get(start)
    day = formats.day(start, year=True) + (f" ({missing})" if missing else "")
    if start in buckets.blank and not any(amounts):
        return [day, *[formats.MISSING] * len(amounts), formats.MISSING]
    total = html.Td(formats.usd(sum(amounts, Decimal())), className="total")
    return [day, *map(formats.usd, amounts), total]


def by_key(desk: Desk, asked: Asked, dimension: str, *, shown: int = 10) -> Component:
    """Billed cost per key over the whole window as labelled bars; their sum is the bill."""
    try:
        points = desk.answers.ask(cost.cost_by, asked.total, dimension)
    except QuestionRefused as reason:
        return _refused(reason)
    if not points:
        return gaps.nothing(desk, asked, gaps.COST_STREAMS, by=(dimension,))
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
