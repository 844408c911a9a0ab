"""Billed cost as rows."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from wherespent.analytics.cost import COST_DIMENSIONS, Part, billed_measures, known_quantity
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import Source, cost_source, read_account
from wherespent.analytics.sums import Key, Values
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused
from wherespent.exports.chunks import streamed_sums
from wherespent.exports.dimensions import Dimensions, refuse_unknown
from wherespent.exports.tables import Column, Export, Row, Type

_MEASURES = (
    Column("billed_usd", Type.USD),
    Column("quantity", Type.REAL),
    Column("quantity_unit", Type.TEXT),
)


def export_costs(
    connection: Connection, filters: Filters, dimensions: Sequence[str] = ()
) -> Export:
    """Billed cost by `filters.granularity` and any of `cost.COST_DIMENSIONS`.

    `model` is derived from the line item, null where that names none. Raises QuestionRefused
    for hours, for an unknown dimension, and for users beside a dimension that the
    organization does not report together with them.
    """
    if filters.granularity is Granularity.HOUR:
        raise QuestionRefused("OpenAI bills by the UTC day: use day, month or total for costs")
    refuse_unknown("billed cost", dimensions, COST_DIMENSIONS)
    grouped = Dimensions(connection, filters.account, dimensions)
    account = read_account(connection, filters.account)
    source = cost_source(connection, account, (*filters.cost_choices, *grouped.names))
    buckets = (
        [] if filters.granularity is Granularity.TOTAL else [Column("bucket_start", Type.TIME)]
    )
    return Export(
        (*buckets, *grouped.columns(), *_MEASURES), _rows(connection, source, filters, grouped)
    )


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
