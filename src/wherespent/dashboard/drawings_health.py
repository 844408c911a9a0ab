"""The state of the data as tables: one row per stream, one per sync run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import health
from wherespent.analytics.health import RunRow, State, StreamHealth
from wherespent.dashboard import formats
from wherespent.dashboard.components import blank, icon, table, titled
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_coverage import days_of, stream_name
from wherespent.domain.windows import DAY, utc
from wherespent.providers import STREAMS
from wherespent.storage.room import trouble_ahead

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
    rows = desk.answers.fresh(
        health.stream_health, desk.account, now, backfill_days=desk.options.backfill_days
    )
    head = ["Stream", "State", "Last success", "Complete until", "History", "Missing"]
    cells = [_stream_cells(row, now) for row in rows]
    shown = table(head, cells, caption="State of every stream", words=("State", "History"))
    return html.Div([*_storage(desk), *advice(rows), shown])


def _storage(desk: Desk) -> list[Component]:
    """What keeps the next sync from being stored, before it fails."""
    ahead = trouble_ahead(desk.answers.database.url)
    if not ahead:
        return []
    said = html.Div([html.B("Nothing new can be stored"), html.Div(ahead)])
    return [html.Div([icon("alert"), said], className="banner bad boxed")]


def _stream_cells(row: StreamHealth, now: datetime) -> list[Any]:
    look, word = _WORDS[row.state]
    until = formats.day(row.watermark - DAY, year=True) if row.watermark else formats.MISSING
    return [
        html.Span(stream_name(row.stream, row.grouping), title=row.stream),
        html.Span(word, className=f"tag {look}".strip()),
        formats.ago(row.last_success_at, now),
        until,
        _history(row),
        _missing(row),
    ]


def _history(row: StreamHealth) -> str:
    """Days read say that an unused stream was looked at."""
    if not row.coverage_days:
        return formats.MISSING
    since = (
        f"since {formats.day(row.oldest, year=True)}" if row.oldest is not None else "nothing used"
    )
    return f"{since}, {row.coverage_days} days read"


def _missing(row: StreamHealth) -> Any:
    if row.watermark is None:
        return formats.MISSING
    if not row.gaps:
        return "none"
    listed = "; ".join(days_of(gap) for gap in reversed(row.gaps))
    plural = "" if row.missing_days == 1 else "s"
    return titled(f"{row.missing_days} day{plural}", f"The next sync reads {listed}")


def advice(rows: Sequence[StreamHealth]) -> list[Component]:
    """Each error once, with the streams that it concerns and what to do."""
    concerned: dict[tuple[str, str], list[StreamHealth]] = {}
    for row in rows:
        if row.error and row.state is State.FAILING:
            concerned.setdefault((_general(row), row.remedy), []).append(row)
    return [_advice(error, remedy, of) for (error, remedy), of in concerned.items()]


def _general(row: StreamHealth) -> str:
    """The error without the endpoint, so that twelve streams with one trouble say it once."""
    path = STREAMS[row.stream].path
    general = row.error.replace(path, "this endpoint")
    return general[:1].upper() + general[1:]


def _advice(error: str, remedy: str, rows: Sequence[StreamHealth]) -> Component:
    names = ", ".join(stream_name(row.stream, row.grouping) for row in rows)
    one = len(rows) == 1
    title = f"{names}: failing" if one else f"{len(rows)} streams are failing"
    children: list[Any] = [html.B(title), html.Div(rows[0].error if one else error)]
    if not one:
        children.append(html.Div(names, className="dim"))
    if remedy:
        children.append(html.Div([html.B("What to do: "), remedy]))
    return html.Div([icon("alert"), html.Div(children)], className="banner bad boxed")


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
        stream_name(row.stream, row.grouping),
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
