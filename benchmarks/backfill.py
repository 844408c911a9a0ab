"""Reading a whole history in one go, and a quiet quarter of an hour after it.

    uv run python benchmarks/backfill.py [--engine sqlite|postgres]

Every stream of the demo organization over 190 and over 365 days, each in a process of its own:
requests against the fewest that could do, seconds, where they went, and peak memory (both hold a
full page of 180 cost days; flat: the second is at most 1.15 times the first). Then one round of
the schedule 16 minutes later: costs are due again, names are not.

The simulator runs beside it on the same machine, so that "network" is mostly its own work.
"""

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import Connection, func, select

from memory import simulator
from servers import ENGINES, empty_database, show
from wherespent.bootstrap import make_cycle, make_key, utc_now
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.ingestion.account_sync import whole_history
from wherespent.ingestion.cycle import sync_once
from wherespent.providers import STREAMS
from wherespent.providers.openai.client import AdminClient
from wherespent.settings import Settings
from wherespent.storage.engine import Database
from wherespent.storage.tables import cost_day, usage_hour

LONG, SHORT = 365, 190
LATER = timedelta(minutes=16)
KEY = SecretStr("sk-admin-benchmark")


class Stopwatch:
    """Seconds by what they were spent on; what lies inside another is not taken twice."""

    def __init__(self) -> None:
        self.network = self.fetch = self.write = 0.0

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, what, getattr(self, what) + time.perf_counter() - started)


class TimedBody(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, watch: Stopwatch) -> None:
        self._stream = stream
        self._watch = watch

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while True:
            with self._watch.timing("network"):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self._stream.close()


class TimedNetwork(httpx.HTTPTransport):
    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._watch.timing("network"):
            response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = TimedBody(response.stream, self._watch)
        return response


class TimedClient(AdminClient):
    """Fetching a page is its network, then decoding and validating it."""

    def __init__(self, base_url: str, watch: Stopwatch) -> None:
        transport = TimedNetwork(watch)
        super().__init__(key=KEY, base_url=base_url, requests_per_minute=0, transport=transport)
        self._watch = watch

    def fetch_pages(
        self, stream: Stream, window: Window, group_by: tuple[str, ...]
    ) -> Iterator[Any]:
        pages = super().fetch_pages(stream, window, group_by)
        while True:
            with self._watch.timing("fetch"):
                page = next(pages, None)
            if page is None:
                return
            yield page


@dataclass(frozen=True)
class TimedDatabase(Database):
    """Counts whole transactions, with what is summed for them in Python."""

    watch: Stopwatch

    @contextmanager
    def write(self, *, is_read_again: bool = False) -> Iterator[Connection]:
        with self.watch.timing("write"), super().write(is_read_again=is_read_again) as connection:
            yield connection


def fewest_requests(since: int, until: int) -> int:
    """Full pages of every stream over one unbroken window."""
    return sum(-(-(until - since) // stream.page_seconds) for stream in STREAMS.values())


def backfill(opened: Database, base_url: str, days: int) -> dict[str, float]:
    """One whole history and one quiet round, measured in this process."""
    watch = Stopwatch()
    same = {field.name: getattr(opened, field.name) for field in fields(opened)}
    database = TimedDatabase(**same, watch=watch)
    client = TimedClient(base_url, watch)
    settings = Settings(
        openai_admin_key=KEY, openai_base_url=base_url, backfill_days=days, live="off"
    )
    (account,) = settings.organizations
    key = make_key(settings, database, account, client)
    cycle = make_cycle(settings, database, account, client, key)
    since, until = whole_history(utc_now(), days)
    started, cpu = time.perf_counter(), time.process_time()
    outcomes = sync_once(
        cycle, since=since, until=until, is_leader=True, report=ignore, with_names=True
    )
    assert all(not outcome.error for outcome in outcomes), outcomes
    asked = {outcome.stream: outcome.requests for outcome in outcomes if outcome.stream in STREAMS}
    found = {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "requests": sum(asked.values()),
        "fewest": fewest_requests(since, floor_day(epoch(utc_now())) + DAY),
        "network": watch.network,
        "parse": watch.fetch - watch.network,
        "write": watch.write,
        "rows": rows(database),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    later = replace(cycle, now=lambda: utc_now() + LATER)
    before, cpu = client.requests, time.process_time()
    later.run(hurry=threading.Event())
    found["quiet_cpu"] = time.process_time() - cpu
    found["quiet_requests"] = client.requests - before
    client.close()
    return found


def rows(database: Database) -> int:
    with database.read() as connection:
        counts = (
            connection.scalar(select(func.count()).select_from(table))
            for table in (usage_hour, cost_day)
        )
        return sum(count or 0 for count in counts)


def ignore(_: object) -> None:
    pass


def in_a_process(engine: str, base_url: str, days: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--engine", engine, "--of", base_url, str(days)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def measure(engine: str) -> bool:
    with simulator() as base_url:
        short = in_a_process(engine, base_url, SHORT)
        whole = in_a_process(engine, base_url, LONG)
    seconds = whole["seconds"]
    print(f"{engine}: {LONG} days of the demo organization, {whole['rows']:,.0f} rows")
    show("the whole history", seconds, "s", None, least=False)
    show("CPU of it", whole["cpu"], "s", None, least=False)
    show_part("in the network, simulator included", whole["network"], seconds)
    show_part("decoding and validating", whole["parse"], seconds)
    show_part("in transactions", whole["write"], seconds)
    timed = whole["network"] + whole["parse"] + whole["write"]
    show_part("all else (planning, proofs, other processes)", seconds - timed, seconds)
    show("requests", whole["requests"], "", None, least=False)
    return all(
        [
            show(
                "requests / the fewest", whole["requests"] / whole["fewest"], "x", 1.15, least=False
            ),
            show("time in transactions / all", whole["write"] / seconds, "x", 0.3, least=False),
            show(
                "peak memory, 365 days / 190 days",
                whole["peak_mib"] / short["peak_mib"],
                "x",
                1.15,
                least=False,
            ),
            show("peak memory, 365 days", whole["peak_mib"], "MiB", 300, least=False),
            show("a quiet round: requests", whole["quiet_requests"], "", 15, least=False),
            show("a quiet round: CPU", whole["quiet_cpu"], "s", 1.0, least=False),
        ]
    )


def show_part(title: str, part: float, whole: float) -> None:
    show(f"{title}: {part / whole:.0%} of the time", part, "s", None, least=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--of", nargs=2, metavar=("BASE_URL", "DAYS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of:
        base_url, days = options.of
        with empty_database(options.engine[0]) as database:
            print(json.dumps(backfill(database, base_url, int(days))))
        return 0
    met = [measure(engine) for engine in options.engine or ENGINES]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
