"""Answers about usage as drawings: tokens, requests, when they happen."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from dash import html

from wherespent.analytics import usage
from wherespent.analytics.filters import Filters
from wherespent.analytics.requests import top_requests
from wherespent.analytics.usage import TokenPoint
from wherespent.dashboard import figures, figures_week, formats, gaps
from wherespent.dashboard.colours import TOKEN_COLOURS
from wherespent.dashboard.components import (
    Drawing,
    blank,
    legend,
)
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.series import Series, other_series, top_series
from wherespent.domain.windows import DAY, Window, utc

TOKEN_KINDS = {
    "uncached": "Uncached input",
    "cached": "Cached input",
    "cache_write": "Cache write",
    "output": "Output",
}
SPECIAL_KINDS = {
    "input_audio": ("Audio input", "#b39ddb"),
    "output_audio": ("Audio output", "#9c4dcc"),
    "input_image": ("Image input", "#f2994a"),
    "output_image": ("Image output", "#d6456f"),
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def tokens(desk: Desk, asked: Asked) -> Drawing:
    """Tokens per bucket by kind; the four kinds add up to all tokens."""
    points = desk.answers.ask(usage.tokens_over_time, asked.filters)
    kinds = [(name, label, TOKEN_COLOURS[name]) for name, label in TOKEN_KINDS.items()]
    return _kinds(desk, asked, points, kinds)


def special_tokens(desk: Desk, asked: Asked) -> Drawing:
    """Audio and image tokens, which are part of the four kinds; nothing where there are none."""
    points = desk.answers.ask(usage.tokens_over_time, asked.filters)
    kinds = [(name, label, colour) for name, (label, colour) in SPECIAL_KINDS.items()]
    drawing = _kinds(desk, asked, points, kinds)
    if drawing.figure is None:
        return Drawing(None, blank("No audio or image tokens", "None were used in this range."))
    return drawing


def _kinds(
    desk: Desk, asked: Asked, points: Sequence[TokenPoint], kinds: Iterable[tuple[str, str, str]]
) -> Drawing:
    buckets = gaps.axis_of(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    lines: list[Series] = []
    for name, label, colour in kinds:
        at = {point.bucket_start: getattr(point, name) for point in points}
        values = tuple(at.get(start) for start in buckets.starts)
        total = sum(value or 0 for value in values)
        if total:
            lines.append(Series(name, label, colour, values, total))
    if not lines:
        return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS))
    grain = asked.filters.grain
    figure = figures.stacked_areas(lines, buckets, grain, shown=formats.count, unit="tokens")
    href = explore_href(asked.view, measure="tokens", chart="area")
    return Drawing(figure, legend(lines, unread=bool(buckets.gaps)), explore=href)


def requests(desk: Desk, asked: Asked, dimension: str = "model", *, shown: int = 8) -> Drawing:
    buckets = gaps.axis_of(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    lines = _top(desk, dimension, asked.filters, buckets.starts, shown)
    if not lines:
        return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS))
    grain = asked.filters.grain
    figure = figures.stacked_bars(lines, buckets, grain, shown=formats.count, unit="requests")
    links = {it.key: asked.link(dimension, it.key) for it in lines if it.key is not None}
    href = explore_href(asked.view, measure="requests", split=(dimension,))
    return Drawing(figure, legend(lines, links, unread=bool(buckets.gaps)), explore=href)


def tokens_by_model(desk: Desk, asked: Asked) -> Drawing:
    """One row per model, its tokens by kind."""
    points = desk.answers.ask(usage.tokens_by, asked.total, "model")
    shown = sorted((p for p in points if _size(p)), key=_size, reverse=True)
    if not shown:
        return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS))
    first, rest = shown[:12], shown[12:]
    label = desk.label("model")
    labels = [label(point.key) for point in first] + ([f"Other ({len(rest)})"] if rest else [])
    lines: list[Series] = []
    for name, title in TOKEN_KINDS.items():
        values = [getattr(point, name) for point in first]
        if rest:
            values.append(sum(getattr(point, name) or 0 for point in rest))
        total = sum(value or 0 for value in values)
        if total:
            lines.append(Series(name, title, TOKEN_COLOURS[name], tuple(values), total))
    figure = figures.flat_bars(lines, labels, shown=formats.count)
    href = explore_href(asked.view, measure="tokens", split=("model",), chart="bar")
    return Drawing(figure, legend(lines), explore=href)


def _size(point: TokenPoint) -> int:
    return (point.input_tokens or 0) + (point.output_tokens or 0)


def _top(
    desk: Desk, dimension: str, filters: Filters, starts: Sequence[Any], shown: int
) -> list[Series]:
    top = desk.answers.ask(top_requests, filters, dimension, shown)
    lines = top_series(
        [(bucket, key, float(count)) for (bucket, key), count in top.points.items() if count],
        starts,
        label=desk.label(dimension),
        ranked=desk.ranked(dimension),
        shown=shown,
    )
    if top.other_keys:
        lines.append(other_series(top.other_keys, top.others, starts))
    return lines


def heat(desk: Desk, asked: Asked) -> tuple[Drawing, str]:
    """Requests by hour of the week over the last weeks, and which days those are."""
    rows = desk.answers.ask(usage.requests_by_hour_of_week, asked.total)
    if not rows:
        return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS)), ""
    window = usage.heat_map_window(asked.total)
    days = formats.span(utc(window.start).date(), utc(window.end).date() - timedelta(days=1))
    cells = {(row.weekday, row.hour): row.requests for row in rows}
    busiest = max(rows, key=lambda row: row.requests)
    peak = (
        f"Busiest: {WEEKDAYS[busiest.weekday]} {busiest.hour}:00 with"
        f" {formats.count(busiest.requests)} requests"
    )
    missing = gaps.unread(desk, asked, gaps.REQUEST_STREAMS, window)
    if missing:
        peak += f" · {len(missing)} of {window.seconds // DAY} days not read"
    figure = figures_week.week(
        cells,
        WEEKDAYS,
        shown=formats.count,
        unread=_unread_weekdays(window, missing),
        zone=asked.filters.zone.offset_name(window),
    )
    href = explore_href(asked.view, measure="requests", chart="heatmap")
    return Drawing(
        figure, html.Div(peak, className="legend"), explore=href
    ), f"{asked.filters.zone.offset_name(window)}, {days}"


def _unread_weekdays(window: Window, missing: Collection[int]) -> set[int]:
    """Days of the week of which no day of the window was read."""
    read = {utc(day).weekday() for day in window.days() if day not in missing}
    return set(range(len(WEEKDAYS))) - read
