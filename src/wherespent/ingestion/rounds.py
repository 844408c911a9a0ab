"""Rounds of several accounts side by side: one that hangs or fails leaves the others alone."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from wherespent.errors import StorageError

log = structlog.get_logger()

_LOOK_SECONDS = 0.1


class Rounds:
    """Runs a job for every account at once, each in a thread that dies with the process.

    A job gets an event that is set when somebody wants the newest data now. An account whose
    last round is not over yet is left out of the next one, `patience` seconds later at most.
    One that was hastened begins anew as soon as it is over: what it was asked for is owed to it.
    """

    def __init__(
        self, jobs: Mapping[str, Callable[[threading.Event], Any]], *, patience: float
    ) -> None:
        self._jobs = jobs
        self._patience = patience
        self._threads: dict[str, threading.Thread] = {}
        self._hurries: dict[str, threading.Event] = {}
        # Who was hastened, and has not begun anew since.
        self._owed: set[str] = set()
        self._lost: list[StorageError] = []

    def run(self, hurry: threading.Event) -> None:
        """Start what is idle, and wait for it; a `hurry` ends the wait as soon as one is idle.

        Raises StorageError where the database ended a round; other failures are logged.
        """
        is_asked_for = hurry.is_set()
        hurry.clear()
        self._lost.clear()
        if is_asked_for:
            self._hasten()
        for account in self._idle():
            self._start(account, is_asked_for=is_asked_for or account in self._owed)
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            if hurry.is_set():
                # Who reads history makes way; who hangs cannot, and is not waited for.
                self._hasten()
                if self._idle():
                    break
            self._start_owed()
            if len(self._idle()) == len(self._jobs):
                break
            time.sleep(_LOOK_SECONDS)
        if self._lost:
            raise self._lost[0]

    def _idle(self) -> list[str]:
        return [
            account
            for account in self._jobs
            if account not in self._threads or not self._threads[account].is_alive()
        ]

    def _hasten(self) -> None:
        for account in self._jobs.keys() - set(self._idle()):
            self._hurries[account].set()
            self._owed.add(account)

    def _start_owed(self) -> None:
        for account in self._owed.intersection(self._idle()):
            self._start(account, is_asked_for=True)

    def _start(self, account: str, *, is_asked_for: bool) -> None:
        self._owed.discard(account)
        hurry = self._hurries[account] = threading.Event()
        if is_asked_for:
            hurry.set()
        thread = self._threads[account] = threading.Thread(
            target=self._run, args=(account, hurry), daemon=True, name=f"sync {account}"
        )
        thread.start()

    def _run(self, account: str, hurry: threading.Event) -> None:
        try:
            with structlog.contextvars.bound_contextvars(account=account):
                self._jobs[account](hurry)
        except StorageError as error:
            self._lost.append(error)
        except Exception:
            # Whatever befell one account: the others go on, and its next round tries again.
            log.exception("a round failed", account=account)
