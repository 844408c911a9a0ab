"""How fresh and how complete the data is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from wherespent.analytics.health_rows import RunRow, State, StreamHealth
from wherespent.analytics.readings import StoredState, stored_states
from wherespent.analytics.sources import read_account
from wherespent.analytics.stream_health import recent_runs, stream_health
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.providers import STREAMS
from wherespent.storage import tables

__all__ = [
    "LastSync",
    "Progress",
    "RunRow",
    "State",
    "StreamHealth",
    "backfill_progress",
    "data_version",
    "has_facts",
    "last_sync",
    "provisional_since",
    "recent_runs",
    "stream_health",
]


@dataclass(frozen=True, slots=True)
class LastSync:
    """The newest success of any stream; `failing` and `running` are of any stream too.

    `error` is that of the first failing stream, '' where none fails.
    """

    at: datetime | None
    failing: bool
    running: bool
    error: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Days of history that every stream has, of the days that are wanted.

    `share` is how much is read of all days of all streams together, 0 to 1: it moves from the
    first page on.
    """

    done_days: int
    wanted_days: int
    share: float


def last_sync(connection: Connection, account: str, now: datetime | None = None) -> LastSync:
    """How the last syncs went; with `now`, a claim that has run out is not a running sync."""
    states = stored_states(connection, read_account(connection, account))
    streams = [state for state in states if state.stream in STREAMS]
    successes = [state.last_success_at for state in streams if state.last_success_at]
    failing = [state for state in states if state.is_failing]
    return LastSync(
        at=max(successes, default=None),
        failing=bool(failing),
        running=any(state.is_claimed(now) for state in streams),
        error=failing[0].error if failing else "",
    )


def backfill_progress(
    connection: Connection, account: str, now: datetime, backfill_days: int
) -> Progress:
    """How far history is, counted back from today; what the provider does not keep is done."""
    read = read_account(connection, account)
    end = floor_day(epoch(now)) + DAY
    start = end - (backfill_days + 1) * DAY
    wanted = (end - start) // DAY
    covered = _covered_days(connection, read.id, start, end)
    floors = _history_floors(connection, read.id)
    states = stored_states(connection, read)
    readings = _wanted_readings(states)
    unsupported = {state.stream_id for state in states if state.is_unsupported}
    done = [
        covered.get((stream_id, grouping), 0)
        + max(0, min(floors.get(stream_id, 0), end) - start) // DAY
        for stream_id, grouping in readings
    ]
    begun = {stream_id for stream_id, _ in readings}
    unread = sum(read.stream_ids.get(name, 0) not in begun | unsupported for name in STREAMS)
    share = sum(min(days, wanted) for days in done) / (wanted * max(1, len(done) + unread))
    return Progress(min(wanted, min(done, default=0)), wanted, share)


def data_version(connection: Connection, account: str) -> int:
    """Moves with every write that changes an answer; 0 for an unknown account."""
    columns = tables.account.c
    return connection.scalar(select(columns.version).where(columns.label == account)) or 0


def has_facts(connection: Connection, account: str) -> bool:
    """Whether any cost or usage is stored."""
    account_id = read_account(connection, account).id
    return any(
        connection.execute(
            select(facts.c.account_id).where(facts.c.account_id == account_id).limit(1)
        ).first()
        for facts in (tables.cost_day, tables.usage_slice_day)
    )


def provisional_since(connection: Connection, account: str, stream: str, now: datetime) -> int:
    """The first UTC day (epoch seconds) of a stream that may still change.

    Counted from the last reading where that was before today: nothing has settled since.
    """
    read = read_account(connection, account)
    columns = tables.coverage.c
    last = connection.scalar(
        select(func.max(columns.read_at)).where(
            columns.account_id == read.id, columns.stream_id == read.stream_ids.get(stream, 0)
        )
    )
    moment = now if last is None else min(last, now)
    return floor_day(epoch(moment)) - STREAMS[stream].lag_days * DAY


def _wanted_readings(states: list[StoredState]) -> list[tuple[int, int]]:
    return [
        (state.stream_id, state.grouping)
        for state in states
        if state.stream in STREAMS and not state.is_unsupported
    ]


def _covered_days(
    connection: Connection, account_id: int, start: int, end: int
) -> dict[tuple[int, int], int]:
    day = tables.coverage.c
    rows = connection.execute(
        select(day.stream_id, day.grouping, func.count())
        .where(day.account_id == account_id, day.bucket_start >= start, day.bucket_start < end)
        .group_by(day.stream_id, day.grouping)
    )
    return {(stream_id, grouping): days for stream_id, grouping, days in rows}


def _history_floors(connection: Connection, account_id: int) -> dict[int, int]:
    learned = tables.refusal.c
    rows = connection.execute(
        select(learned.stream_id, learned.value).where(
            learned.account_id == account_id, learned.kind == "history_floor"
        )
    )
    return {stream_id: int(value) for stream_id, value in rows}
