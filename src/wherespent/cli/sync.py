"""`wherespent sync`: read what is missing, once."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from wherespent.bootstrap import make_client, make_cycle, utc_now
from wherespent.cli.options import opened_database, parse_day, settings_and_logs
from wherespent.domain.streams import Stream
from wherespent.errors import QuestionRefused
from wherespent.ingestion.account_sync import BUSY, StreamOutcome, whole_history
from wherespent.ingestion.account_sync import Progress as SyncProgress
from wherespent.ingestion.cycle import Cycle, sync_once
from wherespent.providers import STREAMS, find_stream
from wherespent.storage.engine import Database
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import upgrade
from wherespent.storage.sync_state import FAILED

_BUSY_PAUSE_SECONDS = 2
Report = Callable[[SyncProgress], None]


def sync(
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day. [default: BACKFILL_DAYS ago]")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day to stop before. [default: tomorrow]")
    ] = None,
    stream: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this stream; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read everything that is missing or may still change, then stop.

    Days are UTC. What is covered and settled is not read again. Safe beside a running server.
    Exit code 1 if a stream failed; the others are done all the same.
    """
    settings = settings_and_logs()
    default_since, default_until = whole_history(utc_now(), settings.backfill_days)
    first = parse_day(since) if since else default_since
    last = parse_day(until) if until else default_until
    if first >= last:
        raise typer.BadParameter("--since must be before --until")
    streams = _streams(stream)
    client = make_client(settings)
    with (
        opened_database(settings) as database,
        closing(client),
        _reporting(quiet=as_json) as report,
    ):
        upgrade(database)
        cycle = make_cycle(settings, database, client, streams)
        outcomes = _until_nobody_is_busy(
            cycle, database, first, last, report, with_names=not stream
        )
    _print(outcomes, as_json=as_json)
    if any(outcome.status == FAILED for outcome in outcomes):
        raise typer.Exit(1)


def _streams(names: list[str] | None) -> tuple[Stream, ...]:
    if not names:
        return tuple(STREAMS.values())
    found = {name: find_stream(name) for name in names}
    for name, stream in found.items():
        if stream is None:
            known = ", ".join(s.short_name for s in STREAMS.values())
            raise QuestionRefused(f"there is no stream '{name}'; there are: {known}")
    return tuple({s.name: s for s in found.values() if s is not None}.values())


def _until_nobody_is_busy(
    cycle: Cycle, database: Database, since: int, until: int, report: Report, *, with_names: bool
) -> list[StreamOutcome]:
    """Beside a running server, wait for the windows that it is reading just now."""
    lock = open_lock(database, LEADER_LOCK)
    is_leader = lock.try_acquire()
    outcomes: dict[str, StreamOutcome] = {}
    try:
        while True:
            found = sync_once(
                cycle,
                since=since,
                until=until,
                is_leader=is_leader,
                report=report,
                with_names=with_names and not outcomes,
            )
            for outcome in found:
                outcomes[outcome.stream] = _added(outcomes.get(outcome.stream), outcome)
            busy = {outcome.stream for outcome in found if outcome.status == BUSY}
            if not busy:
                return list(outcomes.values())
            cycle = replace(cycle, streams=tuple(s for s in cycle.streams if s.name in busy))
            time.sleep(_BUSY_PAUSE_SECONDS)
            is_leader = is_leader or lock.try_acquire()
    finally:
        lock.release()


def _added(before: StreamOutcome | None, after: StreamOutcome) -> StreamOutcome:
    """What two passes did to one stream, and how the later one ended."""
    if before is None:
        return after
    return replace(
        after,
        requests=before.requests + after.requests,
        rows=before.rows + after.rows,
        buckets_changed=before.buckets_changed + after.buckets_changed,
    )


@contextmanager
def _reporting(*, quiet: bool) -> Iterator[Report]:
    """A progress bar on a terminal, nothing while output is for a program."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description:32}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def report(progress: SyncProgress) -> None:
            bar.update(
                task,
                description=progress.stream,
                completed=progress.done_days,
                total=progress.wanted_days,
            )

        yield report


def _print(outcomes: list[StreamOutcome], *, as_json: bool) -> None:
    if as_json:
        summary = {
            "ok": all(outcome.status != FAILED for outcome in outcomes),
            "streams": [{**asdict(o), "error": o.error or None} for o in outcomes],
        }
        typer.echo(json.dumps(summary, indent=2))
    elif sys.stdout.isatty():
        _print_table(outcomes)
    else:
        for o in outcomes:
            line = f"{o.stream}: {o.status}, {o.requests} requests, {o.rows} rows"
            line += f", {o.buckets_changed} buckets changed"
            typer.echo(f"{line}, error: {o.error}" if o.error else line)


def _print_table(outcomes: list[StreamOutcome]) -> None:
    table = Table("Stream", "Result")
    for title in ("Requests", "Rows", "Buckets changed"):
        table.add_column(title, justify="right")
    table.add_column("Error", overflow="fold")
    for o in outcomes:
        style = "red" if o.status == FAILED else None
        numbers = (f"{n:,}" for n in (o.requests, o.rows, o.buckets_changed))
        table.add_row(o.stream, o.status, *numbers, o.error, style=style)
    Console().print(table)
