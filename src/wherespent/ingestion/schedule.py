"""When syncs run (APScheduler), in which process (the leader), and nothing else."""

# pyright: reportUnknownMemberType=false
# APScheduler 3 has no types.

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from wherespent.errors import StorageError, SyncStopped
from wherespent.storage.locks import Lock

log = structlog.get_logger()

_SYNC = "sync"
_WATCH_SECONDS = 1
# A page in flight is written or rolled back in far less; the process may end after that.
_STOP_SECONDS = 2
# After a sync that the database ended: 1, 2, 4 … seconds from its start to the next.
_LONGEST_PAUSE_SECONDS = 30


class Schedule:
    """Runs `sync` at start and every `interval`, in one process of all that share the lock.

    `take_requests` says how many people asked for a refresh since it was last asked; `sync`
    gets an event that is set while somebody waits. `live` is called every second while this
    process leads. A job that a sleeping laptop missed runs once when it wakes; a sync that the
    database ended runs again within seconds, or as soon as the database is back.
    """

    def __init__(
        self,
        *,
        lock: Lock,
        sync: Callable[[threading.Event], Any],
        take_requests: Callable[[], int],
        interval: timedelta,
        stop: threading.Event,
        live: Callable[[], Any] | None = None,
    ) -> None:
        self._lock = lock
        self._sync = sync
        self._take_requests = take_requests
        self._interval = interval
        self._stop = stop
        self._hurry = threading.Event()
        self._leads = False
        self._running = False
        # When a sync is to run before its turn, on the monotonic clock; None: at its turn.
        self._owed_at: float | None = None
        self._failures = 0
        self._told = ""
        self._worker: threading.Thread | None = None
        self._live = live
        self._live_worker: threading.Thread | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    @property
    def leads(self) -> bool:
        """Whether this process is the one that syncs, as far as it knows: within a second."""
        return self._leads

    def start(self) -> None:
        """Call in the process that serves, after any fork."""
        self._scheduler.add_job(
            self._watch, "interval", seconds=_WATCH_SECONDS, next_run_time=datetime.now(UTC)
        )
        self._scheduler.start()

    def close(self) -> None:
        """Stop within seconds; what was written stays, the page in flight is rolled back."""
        self._stop.set()
        self._scheduler.shutdown(wait=False)
        if self._worker is not None:
            self._worker.join(_STOP_SECONDS)
        self._lock.release()

    def _watch(self) -> None:
        """Take the lead when it is free, notice when it is lost, answer refresh requests."""
        leads = self._has_lead()
        if leads and not self._leads:
            self._take_lead()
        elif self._leads and not leads:
            log.warning("this process no longer syncs: it lost the lead", process=os.getpid())
            self._drop_sync()
        self._leads = leads
        if leads:
            self._answer_requests()
            self._catch_up()
            self._keep_live()

    def _has_lead(self) -> bool:
        try:
            return self._lock.is_held() if self._leads else self._lock.try_acquire()
        except StorageError as error:
            self._tell("this process cannot take the lead", str(error))
            return False

    def _take_lead(self) -> None:
        log.info("this process syncs", every=str(self._interval), process=os.getpid())
        self._owed_at = time.monotonic()
        seconds = self._interval.total_seconds()
        self._scheduler.add_job(
            self._run,
            "interval",
            id=_SYNC,
            seconds=seconds,
            jitter=min(5, seconds / 10),
            replace_existing=True,
        )

    def _answer_requests(self) -> None:
        try:
            waiting = self._take_requests()
        except StorageError as error:
            self._tell("the database is away", str(error))
            return
        self._told = ""
        if waiting:
            self._hurry.set()
            self._owed_at = time.monotonic()

    def _tell(self, event: str, reason: str) -> None:
        """Once, not every second."""
        if reason != self._told:
            log.warning(event, reason=reason)
        self._told = reason

    def _catch_up(self) -> None:
        """Sync before its turn; what runs already, perhaps from before the lead was lost, first."""
        if self._owed_at is not None and not self._running and self._owed_at <= time.monotonic():
            self._scheduler.modify_job(_SYNC, next_run_time=datetime.now(UTC))

    def _keep_live(self) -> None:
        """The live minutes have a thread of their own: they must not wait for a long sync."""
        is_alive = self._live_worker is not None and self._live_worker.is_alive()
        if self._live is not None and not is_alive:
            self._live_worker = threading.Thread(
                target=self._follow_live, args=(self._live,), daemon=True, name="live"
            )
            self._live_worker.start()

    def _follow_live(self, live: Callable[[], Any]) -> None:
        while self._leads and not self._stop.is_set():
            try:
                live()
            except (StorageError, SyncStopped):
                # A database that is away is told by the watch, the end of the process by nobody.
                pass
            except Exception:
                log.exception("the live minutes failed")
            self._stop.wait(_WATCH_SECONDS)

    def _drop_sync(self) -> None:
        with suppress(JobLookupError):
            self._scheduler.remove_job(_SYNC)

    def _run(self) -> None:
        """Sync, and again at once when somebody asked for it meanwhile."""
        self._running = True
        try:
            while True:
                is_asked_for = self._hurry.is_set()
                self._run_once()
                if self._stop.is_set() or not self._leads or is_asked_for:
                    return
                if not self._hurry.is_set():
                    return
        finally:
            self._running = False

    def _run_once(self) -> None:
        """Sync in a thread that dies with the process: a request that hangs must not keep it."""
        self._owed_at = None
        self._worker = threading.Thread(target=self._sync_safely, daemon=True, name="sync")
        self._worker.start()
        while self._worker.is_alive() and not self._stop.is_set():
            self._worker.join(0.2)

    def _sync_safely(self) -> None:
        started = time.monotonic()
        try:
            self._sync(self._hurry)
        except StorageError as error:
            self._failures += 1
            self._owed_at = started + min(2 ** (self._failures - 1), _LONGEST_PAUSE_SECONDS)
            if not self._stop.is_set():
                log.warning("the sync was ended by the database", reason=str(error))
        except Exception:
            # The one place that catches everything: the next run tries again.
            if not self._stop.is_set():
                log.exception("sync failed")
        else:
            self._failures = 0
            log.debug("synced", seconds=round(time.monotonic() - started, 2))
