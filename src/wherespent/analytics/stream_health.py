"""Each stream by itself: what was read, what is missing, what failed and what to do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from wherespent.analytics.health_rows import RunRow, State, StreamHealth
from wherespent.analytics.readings import StoredState, stored_states
from wherespent.analytics.sources import Account, read_account
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, epoch, joined_days
from wherespent.providers import STREAMS
from wherespent.storage import tables

_REMEDIES = {
    "KeyRefused": "Make a new admin key with the scopes api.usage.read and api.management.read,"
    " set OPENAI_ADMIN_KEY and restart; `wherespent doctor` checks it.",
    "ProviderUnavailable": "Nothing to do: the next sync tries again. If it lasts, see"
    " status.openai.com and your network.",
    "MalformedAnswer": "Nothing of the answer was stored. If it lasts, check that"
    " WHERESPENT_OPENAI_BASE_URL leads to OpenAI and not to a login page.",
    "RequestRefused": "OpenAI refused the request: update wherespent, or report it with the error.",
    "StorageError": "Run `wherespent doctor`: it checks the database.",
    "EndpointUnsupported": "Nothing to do: this organization does not have the endpoint. It is"
    " asked again once a day.",
}
_OTHER_REMEDY = "Run `wherespent doctor`, and `wherespent sync --debug` for the details."


def stream_health(
    connection: Connection, account: str, now: datetime, *, count_rows: bool = False
) -> list[StreamHealth]:
    """Every known stream, costs first; costs twice where users are read apart.

    Counting the rows reads whole tables: for the command line, not for pages.
    """
    read = read_account(connection, account)
    states = {(s.stream, s.grouping): s for s in stored_states(connection, read)}
    runs = _last_runs(connection, read)
    days = _days(connection, read)
    return [
        _health(
            stream,
            grouping,
            states.get((stream.name, grouping)),
            days=days.get((stream.name, grouping), {}),
            last_run=runs.get((stream.name, grouping)),
            extent=_extent(connection, read, stream, grouping, count_rows=count_rows),
            now=now,
        )
        for stream in STREAMS.values()
        for grouping in (tables.MAIN, tables.BY_USER)
        if grouping == tables.MAIN or (stream.name, grouping) in states
    ]


def recent_runs(connection: Connection, account: str, limit: int = 50) -> list[RunRow]:
    """The newest sync runs first."""
    read = read_account(connection, account)
    run = tables.sync_run.c
    statement = _runs().where(run.account_id == read.id)
    rows = connection.execute(statement.order_by(run.id.desc()).limit(limit))
    return [_run(row) for row in rows]


def _health(
    stream: Stream,
    grouping: int,
    state: StoredState | None,
    *,
    days: dict[int, bool],
    last_run: RunRow | None,
    extent: tuple[int | None, int | None, int | None],
    now: datetime,
) -> StreamHealth:
    complete = [day for day, is_complete in days.items() if is_complete]
    watermark = max(complete) + DAY if complete else None
    oldest, newest, rows = extent
    return StreamHealth(
        stream=stream.name,
        grouping=grouping,
        state=_state(state, now),
        watermark=watermark,
        oldest=oldest,
        newest=newest,
        rows=rows,
        last_run=last_run,
        last_success_at=state.last_success_at if state else None,
        error=state.error if state else "",
        remedy=_remedy(state),
        gaps=_gaps(days, watermark),
        coverage_days=len(days),
    )


def _state(state: StoredState | None, now: datetime) -> State:
    if state is None:
        return State.NEVER
    if state.is_unsupported:
        return State.UNSUPPORTED
    if state.is_failing:
        return State.FAILING
    if state.is_claimed(now):
        return State.SYNCING
    return State.OK if state.last_success_at else State.NEVER


def _remedy(state: StoredState | None) -> str:
    if state is None or not state.error_kind:
        return ""
    return _REMEDIES.get(state.error_kind, _OTHER_REMEDY)


def _gaps(days: dict[int, bool], watermark: int | None) -> tuple[Window, ...]:
    if watermark is None:
        return ()
    missing = [day for day in range(min(days), watermark, DAY) if not days.get(day)]
    return tuple(joined_days(missing))


def _days(connection: Connection, account: Account) -> dict[tuple[str, int], dict[int, bool]]:
    """Stream and grouping → UTC day → whether it was read at or after its end."""
    day = tables.coverage.c
    names = {id_: name for name, id_ in account.stream_ids.items()}
    rows = connection.execute(
        select(day.stream_id, day.grouping, day.bucket_start, day.bucket_end, day.read_at).where(
            day.account_id == account.id
        )
    )
    found: dict[tuple[str, int], dict[int, bool]] = {}
    for stream_id, grouping, start, end, read_at in rows:
        of_reading = found.setdefault((names[stream_id], grouping), {})
        of_reading[start] = epoch(read_at) >= end
    return found


def _extent(
    connection: Connection, account: Account, stream: Stream, grouping: int, *, count_rows: bool
) -> tuple[int | None, int | None, int | None]:
    """Oldest bucket, newest bucket and the number of rows."""
    is_cost = stream.kind is Kind.COST
    facts: Table = tables.cost_day if is_cost else tables.usage_hour
    stream_id = account.stream_ids.get(stream.name, 0)
    scope = facts.c.grouping == grouping if is_cost else facts.c.stream_id == stream_id
    mine = (facts.c.account_id == account.id, scope)
    # Apart, each is one step in the index; together they are a scan.
    oldest = connection.scalar(select(func.min(facts.c.bucket_start)).where(*mine))
    newest = connection.scalar(select(func.max(facts.c.bucket_start)).where(*mine))
    counted = select(func.count()).select_from(facts).where(*mine)
    return oldest, newest, connection.scalar(counted) if count_rows else None


def _last_runs(connection: Connection, account: Account) -> dict[tuple[str, int], RunRow]:
    run = tables.sync_run.c
    newest = (
        select(func.max(run.id))
        .where(run.account_id == account.id)
        .group_by(run.stream_id, run.grouping)
    )
    rows = [_run(row) for row in connection.execute(_runs().where(run.id.in_(newest)))]
    return {(row.stream, row.grouping): row for row in rows}


def _runs() -> Select[*tuple[Any, ...]]:
    run, stream = tables.sync_run.c, tables.stream.c
    return select(
        run.id,
        stream.name,
        run.grouping,
        run.window_start,
        run.window_end,
        run.started_at,
        run.finished_at,
        run.requests,
        run.rows,
        run.buckets_changed,
        run.violations,
        run.status,
        run.error,
    ).select_from(tables.sync_run.join(tables.stream, stream.id == run.stream_id))


def _run(row: Row[*tuple[Any, ...]]) -> RunRow:
    id_, stream, grouping, start, end, *rest = row
    return RunRow(id_, stream, grouping, Window(start, end), *rest)
