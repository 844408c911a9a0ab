"""Questions about billed cost: how much, over time, by dimension, by line item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func

from wherespent.analytics.accounts import ACCOUNT, Scope, added_up, scopes
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.sources import Source, cost_source, was_read
from wherespent.analytics.sums import Sums, added, series_totals, sums
from wherespent.analytics.top import top_of
from wherespent.domain.money import EXACT, from_nanos
from wherespent.errors import QuestionRefused
from wherespent.providers.openai.streams import COSTS
from wherespent.storage.tables import MAIN, cost_day

# What the tables of costs can be grouped by; `account` besides.
COST_DIMENSIONS = ("model", "line_item", "project_id", "user_id", "api_key_id", "api_source")
_GROUPABLE = (*COST_DIMENSIONS, ACCOUNT)


@dataclass(frozen=True, slots=True)
class CostPoint:
    """US dollars of one key in one bucket (`bucket_start` is None over the whole window)."""

    bucket_start: int | None
    key: str
    billed: Decimal


@dataclass(frozen=True, slots=True)
class CostTotals:
    """`billed` is None where nothing was read; `unmodelled` is the billed cost of line items
    without a model that the model filter leaves out (0 without such a filter).
    """

    billed: Decimal | None
    unmodelled: Decimal


@dataclass(frozen=True, slots=True)
class LineItemRow:
    """One line item of the bill. `share` is of the billed total shown, 0 to 1 (None where that
    is 0); `quantity` is None where unknown or units mix; `rate_paid` is USD per unit.
    """

    line_item: str
    model_key: str
    billed: Decimal
    share: Decimal | None
    quantity: float | None
    quantity_unit: str
    rate_paid: Decimal | None


def cost_by(connection: Connection, filters: Filters, dimension: str) -> list[CostPoint]:
    """One point per (bucket, key), by bucket and then key.

    Days are the finest buckets: HOUR is answered by the day. Raises QuestionRefused for an
    unknown dimension, and where the organization does not report users beside it.
    """
    _refuse_unknown(dimension)
    found = billed_nanos(connection, filters, dimension)
    points = [
        CostPoint(bucket, key, from_nanos(nanos)) for (bucket, key), (nanos,) in found.items()
    ]
    return sorted(points, key=lambda point: (point.bucket_start or 0, point.key))


def _refuse_unknown(dimension: str) -> None:
    if dimension not in _GROUPABLE:
        raise QuestionRefused(
            f"billed cost cannot be grouped by {dimension}: use {', '.join(_GROUPABLE)}"
        )


@dataclass(frozen=True, slots=True)
class TopCosts:
    """The largest keys one by one, and everything else as one point per bucket (key '')."""

    points: tuple[CostPoint, ...]
    others: tuple[CostPoint, ...]
    other_keys: int


def top_costs(connection: Connection, filters: Filters, dimension: str, most: int) -> TopCosts:
    """`cost_by` for the `most` largest keys; the rest is one point per bucket.

    Points and others together add up to `cost_over_time`, exactly. Raises QuestionRefused.
    """
    _refuse_unknown(dimension)
    top = top_of(filters, dimension, most, lambda chosen, by: billed_nanos(connection, chosen, *by))
    points = [CostPoint(*key, from_nanos(nanos)) for key, nanos in top.points.items()]
    others = [CostPoint(bucket, "", from_nanos(nanos)) for bucket, nanos in top.others.items()]
    return TopCosts(tuple(points), tuple(others), top.other_keys)


def cost_over_time(connection: Connection, filters: Filters) -> list[CostPoint]:
    """One point per bucket that has any cost, oldest first; keys are ''."""
    found = billed_nanos(connection, filters)
    points = [CostPoint(bucket, "", from_nanos(nanos)) for (bucket,), (nanos,) in found.items()]
    return sorted(points, key=lambda point: point.bucket_start or 0)


def cost_total(connection: Connection, filters: Filters) -> Decimal | None:
    """US dollars billed in the window; None where nothing was read: no data is not $0."""
    found = billed_nanos(connection, replace(filters, granularity=Granularity.TOTAL))
    if found:
        return from_nanos(found[(None,)][0])
    was_any_read = any(_was_read(connection, scope) for scope in scopes(connection, filters))
    return Decimal(0) if was_any_read else None


def cost_totals(connection: Connection, filters: Filters) -> CostTotals:
    """The total beside what a model filter leaves out."""
    billed = cost_total(connection, filters)
    chosen = filters.model.include
    if not chosen or "" in chosen:
        return CostTotals(billed, Decimal(0))
    rest = Choice(include=("",), exclude=chosen)
    return CostTotals(billed, cost_total(connection, replace(filters, model=rest)) or Decimal(0))


def line_items(connection: Connection, filters: Filters) -> list[LineItemRow]:
    """The bill of the window, the largest line item first."""
    by = ("line_item", "model_key", "quantity_unit")
    total = Granularity.TOTAL
    found = added_up(
        connection, filters, by, lambda scope, _: bill_parts(connection, scope, by, total)
    )
    bill: dict[tuple[str, str], list[Part]] = {}
    for (_, item, model_key, unit), values in found.items():
        bill.setdefault((item, model_key), []).append(Part(unit, *values))
    whole = sum(part.nanos for parts in bill.values() for part in parts)
    rows = [_line_item_row(*named, parts, whole) for named, parts in bill.items()]
    return sorted(rows, key=lambda row: (-row.billed, row.line_item))


def bill_parts(
    connection: Connection, scope: Scope, by: Sequence[str], granularity: Granularity
) -> Sums:
    """The measures of a `Part` by (bucket, *by), as stored: `quantity_unit` may be one of `by`."""
    choices = scope.filters.cost_choices
    needed = (*choices, *(name for name in by if name != "quantity_unit"))
    source = cost_source(connection, scope.account, needed)
    return sums(
        connection,
        source,
        scope.filters.window,
        granularity,
        choices,
        by=[source.raw(name) for name in by],
        measures=billed_measures(source),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What was billed in one unit; `missing` rows told no quantity."""

    unit: str
    nanos: int
    quantity: float | None
    missing: int


def billed_measures(source: Source) -> list[ColumnElement[Any]]:
    """The measures of a `Part`, in its order."""
    column = source.facts.c.quantity
    return [added(source.facts.c.amount), func.sum(column), func.count() - func.count(column)]


def known_quantity(parts: Sequence[Part]) -> tuple[float | None, str]:
    """The quantity and its unit; unknown where units mix or a row told none."""
    if len(parts) != 1 or parts[0].missing:
        return None, parts[0].unit if len(parts) == 1 else ""
    return parts[0].quantity, parts[0].unit


def _line_item_row(item: str, model_key: str, parts: list[Part], whole: int) -> LineItemRow:
    nanos = sum(part.nanos for part in parts)
    billed = from_nanos(nanos)
    amount, unit = known_quantity(parts)
    return LineItemRow(
        line_item=item,
        model_key=model_key,
        billed=billed,
        share=EXACT.divide(Decimal(nanos), Decimal(whole)) if whole else None,
        quantity=amount,
        quantity_unit=unit,
        rate_paid=EXACT.divide(billed, Decimal(str(amount))) if amount else None,
    )


def billed_nanos(
    connection: Connection, filters: Filters, *dimensions: str, beside: tuple[str, ...] = ()
) -> Sums:
    """Nano-dollars by (bucket, *dimensions): what the questions about the bill are made of.

    Read where `beside` is known as well: sums by user and their total are one reading of costs.
    Raises QuestionRefused.
    """

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        needed = (*scope.filters.cost_choices, *by, *beside)
        source = cost_source(connection, scope.account, needed)
        return _nanos(connection, source, scope.filters, by)

    return added_up(connection, filters, dimensions, ask)


def _nanos(
    connection: Connection, source: Source, filters: Filters, dimensions: Iterable[str] = ()
) -> Sums:
    by = [source.shown(dimension) for dimension in dimensions]
    amount = source.facts.c.amount
    choices = filters.cost_choices
    if filters.granularity is Granularity.TOTAL and source.facts is cost_day:
        return series_totals(connection, source, filters.window, choices, by=by, measure=amount)
    is_hourly = filters.granularity is Granularity.HOUR
    grain = Granularity.DAY if is_hourly else filters.granularity
    return sums(
        connection, source, filters.window, grain, choices, by=by, measures=(added(amount),)
    )


def _was_read(connection: Connection, scope: Scope) -> bool:
    source = cost_source(connection, scope.account, scope.filters.cost_choices)
    grouping = MAIN if source.grouping is None else source.grouping
    return was_read(connection, scope.account, (COSTS,), scope.filters.window, grouping)
