"""Row 11: any number of processes on one database: one migrates, one syncs, the next takes over."""

import os
import signal
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.faults.conftest import Tally
from tests.faults.databases import Copies, copies
from tests.faults.forked import Command
from tests.faults.truth import Truth, truth_of
from tests.processes import Server, covered, environment, until

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.engine import Database, open_database

__all__ = ["copies"]  # a fixture

READINGS = 12
DAYS = 2

WRITER = """
import sys
from sqlalchemy import text
from wherespent.storage.engine import open_database
with open_database(sys.argv[1]).write() as connection:
    connection.execute(text("UPDATE account SET version = version + 1"))
    print("writes", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def company() -> Iterator[RunningServer]:
    frozen = datetime.now(UTC)
    with serve(SimulatedOrganization(7, lambda: frozen)) as server:
        yield server


@pytest.fixture
def truth(company: RunningServer) -> Truth:
    organization = company.organization
    assert isinstance(organization, SimulatedOrganization)
    today = floor_day(epoch(organization.now()))
    return truth_of(organization, today - DAYS * DAY, today + DAY)


@pytest.fixture
def start(
    company: RunningServer, database_url: str, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Starts a server, which ends before its database does; it is not waited for."""
    started: list[Server] = []

    def one(*options: str, url: str = database_url, **settings: str) -> Server:
        given = {"WHERESPENT_BACKFILL_DAYS": str(DAYS), "WHERESPENT_LIVE": "off", **settings}
        started.append(Server(url, company.url, tmp_path, *options, **given))
        return started[-1]

    yield one
    for server in started:
        server.process.terminate()
    for server in started:
        server.close()


def asked_twice(company: RunningServer) -> list[str]:
    """Windows of usage or costs that were asked for more than once."""
    times = Counter(
        f"{request.path}?{request.query}"
        for request in company.requests
        if "/usage/" in request.path or request.path.endswith("/costs")
    )
    return [question for question, count in times.items() if count > 1]


def is_done(database: Database, truth: Truth) -> bool:
    return covered(database) >= READINGS * (DAYS + 1) and truth.is_held_by(database)


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_processes_that_start_at_once_migrate_once_and_sync_once(
    start: Callable[..., Server],
    company: RunningServer,
    truth: Truth,
    database_url: str,
    copies: Copies,
    is_full: bool,
    tally: Tally,
    processes: int,
) -> None:
    if not is_full and processes != (2 if database_url.startswith("sqlite") else 4):
        pytest.skip("2, 4 and 8 at once on each engine, fifty times: in the full form")
    starts = 50 if is_full else 1
    for _ in range(starts):
        company.requests.clear()
        url = copies.empty(database_url)
        servers = [start(url=url) for _ in range(processes)]
        for server in servers:
            assert httpx.get(f"{server.url}/healthz").json()["status"] == "ok"
        database = open_database(url)
        until(lambda: is_done(database, truth), every=0.3)  # noqa: B023 - used up before the next turn
        until(lambda: any("users" in request.path for request in company.requests))
        assert sum("was migrated" in server.said() for server in servers) == 1
        assert sum(server.leads() for server in servers) == 1
        assert asked_twice(company) == []
        database.dispose()
        for server in servers:
            server.process.terminate()
        for server in servers:
            server.close()
    engine = database_url.split(":", maxsplit=1)[0]
    tally(
        f"11 {processes} processes start at once, {engine}",
        faults=starts,
        converged=starts,
        note="one migration, one sync",
    )


def test_a_killed_leader_is_replaced(
    start: Callable[..., Server],
    company: RunningServer,
    truth: Truth,
    database: Database,
    database_url: str,
    is_full: bool,
    tally: Tally,
) -> None:
    """In the middle of its sync, so that its successor has something to finish."""
    company.organization.faults.latency = 0.05
    took: list[float] = []
    followers = [start()]
    until(followers[0].leads)
    for _ in range(20 if is_full else 1):
        leader = followers.pop()
        followers.append(start())
        assert followers[0].url
        leader.end(signal.SIGKILL)
        took.append(until(followers[0].leads))
    company.organization.faults.latency = 0
    until(lambda: is_done(database, truth), every=0.3)
    engine = database_url.split(":", maxsplit=1)[0]
    tally(
        f"11 leader kill -9, {engine}",
        faults=len(took),
        converged=len(took),
        note=f"next leads within {max(took):.1f} s, median {statistics.median(took):.1f} s",
    )


def test_workers_of_one_server_share_everything_and_outlive_their_leader(
    start: Callable[..., Server], truth: Truth, database: Database, database_url: str
) -> None:
    password = "correct horse battery staple"
    server = start("--workers", "2", WHERESPENT_PASSWORD=password)
    until(lambda: server_answers(server))
    until(lambda: is_done(database, truth), every=0.3)
    assert server.said().count("this process syncs") == 1
    with httpx.Client(base_url=server.url, follow_redirects=True) as browser:
        browser.post("/login", data={"password": password})
        cookies = dict(browser.cookies)
    leader = leading_process(server)
    os.kill(leader, signal.SIGKILL)
    until(lambda: server.said().count("this process syncs") == 2)
    assert leading_process(server) != leader
    # The cookie that one worker gave is good for each, also for the one that is new.
    for _ in range(8):
        page = httpx.get(f"{server.url}/", cookies=cookies)
        assert page.status_code == 200
    assert server.process.poll() is None


def server_answers(server: Server) -> bool:
    try:
        return httpx.get(f"{server.url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def leading_process(server: Server) -> int:
    """The number of the process that said last that it syncs."""
    line = [line for line in server.said().splitlines() if "this process syncs" in line][-1]
    return int(line.split("process=")[1].split()[0])


def test_a_sync_by_hand_beside_a_running_server_is_safe(
    start: Callable[..., Server],
    company: RunningServer,
    truth: Truth,
    database: Database,
    database_url: str,
    tmp_path: Path,
) -> None:
    company.organization.faults.latency = 0.02
    server = start()
    until(lambda: covered(database) > 0)
    variables = environment(database_url, company.url, WHERESPENT_BACKFILL_DAYS=str(DAYS))
    by_hand = [Command(["sync"], variables, tmp_path) for _ in range(2)]
    for command in by_hand:
        code = command.ended()
        assert code == 0, command.said()
    until(lambda: is_done(database, truth), every=0.3)
    assert server.process.poll() is None
    assert "Traceback" not in server.said()


def test_pages_do_not_wait_for_a_transaction_that_writes(
    start: Callable[..., Server], truth: Truth, database: Database, database_url: str
) -> None:
    server = start()
    until(lambda: is_done(database, truth), every=0.3)
    command = [sys.executable, "-c", WRITER, database_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writes\n"
        # The transaction stays open until its process is told to end.
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert httpx.get(f"{server.url}/").status_code == 200
        assert covered(database) > 0
        assert writer.poll() is None
        writer.communicate("\n")
