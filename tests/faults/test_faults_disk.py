"""Rows 9 and 10: a disk that is full, a file that is locked, a file that cannot be written."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.faults.conftest import Tally
from tests.faults.disks import fill_up, mount, small_disk, what_it_says
from tests.faults.forked import Command
from tests.faults.truth import Truth, stored_facts, truth_of
from tests.processes import Server, count, covered, environment, until

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.engine import Database, open_database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts of Linux")

__all__ = ["small_disk"]  # a fixture

DAYS = 8


@pytest.fixture
def company() -> Iterator[RunningServer]:
    frozen = datetime.now(UTC)
    with serve(SimulatedOrganization(7, lambda: frozen)) as server:
        server.organization.quirks.usage_page_cap = 24
        server.organization.faults.latency = 0.02
        yield server


@pytest.fixture
def truth(company: RunningServer) -> Truth:
    organization = company.organization
    assert isinstance(organization, SimulatedOrganization)
    today = floor_day(epoch(organization.now()))
    return truth_of(organization, today - DAYS * DAY, today + DAY)


@pytest.fixture
def start(company: RunningServer, tmp_path: Path) -> Iterator[Callable[[Path], Server]]:
    started: list[Server] = []

    def one(path: Path) -> Server:
        settings = {"WHERESPENT_BACKFILL_DAYS": str(DAYS), "WHERESPENT_LIVE": "off"}
        started.append(Server(f"sqlite:///{path}", company.url, tmp_path, **settings))
        assert started[-1].url
        return started[-1]

    yield one
    for server in started:
        server.close()


def assert_kept(database: Database, truth: Truth, kept: int) -> None:
    """Nothing that was committed is lost, every bucket is whole, and reading goes on."""
    assert covered(database) >= kept
    truth.assert_whole_buckets(database, {})


def test_a_full_disk_loses_nothing_and_is_told_and_free_space_heals_it(
    start: Callable[[Path], Server], truth: Truth, small_disk: Path, tmp_path: Path, tally: Tally
) -> None:
    path = small_disk / "wherespent.db"
    server = start(path)
    url = f"sqlite:///{path}"
    database = open_database(url)
    until(lambda: covered(database) >= 20)
    ballast = fill_up(small_disk)
    kept = covered(database)
    until(lambda: "is full" in server.said())
    until(lambda: "free some space" in what_it_says(tmp_path, url))
    assert_kept(database, truth, kept)
    assert httpx.get(f"{server.url}/").status_code == 200
    health = httpx.get(f"{server.url}/healthz")
    assert health.status_code == 200
    assert "free some space" in health.json()["storage"]
    ballast.unlink()
    seconds = until(lambda: truth.is_held_by(database), every=0.3)
    until(lambda: not what_it_says(tmp_path, url).strip())
    assert server.process.poll() is None
    database.dispose()
    note = f"complete {seconds:.0f} s after there was space again"
    tally("09 disk full (32 MB), sqlite", faults=1, converged=1, note=note)


def test_a_disk_that_takes_nothing_more_loses_nothing_and_heals(
    start: Callable[[Path], Server], truth: Truth, tmp_path: Path, tally: Tally
) -> None:
    """A limit on the size of files: an error of every write beyond it, with no need of root."""
    path = tmp_path / "wherespent.db"
    server = start(path)
    url = f"sqlite:///{path}"
    database = open_database(url)
    until(lambda: covered(database) >= 20)
    log = Path(f"{path}-wal")
    limit = max(each.stat().st_size for each in (path, log, server.log) if each.exists())
    before = resource.prlimit(
        server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)
    )
    kept = covered(database)
    until(lambda: "look for free space" in server.said())
    assert_kept(database, truth, kept)
    assert httpx.get(f"{server.url}/").status_code == 200
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
    seconds = until(lambda: truth.is_held_by(database), every=0.3)
    assert server.process.poll() is None
    database.dispose()
    note = f"complete {seconds:.0f} s after it took writes again"
    tally("09 disk that refuses writes, sqlite", faults=1, converged=1, note=note)


def test_a_file_that_another_program_locks_is_read_meanwhile_and_written_afterwards(
    start: Callable[[Path], Server], truth: Truth, tmp_path: Path, is_full: bool, tally: Tally
) -> None:
    path = tmp_path / "wherespent.db"
    server = start(path)
    database = open_database(f"sqlite:///{path}")
    took: list[float] = []
    for hold in (10, 120) if is_full else (3,):
        until(lambda: covered(database) >= 20)
        with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
            foreign.execute("PRAGMA busy_timeout = 60000")
            foreign.execute("BEGIN EXCLUSIVE")
            kept = covered(database)
            released_at = time.monotonic() + hold
            while time.monotonic() < released_at:
                assert httpx.get(f"{server.url}/", timeout=30).status_code == 200
                assert httpx.get(f"{server.url}/healthz", timeout=30).status_code == 200
                assert_kept(database, truth, kept)
                time.sleep(0.2)
            assert covered(database) == kept
            foreign.execute("ROLLBACK")
        took.append(until(lambda: covered(database) > kept or truth.is_held_by(database)))  # noqa: B023
    until(lambda: truth.is_held_by(database), every=0.3)
    assert server.process.poll() is None
    database.dispose()
    note = f"writes again within {max(took):.1f} s"
    tally("10 file locked by another program", faults=len(took), converged=len(took), note=note)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Moves a database to where nobody can write; root needs a medium for that."""
    folder = tmp_path / "medium"
    folder.mkdir()

    def make(path: Path) -> Path:
        if os.geteuid() == 0:
            mount(folder)
        moved = folder / path.name
        shutil.copy(path, moved)
        if os.geteuid() == 0:
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        else:
            moved.chmod(0o444)
            folder.chmod(0o555)
        return moved

    yield make
    folder.chmod(0o755) if os.geteuid() != 0 else None
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def test_a_file_that_cannot_be_written_is_read_and_a_sync_says_what_to_do(
    company: RunningServer,
    sqlite_template: Path,
    start: Callable[[Path], Server],
    tmp_path: Path,
    read_only: Callable[[Path], Path],
    tally: Tally,
) -> None:
    path = tmp_path / "wherespent.db"
    shutil.copy(sqlite_template, path)
    variables = environment(f"sqlite:///{path}", company.url, WHERESPENT_BACKFILL_DAYS="1")
    assert Command(["sync"], variables, tmp_path).ended() == 0
    # A server that ran here before has made what it needs to sign cookies.
    start(path).close()
    written = open_database(f"sqlite:///{path}")
    before = stored_facts(written)
    written.dispose()
    moved = read_only(path)
    database = open_database(f"sqlite:///{moved}")
    assert stored_facts(database) == before
    database.dispose()
    refused = Command(
        ["sync"], {**variables, "WHERESPENT_DATABASE_URL": f"sqlite:///{moved}"}, tmp_path
    )
    assert refused.ended() == 1
    assert "let the user who runs wherespent" in refused.said()
    assert "Traceback" not in refused.said()
    server = start(moved)
    assert httpx.get(f"{server.url}/").status_code == 200
    assert "read-only" in httpx.get(f"{server.url}/healthz").json()["storage"]
    assert "read-only" in what_it_says(tmp_path, f"sqlite:///{moved}")
    assert count(database, "SELECT COUNT(*) FROM coverage") > 0
    database.dispose()
    tally("10 read-only file", faults=1, converged=1, note="read, and told what to do")
