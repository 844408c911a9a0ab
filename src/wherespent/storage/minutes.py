"""The last hours by minute: replaced as whole minutes, pruned, never summed into a rollup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from wherespent.domain.records import UsageBucket, added_measures, by_number
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window, epoch
from wherespent.storage.blocks import block_of, insert_block
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import UsageSeries, account_id, insert_missing, stream_id
from wherespent.storage.tables import account as account_table
from wherespent.storage.tables import live_tail, usage_minute
from wherespent.storage.tables import stream as stream_table

# Every viewer of the live page says so this often; the leader asks for longer than that.
WATCH_EVERY = timedelta(seconds=20)
WATCHED_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class TailState:
    """Which minutes were read last (None: none yet), when, and when somebody last looked."""

    window: Window | None = None
    read_at: datetime | None = None
    watched_at: datetime | None = None
    error: str = ""


def live_place(database: Database, account: str, stream: Stream) -> Place:
    """Where the minutes of a stream are kept; the row that describes them is made."""
    with database.write() as connection:
        place = Place(account_id(connection, account), stream_id(connection, stream.name))
        insert_missing(
            connection,
            live_tail,
            [{"account_id": place.account_id, "stream_id": place.stream_id}],
        )
    return place


def tail_state(connection: Connection, place: Place) -> TailState:
    c = live_tail.c
    row = connection.execute(
        select(c.window_start, c.window_end, c.read_at, c.watched_at, c.error).where(_is(place))
    ).one_or_none()
    if row is None:
        return TailState()
    start, end, read_at, watched_at, error = row
    window = None if start is None or end is None else Window(start, end)
    return TailState(window, read_at, watched_at, error)


def replace_minutes(
    connection: Connection,
    place: Place,
    stream: Stream,
    series: UsageSeries,
    group_by: tuple[str, ...],
    buckets: Sequence[UsageBucket],
    read: Window,
    kept: Window,
    *,
    now: datetime,
) -> int:
    """Make the minutes of `read` equal to `buckets` and let go of all before `kept`.

    `kept` is what is known afterwards. Returns the rows that were written.
    """
    _delete(connection, place, before=kept.start, span=read)
    wanted = {dims for bucket in buckets for dims in bucket.records}
    numbers = series.numbers(connection, wanted, group_by)
    cells = {b.start: by_number(numbers, b.records, added_measures) for b in buckets}
    key = (place.account_id, place.stream_id)
    facts = block_of(cells, len(stream.measures))
    insert_block(connection, usage_minute, key, stream.measures, facts)
    _set(connection, place, window_start=kept.start, window_end=kept.end, read_at=now, error="")
    return sum(map(len, cells.values()))


def record_tail_failure(connection: Connection, place: Place, error: str) -> None:
    """Keep the minutes that are known, and say why there are no newer ones."""
    _set(connection, place, error=error)


def prune_minutes(connection: Connection, account: int, before: datetime) -> None:
    """Let go of old minutes of all streams: nobody may look again for a long time."""
    moment = epoch(before)
    c, tail = usage_minute.c, live_tail.c
    connection.execute(delete(usage_minute).where(c.account_id == account, c.bucket_start < moment))
    connection.execute(
        update(live_tail)
        .where(tail.account_id == account, tail.window_end <= moment)
        .values(window_start=None, window_end=None)
    )


def mark_watched(database: Database, account: str, stream: Stream, now: datetime) -> None:
    """Say that somebody looks: one write every 20 seconds, however many do."""
    with database.read() as connection:
        watched_at = _watched_at(connection, account, stream)
    # A moment in the future was said by a clock that was wrong.
    if watched_at is not None and watched_at <= now < watched_at + WATCH_EVERY:
        return
    place = live_place(database, account, stream)
    with database.write() as connection:
        _set(connection, place, watched_at=now)


def _watched_at(connection: Connection, label: str, stream: Stream) -> datetime | None:
    return connection.scalar(
        select(live_tail.c.watched_at)
        .join(account_table, account_table.c.id == live_tail.c.account_id)
        .join(stream_table, stream_table.c.id == live_tail.c.stream_id)
        .where(account_table.c.label == label, stream_table.c.name == stream.name)
    )


def _delete(connection: Connection, place: Place, *, before: int, span: Window) -> None:
    c = usage_minute.c
    inside = and_(c.bucket_start >= span.start, c.bucket_start < span.end)
    connection.execute(
        delete(usage_minute).where(
            c.account_id == place.account_id,
            c.stream_id == place.stream_id,
            or_(c.bucket_start < before, inside),
        )
    )


def _set(connection: Connection, place: Place, **values: Any) -> None:
    connection.execute(update(live_tail).where(_is(place)).values(**values))


def _is(place: Place) -> ColumnElement[bool]:
    c = live_tail.c
    return and_(c.account_id == place.account_id, c.stream_id == place.stream_id)
