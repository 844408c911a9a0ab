"""Billed days that changed after they were first read: what was known, what it became, when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, func

from wherespent.analytics.accounts import only_scope
from wherespent.analytics.cost import COST_DIMENSIONS
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.revised import revised
from wherespent.analytics.sources import cost_source
from wherespent.analytics.sums import added, sums
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import DAY, Window
from wherespent.errors import QuestionRefused
from wherespent.storage.revisions import PROVISIONAL, RESTATED

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """How the billed cost of one UTC day changed on one day of observation.

    `day` is its start in epoch seconds, `key` one value per asked dimension ('' is unattributed).
    `old` and `new` are US dollars before and after, of all that has this key on that day.
    `is_settled`: the day had settled, so this is a restatement.
    """

    day: int
    key: Key
    seen_at: datetime
    is_settled: bool
    old: Decimal
    new: Decimal

    @property
    def delta(self) -> Decimal:
        return self.new - self.old


@dataclass(frozen=True, slots=True)
class _Change:
    day: int
    key: Key
    seen_day: int
    kind: int
    nanos: int
    moved: int
    seen_at: datetime


def restatements(
    connection: Connection, filters: Filters, dimensions: Sequence[str] = ()
) -> list[Revision]:
    """Changes of days that had settled, in the order of the days and then of their observation.

    By any of `cost.COST_DIMENSIONS`. A day whose total stayed while its parts moved is listed,
    the same money under other dimensions is not. Raises QuestionRefused as `cost_by` does.
    """
    return list(_revisions(connection, filters, dimensions, restated=True))


def revisions(
    connection: Connection, filters: Filters, dimensions: Sequence[str] = ()
) -> list[Revision]:
    """Restatements, and what changed while days were provisional: one row per day of observation.

    Thinning (`storage.revisions`) therefore never changes this answer.
    """
    return list(_revisions(connection, filters, dimensions, restated=False))


def _revisions(
    connection: Connection, filters: Filters, dimensions: Sequence[str], *, restated: bool
) -> Iterator[Revision]:
    _refuse_unknown(dimensions)
    changes = _changes(connection, filters, dimensions, restated=restated)
    if not changes:
        return
    days = Window(changes[0].day, changes[-1].day + DAY)
    now = _amounts(connection, filters, days, dimensions)
    for (day, key), of_cell in groupby(changes, attrgetter("day", "key")):
        yield from _walked_back(list(of_cell), now.get((day, *key), 0))


def _walked_back(changes: list[_Change], nanos: int) -> Iterator[Revision]:
    """From what a key of a day costs now to what it cost before each of its changes."""
    found: list[Revision] = []
    for change in reversed(changes):
        before = nanos - change.nanos
        if change.nanos or (change.kind == RESTATED and change.moved):
            found.append(_revision(change, before, nanos))
        nanos = before
    return reversed(found)


def _revision(change: _Change, before: int, after: int) -> Revision:
    return Revision(
        change.day,
        change.key,
        change.seen_at,
        change.kind != PROVISIONAL,
        from_nanos(before),
        from_nanos(after),
    )


def _changes(
    connection: Connection, filters: Filters, dimensions: Sequence[str], *, restated: bool
) -> list[_Change]:
    """By day, key and then observation, oldest first."""
    scope = only_scope(connection, filters)
    filters = scope.filters
    named = cost_source(connection, scope.account, (*filters.cost_choices, *dimensions))
    source = revised(named, restated=restated)
    kept = source.facts.c
    by: list[Any] = [kept.seen_day, kept.settled, *(source.raw(name) for name in dimensions)]
    measures = [added(kept.amount), added(func.abs(kept.amount)), func.max(kept.seen_at)]
    found = sums(
        connection,
        source,
        filters.window,
        Granularity.DAY,
        filters.cost_choices,
        by=by,
        measures=measures,
    )
    changes = [
        _Change(day, tuple(key), seen_day, kind, *values)
        for (day, seen_day, kind, *key), values in found.items()
    ]
    return sorted(changes, key=attrgetter("day", "key", "seen_day", "kind"))


def _amounts(
    connection: Connection, filters: Filters, days: Window, dimensions: Sequence[str]
) -> Mapping[tuple[Any, ...], int]:
    scope = only_scope(connection, filters)
    filters = scope.filters
    source = cost_source(connection, scope.account, (*filters.cost_choices, *dimensions))
    found = sums(
        connection,
        source,
        days,
        Granularity.DAY,
        filters.cost_choices,
        by=[source.raw(name) for name in dimensions],
        measures=[added(source.facts.c.amount)],
    )
    return {key: nanos for key, (nanos,) in found.items()}


def _refuse_unknown(dimensions: Sequence[str]) -> None:
    for name in dimensions:
        if name not in COST_DIMENSIONS:
            raise QuestionRefused(
                f"restatements cannot be grouped by '{name}': use {', '.join(COST_DIMENSIONS)}"
            )
