"""`wherespent status`: how fresh and complete each stream is."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from wherespent.analytics.accounts import labels
from wherespent.analytics.doubts import DoubtedBucket, doubted_buckets
from wherespent.analytics.health import RunRow, State, StreamHealth, stream_health
from wherespent.analytics.unknown import UnknownRow, unknown_data
from wherespent.bootstrap import utc_now
from wherespent.cli.options import isoformat, moment, opened_database, settings_and_logs
from wherespent.domain.windows import DAY, Window, utc
from wherespent.storage.room import trouble_ahead
from wherespent.storage.tables import BY_USER

_WIDTH = 120
_SPANS_SHOWN = 6
_COLOURS = {State.OK: "green", State.FAILING: "red", State.SYNCING: "cyan"}


@dataclass(frozen=True, slots=True)
class _Found:
    account: str
    streams: list[StreamHealth]
    doubted: list[DoubtedBucket]
    unknown: list[UnknownRow]


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show, per stream, how far it is read, what it holds, what is missing and what went wrong.

    A gap is a day that was not read though days before and after it were: the next sync fills
    it, the newest first. A bucket in doubt came back empty over stored rows: it is kept until a
    reading an hour later agrees.
    """
    settings = settings_and_logs()
    with opened_database(settings) as database, database.read() as connection:
        known = labels(connection)
        found = [_look(connection, label, settings.backfill_days) for label in known]
        storage = trouble_ahead(database.url)
    if as_json:
        typer.echo(json.dumps({"storage": storage or None, **_as_json(found)}, indent=2))
    else:
        _print(found)
        if storage:
            typer.echo(f"Storage: {storage}")


def _look(connection: Connection, account: str, backfill_days: int) -> _Found:
    now = utc_now()
    return _Found(
        account,
        stream_health(connection, account, now, backfill_days=backfill_days, count_rows=True),
        doubted_buckets(connection, account),
        unknown_data(connection, account),
    )


def _as_json(found: list[_Found]) -> dict[str, Any]:
    return {
        "streams": [_of(it, _stream_as_json(row)) for it in found for row in it.streams],
        "doubted": [_of(it, _doubted_as_json(row)) for it in found for row in it.doubted],
        "unrecognized": [_of(it, _unknown_as_json(row)) for it in found for row in it.unknown],
    }


def _of(found: _Found, row: dict[str, Any]) -> dict[str, Any]:
    return {"account": found.account, **row}


def _stream_as_json(health: StreamHealth) -> dict[str, Any]:
    return {
        "stream": health.stream,
        "grouping": _grouping(health.grouping),
        "state": health.state.value,
        "watermark": moment(health.watermark),
        "oldest": moment(health.oldest),
        "newest": moment(health.newest),
        "rows": health.rows,
        "days_read": health.coverage_days,
        "last_run": None if health.last_run is None else _run_as_json(health.last_run),
        "last_success_at": isoformat(health.last_success_at),
        "error": health.error or None,
        "remedy": health.remedy or None,
        "gaps": [_window_as_json(gap) for gap in health.gaps],
    }


def _run_as_json(run: RunRow) -> dict[str, Any]:
    return {
        "window_start": moment(run.window.start),
        "window_end": moment(run.window.end),
        "started_at": isoformat(run.started_at),
        "finished_at": isoformat(run.finished_at),
        "status": run.status,
        "requests": run.requests,
        "rows": run.rows,
        "buckets_changed": run.buckets_changed,
        "error": run.error or None,
    }


def _doubted_as_json(bucket: DoubtedBucket) -> dict[str, Any]:
    return {
        "stream": bucket.stream,
        "grouping": _grouping(bucket.grouping),
        **_window_as_json(bucket.bucket),
        "rows": bucket.rows,
        "billed_usd": None if bucket.billed is None else f"{bucket.billed:f}",
        **({} if bucket.amount is None else {bucket.measure: bucket.amount}),
        "seen_at": isoformat(bucket.seen_at),
        "believed_from": isoformat(bucket.believed_from),
    }


def _unknown_as_json(row: UnknownRow) -> dict[str, Any]:
    return {
        "stream": row.stream,
        "kind": row.kind,
        "name": row.name,
        "seen": row.seen,
        "first_seen_at": isoformat(row.first_seen_at),
        "last_seen_at": isoformat(row.last_seen_at),
        "sample": row.sample,
    }


def _window_as_json(window: Window) -> dict[str, Any]:
    return {"start": moment(window.start), "end": moment(window.end)}


def _grouping(number: int) -> str:
    return "by_user" if number == BY_USER else "main"


def _print(found: list[_Found]) -> None:
    """Whole days and minutes, in a width that shows every name; what is wrong in full below."""
    console = Console(width=max(Console().width, _WIDTH))
    for it in found:
        if len(found) > 1:
            console.print(f"Account {it.account}", style="bold", markup=False)
        console.print(_table(it.streams))
        for line in (*_troubles(it.streams), *_doubts(it.doubted), *_unknowns(it.unknown)):
            console.print(line, markup=False, highlight=False)


def _table(streams: list[StreamHealth]) -> Table:
    table = Table("Stream", "State", "Complete until", "Oldest", "Newest", box=SIMPLE_HEAD)
    table.add_column("Rows", justify="right")
    table.add_column("Last success")
    table.add_column("Missing", justify="right")
    for health in streams:
        table.add_row(
            _name(health.stream, health.grouping),
            health.state.value,
            _shortened(moment(health.watermark), 10),
            _shortened(moment(health.oldest), 13),
            _shortened(moment(health.newest), 13),
            "-" if health.rows is None else f"{health.rows:,}",
            _shortened(isoformat(health.last_success_at), 16),
            _days(health.missing_days),
            style=_COLOURS.get(health.state),
        )
    return table


def _troubles(streams: list[StreamHealth]) -> list[str]:
    lines: list[str] = []
    for health in streams:
        name = _name(health.stream, health.grouping)
        if health.error:
            lines.append(f"{name}: {health.error} {health.remedy}")
        if health.gaps:
            newest = [_span(gap) for gap in reversed(health.gaps)]
            more = len(newest) - _SPANS_SHOWN
            rest = f" and {more} more" if more > 0 else ""
            lines.append(f"{name}: not read: {', '.join(newest[:_SPANS_SHOWN])}{rest}")
    return lines


def _doubts(buckets: list[DoubtedBucket]) -> list[str]:
    return [
        f"{_name(it.stream, it.grouping)}: {_shortened(moment(it.bucket.start), 13)} came back "
        f"empty on {_shortened(isoformat(it.seen_at), 16)}; kept: {_held(it)}; removed when a "
        f"sync after {_shortened(isoformat(it.believed_from), 16)} agrees"
        for it in buckets
    ]


def _held(bucket: DoubtedBucket) -> str:
    if bucket.billed is not None:
        return f"${bucket.billed:f}"
    return f"{bucket.amount:,} {bucket.measure}"


def _unknowns(rows: list[UnknownRow]) -> list[str]:
    return [
        f"{_name(row.stream)}: unknown {row.kind} {row.name}, seen {row.seen:,} times; kept as it "
        "came, look for a newer wherespent"
        for row in rows
    ]


def _name(stream: str, grouping: int = 0) -> str:
    by_user = " (by user)" if grouping == BY_USER else ""
    return stream.removeprefix("openai.") + by_user


def _days(number: int) -> str:
    return "-" if not number else f"{number} day{'' if number == 1 else 's'}"


def _span(window: Window) -> str:
    """UTC days, the last one included."""
    first, last = utc(window.start), utc(window.end - DAY)
    return f"{first:%Y-%m-%d}" + ("" if first == last else f" to {last:%Y-%m-%d}")


def _shortened(when: str | None, length: int) -> str:
    """ISO 8601 to the day (10), the hour (13) or the minute (16)."""
    return "-" if when is None else when[:length].replace("T", " ")
