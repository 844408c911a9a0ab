"""`wherespent status`: how fresh and complete each stream is."""

import json
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from wherespent.analytics.health import RunRow, State, StreamHealth, stream_health
from wherespent.bootstrap import utc_now
from wherespent.cli.options import isoformat, moment, opened_database, settings_and_logs
from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.storage.tables import BY_USER

_WIDTH = 120
_COLOURS = {State.OK: "green", State.FAILING: "red", State.SYNCING: "cyan"}


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show, per stream, how far it is read, what it holds, and what went wrong last."""
    settings = settings_and_logs()
    with opened_database(settings) as database, database.read() as connection:
        streams = stream_health(connection, DEFAULT_ACCOUNT, utc_now(), count_rows=True)
    if as_json:
        typer.echo(json.dumps({"streams": [_as_json(stream) for stream in streams]}, indent=2))
    else:
        _print_table(streams)


def _as_json(health: StreamHealth) -> dict[str, Any]:
    return {
        "stream": health.stream,
        "grouping": "by_user" if health.grouping == BY_USER else "main",
        "state": health.state.value,
        "watermark": moment(health.watermark),
        "oldest": moment(health.oldest),
        "newest": moment(health.newest),
        "rows": health.rows,
        "last_run": None if health.last_run is None else _run_as_json(health.last_run),
        "last_success_at": isoformat(health.last_success_at),
        "error": health.error or None,
        "remedy": health.remedy or None,
        "gaps": [{"start": moment(gap.start), "end": moment(gap.end)} for gap in health.gaps],
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


def _print_table(streams: list[StreamHealth]) -> None:
    """Whole days and minutes, in a width that shows every name; errors in full below."""
    console = Console(width=max(Console().width, _WIDTH))
    table = Table("Stream", "State", "Complete until", "Oldest", "Newest", box=SIMPLE_HEAD)
    table.add_column("Rows", justify="right")
    table.add_column("Last success")
    table.add_column("Gaps", justify="right")
    for health in streams:
        table.add_row(
            _name(health),
            health.state.value,
            _shortened(moment(health.watermark), 10),
            _shortened(moment(health.oldest), 13),
            _shortened(moment(health.newest), 13),
            "-" if health.rows is None else f"{health.rows:,}",
            _shortened(isoformat(health.last_success_at), 16),
            str(len(health.gaps)),
            style=_COLOURS.get(health.state),
        )
    console.print(table)
    for health in streams:
        if health.error:
            console.print(f"{_name(health)}: {health.error} {health.remedy}", markup=False)


def _name(health: StreamHealth) -> str:
    by_user = " (by user)" if health.grouping == BY_USER else ""
    return health.stream.removeprefix("openai.") + by_user


def _shortened(when: str | None, length: int) -> str:
    """ISO 8601 to the day (10), the hour (13) or the minute (16)."""
    return "-" if when is None else when[:length].replace("T", " ")
