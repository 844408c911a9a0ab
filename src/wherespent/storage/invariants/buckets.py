"""No day is missing between the first and the last that were read, and none is there twice."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Connection, Row, Table, case, func, select, type_coerce

from wherespent.domain.windows import DAY, HOUR, Window, joined_days
from wherespent.storage import tables
from wherespent.storage.invariants.comparison import inside, pieces
from wherespent.storage.invariants.words import MEND, day, hour, stream_names
from wherespent.storage.proofs import MOST_OFFENCES, Found, Invariant, Offence, Scope


@dataclass(slots=True)
class _Days:
    """What one reading has: complete days, and between which days there may be none missing."""

    oldest: int = 0
    watermark: int = 0
    complete: set[int] = field(default_factory=set[int])


def _check_buckets(connection: Connection, scope: Scope) -> Found:
    return _check_missing(connection, scope) + _check_doubled(connection, scope)


def _check_missing(connection: Connection, scope: Scope) -> Found:
    found = Found()
    names = stream_names(connection)
    busy = _being_read(connection, scope)
    for (stream, grouping), days in _readings(connection, scope).items():
        name = names[stream] + (" by user" if grouping == tables.BY_USER else "")
        if (stream, grouping) in busy:
            found += Found(reason=f"{name} is being read just now.")
            continue
        first = max(days.oldest, scope.window.start)
        wanted = range(first, min(days.watermark, scope.window.end), DAY)
        missing = [start for start in wanted if start not in days.complete]
        found += Found(len(wanted), len(missing), tuple(_phrase_missing(name, missing)))
    return found


def _readings(connection: Connection, scope: Scope) -> Mapping[tuple[int, int], _Days]:
    """Every reading of a stream that the organization has."""
    read, state = tables.coverage.c, tables.stream_state.c
    key = (read.stream_id, read.grouping)
    is_complete = type_coerce(read.read_at, BigInteger) >= read.bucket_end
    offered = tables.coverage.outerjoin(
        tables.stream_state,
        (state.account_id == read.account_id)
        & (state.stream_id == read.stream_id)
        & (state.grouping == read.grouping),
    )
    mine = (read.account_id == scope.account_id, state.unsupported_at.is_(None))
    found: dict[tuple[int, int], _Days] = defaultdict(_Days)
    ends = (
        select(*key, func.min(read.bucket_start), func.max(read.bucket_end).filter(is_complete))
        .select_from(offered)
        .where(*mine)
        .group_by(*key)
    )
    for stream, grouping, oldest, watermark in connection.execute(ends):
        found[stream, grouping] = _Days(oldest, watermark or oldest)
    complete = (
        select(*key, read.bucket_start)
        .select_from(offered)
        .where(
            *mine, is_complete, inside(connection, tables.coverage, scope.account_id, scope.window)
        )
    )
    for stream, grouping, start in connection.execute(complete):
        found[stream, grouping].complete.add(start)
    return found


def _being_read(connection: Connection, scope: Scope) -> set[tuple[int, int]]:
    """Readings that a process is just now filling: what is missing may be on its way."""
    state = tables.stream_state.c
    rows = connection.execute(
        select(state.stream_id, state.grouping).where(
            state.account_id == scope.account_id,
            state.claimed_by != "",
            state.claimed_until > scope.now,
        )
    )
    return {(stream, grouping) for stream, grouping in rows}


def _phrase_missing(name: str, missing: list[int]) -> Iterator[Offence]:
    for span in joined_days(missing)[:MOST_OFFENCES]:
        days, last = span.seconds // DAY, day(span.end - DAY)
        when = f"{day(span.start)} is" if days == 1 else f"{day(span.start)} to {last} are"
        yield Offence(span.start, f"{name}: {when} missing, or read only before the day had ended")


def _check_doubled(connection: Connection, scope: Scope) -> Found:
    found = Found()
    for window in pieces(scope.window):
        for facts, series, width in (
            (tables.usage_hour, tables.usage_series, HOUR),
            (tables.cost_day, tables.cost_series, DAY),
        ):
            found += _doubled_in(connection, scope.account_id, window, facts, series, width)
    return found


def _doubled_in(
    connection: Connection,
    account_id: int,
    window: Window,
    facts: Table,
    series: Table,
    width: int,
) -> Found:
    """A bucket is there twice where rows of two groupings lie in it, or where it is not aligned:
    then a part of another bucket is counted again."""
    is_cost = facts is tables.cost_day
    reading = facts.c.grouping if is_cost else facts.c.stream_id
    groupings = func.count(series.c.grouped_by.distinct())
    buckets = (
        select(reading.label("reading"), facts.c.bucket_start, groupings.label("groupings"))
        .join(series, series.c.id == facts.c.series_id)
        .where(inside(connection, facts, account_id, window))
        .group_by(reading, facts.c.bucket_start)
        .subquery()
    )
    fails = (buckets.c.groupings > 1) | (buckets.c.bucket_start % width != 0)
    checked, failing = connection.execute(
        select(func.count(), func.count(case((fails, 1)))).select_from(buckets)
    ).one()
    if not failing:
        return Found(checked)
    failed = select(buckets).where(fails).order_by(buckets.c.bucket_start).limit(MOST_OFFENCES)
    rows = connection.execute(failed).all()
    names = stream_names(connection)
    offences = (_phrase_doubled("costs" if is_cost else names[row[0]], row) for row in rows)
    return Found(checked, failing, tuple(offences))


def _phrase_doubled(name: str, row: Row[int, int, int]) -> Offence:
    _, start, groupings = row
    what = "holds rows of two groupings" if groupings > 1 else "does not begin where buckets begin"
    return Offence(start - start % DAY, f"{name}: the bucket of {hour(start)} {what}")


BUCKETS = Invariant(
    name="buckets",
    title="No bucket is missing or doubled",
    counted="days and buckets",
    meaning="Every UTC day from the oldest that was read to the newest complete one, of every"
    " stream, was read after it had ended; no bucket holds rows of two groupings or begins"
    " between two buckets. History that is still to be read is not missing.",
    remedy="Missing days are not $0: they are not known. Every sync tries them again, as far"
    " back as BACKFILL_DAYS; older ones are read by `wherespent sync --since DAY`. If one stays,"
    " the stream's own row in Data health says what is in the way. A bucket that is there twice"
    f" is counted twice. {MEND}",
    check=_check_buckets,
)
