"""The schedule in real server processes: it starts, answers, hands over, and stops in time."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.builders import assert_rollups
from tests.processes import Server, count, covered, until

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.errors import StorageError
from wherespent.ingestion.schedule import Schedule
from wherespent.storage.engine import Database
from wherespent.storage.refresh import request_refresh


@pytest.fixture
def company() -> Iterator[RunningServer]:
    with serve(SimulatedOrganization(7)) as server:
        yield server


@pytest.fixture
def start(
    database_url: str, company: RunningServer, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def one(**settings: str) -> Server:
        started.append(Server(database_url, company.url, tmp_path, **settings))
        assert started[-1].url
        return started[-1]

    yield one
    for server in started:
        server.close()


def test_a_server_syncs_at_start_and_again_when_asked(
    start: Callable[..., Server], company: RunningServer, database: Database
) -> None:
    server = start()
    until(lambda: covered(database) >= 12 * 4)
    until(lambda: count(database, "SELECT COUNT(*) FROM name") > 0)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    until(lambda: not count(database, "SELECT COUNT(*) FROM sync_run WHERE status = 'running'"))
    before = len(company.requests)
    request_refresh(database, datetime.now(UTC))
    # Taken first: what else is asked may still belong to the first round.
    until(
        lambda: not count(database, "SELECT COUNT(*) FROM refresh_request WHERE taken_at IS NULL")
    )
    until(
        lambda: {r.path.rsplit("/", 1)[-1] for r in company.requests[before:]} >= {"costs", "users"}
    )
    assert_rollups(database)


@pytest.mark.parametrize("trouble", ["slow", "hang"])
def test_sigterm_during_a_sync_ends_within_five_seconds_and_loses_nothing(
    start: Callable[..., Server], company: RunningServer, database: Database, trouble: str
) -> None:
    faults = company.organization.faults
    company.organization.quirks.usage_page_cap = 24
    faults.latency = 0.02
    server = start(WHERESPENT_BACKFILL_DAYS="300")
    until(lambda: covered(database) >= 12 * 4)
    if trouble == "hang":
        faults.script("/", "hang", times=500)
        until(lambda: any(request.fault == "hang" for request in company.requests))
    with httpx.stream("GET", f"{server.url}/"):
        assert server.process.poll() is None
        kept = covered(database)
        assert server.end(signal.SIGTERM) <= 5
    assert covered(database) >= kept
    assert_rollups(database)
    assert "Traceback" not in server.log.read_text()


def test_one_of_two_servers_syncs_and_the_other_takes_over_when_it_is_killed(
    start: Callable[..., Server], company: RunningServer, database: Database
) -> None:
    first = start(WHERESPENT_SYNC_INTERVAL="2s")
    until(first.leads)
    second = start(WHERESPENT_SYNC_INTERVAL="2s")
    until(lambda: covered(database) >= 12 * 4)
    assert httpx.get(f"{second.url}/healthz").status_code == 200
    assert not second.leads()
    first.end(signal.SIGKILL)
    until(second.leads)
    before = len(company.requests)
    until(lambda: len(company.requests) > before)


class FreeLock:
    """A lock that can be taken away."""

    def __init__(self) -> None:
        self.free = True

    def try_acquire(self) -> bool:
        return self.free

    def is_held(self) -> bool:
        return self.free

    def release(self) -> None:
        self.free = False


def a_schedule(
    sync: Callable[[threading.Event], object], lock: FreeLock, **options: object
) -> Schedule:
    given = {"take_requests": lambda: 0, "interval": timedelta(seconds=0.2), **options}
    return Schedule(lock=lock, sync=sync, stop=threading.Event(), **given)  # type: ignore[arg-type]


def test_a_sync_that_fails_unexpectedly_is_followed_by_the_next() -> None:
    tries: list[int] = []

    def sync(hurry: threading.Event) -> None:
        tries.append(1)
        raise RuntimeError("boom")

    schedule = a_schedule(sync, FreeLock())
    schedule.start()
    until(lambda: len(tries) >= 2)
    schedule.close()


def test_a_sync_that_the_database_ended_runs_again_long_before_its_turn() -> None:
    tries: list[int] = []

    def sync(hurry: threading.Event) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise StorageError("the disk is full: free some space")

    schedule = a_schedule(sync, FreeLock(), interval=timedelta(hours=1))
    schedule.start()
    until(lambda: len(tries) >= 3)
    schedule.close()


def test_a_lead_that_was_lost_and_won_back_is_followed_by_a_sync() -> None:
    """Also while the sync from before is not over yet."""
    tries: list[int] = []
    goes_on = threading.Event()
    lock = FreeLock()

    def sync(hurry: threading.Event) -> None:
        tries.append(1)
        goes_on.wait(60)

    schedule = a_schedule(sync, lock, interval=timedelta(hours=1))
    schedule.start()
    until(lambda: tries)
    lock.free = False
    until(lambda: not schedule.leads)
    lock.free = True
    until(lambda: schedule.leads)
    goes_on.set()
    until(lambda: len(tries) >= 2)
    schedule.close()


def test_a_process_without_the_lock_never_syncs_and_one_that_loses_it_stops() -> None:
    tries: list[int] = []
    lock = FreeLock()
    lock.free = False
    schedule = a_schedule(lambda hurry: tries.append(1), lock)
    schedule.start()
    time.sleep(1.2)
    assert tries == []
    lock.free = True
    until(lambda: len(tries) >= 1)
    lock.free = False
    time.sleep(2)
    after = len(tries)
    time.sleep(1)
    assert len(tries) == after
    schedule.close()


def test_syncs_never_overlap() -> None:
    running, most = 0, 0

    def sync(hurry: threading.Event) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.5)
        running -= 1

    schedule = a_schedule(sync, FreeLock(), interval=timedelta(seconds=0.1))
    schedule.start()
    time.sleep(1.5)
    schedule.close()
    assert most == 1
