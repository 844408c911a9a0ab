"""One round of the schedule: newest data first, then names, then history while there is time."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.domain.records import Name
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.ingestion.account_sync import (
    AccountSync,
    Progress,
    StreamOutcome,
    whole_history,
)
from wherespent.ingestion.names import NAMES, names_are_due, sync_names
from wherespent.ingestion.plan import Wanted, provisional_from
from wherespent.ingestion.sync import Client
from wherespent.storage.engine import Database
from wherespent.storage.revisions import thin_revisions
from wherespent.storage.series import account_id
from wherespent.storage.sync_state import FAILED, forget_old_runs

# Costs move slowly; usage is asked for at every round.
COSTS_EVERY = timedelta(minutes=15)
_RECENT_DAYS = 7


def process_name() -> str:
    """A name that no other process has, for claims."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass
class Cycle:
    """Syncs one account, again and again.

    `fetch_names` reads all names over the network. `interval` is how long a round may spend
    on history before the newest data is due again.
    """

    database: Database
    client: Client
    fetch_names: Callable[[], Iterable[Name]]
    streams: tuple[Stream, ...]
    now: Callable[[], datetime]
    backfill_days: int
    interval: timedelta
    account: str = DEFAULT_ACCOUNT
    claimant: str = field(default_factory=process_name)

    def run(self, *, hurry: threading.Event) -> list[StreamOutcome]:
        """One round. `hurry` is set by whoever wants the newest data now, at any time."""
        is_asked_for = hurry.is_set()
        hurry.clear()
        until = time.monotonic() + self.interval.total_seconds()
        sync = AccountSync(
            self.database,
            self.client,
            self.account,
            self.streams,
            self.claimant,
            self.now,
            has_time=lambda: time.monotonic() < until and not hurry.is_set(),
        )
        wanted = self._wanted(timedelta(0) if is_asked_for else COSTS_EVERY)
        recent_from = floor_day(epoch(self.now())) - _RECENT_DAYS * DAY
        sync.run({k: replace(w, since=max(w.since, recent_from)) for k, w in wanted.items()})
        is_due = is_asked_for or names_are_due(self.database, self.account, self.now())
        outcomes: list[StreamOutcome] = []
        if is_due:
            outcomes.append(self.sync_names(sync.unknown_key))
            self.tidy()
        return [*sync.run(wanted), *outcomes]

    def _wanted(self, costs_every: timedelta) -> dict[Kind, Wanted]:
        since, until = whole_history(self.now(), self.backfill_days)
        return {
            Kind.USAGE: Wanted(since, until),
            Kind.COST: Wanted(since, until, pace=costs_every),
        }

    def tidy(self) -> None:
        """Let go of what need not be kept in every detail."""
        costs = (stream for stream in self.streams if stream.kind is Kind.COST)
        with self.database.write() as connection:
            account = account_id(connection, self.account)
            for stream in costs:
                thin_revisions(connection, account, provisional_from(stream, self.now()))
            forget_old_runs(connection, self.now())

    def sync_names(self, unknown_key: str) -> StreamOutcome:
        """Names, unless the streams have just learned that the key is of no use."""
        if unknown_key:
            return StreamOutcome(NAMES, FAILED, error=unknown_key)
        return sync_names(self.database, self.account, self.client, self.fetch_names, self.now)


def sync_once(
    cycle: Cycle,
    *,
    since: int,
    until: int,
    is_leader: bool,
    report: Callable[[Progress], None],
    with_names: bool,
) -> list[StreamOutcome]:
    """Read all of `[since, until)` that is not covered and settled, however long it takes."""
    sync = AccountSync(
        cycle.database,
        cycle.client,
        cycle.account,
        cycle.streams,
        cycle.claimant,
        cycle.now,
        is_leader=is_leader,
        report=report,
    )
    outcomes = sync.run({kind: Wanted(since, until) for kind in Kind})
    if with_names:
        outcomes.append(cycle.sync_names(sync.unknown_key))
    cycle.tidy()
    return outcomes
