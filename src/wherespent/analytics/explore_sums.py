"""The exact sums that a measure is made of, by bucket and by any dimensions."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.estimated import estimated_by
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.live import minute_source
from wherespent.analytics.measures import UNCACHED, Amount, Fact, Measure, Part, Parts
from wherespent.analytics.sources import Source, usage_source
from wherespent.analytics.stocks import stock_levels
from wherespent.analytics.sums import Sums, added, series_totals, sums
from wherespent.analytics.usage import uncached_input
from wherespent.analytics.zones import UTC_ZONE
from wherespent.domain.pricing import PriceBook
from wherespent.domain.windows import Window
from wherespent.storage.tables import usage_day

Found = dict[tuple[int | None, tuple[str, ...]], Parts]


def measure_sums(
    connection: Connection,
    filters: Filters,
    measure: Measure,
    dimensions: tuple[str, ...],
    *,
    beside: tuple[str, ...] = (),
    minutes: Window | None = None,
    prices: PriceBook | None = None,
) -> Found:
    """(bucket, key) → one sum per amount of the measure, None where it is unknown."""
    if measure.is_estimate:
        points = estimated_by(connection, filters, dimensions, prices or PriceBook())
        return {(it.bucket_start, it.keys): (it.estimate.cost,) for it in points}
    if len(measure.facts) > 1:
        # The bill is of UTC days: what it is divided by must be of the same days.
        filters = replace(filters, zone=UTC_ZONE)
    each = [
        _amount_sums(connection, filters, amount, dimensions, beside, minutes)
        for amount in measure.amounts
    ]
    keys = dict.fromkeys(key for found in each for key in found)
    return {
        (bucket, tuple(key)): tuple(_joined(found.get((bucket, *key), ())) for found in each)
        for bucket, *key in keys
    }


def _joined(values: tuple[Part, ...]) -> Part:
    """Several columns as one: unknown plus a number is that number."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _amount_sums(
    connection: Connection,
    filters: Filters,
    amount: Amount,
    dimensions: tuple[str, ...],
    beside: tuple[str, ...],
    minutes: Window | None,
) -> Sums:
    if amount.fact is Fact.BILLED:
        return billed_nanos(connection, filters, *dimensions, beside=beside)
    return added_up(
        connection,
        filters,
        dimensions,
        lambda scope, by: _of_account(connection, scope, amount, by, minutes),
    )


def _of_account(
    connection: Connection,
    scope: Scope,
    amount: Amount,
    dimensions: tuple[str, ...],
    minutes: Window | None,
) -> Sums:
    filters = scope.filters
    choices, grain = filters.usage_choices, filters.grain
    if minutes:
        source = minute_source(scope.account)
        # Buckets as they are stored.
        grain = grain if grain is Granularity.TOTAL else Granularity.HOUR
    else:
        needed = (*choices, *dimensions)
        hours = grain is Granularity.HOUR
        source = usage_source(scope.account, amount.streams, needed, hours=hours, zone=filters.zone)
    window = minutes or filters.window
    by = [source.shown(dimension) for dimension in dimensions]
    if amount.is_stock:
        stored = source.facts.c[amount.columns[0]]
        return stock_levels(connection, source, filters, by=by, measure=stored)
    columns = [_column(source, name) for name in amount.columns]
    if grain is Granularity.TOTAL and _is_indexed(source, amount):
        return series_totals(connection, source, window, choices, by=by, measure=columns[0])
    measures = [added(column) for column in columns]
    return sums(connection, source, window, grain, choices, by=by, measures=measures)


def _is_indexed(source: Source, amount: Amount) -> bool:
    return source.facts is usage_day and amount.columns == ("num_model_requests",)


def _column(source: Source, name: str) -> ColumnElement[Any]:
    return uncached_input(source.facts) if name == UNCACHED else source.facts.c[name]
