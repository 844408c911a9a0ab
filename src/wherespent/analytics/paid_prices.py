"""Questions about the price that was paid by model, against the list price of the same usage."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from wherespent.analytics.accounts import added_up, scopes
from wherespent.analytics.cost import Part, bill_parts, known_quantity
from wherespent.analytics.filters import Filters
from wherespent.analytics.price_spans import price_spans
from wherespent.analytics.sums import Sums
from wherespent.domain.line_items import LineItem, parse_line_item
from wherespent.domain.money import EXACT, from_nanos
from wherespent.domain.price_line_items import billed_tier, billed_unit, listed_rate
from wherespent.domain.pricing import MILLION, PriceBook, PriceUnit, Tariff
from wherespent.storage import tables


@dataclass(frozen=True, slots=True)
class PaidPrice:
    """What a model was billed for in one unit. `quantity` counts tokens, characters, seconds or
    images; `at_list` is what the same tiers and quantities cost at list price (US dollars), None
    where any of them has none.
    """

    bucket_start: int | None
    model_key: str
    unit: PriceUnit
    billed: Decimal
    quantity: Decimal
    at_list: Decimal | None

    @property
    def paid(self) -> Decimal | None:
        """US dollars paid per million units."""
        return _per_million(self.billed, self.quantity)

    @property
    def listed(self) -> Decimal | None:
        """US dollars per million units at list price, mixed over tiers as the bill is."""
        return None if self.at_list is None else _per_million(self.at_list, self.quantity)

    @property
    def difference(self) -> Decimal | None:
        """How much more was paid than the list price, as a fraction; less is below 0."""
        return over_list(self.billed, self.at_list)


def over_list(billed: Decimal, at_list: Decimal | None) -> Decimal | None:
    """How much more `billed` is, as a fraction; None where there is nothing to compare with."""
    return EXACT.divide(billed, at_list) - 1 if at_list else None


def _per_million(usd: Decimal, quantity: Decimal) -> Decimal | None:
    return EXACT.divide(EXACT.multiply(usd, MILLION), quantity) if quantity else None


@dataclass(slots=True)
class _Cell:
    billed: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    at_list: Decimal = Decimal(0)
    is_listed: bool = True

    def add(self, billed: Decimal, units: Decimal, rate: Decimal | None) -> None:
        self.billed = EXACT.add(self.billed, billed)
        self.quantity = EXACT.add(self.quantity, units)
        self.is_listed = self.is_listed and rate is not None
        if rate is not None:
            at_list = EXACT.divide(EXACT.multiply(rate, units), MILLION)
            self.at_list = EXACT.add(self.at_list, at_list)


_Cells = defaultdict[tuple[int | None, str, PriceUnit], _Cell]


def paid_prices(connection: Connection, filters: Filters, prices: PriceBook) -> list[PaidPrice]:
    """One row per (bucket, model, unit) of line items with a model and a quantity.

    Buckets are those of `filters.granularity`, days the finest. Raises QuestionRefused.
    """
    cells: _Cells = defaultdict(_Cell)
    for window, day in price_spans(
        filters.window, prices.changes(_billed_models(connection, filters))
    ):
        asked = replace(filters, window=window)
        _add(cells, _bill(connection, asked), prices, day)
    rows = [
        PaidPrice(*key, cell.billed, cell.quantity, cell.at_list if cell.is_listed else None)
        for key, cell in cells.items()
    ]
    return sorted(rows, key=lambda row: (row.bucket_start or 0, row.model_key, row.unit))


def _billed_models(connection: Connection, filters: Filters) -> list[str]:
    item, part = tables.line_item.c, tables.cost_slice.c
    ids = [scope.account.id for scope in scopes(connection, filters)]
    billed = select(part.line_item_id).where(part.account_id.in_(ids))
    known = select(item.model_key).where(item.id.in_(billed)).distinct()
    return [key for key in connection.scalars(known) if filters.model.keeps(key)]


def _bill(connection: Connection, filters: Filters) -> Sums:
    by = ("line_item", "quantity_unit")
    grain = filters.granularity
    return added_up(
        connection, filters, by, lambda scope, _: bill_parts(connection, scope, by, grain)
    )


def _add(cells: _Cells, found: Sums, prices: PriceBook, day: date) -> None:
    parsed: dict[str, LineItem] = {}
    for (bucket, name, quantity_unit), values in found.items():
        item = parsed.setdefault(name, parse_line_item(name))
        priced_by = billed_unit(item, quantity_unit) if item.model_key else None
        part = Part(quantity_unit, *values)
        quantity, _ = known_quantity([part])
        if priced_by is None or quantity is None:
            continue
        unit, scale = priced_by
        tariff = prices.tariff(item.model_key, billed_tier(item), day)
        rate = listed_rate(item, unit, tariff) if isinstance(tariff, Tariff) else None
        units = EXACT.multiply(Decimal(str(quantity)), Decimal(scale))
        cells[bucket, item.model_key, unit].add(from_nanos(part.nanos), units, rate)


def added_prices(rows: Sequence[PaidPrice]) -> tuple[Decimal, Decimal | None]:
    """Billed and at list price, of the rows that have a list price; None where none has."""
    listed = [row for row in rows if row.at_list is not None]
    at_list = sum((row.at_list for row in listed if row.at_list is not None), Decimal(0))
    return sum((row.billed for row in listed), Decimal(0)), at_list if listed else None
