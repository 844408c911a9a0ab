"""Brings one account up to date: every stream, newest data first, one failure never in the
way of the others."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.errors import (
    KeyRefused,
    ProviderError,
    StorageError,
    SyncStopped,
)
from wherespent.ingestion.groupings import ASKED_AGAIN, Refusals, groupings
from wherespent.ingestion.outcomes import (
    ASK_UNSUPPORTED_EVERY,
    BUSY,
    DONE_UNSUPPORTED,
    StreamOutcome,
    is_believed,
    outcome_status,
)
from wherespent.ingestion.plan import Wanted, plan_windows
from wherespent.ingestion.sync import Client, Clock, StreamSync
from wherespent.storage import sync_state
from wherespent.storage.engine import Database
from wherespent.storage.refusals import forget_refusals, refusals
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.stream_failures import failure_of
from wherespent.storage.sync_state import DONE, FAILED, STOPPED, Reading
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import Written

log = structlog.get_logger()
# A grouping that was refused may be offered by now.
_ASK_REFUSED_EVERY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Progress:
    """Days of all streams that this sync set out to read, and how many are done."""

    stream: str
    done_days: int
    wanted_days: int


@dataclass(frozen=True, slots=True)
class _Task:
    stream: StreamSync
    grouping: int
    window: Window


@dataclass
class AccountSync:
    """One sync of one account.

    `is_leader`: may take over what a dead process had claimed. `leads` is asked before each
    claim: once it says no the sync stops, or it would take back what the new leader has claimed.
    `has_time` is asked before each window of history; `report` is told after each window.
    Without `insists`, an endpoint that has just refused the key is not asked again yet.
    """

    database: Database
    client: Client
    account: str
    streams: tuple[Stream, ...]
    claimant: str
    now: Clock
    is_leader: bool = True
    leads: Callable[[], bool] = lambda: True
    has_time: Callable[[], bool] = lambda: True
    report: Callable[[Progress], None] = lambda _: None
    insists: bool = True
    outcomes: dict[str, StreamOutcome] = field(default_factory=dict[str, StreamOutcome])
    unknown_key: KeyRefused | None = None  # once the provider said that it does not know the key
    _tried: dict[Reading, set[int]] = field(default_factory=dict[Reading, set[int]])
    _syncs: list[StreamSync] = field(default_factory=list[StreamSync])

    def run(self, wanted: dict[Kind, Wanted]) -> list[StreamOutcome]:
        """Read until nothing in `wanted` remains. Never raises ProviderError: see the outcomes."""
        self._syncs = [self._prepared(stream) for stream in self.streams]
        for sync in self._syncs:
            self.outcomes.setdefault(sync.stream.name, StreamOutcome(sync.stream.name))
        # A reading may be refused and split in two, so plan until there is nothing new.
        while tasks := self._tasks(wanted):
            if not self._work(tasks):
                break
        self._distrust_404_everywhere()
        return list(self.outcomes.values())

    def give_up(self, error: ProviderError, *, is_news: bool) -> list[StreamOutcome]:
        """Ask nothing, because of the whole account; what is no news is not recorded again."""
        for stream in self.streams:
            status = STOPPED if isinstance(error, SyncStopped) else FAILED
            self.outcomes[stream.name] = StreamOutcome(stream.name, status, error=str(error))
            if is_news and status == FAILED:
                self._record_for_all(self._prepared(stream), error)
        return list(self.outcomes.values())

    def read_again(self, stream: Stream, window: Window) -> str:
        """Read once more what `run` has read, settled or not; says how it ended."""
        sync = next(each for each in self._syncs if each.stream == stream)
        outcome = StreamOutcome(stream.name)
        self._do(_Task(sync, MAIN, window), outcome)
        return outcome.status

    def _distrust_404_everywhere(self) -> None:
        """Where nothing at all exists the address is wrong, not the organization."""
        outcomes = self.outcomes.values()
        asked = [o for o in outcomes if o.status == DONE_UNSUPPORTED and o.requests]
        if len(asked) < 2 or len(asked) < len(outcomes):
            return
        error = ProviderError(
            "every endpoint answered 404: check that WHERESPENT_OPENAI_BASE_URL leads to OpenAI"
        )
        for sync in self._syncs:
            outcome = self.outcomes[sync.stream.name]
            outcome.status, outcome.error = FAILED, str(error)
            self._record_for_all(sync, error)

    def _prepared(self, stream: Stream) -> StreamSync:
        with self.database.write() as connection:
            account = account_id(connection, self.account)
            place = Place(account, stream_id(connection, stream.name))
            forget_refusals(connection, place, ASKED_AGAIN, self.now() - _ASK_REFUSED_EVERY)
            known = Refusals.of(refusals(connection, place))
        return StreamSync(self.database, self.client, stream, place, self.claimant, self.now, known)

    def _tasks(self, wanted: dict[Kind, Wanted]) -> list[_Task]:
        """Newest first over all streams, so that today is complete before history begins."""
        tasks = [
            _Task(sync, grouping, window)
            for sync in self._syncs
            if self.outcomes[sync.stream.name].status == DONE
            for grouping in groupings(sync.stream, sync.refusals)
            for window in self._windows(sync, grouping, wanted[sync.stream.kind])
        ]
        return sorted(tasks, key=lambda task: -task.window.end)

    def _windows(self, sync: StreamSync, grouping: int, wanted: Wanted) -> list[Window]:
        reading = Reading(sync.place, grouping)
        with self.database.read() as connection:
            unsupported = sync_state.unsupported_since(connection, reading)
            days_read = sync_state.days_read(connection, reading)
            doubted = sync_state.days_to_doubt(connection, reading, self.now())
            failure = failure_of(connection, reading)
        # What a clock that was ahead has written is not believed.
        if unsupported and unsupported <= self.now() < unsupported + ASK_UNSUPPORTED_EVERY:
            self.outcomes[sync.stream.name].status = DONE_UNSUPPORTED
            return []
        if failure is not None and not self.insists and is_believed(failure, self.now()):
            outcome = self.outcomes[sync.stream.name]
            outcome.status, outcome.error = FAILED, failure.error
            return []
        return plan_windows(
            sync.stream,
            replace(wanted, floor=sync.refusals.history_floor),
            days_read,
            doubted=doubted,
            skipped=self._tried.get(reading, set()),
            now=self.now(),
        )

    def _work(self, tasks: list[_Task]) -> bool:
        """Do the tasks in order; False when there is no time for the rest."""
        wanted_days = sum(task.window.seconds // DAY for task in tasks)
        done_days = 0
        history_before = floor_day(epoch(self.now())) - 7 * DAY
        for task in tasks:
            outcome = self.outcomes[task.stream.stream.name]
            if task.window.end <= history_before and not self.has_time():
                return False
            done_days += task.window.seconds // DAY
            if outcome.status != DONE:
                continue
            before = task.stream.refusals
            self._do(task, outcome)
            self.report(Progress(outcome.stream, done_days, wanted_days))
            if self._is_stopped(outcome):
                return False
            if task.stream.refusals != before:
                return True
        return True

    def _is_stopped(self, outcome: StreamOutcome) -> bool:
        return outcome.status == STOPPED

    def _do(self, task: _Task, outcome: StreamOutcome) -> None:
        """One sync run: claimed, counted, and recorded however it ends."""
        if not self.leads():
            outcome.status = STOPPED
            return
        reading = Reading(task.stream.place, task.grouping)
        self._tried.setdefault(reading, set()).update(task.window.days())
        with self.database.write() as connection:
            if not sync_state.claim(
                connection, reading, self.claimant, self.now(), steal=self.is_leader
            ):
                outcome.status = BUSY
                return
            run = sync_state.start_run(connection, reading, task.window, self.now())
        requests, written = self.client.requests, Written()
        try:
            error = self._read(task, written)
        except StorageError as trouble:
            # What is full mostly has room for this much, and then every process can say why.
            with suppress(StorageError):
                self._record(reading, run, written, trouble, self.client.requests - requests)
            raise
        outcome.status = outcome_status(error)
        outcome.requests += self.client.requests - requests
        outcome.rows += written.rows
        outcome.buckets_changed += written.buckets_changed
        outcome.error = "" if error is None or outcome.status != FAILED else str(error)
        self._record(reading, run, written, error, self.client.requests - requests)
        self._stop_the_others(outcome, error)

    def _read(self, task: _Task, written: Written) -> ProviderError | None:
        """Read one window; what goes wrong with one stream must not end the others."""
        try:
            task.stream.read(task.grouping, task.window, written)
        except ProviderError as error:
            return error
        except StorageError:
            raise
        except Exception as error:
            name = task.stream.stream.name
            log.exception("stream failed unexpectedly", stream=name)
            return ProviderError(
                f"{name} could not be stored ({type(error).__name__}): the log says where; the "
                "next sync tries again"
            )
        return None

    def _record(
        self,
        reading: Reading,
        run: int,
        written: Written,
        error: ProviderError | StorageError | None,
        requests: int,
    ) -> None:
        status = outcome_status(error)
        now = self.now()
        with self.database.write() as connection:
            if status == DONE:
                sync_state.record_success(connection, reading, now)
            elif status == DONE_UNSUPPORTED:
                sync_state.record_unsupported(connection, reading, str(error), now)
            elif status == FAILED:
                kind = type(error).__name__
                sync_state.record_failure(connection, reading, kind, str(error), now)
                log.warning("stream failed", stream=self._name(reading), error=str(error))
            sync_state.release(connection, reading, self.claimant)
            # The run last: whoever takes the claim over locks the claim and then this run, and
            # two that lock in different orders wait for each other in a circle.
            sync_state.finish_run(
                connection,
                run,
                written,
                requests=requests,
                status=DONE if status == DONE_UNSUPPORTED else status,
                error=str(error or ""),
                now=now,
            )

    def _name(self, reading: Reading) -> str:
        return next(s.stream.name for s in self._syncs if s.place == reading.place)

    def _stop_the_others(self, outcome: StreamOutcome, error: ProviderError | None) -> None:
        """A key that OpenAI does not know is not tried again on eleven more endpoints."""
        if isinstance(error, KeyRefused) and error.is_unknown:
            self.unknown_key = error
            for sync in self._syncs:
                other = self.outcomes[sync.stream.name]
                if other.status == DONE:
                    other.status, other.error = FAILED, outcome.error
                    self._record_for_all(sync, error)

    def _record_for_all(self, sync: StreamSync, error: ProviderError) -> None:
        """What the whole key or address suffers from, for a stream that was not asked."""
        with self.database.write() as connection:
            for grouping in groupings(sync.stream, sync.refusals):
                reading = Reading(sync.place, grouping)
                sync_state.ensure_state(connection, reading)
                sync_state.record_failure(
                    connection, reading, type(error).__name__, str(error), self.now()
                )


def whole_history(now: datetime, backfill_days: int) -> tuple[int, int]:
    """From `backfill_days` ago to the coming midnight, both UTC midnights."""
    today = floor_day(epoch(now))
    return today - backfill_days * DAY, today + DAY
