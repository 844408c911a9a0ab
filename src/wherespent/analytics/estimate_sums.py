"""What is added up for an estimate: amounts times prices, and what has none, by the way."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from wherespent.analytics.filters import NOT_REPORTED
from wherespent.domain.money import EXACT
from wherespent.domain.price_usage import TokenCounts
from wherespent.domain.pricing import OTHER_UNITS, Missing, PriceUnit, Tariff, priced


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars at list prices, exact; None where nothing of it has a price.

    `unpriced_tokens` have no price and are in no sum; characters, seconds and images without one
    are told by `missing_prices`.
    """

    cost: Decimal | None
    priced_tokens: int
    unpriced_tokens: int


@dataclass(frozen=True, slots=True)
class MissingPrice:
    """Usage without a price, and why: `amount` in `unit` (tokens by their kind)."""

    model_key: str
    tier: str
    unit: PriceUnit | None
    reason: Missing
    amount: int


@dataclass(slots=True)
class _Sum:
    cost: Decimal = Decimal(0)
    is_priced: bool = False
    is_missing: bool = False
    priced: int = 0
    unpriced: int = 0

    def estimate(self) -> Estimate:
        is_known = self.is_priced or not self.is_missing
        return Estimate(self.cost if is_known else None, self.priced, self.unpriced)


@dataclass(frozen=True, slots=True)
class UsedBy:
    """Whose usage it is. `tier` is None where usage was not read by tier."""

    cell: tuple[Any, ...]
    model_key: str
    tier: str | None
    tariff: Tariff | Missing


@dataclass(slots=True)
class EstimateSums:
    """Estimates by cell, and what has no price, over any number of rows."""

    _cells: defaultdict[tuple[Any, ...], _Sum] = field(
        default_factory=lambda: defaultdict[tuple[Any, ...], _Sum](_Sum)
    )
    _missing: defaultdict[tuple[str, str, PriceUnit | None, Missing], int] = field(
        default_factory=lambda: defaultdict[tuple[str, str, PriceUnit | None, Missing], int](int)
    )

    def estimates(self) -> dict[tuple[Any, ...], Estimate]:
        return {cell: found.estimate() for cell, found in self._cells.items()}

    def missing(self) -> list[MissingPrice]:
        return [MissingPrice(*what, amount) for what, amount in self._missing.items()]

    def add_tokens(self, by: UsedBy, counts: TokenCounts) -> None:
        amounts = counts.amounts()
        if amounts is not None:
            self.add(by, amounts)
            return
        cell = self._cells[by.cell]
        cell.unpriced += counts.total
        cell.is_missing = True
        self._note(by, None, Missing.TOKENS, counts.total)

    def add(self, by: UsedBy, amounts: Mapping[PriceUnit, int]) -> None:
        cell = self._cells[by.cell]
        used = {unit: amount for unit, amount in amounts.items() if amount}
        if isinstance(by.tariff, Missing):
            missing: Mapping[PriceUnit, int] = used
            reason = by.tariff
        else:
            found = priced(used, by.tariff)
            missing, reason = found.missing, Missing.UNIT
            if found.cost is not None and used.keys() - missing.keys():
                cell.cost = EXACT.add(cell.cost, found.cost)
                cell.is_priced = True
                cell.priced += _tokens(used) - _tokens(missing)
        cell.unpriced += _tokens(missing)
        cell.is_missing = cell.is_missing or bool(missing)
        for unit, amount in missing.items():
            self._note(by, unit, reason, amount)

    def _note(self, by: UsedBy, unit: PriceUnit | None, why: Missing, amount: int) -> None:
        tier = NOT_REPORTED if by.tier is None else by.tier
        self._missing[by.model_key, tier, unit, why] += amount


def _tokens(amounts: Mapping[PriceUnit, int]) -> int:
    return sum(amount for unit, amount in amounts.items() if unit not in OTHER_UNITS)
