"""Answers about usage as drawings: tokens, requests, when they happen."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import usage
from wherespent.analytics.filters import Filters
from wherespent.analytics.requests import top_requests
from wherespent.analytics.usage import StreamUsage, TokenPoint
from wherespent.dashboard import figures, formats
from wherespent.dashboard.colours import TOKEN_COLOURS
from wherespent.dashboard.components import (
    Drawing,
    Element,
    blank,
    labelled,
    legend,
    nothing_read,
    spark,
    table,
    titled,
)
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import Series, axis, other_series, top_series
from wherespent.domain.streams import STOCK_MEASURES
from wherespent.domain.windows import utc

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
_SLICES = 5
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def tokens(desk: Desk, asked: Asked) -> Drawing:
    """Tokens per bucket by kind; the four kinds add up to all tokens."""
    points = desk.answers.ask(usage.tokens_over_time, asked.filters)
    kinds = [(name, label, TOKEN_COLOURS[name]) for name, label in TOKEN_KINDS.items()]
    return _kinds(points, asked.filters, kinds)


def special_tokens(desk: Desk, asked: Asked) -> Drawing:
    """Audio and image tokens, which are part of the four kinds; nothing where there are none."""
    points = desk.answers.ask(usage.tokens_over_time, asked.filters)
    kinds = [(name, label, colour) for name, (label, colour) in SPECIAL_KINDS.items()]
    drawing = _kinds(points, asked.filters, kinds)
    if drawing.figure is None:
        return Drawing(None, blank("No audio or image tokens", "None were used in this range."))
    return drawing


def _kinds(
    points: Sequence[TokenPoint], filters: Filters, kinds: Iterable[tuple[str, str, str]]
) -> Drawing:
    buckets = axis(filters.window, filters.grain)
    lines: list[Series] = []
    for name, label, colour in kinds:
        at = {point.bucket_start: getattr(point, name) for point in points}
        values = tuple(at.get(start) for start in buckets.starts)
        total = sum(value or 0 for value in values)
        if total:
            lines.append(Series(name, label, colour, values, total))
    if not lines:
        return Drawing(None, nothing_read())
    figure = figures.stacked_areas(lines, buckets, filters.grain, shown=formats.count)
    return Drawing(figure, legend(lines))


def requests(desk: Desk, asked: Asked, dimension: str = "model", *, shown: int = 8) -> Drawing:
    buckets = axis(asked.filters.window, asked.filters.grain)
    lines = _top(desk, dimension, asked.filters, buckets.starts, shown)
    if not lines:
        return Drawing(None, nothing_read())
    figure = figures.stacked_bars(lines, buckets, asked.filters.grain, shown=formats.count)
    links = {it.key: asked.link(dimension, it.key) for it in lines if it.key is not None}
    return Drawing(figure, legend(lines, links))


def distribution(desk: Desk, asked: Asked) -> Drawing:
    """Which models the requests went to."""
    lines = _top(desk, "model", asked.total, [None], _SLICES)
    if not lines:
        return Drawing(None, nothing_read())
    figure = figures.donut(lines, shown=formats.compact, unit="requests")
    total = sum(line.total for line in lines) or 1
    labelled = [
        Series(
            it.key,
            f"{it.label} {formats.percent(it.total / total)}",
            it.colour,
            it.values,
            it.total,
        )
        for it in lines
    ]
    links = {it.key: asked.link("model", it.key) for it in lines if it.key is not None}
    return Drawing(figure, legend(labelled, links))


def tokens_by_model(desk: Desk, asked: Asked) -> Drawing:
    """One row per model, its tokens by kind."""
    points = desk.answers.ask(usage.tokens_by, asked.total, "model")
    shown = sorted((p for p in points if _size(p)), key=_size, reverse=True)
    if not shown:
        return Drawing(None, nothing_read())
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
    return Drawing(figures.flat_bars(lines, labels, shown=formats.count), legend(lines))


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
        return Drawing(None, nothing_read()), ""
    window = usage.heat_map_window(asked.total)
    days = formats.span(utc(window.start).date(), utc(window.end).date() - timedelta(days=1))
    cells = {(row.weekday, row.hour): row.requests for row in rows}
    busiest = max(rows, key=lambda row: row.requests)
    peak = (
        f"Busiest: {WEEKDAYS[busiest.weekday]} {busiest.hour}:00 with"
        f" {formats.count(busiest.requests)} requests"
    )
    figure = figures.week(cells, WEEKDAYS, shown=formats.count)
    return Drawing(figure, html.Div(peak, className="legend")), f"UTC, {days}"


def model_table(desk: Desk, asked: Asked) -> Component:
    """Requests and tokens per model with totals; the same numbers as the chart."""
    points = desk.answers.ask(usage.tokens_by, asked.total, "model")
    shown = sorted(points, key=lambda point: (_size(point), point.requests or 0), reverse=True)
    if not shown:
        return nothing_read()
    label = desk.label("model")
    rows: list[list[Any]] = []
    for point in shown[:200]:
        name = dcc.Link(label(point.key), href=asked.link("model", point.key), title=point.key)
        cached = point.cached / point.input_tokens if point.cached and point.input_tokens else None
        numbers = (
            point.requests,
            point.input_tokens,
            point.cached,
            point.cache_write,
            point.output_tokens,
        )
        rows.append([name, *map(_number, numbers), formats.percent(cached)])
    sums = [_sum(shown, name) for name in ("requests", "input_tokens", "cached", "cache_write")]
    foot = [f"All {len(shown)}", *map(_number, [*sums, _sum(shown, "output_tokens")]), ""]
    head = ["Model", "Requests", "Input", "Cached", "Cache write", "Output", "Cached share"]
    return table(head, rows, foot=foot, caption="Requests and tokens by model", tall=True)


def _number(value: int | None) -> Element:
    return titled(formats.compact(value), formats.count(value))


def _sum(points: Sequence[TokenPoint], name: str) -> int | None:
    known = [value for point in points if (value := getattr(point, name)) is not None]
    return sum(known) if known else None


def other_streams(desk: Desk, asked: Asked) -> list[Component]:
    """One card per measure of the other streams, each in its own unit."""
    used = desk.answers.ask(usage.other_streams, asked.filters)
    starts = axis(asked.filters.window, asked.filters.grain).starts
    # Full rows, whether there are eight or nine.
    width = "w3" if len(used) % 4 == 0 else "w4"
    return [_stream_card(row, starts, width) for row in used]


def _stream_card(row: StreamUsage, starts: Sequence[int], width: str) -> Component:
    at = {point.bucket_start: point.value for point in row.points}
    is_size = row.measure in STOCK_MEASURES
    value = formats.bytes_of(row.total) if is_size else formats.compact(row.total)
    name = row.stream.rsplit(".", 1)[-1].replace("_", " ").capitalize()
    return html.Section(
        [
            html.Div(name, className="title"),
            html.Div(value, className="value", title=formats.count(row.total)),
            html.Div(
                "stored at the end of the range" if is_size else formats.unit(row.unit),
                className="detail",
            ),
            spark([at.get(start) for start in starts], second=is_size),
        ],
        className=f"card kpi {width}",
        **labelled(f"{name}, {formats.unit(row.unit)}"),
    )
