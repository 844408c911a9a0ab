"""One round of the schedule: newest data first, then names, then history while there is time."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.domain.records import Name
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.ingestion.account_sync import (
    AccountSync,
    Progress,
    whole_history,
)
from wherespent.ingestion.billed_totals import BilledTotals
from wherespent.ingestion.key_check import Key, KeyCheck
from wherespent.ingestion.live import TAIL
from wherespent.ingestion.names import NAMES, names_are_due, sync_names
from wherespent.ingestion.outcomes import StreamOutcome
from wherespent.ingestion.plan import Wanted, provisional_from
from wherespent.ingestion.proofs import prove_sync
from wherespent.ingestion.retention import prune_hours
from wherespent.ingestion.sync import Client
from wherespent.storage.engine import Database
from wherespent.storage.invariants import INVARIANTS
from wherespent.storage.minutes import prune_minutes
from wherespent.storage.proofs import Invariant
from wherespent.storage.revisions import thin_revisions
from wherespent.storage.series import account_id
from wherespent.storage.sync_state import FAILED, STOPPED, forget_old_runs

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
    on history before the newest data is due again. Hours older than `retention_days` are let
    go of; 0 keeps all. `invariants` are checked after every round. A round ends when `leads` says
    that another process syncs.
    """

    database: Database
    client: Client
    key: Key
    fetch_names: Callable[[], Iterable[Name]]
    streams: tuple[Stream, ...]
    now: Callable[[], datetime]
    backfill_days: int
    interval: timedelta
    account: str = DEFAULT_ACCOUNT
    retention_days: int = 0
    store_emails: bool = True
    invariants: tuple[Invariant, ...] = INVARIANTS
    claimant: str = field(default_factory=process_name)
    leads: Callable[[], bool] = lambda: True

    def run(self, *, hurry: threading.Event) -> list[StreamOutcome]:
        """One round. `hurry` is set by whoever wants the newest data now, at any time."""
        is_asked_for, started = hurry.is_set(), self.now()
        hurry.clear()
        until = time.monotonic() + self.interval.total_seconds()

        def has_time() -> bool:
            return time.monotonic() < until and not hurry.is_set()

        sync = AccountSync(
            self.database,
            self.client,
            self.account,
            self.streams,
            self.claimant,
            self.now,
            leads=self.leads,
            has_time=has_time,
            insists=is_asked_for,
        )
        if refused := self.refused(sync):
            self.tidy(has_time)
            return refused
        wanted = self._wanted(timedelta(0) if is_asked_for else COSTS_EVERY)
        recent_from = floor_day(epoch(self.now())) - _RECENT_DAYS * DAY
        sync.run({k: replace(w, since=max(w.since, recent_from)) for k, w in wanted.items()})
        if not self.leads():
            return list(sync.outcomes.values())
        # At once, while the rows of the days that still change are as new as their totals.
        totals = BilledTotals(sync, started)
        totals.read()
        is_due = is_asked_for or names_are_due(self.database, self.account, self.now())
        outcomes: list[StreamOutcome] = []
        if is_due:
            outcomes.append(self.sync_names(sync))
            self.tidy(has_time)
        outcomes = [*sync.run(wanted), *outcomes]
        self.learn_from(sync)
        self.prove(totals)
        return outcomes

    def refused(self, sync: AccountSync) -> list[StreamOutcome]:
        """What comes of a round whose key must not be used; nothing where it may."""
        requests = self.client.requests
        trouble = self.key_check.trouble(insist=sync.insists)
        if trouble is None:
            return []
        return sync.give_up(trouble, is_news=self.client.requests != requests)

    def learn_from(self, sync: AccountSync) -> None:
        """A key that was refused while it was in use is not tried again at the next round."""
        if sync.unknown_key is not None:
            self.key_check.refuse(sync.unknown_key)

    @cached_property
    def key_check(self) -> KeyCheck:
        return KeyCheck(self.database, self.account, self.key, self.now)

    def prove(self, totals: BilledTotals) -> None:
        """Read what the bill is compared with, and check all that the sync has read."""
        totals.read()
        if all(outcome.status != STOPPED for outcome in totals.sync.outcomes.values()):
            prove_sync(
                self.database,
                self.account,
                self.invariants,
                started=totals.since,
                now=self.now(),
            )

    def _wanted(self, costs_every: timedelta) -> dict[Kind, Wanted]:
        since, until = whole_history(self.now(), self.backfill_days)
        return {
            Kind.USAGE: Wanted(since, until),
            Kind.COST: Wanted(since, until, pace=costs_every),
        }

    def tidy(self, has_time: Callable[[], bool] = lambda: True) -> None:
        """Let go of what need not be kept in every detail."""
        costs = (stream for stream in self.streams if stream.kind is Kind.COST)
        with self.database.write() as connection:
            account = account_id(connection, self.account)
            for stream in costs:
                thin_revisions(connection, account, provisional_from(stream, self.now()))
            forget_old_runs(connection, self.now())
            prune_minutes(connection, account, self.now() - TAIL)
        prune_hours(
            self.database,
            self.account,
            self.streams,
            days=self.retention_days,
            now=self.now(),
            has_time=has_time,
        )

    def sync_names(self, sync: AccountSync) -> StreamOutcome:
        """Names, unless the streams have just learned that the key is of no use."""
        if sync.unknown_key is not None:
            return StreamOutcome(NAMES, FAILED, error=str(sync.unknown_key))
        return sync_names(
            self.database,
            self.account,
            self.client,
            self.fetch_names,
            self.now,
            insist=sync.insists,
            emails=self.store_emails,
        )


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
    started = cycle.now()
    if refused := cycle.refused(sync):
        return refused
    outcomes = sync.run({kind: Wanted(since, until) for kind in Kind})
    if with_names:
        outcomes.append(cycle.sync_names(sync))
    cycle.learn_from(sync)
    cycle.prove(BilledTotals(sync, started))
    cycle.tidy()
    return outcomes
