"""Speed of every page on a large database: at the server, for ten viewers, in a real browser.

    uv run python benchmarks/pages.py [--engine sqlite|postgres] [--usage-rows 10000000]
                                      [--cost-rows 1000000] [--only PART]

The callbacks of every page are found in the application (`callbacks.py`), sent as a browser
would send them, over 90 days, unfiltered and filtered. One by one, each is sent with the data
version moved, so that nothing is answered from memory; beside it stands the bare SQL of the same
callback, in the same run. Ten viewers then ask without a pause, while the version moves every
minute. A real browser opens pages, changes filters and goes from page to page. The last part
draws every page at a hundredth, a tenth and all of the hourly rows of the same days.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr
from sqlalchemy import event, text

from callbacks import Callback, callbacks_of, client_of, paths, send, undriven
from large_organization import fill
from real_browser import browser, seen
from servers import ENGINES, empty_database, show
from viewers import answered
from wherespent.bootstrap import make_site
from wherespent.settings import read_settings
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade

UNFILTERED = "range=90d"
FILTERED = (
    "range=90d&project=proj_3",
    "range=90d&user=user_3",
    "range=90d&key=key_3",
    "range=90d&model=gpt-3",
)
ROUNDS = 5
VIEWERS, VIEWERS_SECONDS, VERSION_SECONDS = 10, 120, 60
KILOBYTES = 300
# Every hour, every 10th, every 100th: the same days with less in them.
GROWTH = (100, 10, 1)
PARTS = ("callbacks", "viewers", "browser", "growth")


@contextmanager
def served(database: Database) -> Iterator[tuple[str, Database]]:
    """The real site on a free port, without sync."""
    settings = read_settings(
        env_file=None,
        database_url=SecretStr(database.url.render_as_string(hide_password=False)),
        sync_enabled=False,
        port=0,
    )
    site = make_site(settings)
    server = uvicorn.Server(
        uvicorn.Config(site.server, port=0, log_config=None, access_log=False, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", site.database
    server.should_exit = True
    thread.join()


def replay(client: httpx.Client, database: Database, callbacks: Sequence[Callback]) -> None:
    """Each callback by itself, nothing from memory, and its SQL alone."""
    executed: list[tuple[str, Any]] = []

    def keep(*call: Any) -> None:
        statement, parameters = call[2], call[3]
        if statement.startswith("SELECT"):
            executed.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", keep)
    for _ in range(ROUNDS):
        for callback in callbacks:
            move_version(database)
            executed.clear()
            callback.seconds.append(send(client, callback))
            callback.statements = list(executed)
    event.remove(database.reader, "before_cursor_execute", keep)
    for callback in callbacks:
        callback.sql_seconds = min(bare_sql(database, callback.statements) for _ in range(3))


def bare_sql(database: Database, statements: Sequence[tuple[str, Any]]) -> float:
    """The driver alone, on a connection that is already open."""
    connection = database.reader.raw_connection()
    if database.is_sqlite:
        # The end that the last statement of this connection was given has passed.
        connection.driver_connection.set_progress_handler(None, 0)
    try:
        cursor = connection.cursor()
        started = time.perf_counter()
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
            if cursor.description:
                cursor.fetchall()
        return time.perf_counter() - started
    finally:
        connection.close()


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def report(callbacks: Sequence[Callback], title: str, limit_ms: float) -> bool:
    times = [seconds * 1000 for callback in callbacks for seconds in callback.seconds]
    middle = statistics.median(times)
    show(f"{title}: median of {len(callbacks)} callbacks", middle, "ms", None, least=False)
    met = show(f"{title}: p95", percentile(times, 0.95), "ms", limit_ms, least=False)
    asking = [callback for callback in callbacks if callback.sql_seconds > 0.001]
    # Best against best: the speed of the machine itself moves.
    excess = [(min(it.seconds) - 0.003) / it.sql_seconds for it in asking]
    if excess:
        worst = percentile(excess, 0.95)
        met &= show(f"{title}: (time - 3 ms) / bare SQL, p95", worst, "x", 2.0, least=False)
    for callback in sorted(callbacks, key=lambda it: -min(it.seconds))[:8]:
        print(
            f"    {min(callback.seconds) * 1000:7.1f} ms (SQL {callback.sql_seconds * 1000:6.1f},"
            f" {len(callback.statements)} statements)  {callback.view}  {callback.output[:60]}"
        )
    return met


def measure_callbacks(url: str, database: Database) -> bool:
    with client_of(url) as client:
        plain = found(client, (UNFILTERED,))
        filtered = found(client, FILTERED)
        replay(client, database, plain)
        replay(client, database, filtered)
        left = undriven(client, plain)
    largest = max((*plain, *filtered), key=lambda it: it.size)
    print(f"    the largest answer: {largest.view}  {largest.output[:60]}")
    if left:
        print(f"    drawn only when asked for, not measured: {len(left)} callbacks")
    return all(
        [
            report(plain, "unfiltered", 150),
            report(filtered, "filtered", 150),
            show("the largest answer", largest.size / 1000, "KB", KILOBYTES, least=False),
        ]
    )


def found(client: httpx.Client, queries: Sequence[str]) -> list[Callback]:
    return [it for query in queries for path in paths() for it in callbacks_of(client, path, query)]


def measure_viewers(url: str, database: Database) -> bool:
    """The version moves as if a sync wrote every minute, which one does every 5 minutes."""
    with client_of(url) as client:
        callbacks = found(client, (UNFILTERED, *FILTERED))
    ended = threading.Event()

    def sync() -> None:
        while not ended.wait(VERSION_SECONDS):
            move_version(database)

    moving = threading.Thread(target=sync)
    moving.start()
    try:
        times = answered(url, callbacks, VIEWERS, VIEWERS_SECONDS)
    finally:
        ended.set()
        moving.join()
    milliseconds = [seconds * 1000 for _, seconds in times]
    rate = len(times) / VIEWERS_SECONDS
    show(f"{VIEWERS} viewers: callbacks a second", rate, "/s", None, least=True)
    middle = statistics.median(milliseconds)
    show(f"{VIEWERS} viewers: median", middle, "ms", None, least=False)
    for path in sorted({path for path, _ in times}):
        own = [seconds * 1000 for at, seconds in times if at == path]
        show(f"  {path}, p95 of {len(own)}", percentile(own, 0.95), "ms", None, least=False)
    return show(f"{VIEWERS} viewers: p95", percentile(milliseconds, 0.95), "ms", 150, least=False)


def measure_browser(url: str, _: Database) -> bool:
    with browser() as opened:
        return seen(opened, url)


def page_costs(url: str, database: Database) -> dict[str, float]:
    """Milliseconds of server time of every page, all its callbacks together, best of five."""
    costs: dict[str, list[float]] = {}
    with client_of(url) as client:
        pages = {path: callbacks_of(client, path, UNFILTERED) for path in paths()}
        for _ in range(ROUNDS):
            for path, callbacks in pages.items():
                move_version(database)
                took = sum(send(client, callback) for callback in callbacks)
                costs.setdefault(path, []).append(took * 1000)
    return {path: min(each) for path, each in costs.items()}


def measure_growth(engine: str, usage_rows: int, cost_rows: int) -> None:
    """Rows of the same days: what a page costs must not follow them."""
    columns: list[dict[str, float]] = []
    rows: list[int] = []
    for every in GROWTH:
        with empty_database(engine) as database:
            fill(database, usage_rows, cost_rows, datetime.now(UTC), every_hours=every)
            with database.read() as connection:
                count = connection.execute(text("SELECT count(*) FROM usage_hour")).scalar_one()
            with served(database) as (url, own):
                columns.append(page_costs(url, own))
        rows.append(count)
    print(f"{engine}: ms of all callbacks of a page at {', '.join(f'{it:,}' for it in rows)} rows")
    for path in columns[0]:
        print(f"  {path:28}" + "".join(f"{column[path]:10.1f}" for column in columns))


def move_version(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE account SET version = version + 1"))


def measure(database: Database, only: Sequence[str]) -> bool:
    steps = {
        "callbacks": measure_callbacks,
        "viewers": measure_viewers,
        "browser": measure_browser,
    }
    with served(database) as (url, own):
        met = [step(url, own) for name, step in steps.items() if name in only]
    return all(met)


def measure_new(engine: str, usage_rows: int, cost_rows: int, only: Sequence[str]) -> bool:
    met = True
    if set(only) != {"growth"}:
        with empty_database(engine) as database:
            started = time.perf_counter()
            fill(database, usage_rows, cost_rows, datetime.now(UTC))
            print(
                f"{engine}: {usage_rows:,} usage rows, {cost_rows:,} cost rows"
                f" (filled in {time.perf_counter() - started:.0f} s)"
            )
            met = measure(database, only)
    if "growth" in only:
        measure_growth(engine, usage_rows, cost_rows)
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--usage-rows", type=int, default=10_000_000)
    parser.add_argument("--cost-rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="URL of one that is filled already")
    parser.add_argument("--only", choices=PARTS, action="append", help="not everything")
    options = parser.parse_args()
    only = options.only or PARTS
    if options.database:
        database = open_database(options.database)
        upgrade(database)
        return 0 if measure(database, only) else 1
    results = [
        measure_new(engine, options.usage_rows, options.cost_rows, only)
        for engine in options.engine or ENGINES
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
