"""Which days of each reading were read, as spans of one state, and where nothing was."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, select, true

from wherespent.analytics.day_states import Known, Span, oldest_wanted, spans
from wherespent.analytics.readings import StoredState, stored_states
from wherespent.analytics.sources import Account, read_account
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.providers import STREAMS
from wherespent.providers.openai.streams import COSTS
from wherespent.storage import tables
from wherespent.storage.engine import once

# A reading is a stream in one grouping.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class StreamCoverage:
    """One stream in one grouping: spans that tile the asked window, oldest first."""

    stream: str
    grouping: int
    spans: tuple[Span, ...]
    is_offered: bool


def read_days(connection: Connection, account: Account) -> dict[Key, dict[int, datetime]]:
    """Every reading → UTC day → when it was read last."""
    day = tables.coverage.c
    names = {id_: name for name, id_ in account.stream_ids.items()}
    rows = connection.execute(
        select(day.stream_id, day.grouping, day.bucket_start, day.read_at).where(
            day.account_id == account.id
        )
    )
    found: dict[Key, dict[int, datetime]] = defaultdict(dict)
    for stream_id, grouping, start, read_at in rows:
        found[names[stream_id], grouping][start] = read_at
    return found


def coverage(
    connection: Connection, account: str, now: datetime, days: int, *, backfill_days: int
) -> list[StreamCoverage]:
    """Every stream over the last `days` UTC days, today included; costs first."""
    read = read_account(connection, account)
    today = floor_day(epoch(now))
    window = Window(today + DAY - days * DAY, today + DAY)
    states = {(s.stream, s.grouping): s for s in stored_states(connection, read)}
    known = _known(connection, read, window, oldest_wanted(now, backfill_days))
    return [
        StreamCoverage(
            stream.name,
            grouping,
            tuple(spans(known[stream.name, grouping], window, today)),
            is_offered=not _is_unsupported(states.get((stream.name, grouping))),
        )
        for stream, grouping in readings(states)
    ]


def readings(states: Collection[Key]) -> Iterator[tuple[Stream, int]]:
    """Every known stream, costs first; costs twice where users are read apart."""
    for stream in STREAMS.values():
        for grouping in (tables.MAIN, tables.BY_USER):
            if grouping == tables.MAIN or (stream.name, grouping) in states:
                yield stream, grouping


def history_floors(connection: Connection, account: Account) -> dict[str, int]:
    """Stream → the first day that the provider still answers for, where that was learned."""
    learned, stream = tables.refusal, tables.stream
    rows = connection.execute(
        select(stream.c.name, learned.c.value)
        .join(stream, stream.c.id == learned.c.stream_id)
        .where(learned.c.account_id == account.id, learned.c.kind == "history_floor")
    )
    return {name: int(value) for name, value in rows}


def unread_days(
    connection: Connection,
    account: str,
    streams: tuple[str, ...],
    window: Window,
    *,
    today: int,
    grouping: int = tables.MAIN,
) -> frozenset[int]:
    """UTC days of the window up to today that some of these streams did not read at all.

    No data is not zero: nothing may be drawn there. Streams that were never read do not count,
    unless that is all of them.
    """
    day = tables.coverage.c
    read = read_account(connection, account)
    ids = begun_streams(connection, account, streams, (grouping,))
    rows = connection.execute(
        select(day.bucket_start, func.count())
        .where(day.account_id == read.id, day.grouping == grouping, day.stream_id.in_(ids))
        .where(day.bucket_start >= window.start, day.bucket_start < window.end)
        .group_by(day.bucket_start)
    )
    whole = {start for start, count in rows if count >= len(ids)} if ids else frozenset[int]()
    begun = range(window.start, min(window.end, today + DAY), DAY)
    return frozenset(start for start in begun if start not in whole)


def begun_streams(
    connection: Connection,
    account: str,
    streams: Collection[str],
    groupings: Collection[int] = (tables.MAIN, tables.BY_USER),
) -> list[int]:
    """The numbers of those of these streams of which any day was read in any of the groupings."""
    read = read_account(connection, account)
    begun = once(connection, _begun_readings)
    numbers = (read.stream_ids.get(name, 0) for name in streams)
    return [it for it in numbers if any((read.id, it, way) in begun for way in groupings)]


def _begun_readings(connection: Connection) -> frozenset[tuple[int, int, int]]:
    """Account, stream and grouping of every reading that has read a day: a look each."""
    day, account, stream = tables.coverage.c, tables.account.c, tables.stream.c
    main, by_user = (
        exists().where(
            day.account_id == account.id, day.stream_id == stream.id, day.grouping == grouping
        )
        for grouping in (tables.MAIN, tables.BY_USER)
    )
    every_stream = tables.account.join(tables.stream, true())
    rows = connection.execute(
        select(account.id, stream.id, main, by_user).select_from(every_stream)
    ).all()
    return frozenset(
        [(of, stream_id, tables.MAIN) for of, stream_id, is_begun, _ in rows if is_begun]
        + [(of, stream_id, tables.BY_USER) for of, stream_id, _, is_begun in rows if is_begun]
    )


def _known(
    connection: Connection, account: Account, window: Window, since: int
) -> dict[Key, Known]:
    read = read_days(connection, account)
    doubted = _doubted(connection, account)
    restated = _restated(connection, account, window)
    floors = history_floors(connection, account)
    return {
        (name, grouping): Known(
            read.get((name, grouping), {}),
            max(since, floors.get(name, 0)),
            doubted.get((name, grouping), frozenset()),
            restated.get((name, grouping), frozenset()),
            stream.lag_days,
        )
        for name, stream in STREAMS.items()
        for grouping in (tables.MAIN, tables.BY_USER)
    }


def _doubted(connection: Connection, account: Account) -> dict[Key, set[int]]:
    flag = tables.empty_bucket.c
    names = {id_: name for name, id_ in account.stream_ids.items()}
    rows = connection.execute(
        select(flag.stream_id, flag.grouping, flag.bucket_start).where(
            flag.account_id == account.id
        )
    )
    found: dict[Key, set[int]] = defaultdict(set)
    for stream_id, grouping, start in rows:
        found[names[stream_id], grouping].add(floor_day(start))
    return found


def _restated(connection: Connection, account: Account, window: Window) -> dict[Key, set[int]]:
    """Days that changed after they had settled."""
    names = {id_: name for name, id_ in account.stream_ids.items()}
    cost, used = tables.cost_revision.c, tables.usage_revision.c
    found: dict[Key, set[int]] = defaultdict(set)
    for grouping, day in connection.execute(
        select(cost.grouping, cost.bucket_start)
        .distinct()
        .where(cost.account_id == account.id, cost.settled == 1, cost.bucket_start >= window.start)
    ):
        found[COSTS.name, grouping].add(day)
    for stream_id, day in connection.execute(
        select(used.stream_id, used.bucket_start)
        .distinct()
        .where(used.account_id == account.id, used.bucket_start >= window.start)
    ):
        found[names[stream_id], tables.MAIN].add(floor_day(day))
    return found


def _is_unsupported(state: StoredState | None) -> bool:
    return state is not None and state.is_unsupported
