"""What must always hold of the stored numbers, and the newest result of checking it.

An invariant is a small object with one question; `prove` asks it over the days that matter and
keeps the answer in the table `proof`. The invariants themselves are in `storage.invariants` and,
where a question needs the screen and the export, in `exports.proofs`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import Connection, func, select

from wherespent.domain.windows import Window, epoch, floor_day
from wherespent.errors import StorageError
from wherespent.storage import tables
from wherespent.storage.bulk import upsert
from wherespent.storage.engine import Database
from wherespent.storage.extent import extent
from wherespent.storage.series import account_id

log = structlog.get_logger()

MOST_OFFENCES = 20
# A sync checks the days that it may have changed; all that is stored is checked once a day.
_WHOLE_EVERY = timedelta(days=1)


class Status(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    SKIPPED = "skipped"  # there was nothing to compare; `reason` says why


@dataclass(frozen=True, slots=True)
class Scope:
    """What a check looks at: whole UTC days of one account (its label and number), at a moment."""

    account: str
    account_id: int
    window: Window
    now: datetime
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Offence:
    """One failing row in words. `day` is its UTC day in epoch seconds, None where it has none."""

    day: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: how much it compared, how much fails, and the first failing rows.

    `reason` says what was left out and why, '' where nothing was.
    """

    checked: int = 0
    failing: int = 0
    offences: tuple[Offence, ...] = ()
    reason: str = ""

    def __add__(self, other: "Found") -> "Found":
        return Found(
            self.checked + other.checked,
            self.failing + other.failing,
            (*self.offences, *other.offences)[:MOST_OFFENCES],
            " ".join(filter(None, (self.reason, other.reason))),
        )


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold. `counted` names what a check counts, `meaning` says what is
    compared with what, `remedy` what to do where it fails."""

    name: str
    title: str
    counted: str
    meaning: str
    remedy: str
    check: Callable[[Connection, Scope], Found]


@dataclass(frozen=True, slots=True)
class Proof:
    """The newest result of one invariant.

    `since` is the first UTC day (epoch seconds) that the check looked at, None where that was
    everything; `whole_at` is when everything was last checked.
    """

    name: str
    status: Status
    checked: int
    failing: int
    reason: str
    offences: tuple[Offence, ...]
    checked_at: datetime
    since: int | None
    whole_at: datetime | None
    failing_since: datetime | None


def prove(
    database: Database,
    account: str,
    invariants: Sequence[Invariant],
    now: datetime,
    recent_from: int | None = None,
) -> list[Proof]:
    """Check every invariant of one account and keep the results.

    From the UTC day `recent_from` on (None: everything), earlier where an invariant fails since
    earlier, and everything once a day. Raises StorageError once the others are checked and kept.
    """
    with database.write() as connection:
        id_ = account_id(connection, account)
    with database.read(at_leisure=True) as connection:
        known = {proof.name: proof for proof in stored_proofs(connection, account)}
        everything = extent(connection, id_, floor_day(epoch(now)))
    whole = Scope(account, id_, everything, now, is_whole=True)
    proofs: list[Proof] = []
    troubles: list[StorageError] = []
    for each in invariants:
        scope = scope_of(known.get(each.name), whole, recent_from)
        try:
            proofs.append(_kept(database, _proof(database, each, scope, known), id_))
        except StorageError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return proofs


def stored_proofs(connection: Connection, account: str) -> list[Proof]:
    """The newest results of an account, in no order; none where nothing was checked yet."""
    row, owner = tables.proof.c, tables.account.c
    statement = (
        select(
            row.name,
            row.status,
            row.checked,
            row.failing,
            row.reason,
            row.offending,
            row.checked_at,
            row.since,
            row.whole_at,
            row.failing_since,
        )
        .join(tables.account, owner.id == row.account_id)
        .where(owner.label == account)
    )
    return [_read(*each) for each in connection.execute(statement)]


def failing_proofs(connection: Connection, account: str) -> list[str]:
    """Names of the invariants that fail."""
    row, owner = tables.proof.c, tables.account.c
    return list(
        connection.scalars(
            select(row.name)
            .join(tables.account, owner.id == row.account_id)
            .where(owner.label == account, row.status == Status.FAILS.value)
            .order_by(row.name)
        )
    )


def first_day_read(connection: Connection, account: str, since: datetime) -> int | None:
    """The oldest UTC day that was read at or after a moment."""
    day, owner = tables.coverage.c, tables.account.c
    return connection.scalar(
        select(func.min(day.bucket_start))
        .join(tables.account, owner.id == day.account_id)
        .where(owner.label == account, day.read_at >= since)
    )


def scope_of(before: Proof | None, whole: Scope, recent_from: int | None) -> Scope:
    """What to look at, given what was found before: see `prove`."""
    if recent_from is None or before is None or before.whole_at is None:
        return whole
    # A check in the future was made by a clock that was wrong.
    if not before.whole_at <= whole.now < before.whole_at + _WHOLE_EVERY:
        return whole
    days = [offence.day for offence in before.offences]
    if None in days:
        return whole
    window = whole.window.since(min([recent_from, *(day for day in days if day is not None)]))
    return whole if window is None else replace(whole, window=window, is_whole=False)


def _proof(
    database: Database, invariant: Invariant, scope: Scope, known: dict[str, Proof]
) -> Proof:
    found, before = _found(database, invariant, scope), known.get(invariant.name)
    status = Status.FAILS if found.failing else Status.HOLDS if found.checked else Status.SKIPPED
    since = before.failing_since if before else None
    return Proof(
        name=invariant.name,
        status=status,
        checked=found.checked,
        failing=found.failing,
        reason=found.reason,
        offences=found.offences,
        checked_at=scope.now,
        since=None if scope.is_whole else scope.window.start,
        whole_at=scope.now if scope.is_whole else before.whole_at if before else None,
        failing_since=(since or scope.now) if found.failing else None,
    )


def _found(database: Database, invariant: Invariant, scope: Scope) -> Found:
    """Each in a transaction of its own: a statement that fails must not end the others."""
    try:
        with database.read(at_leisure=True) as connection:
            return invariant.check(connection, scope)
    except StorageError:
        raise
    except Exception as error:
        # What cannot be proven is not green.
        log.exception("an invariant could not be checked", proof=invariant.name)
        reason = f"could not be checked ({type(error).__name__}): the log says where"
        return Found(checked=1, failing=1, offences=(Offence(None, reason),))


def _kept(database: Database, proof: Proof, id_: int) -> Proof:
    with database.write() as connection:
        upsert(connection, tables.proof, [_row(id_, proof)])
    return proof


def _row(id_: int, proof: Proof) -> dict[str, Any]:
    offending = [{"day": offence.day, "text": offence.text} for offence in proof.offences]
    return {
        "account_id": id_,
        "name": proof.name,
        "status": proof.status.value,
        "checked": proof.checked,
        "failing": proof.failing,
        "reason": proof.reason,
        "offending": json.dumps(offending, ensure_ascii=False),
        "checked_at": proof.checked_at,
        "since": proof.since,
        "whole_at": proof.whole_at,
        "failing_since": proof.failing_since,
    }


def _read(name: str, status: str, *rest: Any) -> Proof:
    checked, failing, reason, offending, checked_at, since, whole_at, failing_since = rest
    offences = tuple(Offence(**each) for each in json.loads(offending or "[]"))
    return Proof(
        name,
        Status(status),
        checked,
        failing,
        reason,
        offences,
        checked_at,
        since,
        whole_at,
        failing_since,
    )
