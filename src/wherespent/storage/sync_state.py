"""What the sync knows about itself: coverage, claims, runs, outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.windows import DAY, Window
from wherespent.storage.empty_buckets import EmptyBuckets
from wherespent.storage.rollups import Place
from wherespent.storage.series import insert_missing
from wherespent.storage.tables import (
    coverage,
    stream_state,
    sync_run,
)
from wherespent.storage.writes import Written

CLAIM_LASTS = timedelta(minutes=3)
RUNS_ARE_KEPT = timedelta(days=90)

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"


@dataclass(frozen=True, slots=True)
class Reading:
    """One stream as it is read: `grouping` tells the two readings of costs apart."""

    place: Place
    grouping: int


def days_read(connection: Connection, reading: Reading) -> dict[int, datetime]:
    """UTC day → when it was last read."""
    c = coverage.c
    rows = connection.execute(select(c.bucket_start, c.read_at).where(_is(reading, coverage)))
    return {row[0]: row[1] for row in rows}


def days_to_doubt(connection: Connection, reading: Reading, now: datetime) -> set[int]:
    """UTC days with a bucket that came back empty over money at least an hour ago."""
    return EmptyBuckets(connection, reading.place, reading.grouping).days_to_doubt(now)


def record_coverage(
    connection: Connection, reading: Reading, days: Iterable[int], read_at: datetime
) -> bool:
    """Remember that these days were read; True when one is read for the first time."""
    rows = [
        {
            "account_id": reading.place.account_id,
            "stream_id": reading.place.stream_id,
            "grouping": reading.grouping,
            "bucket_start": day,
            "bucket_end": day + DAY,
            "read_at": read_at,
            "first_read_at": read_at,
        }
        for day in days
    ]
    if not rows:
        return False
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(coverage)
    first_read = connection.scalars(
        statement.on_conflict_do_update(
            index_elements=list(coverage.primary_key.columns),
            set_={"read_at": statement.excluded.read_at},
        ).returning(coverage.c.first_read_at),
        rows,
    )
    # As it is stored: in whole seconds.
    return read_at.replace(microsecond=0) in set(first_read)


def ensure_state(connection: Connection, reading: Reading) -> None:
    """Make the row that claims and outcomes of this reading are kept in."""
    insert_missing(
        connection,
        stream_state,
        [
            {
                "account_id": reading.place.account_id,
                "stream_id": reading.place.stream_id,
                "grouping": reading.grouping,
            }
        ],
    )


def last_success(connection: Connection, reading: Reading) -> datetime | None:
    return connection.scalar(
        select(stream_state.c.last_success_at).where(_is(reading, stream_state))
    )


def claim(
    connection: Connection, reading: Reading, claimant: str, now: datetime, *, steal: bool
) -> bool:
    """Take the reading for a while; exactly one process gets it.

    The leader may `steal`: whoever held the claim before lost the lead, and finds at its next
    page that the claim is gone.
    """
    ensure_state(connection, reading)
    c = stream_state.c
    free = or_(c.claimed_until.is_(None), c.claimed_until <= now, c.claimed_by == claimant)
    taken = connection.execute(
        update(stream_state)
        .where(_is(reading, stream_state), true() if steal else free)
        .values(claimed_by=claimant, claimed_until=now + CLAIM_LASTS)
    )
    return taken.rowcount == 1


def renew(connection: Connection, reading: Reading, claimant: str, now: datetime) -> bool:
    """Hold the claim for longer, inside the transaction that it guards; False when it is lost."""
    kept = connection.execute(
        update(stream_state)
        .where(_is(reading, stream_state), stream_state.c.claimed_by == claimant)
        .values(claimed_until=now + CLAIM_LASTS)
    )
    return kept.rowcount == 1


def release(connection: Connection, reading: Reading, claimant: str) -> None:
    connection.execute(
        update(stream_state)
        .where(_is(reading, stream_state), stream_state.c.claimed_by == claimant)
        .values(claimed_by="", claimed_until=None)
    )


def start_run(connection: Connection, reading: Reading, window: Window, now: datetime) -> int:
    """Begin a run of a reading that is claimed: one that is still running has lost its process."""
    latest = (
        select(sync_run.c.id)
        .where(_is(reading, sync_run))
        .order_by(sync_run.c.started_at.desc())
        .limit(1)
    )
    connection.execute(
        update(sync_run)
        .where(sync_run.c.id == latest.scalar_subquery(), sync_run.c.status == RUNNING)
        .values(status=STOPPED, finished_at=now, error="its process ended in the middle of it")
    )
    row = connection.execute(
        insert(sync_run)
        .values(
            account_id=reading.place.account_id,
            stream_id=reading.place.stream_id,
            grouping=reading.grouping,
            window_start=window.start,
            window_end=window.end,
            started_at=now,
            status=RUNNING,
        )
        .returning(sync_run.c.id)
    )
    return row.scalar_one()


def finish_run(
    connection: Connection,
    run: int,
    written: Written,
    *,
    requests: int,
    status: str,
    error: str,
    now: datetime,
) -> None:
    connection.execute(
        update(sync_run)
        .where(sync_run.c.id == run)
        .values(
            finished_at=now,
            requests=requests,
            rows=written.rows,
            buckets_changed=written.buckets_changed,
            violations=written.violations,
            status=status,
            error=error,
        )
    )


def record_success(connection: Connection, reading: Reading, now: datetime) -> None:
    _set_state(
        connection,
        reading,
        last_success_at=now,
        failures=0,
        unsupported_at=None,
        error_kind="",
        error="",
    )


def record_failure(
    connection: Connection, reading: Reading, kind: str, message: str, now: datetime
) -> None:
    _set_state(
        connection,
        reading,
        last_failure_at=now,
        failures=stream_state.c.failures + 1,
        unsupported_at=None,
        error_kind=kind,
        error=message,
    )


def record_unsupported(
    connection: Connection, reading: Reading, message: str, now: datetime
) -> None:
    """Not an error: the organization lacks the endpoint. It is asked again after a day."""
    _set_state(
        connection,
        reading,
        unsupported_at=now,
        failures=0,
        error_kind="EndpointUnsupported",
        error=message,
    )


def unsupported_since(connection: Connection, reading: Reading) -> datetime | None:
    return connection.scalar(
        select(stream_state.c.unsupported_at).where(_is(reading, stream_state))
    )


def _set_state(connection: Connection, reading: Reading, **values: object) -> None:
    connection.execute(update(stream_state).where(_is(reading, stream_state)).values(**values))


def forget_old_runs(connection: Connection, now: datetime) -> None:
    connection.execute(delete(sync_run).where(sync_run.c.started_at < now - RUNS_ARE_KEPT))


def _is(reading: Reading, table: Table) -> ColumnElement[bool]:
    c = table.c
    return and_(
        c.account_id == reading.place.account_id,
        c.stream_id == reading.place.stream_id,
        c.grouping == reading.grouping,
    )
