"""`wherespent status`: how fresh and complete each stream is."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from wherespent.analytics.health import RunRow, State, StreamHealth, stream_health
from wherespent.bootstrap import utc_now
from wherespent.cli.options import isoformat, moment, opened_database, settings_and_logs
from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.storage.tables import BY_USER

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
    table = Table("Stream", "State", "Complete until", "Oldest", "Newest")
    table.add_column("Rows", justify="right")
    table.add_column("Last success")
    table.add_column("Gaps", justify="right")
    table.add_column("Error", overflow="fold")
    for health in streams:
        name = health.stream + (" (by user)" if health.grouping == BY_USER else "")
        table.add_row(
            name,
            health.state.value,
            moment(health.watermark) or "-",
            moment(health.oldest) or "-",
            moment(health.newest) or "-",
            "-" if health.rows is None else f"{health.rows:,}",
            isoformat(health.last_success_at) or "never",
            str(len(health.gaps)),
            " ".join(part for part in (health.error, health.remedy) if part),
            style=_COLOURS.get(health.state),
        )
    Console().print(table)
