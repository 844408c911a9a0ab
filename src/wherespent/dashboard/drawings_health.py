"""The state of the data as tables: one row per stream, one per sync run."""

from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import health
from wherespent.analytics.health import RunRow, State, StreamHealth
from wherespent.dashboard import formats
from wherespent.dashboard.components import Element, blank, element, labelled, table
from wherespent.dashboard.desk import Desk
from wherespent.domain.windows import DAY, epoch, floor_day, utc

STRIP_DAYS = 90
_RUNS_SHOWN = 40
_WORDS = {
    State.OK: ("ok", "OK"),
    State.SYNCING: ("busy", "Syncing"),
    State.FAILING: ("bad", "Failing"),
    State.UNSUPPORTED: ("", "Not offered"),
    State.NEVER: ("", "Not read yet"),
}
_RUN_LOOKS = {"done": "ok", "failed": "bad", "running": "busy", "stopped": "warn"}


def streams(desk: Desk, now: datetime) -> Component:
    rows = desk.answers.fresh(health.stream_health, desk.account, now)
    if not rows:
        return blank("No stream was read yet", "The first sync writes this table.")
    cells = [_stream_cells(row, now) for row in rows]
    head = [
        "Stream",
        "State",
        "Last success",
        "Complete until",
        "History",
        "Coverage",
        "What to do",
    ]
    words = ("State", "Coverage", "What to do")
    return table(head, cells, caption="State of every stream", words=words)


def _stream_cells(row: StreamHealth, now: datetime) -> list[Any]:
    look, word = _WORDS[row.state]
    grouping = " (by user)" if row.grouping else ""
    advice = (
        [html.Div(row.error), html.Div(row.remedy, className="dim")] if row.error else row.remedy
    )
    since = formats.day(row.oldest, year=True) if row.oldest is not None else formats.MISSING
    until = formats.day(row.watermark - DAY, year=True) if row.watermark else formats.MISSING
    return [
        html.Span(row.stream.removeprefix("openai.") + grouping, title=row.stream),
        html.Span(word, className=f"tag {look}".strip()),
        formats.ago(row.last_success_at, now),
        until,
        html.Span(f"since {since}" if row.oldest is not None else formats.MISSING),
        strip(row, now),
        html.Div(advice or formats.MISSING, className="advice"),
    ]


def strip(row: StreamHealth, now: datetime) -> Element:
    """One mark per day of the last 90: complete, still open, missing, or not read."""
    today = floor_day(epoch(now))
    marks = [_mark(row, today - back * DAY) for back in reversed(range(STRIP_DAYS))]
    missing = sum(1 for look, _ in marks if look == "gap")
    words = f"{row.coverage_days} days read in all; {missing} missing in the last {STRIP_DAYS}"
    days = [element("I", className=look or None, title=title) for look, title in marks]
    return element("Div", days, className="strip", role="img", **labelled(words))


def _mark(row: StreamHealth, day: int) -> tuple[str, str]:
    name = formats.day(day, year=True)
    if any(gap.start <= day < gap.end for gap in row.gaps):
        return "gap", f"{name}: missing"
    first = row.watermark - row.coverage_days * DAY if row.watermark else None
    oldest = min((it for it in (row.oldest, first) if it is not None), default=None)
    if row.watermark is None or oldest is None or day < floor_day(oldest):
        return "", f"{name}: not read"
    if day >= row.watermark:
        return "part", f"{name}: not complete yet"
    return "full", f"{name}: complete"


def key_to_strips() -> list[Component]:
    looks = (
        ("full", "complete"),
        ("part", "not complete yet"),
        ("gap", "missing"),
        ("", "not read"),
    )
    return [
        html.Span(
            [html.Span(html.I(className=look or None), className="strip key"), f" {word}"],
        )
        for look, word in looks
    ]


def runs(desk: Desk, now: datetime) -> Component:
    rows = desk.answers.fresh(health.recent_runs, desk.account, _RUNS_SHOWN)
    if not rows:
        return blank("No sync ran yet", "Runs are listed here as they happen.")
    head = ["Stream", "State", "Started", "Took", "Window", "Requests", "Rows", "Changed", "Error"]
    cells = [_run_cells(row, now) for row in rows]
    words = ("State", "Window", "Error")
    return table(head, cells, caption="Last sync runs", tall=True, words=words)


def _run_cells(row: RunRow, now: datetime) -> list[Any]:
    took = formats.duration((row.finished_at or now) - row.started_at)
    last = utc(row.window.end - 1).date()
    return [
        row.stream.removeprefix("openai.") + (" (by user)" if row.grouping else ""),
        html.Span(row.status or "?", className=f"tag {_RUN_LOOKS.get(row.status, '')}".strip()),
        html.Span(
            formats.ago(row.started_at, now), title=f"{row.started_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
        took,
        formats.span(utc(row.window.start).date(), last),
        formats.count(row.requests),
        formats.count(row.rows),
        formats.count(row.buckets_changed),
        html.Div(row.error, className="advice"),
    ]
