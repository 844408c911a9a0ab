"""Row 7: a process that is killed anywhere loses nothing, doubles nothing, and is replaced."""

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.faults.conftest import Tally
from tests.faults.databases import Copies, assert_sound, at_rest, copies
from tests.faults.forked import Command, Failpoint
from tests.faults.truth import Facts, Truth, stored_facts, truth_of
from tests.processes import environment

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade

DAYS = 3
__all__ = ["copies"]  # a fixture

SEED = 20261121
_SYNC = "wherespent.ingestion.sync"
_COMMIT = "sqlalchemy.engine.default:DefaultDialect.do_commit"

FAILPOINTS = [
    Failpoint(place, call, after)
    for place, call in (
        ("wherespent.storage.sync_state:claim", 3),
        ("wherespent.storage.sync_state:start_run", 2),
        (f"{_SYNC}:renew", 4),
        (f"{_SYNC}:replace_usage", 5),
        ("wherespent.storage.writes:rewrite_usage", 4),
        ("wherespent.storage.rollups:insert_block", 6),
        (f"{_SYNC}:replace_costs", 1),
        ("wherespent.storage.cost_writes:rewrite_cost_rollup", 1),
        (f"{_SYNC}:record_coverage", 7),
        (f"{_SYNC}:advance_version", 2),
        ("wherespent.storage.sync_state:finish_run", 3),
        ("wherespent.storage.sync_state:record_success", 1),
        ("wherespent.storage.sync_state:release", 5),
        ("wherespent.ingestion.names:upsert_names", 1),
        ("wherespent.ingestion.cycle:thin_revisions", 1),
        ("wherespent.ingestion.cycle:forget_old_runs", 1),
        (_COMMIT, 1),
        (_COMMIT, 8),
        (_COMMIT, 30),
    )
    for after in (False, True)
]


@dataclass
class Killing:
    """A database that was half filled yesterday, and what a sync of today must make of it."""

    start: str
    before: Facts
    truth: Truth
    api: str
    folder: Path
    copies: Copies
    slowest_start: float = 0.0

    def command(self, url: str, failpoint: Failpoint | None = None) -> Command:
        variables = environment(url, self.api, WHERESPENT_BACKFILL_DAYS=str(DAYS))
        return Command(["sync"], variables, self.folder, failpoint)

    def survived(self, url: str, before: Facts) -> bool:
        """Sound and whole after the kill; whether the next sync reaches the truth."""
        began = time.monotonic()
        database = open_database(url)
        upgrade(database)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)
        assert_sound(database)
        self.truth.assert_whole_buckets(database, before)
        following = self.command(url)
        code = following.ended()
        assert code == 0, following.said()
        converged = self.truth.is_held_by(database)
        database.dispose()
        return converged

    def report(self, tally: Tally, where: str, kills: int, converged: int) -> None:
        engine = self.start.split(":")[0]
        note = f"ready again within {self.slowest_start:.1f} s"
        tally(f"07 kill -9 {where}, {engine}", faults=kills, converged=converged, note=note)
        assert converged == kills

    def seconds(self) -> float:
        """How long a sync takes that nobody kills."""
        began = time.monotonic()
        assert self.command(self.copies.of(self.start)).ended() == 0
        return time.monotonic() - began


@pytest.fixture
def company() -> Iterator[RunningServer]:
    frozen = datetime.now(UTC)
    with serve(SimulatedOrganization(7, lambda: frozen)) as server:
        # Small pages make many transactions to be killed in.
        server.organization.quirks.usage_page_cap = 24
        yield server


@pytest.fixture
def killing(
    database: Database, database_url: str, company: RunningServer, tmp_path: Path, copies: Copies
) -> Killing:
    organization = company.organization
    assert isinstance(organization, SimulatedOrganization)
    now = organization.now
    today = floor_day(epoch(now()))
    truth = truth_of(organization, today - DAYS * DAY, today + DAY)
    organization.now = lambda: now() - timedelta(hours=20)
    first = Killing(database_url, {}, truth, company.url, tmp_path, copies)
    variables = environment(database_url, company.url, WHERESPENT_BACKFILL_DAYS="2")
    assert Command(["sync"], variables, tmp_path).ended() == 0
    organization.now = now
    first.before = stored_facts(database)
    database.dispose()
    at_rest(database_url)
    return first


def test_a_sync_that_is_killed_at_any_moment_is_made_good_by_the_next(
    killing: Killing, is_full: bool, tally: Tally
) -> None:
    dice = random.Random(SEED)
    longest = killing.seconds()
    kills = converged = 0
    while kills < (110 if is_full else 2):
        # Every third time from nothing, so that the migration is hit as well.
        is_new = kills % 3 == 1
        url = killing.copies.empty(killing.start) if is_new else killing.copies.of(killing.start)
        victim = killing.command(url)
        moment = dice.uniform(0, longest)
        time.sleep(moment)
        victim.kill()
        is_hit = victim.ended() == -signal.SIGKILL
        if not is_hit:
            # It was done before: the machine has become faster.
            longest = moment
        is_good = killing.survived(url, {} if is_new else killing.before)
        kills, converged = kills + is_hit, converged + (is_hit and is_good)
        killing.copies.drop(url)
    killing.report(tally, "at random", kills, converged)


def test_a_sync_that_is_killed_at_a_failpoint_is_made_good_by_the_next(
    killing: Killing, is_full: bool, tally: Tally
) -> None:
    """In the short form, each engine has some of them, and not the same."""
    is_sqlite = killing.start.startswith("sqlite")
    chosen = FAILPOINTS if is_full else FAILPOINTS[is_sqlite::9]
    converged = 0
    for failpoint in chosen:
        url = killing.copies.of(killing.start)
        victim = killing.command(url, failpoint)
        assert victim.ended() == -signal.SIGKILL, f"{failpoint} was not reached: {victim.said()}"
        converged += killing.survived(url, killing.before)
        killing.copies.drop(url)
    killing.report(tally, "at failpoints", len(chosen), converged)
