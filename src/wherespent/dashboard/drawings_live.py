"""The last hours by minute, or the last day by hour: rates, requests and tokens by model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import live
from wherespent.analytics.accounts import chosen_labels
from wherespent.analytics.filters import Granularity
from wherespent.analytics.live import MinutePoint
from wherespent.analytics.live_hours import HourPoint, hours_by_model, hours_read_at
from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard import figures, formats
from wherespent.dashboard.components import Drawing, labelled, legend
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.gaps import unread
from wherespent.dashboard.ranges import CUSTOM
from wherespent.dashboard.series import Axis, Series, top_series
from wherespent.domain.windows import DAY, HOUR, MINUTE, Window, epoch, floor_day, utc
from wherespent.providers.openai.streams import COMPLETIONS

# OpenAI still adds to what ended less than this before it was read.
_REVISED_SECONDS = 15 * MINUTE
_UNREAD = "rgba(128,128,128,0.14)"
_NAMES = ("Requests", "Tokens")

Point = MinutePoint | HourPoint


@dataclass(frozen=True, slots=True)
class Span:
    """How much of the past is shown, in buckets of `width` seconds."""

    words: str
    seconds: int
    width: int = MINUTE

    @property
    def bucket(self) -> str:
        return "minute" if self.width == MINUTE else "hour"


SPANS = {
    "1h": Span("Last hour", HOUR),
    "6h": Span("Last 6 hours", 6 * HOUR),
    "24h": Span("Last 24 hours", 24 * HOUR, HOUR),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What one drawing of the live page needs: the span that is shown, and what is in it.

    `known` was read; `newest` is the last minute with any request (None by the hour).
    """

    asked: Asked
    span: Span
    read_at: datetime | None
    newest: int | None
    known: Window
    shown: Window
    points: tuple[Point, ...]


def scene(desk: Desk, asked: Asked, span: str) -> Scene | None:
    """None while nothing of the span was read."""
    chosen = SPANS[span]
    return (_by_minute if chosen.width == MINUTE else _by_hour)(desk, asked, chosen)


def _by_minute(desk: Desk, asked: Asked, span: Span) -> Scene | None:
    tail = desk.answers.fresh(live.tail, desk.answers.ask(chosen_labels, asked.filters))
    end = epoch(asked.now) - epoch(asked.now) % MINUTE
    shown = Window(end - span.seconds, end)
    if tail.window is None or not _touches(tail.window, shown):
        return None
    # The mean of the last minutes may begin before an hour that is shown.
    known = tail.window
    points = desk.answers.fresh(live.minutes_by_model, asked.filters, known)
    return Scene(asked, span, tail.read_at, tail.newest, known, shown, tuple(points))


def _by_hour(desk: Desk, asked: Asked, span: Span) -> Scene | None:
    """The hour that is not over is the last one."""
    end = _hour(epoch(asked.now)) + HOUR
    shown = Window(end - span.seconds, end)
    read_at = desk.answers.fresh(hours_read_at, desk.answers.ask(chosen_labels, asked.filters))
    days = Window(floor_day(shown.start), floor_day(end - 1) + DAY)
    missing = unread(desk, asked, (COMPLETIONS.name,), days)
    start = max([shown.start, *(day + DAY for day in missing)])
    if read_at is None or start >= (until := min(end, _hour(epoch(read_at)) + HOUR)):
        return None
    points = desk.answers.ask(hours_by_model, replace(asked.filters, zone=UTC_ZONE), shown)
    return Scene(asked, span, read_at, None, Window(start, until), shown, tuple(points))


def _hour(moment: int) -> int:
    return moment - moment % HOUR


def requests(desk: Desk, drawn: Scene) -> Drawing:
    return _per_bucket(desk, drawn, lambda point: point.requests, "requests")


def tokens(desk: Desk, drawn: Scene) -> Drawing:
    return _per_bucket(desk, drawn, lambda point: point.tokens, "tokens")


def _per_bucket(desk: Desk, drawn: Scene, measure: Callable[[Point], int], unit: str) -> Drawing:
    width, shown = drawn.span.width, drawn.shown
    buckets = Axis(tuple(range(shown.start, shown.end, width)), width, shown.end)
    lines = top_series(
        [(point.bucket_start, point.model, float(measure(point))) for point in _inside(drawn)],
        buckets.starts,
        label=desk.label("model"),
        ranked=desk.ranked("model"),
    )
    lines = [line for line in lines if line.total]
    read = epoch(drawn.read_at) if drawn.read_at else drawn.known.end
    figure = figures.stacked_bars(
        lines or [_silence(buckets)],
        buckets,
        Granularity.HOUR,
        shown=lambda value: f"{formats.count(value)} {unit}",
        provisional=read - _REVISED_SECONDS,
    )
    _on_the_clock(figure, drawn)
    links = {it.key: drawn.asked.link("model", it.key) for it in lines if it.key is not None}
    none = f"No {unit} in these {drawn.span.bucket}s."
    below = legend(lines, links) if lines else html.Div(none, className="legend")
    return Drawing(figure, below, explore=_explore(drawn, unit))


def _explore(drawn: Scene, measure: str) -> str:
    """The days that the span lies in: Explore shows whole days."""
    first, last = (utc(moment).date() for moment in (drawn.shown.start, drawn.shown.end - 1))
    view = replace(drawn.asked.view, range=CUSTOM, since=first, until=last, granularity="hour")
    return explore_href(view, measure=measure, split=("model",))


def _silence(buckets: Axis) -> Series:
    """Read, and nothing happened: an empty chart with its axes, which "not read" has not."""
    return Series(None, "Nothing", "#98a2b3", (None,) * len(buckets.starts), 0.0)


def _on_the_clock(figure: figures.Figure, drawn: Scene) -> None:
    layout = figure["layout"]
    layout["bargap"] = 0.12
    layout["xaxis"] |= {
        "hoverformat": "%H:%M UTC" if drawn.span.width == MINUTE else "%a %-d %b, from %H:%M UTC",
        # A wide gap at either end is as much of an answer as a bar.
        "range": [_edge(drawn, drawn.shown.start), _edge(drawn, drawn.shown.end)],
    }
    # The zoom lives as long as the span: the minutes move on below it.
    layout["uirevision"] = str(drawn.shown.seconds)
    layout["shapes"] = [_unread(drawn, gap) for gap in gaps(drawn.shown, drawn.known)]
    layout["annotations"] = [
        _note(drawn, gap)
        for gap in gaps(drawn.shown, drawn.known)
        if gap.seconds * 8 > drawn.shown.seconds
    ]


def gaps(shown: Window, known: Window) -> list[Window]:
    """The parts of a span that were not read."""
    parts = (shown.before(known.start), shown.since(known.end))
    return [part for part in parts if part is not None]


def _unread(drawn: Scene, gap: Window) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": _edge(drawn, gap.start),
        "x1": _edge(drawn, gap.end),
        "y0": 0,
        "y1": 1,
        "fillcolor": _UNREAD,
        "line": {"width": 0},
        "layer": "below",
    }


def _note(drawn: Scene, gap: Window) -> dict[str, Any]:
    return {
        "text": "not read",
        "xref": "x",
        "yref": "paper",
        "x": _edge(drawn, (gap.start + gap.end) // 2),
        "y": 0.5,
        "showarrow": False,
    }


def rates(drawn: Scene) -> list[Component]:
    """Requests and tokens per minute now (or per hour), and their sums over the span."""
    inside = _inside(drawn)
    requests, tokens = sum(p.requests for p in inside), sum(p.tokens for p in inside)
    span = f"in the {drawn.span.words.lower()}"
    most = [_busiest(inside, name) for name in ("requests", "tokens")]
    return [
        *(_means_now(drawn) if drawn.span.width == MINUTE else _means_by_hour(drawn)),
        _card("Requests", formats.compact(requests), span, formats.count(requests), most[0]),
        _card("Tokens", formats.compact(tokens), span, formats.count(tokens), most[1]),
    ]


def _means_now(drawn: Scene) -> list[Component]:
    minutes = [point for point in drawn.points if isinstance(point, MinutePoint)]
    rate = live.current_rate(minutes, drawn.known, drawn.newest)
    mean = f"mean of {rate.window.seconds // MINUTE} minutes"
    return _means(drawn, rate.requests, rate.tokens, mean, rate.window.end)


def _means_by_hour(drawn: Scene) -> list[Component]:
    """Over the hours that are over."""
    last = _hour(epoch(drawn.read_at)) if drawn.read_at else drawn.known.end
    over = [point for point in _inside(drawn) if point.bucket_start < last]
    hours = max(0, last - drawn.known.start) // HOUR
    if not hours:
        return [
            _card(f"{name} per hour", formats.MISSING, "no hour is over yet") for name in _NAMES
        ]
    requests, tokens = sum(p.requests for p in over), sum(p.tokens for p in over)
    mean = "mean of 1 hour" if hours == 1 else f"mean of {hours} hours"
    return _means(drawn, requests / hours, tokens / hours, mean, last)


def _means(drawn: Scene, requests: float, tokens: float, mean: str, end: int) -> list[Component]:
    until, per = f"to {utc(end):%H:%M} UTC", f"per {drawn.span.bucket}"
    values = zip(_NAMES, (requests, tokens), strict=True)
    return [
        _card(f"{name} {per}", formats.compact(_rounded(value)), mean, below=until)
        for name, value in values
    ]


def placeholders(span: str) -> list[Component]:
    per = f" per {SPANS[span].bucket}"
    titles = [*(name + per for name in _NAMES), *_NAMES]
    return [_card(title, *["\N{NO-BREAK SPACE}"] * 4) for title in titles]


def _card(title: str, value: str, detail: str, exact: str = "", below: str = "") -> Component:
    lines = [html.Div(html.Span(text, title=text), className="detail") for text in (detail, below)]
    return html.Section(
        [
            html.Div(title, className="title"),
            html.Div(value, className="value", title=exact or value),
            *lines,
        ],
        className="card kpi",
        **labelled(title),
    )


def _busiest(points: Sequence[Point], measure: str) -> str:
    sums: dict[int, int] = {}
    for point in points:
        sums[point.bucket_start] = sums.get(point.bucket_start, 0) + getattr(point, measure)
    start = max(sums, key=lambda start: (sums[start], start), default=None)
    if start is None or not sums[start]:
        return ""
    return f"most: {formats.compact(sums[start])} at {utc(start):%H:%M} UTC"


def _rounded(value: float) -> float:
    """One decimal for a few, whole numbers for many."""
    return round(value, 1) if value < 100 else float(round(value))


def _inside(drawn: Scene) -> list[Point]:
    return [p for p in drawn.points if drawn.shown.start <= p.bucket_start < drawn.shown.end]


def _touches(known: Window, shown: Window) -> bool:
    return known.start < shown.end and shown.start < known.end


def _edge(drawn: Scene, seconds: int) -> str:
    """Where a bucket begins on the axis: bars stand with their middle over their start."""
    return f"{utc(seconds - drawn.span.width // 2):%Y-%m-%d %H:%M:%S}"
