"""Days of usage that changed after they had settled: what they added up to before and since."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wherespent.analytics.sources import Account, read_account
from wherespent.analytics.sums import added
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window, epoch, floor_day
from wherespent.providers import find_stream
from wherespent.storage.tables import usage_revision, usage_slice_day


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """Sums of one measure over the whole day."""

    measure: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class UsageRestatement:
    """What one day of observation changed on one settled UTC day (epoch seconds) of a stream.

    `series` counts the combinations of dimensions that changed. Measures whose sum stayed, while
    its parts moved, are left out.
    """

    stream: str
    day: int
    seen_at: datetime
    series: int
    changes: tuple[MeasureChange, ...]


@dataclass(slots=True)
class _Observed:
    seen_at: datetime
    series: set[int]
    added: dict[str, int]


def usage_restatements(
    connection: Connection, account: str, window: Window
) -> list[UsageRestatement]:
    """Settled days in the window that changed, by stream, day and observation, oldest first."""
    read = read_account(connection, account)
    names = {id_: name for name, id_ in read.stream_ids.items()}
    found: list[UsageRestatement] = []
    for (stream_id, day), by_seen in sorted(_observed(connection, read, window).items()):
        stream = find_stream(names[stream_id])
        if stream is not None:
            now = _sums(connection, read, stream_id, day, stream)
            found += _walked_back(stream, day, by_seen, now)
    return found


def _observed(
    connection: Connection, account: Account, window: Window
) -> dict[tuple[int, int], dict[int, _Observed]]:
    """(stream, day) → day of observation → what was added on it."""
    c = usage_revision.c
    rows = connection.execute(
        select(c.stream_id, c.bucket_start, c.series_id, c.old_measures, c.new_measures, c.seen_at)
        .where(
            c.account_id == account.id,
            c.bucket_start >= window.start,
            c.bucket_start < window.end,
        )
        .order_by(c.id)
    )
    found: dict[tuple[int, int], dict[int, _Observed]] = defaultdict(dict)
    for stream_id, day, series, old, new, seen_at in rows:
        seen_day = floor_day(epoch(seen_at))
        observed = found[stream_id, day].setdefault(
            seen_day, _Observed(seen_at, set(), defaultdict(int))
        )
        observed.seen_at = max(observed.seen_at, seen_at)
        observed.series.add(series)
        for sign, measures in ((-1, _measures(old)), (1, _measures(new))):
            for name, value in measures.items():
                observed.added[name] += sign * (value or 0)
    return found


def _measures(kept: str | None) -> dict[str, int | None]:
    return {} if kept is None else json.loads(kept)


def _sums(
    connection: Connection, account: Account, stream_id: int, day: int, stream: Stream
) -> dict[str, int]:
    c = usage_slice_day.c
    row = connection.execute(
        select(*(added(c[name]) for name in stream.measures)).where(
            c.account_id == account.id, c.stream_id == stream_id, c.bucket_start == day
        )
    ).one()
    return {name: value or 0 for name, value in zip(stream.measures, row, strict=True)}


def _walked_back(
    stream: Stream, day: int, by_seen: Mapping[int, _Observed], now: dict[str, int]
) -> list[UsageRestatement]:
    """From what the day adds up to now to what it did before each observation."""
    found: list[UsageRestatement] = []
    for _, observed in sorted(by_seen.items(), reverse=True):
        changes: list[MeasureChange] = []
        for name in stream.measures:
            if change := observed.added.get(name, 0):
                changes.append(MeasureChange(name, now[name] - change, now[name]))
                now[name] -= change
        found.append(
            UsageRestatement(
                stream.name, day, observed.seen_at, len(observed.series), tuple(changes)
            )
        )
    return found[::-1]
