"""Billed cost as rows."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, scopes
from wherespent.analytics.as_of import known_days, sums_as_of, unknown_days
from wherespent.analytics.cost import COST_DIMENSIONS, Part, billed_measures, known_quantity
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import Source, cost_source
from wherespent.analytics.sums import Key, Sums, Values
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import Window, joined_days, utc
from wherespent.errors import QuestionRefused
from wherespent.exports.chunks import streamed, streamed_sums
from wherespent.exports.dimensions import Dimensions, refuse_unknown
from wherespent.exports.tables import Column, Export, Row, Type

_BILLED = Column("billed_usd", Type.USD)
_MEASURES = (
    _BILLED,
    Column("quantity", Type.REAL),
    Column("quantity_unit", Type.TEXT),
)


def export_costs(
    connection: Connection,
    filters: Filters,
    dimensions: Sequence[str] = (),
    *,
    as_of: datetime | None = None,
) -> Export:
    """Billed cost by account, `filters.granularity` and any of `cost.COST_DIMENSIONS`.

    With `as_of`, what was known at that moment: days that had not been read are left out (they
    are in `unknown`), and so are quantities, which have no history. Where revisions were thinned,
    an answer between two readings of one day of observation is that of its start or of its end.

    `model` is derived from the line item, null where that names none. Raises QuestionRefused
    for hours, for an unknown dimension, and for users beside a dimension that the
    organization does not report together with them.
    """
    if filters.granularity is Granularity.HOUR:
        raise QuestionRefused("OpenAI bills by the UTC day: use day, month or total for costs")
    refuse_unknown("billed cost", dimensions, COST_DIMENSIONS)
    parts = [
        _of_account(connection, scope, dimensions, as_of) for scope in scopes(connection, filters)
    ]
    unknown = {day for part in parts for window in part.unknown for day in window.days()}
    rows = chain.from_iterable(part.rows for part in parts)
    return Export(parts[0].columns, rows, tuple(joined_days(sorted(unknown))))


def _of_account(
    connection: Connection, scope: Scope, dimensions: Sequence[str], as_of: datetime | None
) -> Export:
    filters = scope.filters
    grouped = Dimensions(connection, scope.label, dimensions)
    source = cost_source(connection, scope.account, (*filters.cost_choices, *grouped.names))
    is_total = filters.granularity is Granularity.TOTAL
    buckets = [] if is_total else [Column("bucket_start", Type.TIME)]
    if as_of is None:
        columns = (*buckets, *grouped.columns(), *_MEASURES)
        return Export(columns, _rows(connection, source, filters, grouped))
    known = known_days(connection, scope.label, source.grouping, filters.window, as_of)
    rows = _rows_as_of(connection, source, filters, grouped, as_of, known)
    unknown = tuple(unknown_days(known, filters.window))
    return Export((*buckets, *grouped.columns(), _BILLED), rows, unknown)


def _rows_as_of(
    connection: Connection,
    source: Source,
    filters: Filters,
    grouped: Dimensions,
    moment: datetime,
    known: Collection[int],
) -> Iterator[Row]:
    def asked(piece: Window) -> Sums:
        return sums_as_of(
            connection,
            source,
            piece,
            filters.granularity,
            filters.cost_choices,
            by=grouped.names,
            moment=moment,
            known=known,
        )

    for (bucket, *values), (nanos,) in streamed(filters, asked):
        row: Row = {} if bucket is None else {"bucket_start": utc(bucket)}
        row |= grouped.cells(dict(zip(grouped.names, values, strict=True)))
        yield row | {_BILLED.name: from_nanos(nanos)}


def _rows(
    connection: Connection, source: Source, filters: Filters, grouped: Dimensions
) -> Iterator[Row]:
    by = [*(source.raw(name) for name in grouped.names), source.raw("quantity_unit")]
    found = streamed_sums(connection, source, filters, by, billed_measures(source))
    for (bucket, *values), parts in groupby(found, _without_unit):
        row: Row = {} if bucket is None else {"bucket_start": utc(bucket)}
        row |= grouped.cells(dict(zip(grouped.names, values, strict=True)))
        yield row | _measures([Part(key[-1], *measures) for key, measures in parts])


def _without_unit(found: tuple[Key, Values]) -> tuple[Any, ...]:
    return found[0][:-1]


def _measures(parts: list[Part]) -> Row:
    quantity, unit = known_quantity(parts)
    return {
        "billed_usd": from_nanos(sum(part.nanos for part in parts)),
        "quantity": quantity,
        "quantity_unit": unit or None,
    }
