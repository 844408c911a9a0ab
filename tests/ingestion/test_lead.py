"""What the leader does when it sleeps, is asked, or is no longer the leader."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import Rig, the
from tests.processes import until

from wherespent.ingestion.account_sync import Progress
from wherespent.ingestion.schedule import Schedule
from wherespent.storage import sync_state
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.sync_state import Reading
from wherespent.storage.tables import MAIN


class OwnLock:
    """A lock that nobody else wants."""

    def try_acquire(self) -> bool:
        return True

    def is_held(self) -> bool:
        return True

    def release(self) -> None:
        pass


class Watched:
    """Counts how often the schedule has looked whether somebody asks, once a second."""

    def __init__(self) -> None:
        self.looks = 0
        self.waiting = 0

    def __call__(self) -> int:
        self.looks += 1
        waiting, self.waiting = self.waiting, 0
        return waiting

    def look_twice(self) -> None:
        """Whatever is due by now has begun after this."""
        now = self.looks
        until(lambda: self.looks >= now + 3)


@contextmanager
def running(sync: Callable[[threading.Event], object], watched: Watched) -> Iterator[Schedule]:
    schedule = Schedule(
        lock=OwnLock(),
        sync=sync,
        take_requests=watched,
        interval=timedelta(hours=1),
        stop=threading.Event(),
    )
    schedule.start()
    yield schedule
    schedule.close()


def test_after_a_sleep_one_sync_stands_for_all_that_were_missed() -> None:
    watched, runs = Watched(), [0]

    def sync(_: threading.Event) -> None:
        runs[0] += 1

    with running(sync, watched) as schedule:
        until(lambda: runs == [1])
        watched.look_twice()
        # What a laptop that slept for five hours finds: its job was due five hours ago.
        long_ago = datetime.now(UTC) - timedelta(hours=5)
        jobs: Any = schedule._scheduler  # pyright: ignore[reportPrivateUsage]
        jobs.modify_job("sync", next_run_time=long_ago)
        until(lambda: runs == [2])
        watched.look_twice()
        assert runs == [2]


def test_a_refresh_during_a_sync_is_answered_by_one_more() -> None:
    watched, may_end = Watched(), threading.Event()
    asked: list[bool] = []

    def sync(hurry: threading.Event) -> None:
        asked.append(hurry.is_set())
        hurry.clear()
        may_end.wait()

    with running(sync, watched):
        until(lambda: asked == [False])
        watched.waiting = 2
        until(lambda: watched.waiting == 0)
        watched.look_twice()
        assert asked == [False]
        may_end.set()
        until(lambda: asked == [False, True])
        watched.look_twice()
        assert asked == [False, True]


# The lead is lost in the middle of a round


def claim_all(rig: Rig) -> None:
    """As the new leader does when it begins."""
    with rig.database.write() as connection:
        for name in ("costs", "completions", "embeddings"):
            place = Place(account_id(connection, "default"), stream_id(connection, the(name).name))
            reading = Reading(place, MAIN)
            assert sync_state.claim(connection, reading, "the new one", rig.clock(), steal=True)


def claims(rig: Rig) -> set[str]:
    return {row[0] for row in rig.rows("SELECT claimed_by FROM stream_state")}


def test_who_lost_the_lead_takes_no_claim_back(company: Rig) -> None:
    leads = [True]

    def lose(_: Progress) -> None:
        leads[0] = False
        claim_all(company)

    streams = ("costs", "completions", "embeddings")
    synced = company.sync(*streams, leads=lambda: leads[0], report=lose)
    assert sorted(outcome.status for outcome in synced.outcomes.values()) == [
        "done",
        "done",
        "stopped",
    ]
    assert len({request.path for request in company.server.requests}) == 1
    assert claims(company) == {"the new one"}


def test_a_round_reads_nothing_once_the_lead_is_lost(company: Rig) -> None:
    streams = ("costs", "completions", "embeddings")
    cycle = company.cycle(*streams, leads=lambda: False)
    claim_all(company)
    company.round(cycle)
    assert company.rows("SELECT * FROM sync_run") == []
    assert claims(company) - {""} == {"the new one"}
    company.round(company.cycle(*streams, leads=lambda: True))
    assert company.covered("costs") == company.covered("embeddings") == set(range(-3, 1))
