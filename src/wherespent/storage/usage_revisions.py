"""Keeps what settled days of usage were before they changed: nothing else remembers it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection, select, text

from wherespent.domain.records import Measures, added_measures
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.bulk import insert_rows
from wherespent.storage.rollups import Place
from wherespent.storage.tables import MAIN, coverage, usage_revision

# Day → series → what it added up to.
SettledDays = Mapping[int, Mapping[int, Measures]]


def settled_usage(
    connection: Connection,
    place: Place,
    stream: Stream,
    changed: list[int],
    settled_before: int,
) -> SettledDays:
    """The days of `changed` buckets that are settled and were read before, as they are stored.

    Read from the day rollup, which outlives the hours. Without such a day nothing is asked.
    """
    days = sorted({floor_day(start) for start in changed if start < settled_before})
    if not days:
        return {}
    known = _read_before(connection, place, days)
    if not known:
        return {}
    stored = _stored(connection, place, stream, known)
    return {day: stored.get(day, {}) for day in known}


def append_usage_revisions(
    connection: Connection, place: Place, stream: Stream, before: SettledDays, now: datetime
) -> None:
    """Keep old and new of every series that differs from `before`, once the page is written."""
    if not before:
        return
    after = _stored(connection, place, stream, list(before))
    key = (place.account_id, place.stream_id)
    rows = [
        (*key, day, series, old, new, epoch(now))
        for day in before
        for series, old, new in _differences(stream, before[day], after.get(day, {}))
    ]
    columns = [column.name for column in usage_revision.columns if column.name != "id"]
    insert_rows(connection, usage_revision.name, columns, rows)


def _differences(
    stream: Stream, before: Mapping[int, Measures], after: Mapping[int, Measures]
) -> Iterator[tuple[int, str | None, str | None]]:
    """(series, old, new): the measures that differ as JSON objects, None where there is no row."""
    if _is_regrouped(before, after):
        return
    for series in sorted({*before, *after}):
        old, new = before.get(series), after.get(series)
        if old != new:
            yield series, _as_json(stream, old, new), _as_json(stream, new, old)


def _as_json(stream: Stream, measures: Measures | None, other: Measures | None) -> str | None:
    if measures is None:
        return None
    others = other or (None,) * len(measures)
    named = zip(stream.measures, measures, others, strict=True)
    return json.dumps({name: value for name, value, beside in named if value != beside})


def _is_regrouped(before: Mapping[int, Measures], after: Mapping[int, Measures]) -> bool:
    """The same usage under other dimensions, because a grouping was refused: no revision."""
    if not before or not after or not before.keys().isdisjoint(after):
        return False
    return reduce(added_measures, before.values()) == reduce(added_measures, after.values())


def _read_before(connection: Connection, place: Place, days: list[int]) -> list[int]:
    start = coverage.c.bucket_start
    return list(
        connection.scalars(
            select(start)
            .where(
                coverage.c.account_id == place.account_id,
                coverage.c.stream_id == place.stream_id,
                coverage.c.grouping == MAIN,
                start.in_(days),
            )
            .order_by(start)
        )
    )


def _stored(
    connection: Connection, place: Place, stream: Stream, days: list[int]
) -> dict[int, dict[int, Measures]]:
    names = ", ".join(stream.measures)
    rows = connection.execute(
        text(
            f"SELECT bucket_start, series_id, {names} FROM usage_day WHERE account_id = :account"
            " AND stream_id = :stream AND bucket_start >= :start AND bucket_start < :end"
        ),
        {
            "account": place.account_id,
            "stream": place.stream_id,
            "start": days[0],
            "end": days[-1] + DAY,
        },
    )
    found: dict[int, dict[int, Measures]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = tuple(row[2:])
    return found
