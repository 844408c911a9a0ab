"""Each stream by itself: what was read, what is missing, what failed and what to do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from wherespent.analytics.coverage import history_floors, read_days, readings
from wherespent.analytics.day_states import ReadDays, holes, oldest_wanted, watermark
from wherespent.analytics.health_rows import RunRow, State, StreamHealth
from wherespent.analytics.readings import StoredState, stored_states
from wherespent.analytics.sources import Account, read_account
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import Window, floor_day
from wherespent.storage import tables

_REMEDIES = {
    "KeyRefused": "Make a new admin key with the scopes api.usage.read and api.management.read,"
    " set it as OPENAI_ADMIN_KEY (or in WHERESPENT_ACCOUNTS) and restart; a key in a file needs no"
    " restart. `wherespent doctor` checks it.",
    "OtherOrganization": "Set a key of the organization that is stored, or give the other one a"
    " label of its own in WHERESPENT_ACCOUNTS.",
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
    connection: Connection,
    account: str,
    now: datetime,
    *,
    backfill_days: int | None = None,
    count_rows: bool = False,
) -> list[StreamHealth]:
    """Every known stream, costs first; costs twice where users are read apart.

    With `backfill_days`, days before the wanted history are no gaps: nothing would fill them.
    Counting the rows reads whole tables: for the command line, not for pages.
    """
    since = 0 if backfill_days is None else oldest_wanted(now, backfill_days)
    read = read_account(connection, account)
    states = {(s.stream, s.grouping): s for s in stored_states(connection, read)}
    runs = _last_runs(connection, read)
    days = read_days(connection, read)
    floors = history_floors(connection, read)
    return [
        _health(
            stream,
            grouping,
            states.get((stream.name, grouping)),
            days=days.get((stream.name, grouping), {}),
            last_run=runs.get((stream.name, grouping)),
            extent=_extent(connection, read, stream, grouping, count_rows=count_rows),
            since=max(since, floors.get(stream.name, 0)),
            now=now,
        )
        for stream, grouping in readings(states)
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
    days: ReadDays,
    last_run: RunRow | None,
    extent: tuple[int | None, int | None, int | None],
    since: int,
    now: datetime,
) -> StreamHealth:
    oldest, newest, rows = extent
    return StreamHealth(
        stream=stream.name,
        grouping=grouping,
        state=_state(state, now),
        watermark=watermark(days),
        oldest=oldest,
        newest=newest,
        rows=rows,
        last_run=last_run,
        last_success_at=state.last_success_at if state else None,
        error=state.error if state else "",
        remedy=_remedy(state),
        gaps=holes(days, since),
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
    if not is_cost:
        oldest = _oldest_day(connection, account.id, stream_id, oldest)
    newest = connection.scalar(select(func.max(facts.c.bucket_start)).where(*mine))
    counted = select(func.count()).select_from(facts).where(*mine)
    return oldest, newest, connection.scalar(counted) if count_rows else None


def _oldest_day(
    connection: Connection, account_id: int, stream_id: int, oldest_hour: int | None
) -> int | None:
    """Hours may have been let go of while their days stay."""
    c = tables.usage_day.c
    oldest = connection.scalar(
        select(func.min(c.bucket_start)).where(c.account_id == account_id, c.stream_id == stream_id)
    )
    if oldest is None or oldest_hour is None:
        return oldest_hour if oldest is None else oldest
    return oldest_hour if floor_day(oldest_hour) == oldest else oldest


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
