"""When syncs run (APScheduler), in which process (the leader), and nothing else."""

# pyright: reportUnknownMemberType=false
# APScheduler 3 has no types.

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from wherespent.errors import StorageError
from wherespent.storage.locks import Lock

log = structlog.get_logger()

_SYNC = "sync"
_WATCH_SECONDS = 1
# A page in flight is written or rolled back in far less; the process may end after that.
_STOP_SECONDS = 2


class Schedule:
    """Runs `sync` at start and every `interval`, in one process of all that share the lock.

    `take_requests` says how many people asked for a refresh since it was last asked; `sync`
    gets an event that is set while somebody waits. A job that a sleeping laptop missed runs
    once when it wakes.
    """

    def __init__(
        self,
        *,
        lock: Lock,
        sync: Callable[[threading.Event], Any],
        take_requests: Callable[[], int],
        interval: timedelta,
        stop: threading.Event,
    ) -> None:
        self._lock = lock
        self._sync = sync
        self._take_requests = take_requests
        self._interval = interval
        self._stop = stop
        self._hurry = threading.Event()
        self._leads = False
        self._worker: threading.Thread | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

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
        leads = self._lock.is_held() if self._leads else self._lock.try_acquire()
        if leads and not self._leads:
            log.info("this process syncs", every=str(self._interval))
            self._scheduler.add_job(
                self._run,
                "interval",
                id=_SYNC,
                seconds=self._interval.total_seconds(),
                next_run_time=datetime.now(UTC),
                jitter=min(5, self._interval.total_seconds() / 10),
                replace_existing=True,
            )
        elif self._leads and not leads:
            log.warning("another process syncs from now on")
            self._drop_sync()
        self._leads = leads
        if leads:
            self._answer_requests()

    def _answer_requests(self) -> None:
        try:
            waiting = self._take_requests()
        except StorageError as error:
            log.warning("the database is away", error=str(error))
            return
        if waiting:
            self._hurry.set()
            self._scheduler.modify_job(_SYNC, next_run_time=datetime.now(UTC))

    def _drop_sync(self) -> None:
        with suppress(JobLookupError):
            self._scheduler.remove_job(_SYNC)

    def _run(self) -> None:
        """Sync, and again at once when somebody asked for it meanwhile."""
        while True:
            is_asked_for = self._hurry.is_set()
            self._run_once()
            if self._stop.is_set() or not self._leads or is_asked_for or not self._hurry.is_set():
                return

    def _run_once(self) -> None:
        """Sync in a thread that dies with the process: a request that hangs must not keep it."""
        self._worker = threading.Thread(target=self._sync_safely, daemon=True, name="sync")
        self._worker.start()
        while self._worker.is_alive() and not self._stop.is_set():
            self._worker.join(0.2)

    def _sync_safely(self) -> None:
        started = time.monotonic()
        try:
            self._sync(self._hurry)
        except Exception:
            # The one place that catches everything: the next run tries again.
            if not self._stop.is_set():
                log.exception("sync failed")
        else:
            log.debug("synced", seconds=round(time.monotonic() - started, 2))
