"""Billed cost as it was known at a moment: what is stored now, less what was seen since."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from wherespent.analytics.filters import Choice, Granularity
from wherespent.analytics.revised import every_cell, revised
from wherespent.analytics.sources import Source, read_account
from wherespent.analytics.sums import Key, Sums, added, floor_of, sums
from wherespent.domain.windows import Window, joined_days
from wherespent.providers.openai.streams import COSTS
from wherespent.storage.tables import MAIN, coverage


def known_days(
    connection: Connection, account: str, grouping: int | None, window: Window, moment: datetime
) -> frozenset[int]:
    """UTC days whose bill had been read at a moment, however provisional it was.

    Of a day read by a version that did not note when it was first read, the last reading counts.
    """
    read, day = read_account(connection, account), coverage.c
    return frozenset(
        connection.scalars(
            select(day.bucket_start).where(
                day.account_id == read.id,
                day.stream_id == read.stream_ids.get(COSTS.name, 0),
                day.grouping == (MAIN if grouping is None else grouping),
                day.bucket_start >= window.start,
                day.bucket_start < window.end,
                func.coalesce(day.first_read_at, day.read_at) <= moment,
            )
        )
    )


def unknown_days(known: Collection[int], window: Window) -> list[Window]:
    """The days of a window that were not read yet: what they cost is unknown, not zero."""
    return joined_days(day for day in window.days() if day not in known)


def sums_as_of(
    connection: Connection,
    source: Source,
    window: Window,
    grain: Granularity,
    choices: Mapping[str, Choice],
    *,
    by: Sequence[str],
    moment: datetime,
    known: Collection[int],
) -> Sums:
    """(bucket, one raw value per dimension) → (nano-dollars,), of the `known` days only.

    A key that the provider has taken back since is there again, one that came since is not.
    """
    totals: dict[Key, list[int]] = {}
    floor = floor_of(grain)
    for days in joined_days(day for day in window.days() if day in known):
        for (day, *key), (nanos, cells) in _cells(
            connection, source, days, choices, by, moment
        ).items():
            total = totals.setdefault((floor(day), *key), [0, 0])
            total[0] += nanos
            total[1] += cells
    return {key: (nanos,) for key, (nanos, cells) in totals.items() if cells}


def _cells(
    connection: Connection,
    source: Source,
    days: Window,
    choices: Mapping[str, Choice],
    by: Sequence[str],
    moment: datetime,
) -> dict[Key, tuple[int, int]]:
    """By day and key: what its cells add up to, and how many there are."""
    now, since = every_cell(source), revised(source, after=moment)

    def asked(of: Source, cells: ColumnElement[int]) -> Sums:
        return sums(
            connection,
            of,
            days,
            Granularity.DAY,
            choices,
            by=[of.raw(name) for name in by],
            measures=[added(of.facts.c.amount), cells],
        )

    found = dict[Key, tuple[int, int]](asked(now, func.count()))
    for key, (nanos, cells) in asked(since, added(since.facts.c.cells)).items():
        stored_nanos, stored_cells = found.get(key, (0, 0))
        found[key] = stored_nanos - nanos, stored_cells - cells
    return found
