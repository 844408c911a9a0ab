"""`wherespent sync`: read what is missing, once."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from wherespent.accounts import Account
from wherespent.bootstrap import make_client, make_cycle, make_key, utc_now
from wherespent.cli.options import (
    chosen_accounts,
    opened_database,
    parse_day,
    settings_and_logs,
)
from wherespent.domain.streams import Stream
from wherespent.errors import QuestionRefused
from wherespent.ingestion.account_sync import Progress as SyncProgress
from wherespent.ingestion.account_sync import whole_history
from wherespent.ingestion.cycle import Cycle, sync_once
from wherespent.ingestion.outcomes import BUSY, StreamOutcome
from wherespent.providers import STREAMS, find_stream
from wherespent.settings import Settings
from wherespent.storage.engine import Database
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import upgrade
from wherespent.storage.sync_state import FAILED

_BUSY_PAUSE_SECONDS = 2
Report = Callable[[SyncProgress], None]
Outcomes = dict[str, list[StreamOutcome]]  # by account


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
    account: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Only this account; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Read everything that is missing or may still change, then stop.

    Days are UTC. What is covered and settled is not read again. Safe beside a running server.
    Exit code 1 if a stream failed; the others are done all the same. Several accounts are read
    side by side.
    """
    settings = settings_and_logs()
    default_since, default_until = whole_history(utc_now(), settings.backfill_days)
    first = parse_day(since) if since else default_since
    last = parse_day(until) if until else default_until
    if first >= last:
        raise typer.BadParameter("--since must be before --until")
    streams = _streams(stream)
    accounts = chosen_accounts(settings, account)
    with opened_database(settings) as database, _reporting(quiet=as_json) as report:
        upgrade(database)
        outcomes = _read_all(
            settings, database, accounts, streams, Span(first, last, with_names=not stream), report
        )
    _print(outcomes, as_json=as_json)
    if any(outcome.status == FAILED for each in outcomes.values() for outcome in each):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be read: `[since, until)`, and the names or not."""

    since: int
    until: int
    with_names: bool


def _read_all(
    settings: Settings,
    database: Database,
    accounts: Sequence[Account],
    streams: tuple[Stream, ...],
    span: Span,
    report: Report,
) -> Outcomes:
    """Every account in a thread of its own, so that one that hangs does not delay the others."""
    lead = _Lead(database)

    def read(account: Account) -> list[StreamOutcome]:
        with closing(make_client(settings, account)) as client:
            key = make_key(settings, database, account, client)
            cycle = make_cycle(settings, database, account, client, key, streams)
            return _until_nobody_is_busy(cycle, lead, span, report)

    try:
        with ThreadPoolExecutor(len(accounts)) as threads:
            done = threads.map(read, accounts)
            return {account.label: each for account, each in zip(accounts, done, strict=True)}
    finally:
        lead.give_back()


class _Lead:
    """Whether this command may take over what dead processes had claimed, for all its threads."""

    def __init__(self, database: Database) -> None:
        self._lock = open_lock(database, LEADER_LOCK)
        self._one_at_a_time = threading.Lock()
        self._is_held = False

    def is_held(self) -> bool:
        with self._one_at_a_time:
            self._is_held = self._is_held or self._lock.try_acquire()
            return self._is_held

    def give_back(self) -> None:
        self._lock.release()


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
    cycle: Cycle, lead: _Lead, span: Span, report: Report
) -> list[StreamOutcome]:
    """Beside a running server, wait for the windows that it is reading just now."""
    outcomes: dict[str, StreamOutcome] = {}
    while True:
        found = sync_once(
            cycle,
            since=span.since,
            until=span.until,
            is_leader=lead.is_held(),
            report=report,
            with_names=span.with_names and not outcomes,
        )
        for outcome in found:
            outcomes[outcome.stream] = _added(outcomes.get(outcome.stream), outcome)
        busy = {outcome.stream for outcome in found if outcome.status == BUSY}
        if not busy:
            return list(outcomes.values())
        cycle = replace(cycle, streams=tuple(s for s in cycle.streams if s.name in busy))
        time.sleep(_BUSY_PAUSE_SECONDS)


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


def _print(outcomes: Outcomes, *, as_json: bool) -> None:
    rows = [(account, outcome) for account, each in outcomes.items() for outcome in each]
    if as_json:
        summary = {
            "ok": all(outcome.status != FAILED for _, outcome in rows),
            "streams": [
                {"account": account, **asdict(o), "error": o.error or None} for account, o in rows
            ],
        }
        typer.echo(json.dumps(summary, indent=2))
    elif sys.stdout.isatty():
        _print_table(rows, with_account=len(outcomes) > 1)
    else:
        for account, o in rows:
            name = f"{account} {o.stream}" if len(outcomes) > 1 else o.stream
            line = f"{name}: {o.status}, {o.requests} requests, {o.rows} rows"
            line += f", {o.buckets_changed} buckets changed"
            typer.echo(f"{line}, error: {o.error}" if o.error else line)


def _print_table(rows: list[tuple[str, StreamOutcome]], *, with_account: bool) -> None:
    table = Table(*(["Account"] if with_account else []), "Stream", "Result")
    for title in ("Requests", "Rows", "Buckets changed"):
        table.add_column(title, justify="right")
    table.add_column("Error", overflow="fold")
    for account, o in rows:
        style = "red" if o.status == FAILED else None
        numbers = (f"{n:,}" for n in (o.requests, o.rows, o.buckets_changed))
        cells = [account] if with_account else []
        table.add_row(*cells, o.stream, o.status, *numbers, o.error, style=style)
    Console().print(table)
