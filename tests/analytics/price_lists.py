"""Price lists of the small organization, with prices that are easy to multiply."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wherespent.domain.pricing import BATCH, STANDARD, PriceBook, PriceUnit, Rate, Tariff

CUT = date(2026, 1, 2)


def tariff(model: str, tier: str = STANDARD, since: date | None = None, **usd: str) -> Tariff:
    rates = {PriceUnit(unit): Rate(Decimal(price)) for unit, price in usd.items()}
    return Tariff(model, tier, since, rates, "tests", "1")


@dataclass(frozen=True)
class Listed:
    by_model: Mapping[str, tuple[Tariff, ...]]

    def tariffs(self, model_key: str) -> tuple[Tariff, ...]:
        return self.by_model.get(model_key, ())


def book(*tariffs: Tariff) -> PriceBook:
    models = dict.fromkeys(it.model for it in tariffs)
    return PriceBook(
        (Listed({model: tuple(t for t in tariffs if t.model == model) for model in models}),)
    )


GPT = tariff("gpt-5", input="2", cached_input="0.2", cache_write="2.5", output="10")
O3 = tariff("o3", input="4", cached_input="1", cache_write="5", output="20")
O3_BATCH = tariff("o3", BATCH, input="2", output="10")
PRICES = book(GPT, O3, O3_BATCH, tariff("embed", input="0.1"))
