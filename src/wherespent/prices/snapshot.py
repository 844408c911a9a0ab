"""OpenAI's list prices from the snapshot inside `genai-prices`: offline, never fetched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from wherespent.domain.pricing import (
    BATCH,
    STANDARD,
    PriceUnit,
    Rate,
    Tariff,
    per_million_seconds,
)

if TYPE_CHECKING:
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, PriceVariant

SOURCE = "genai-prices"
_UNITS = {
    "input_mtok": PriceUnit.INPUT,
    "cache_read_mtok": PriceUnit.CACHED_INPUT,
    "cache_write_mtok": PriceUnit.CACHE_WRITE,
    "output_mtok": PriceUnit.OUTPUT,
    "input_audio_mtok": PriceUnit.AUDIO_INPUT,
    "cache_audio_read_mtok": PriceUnit.AUDIO_CACHED_INPUT,
    "output_audio_mtok": PriceUnit.AUDIO_OUTPUT,
    "input_image_mtok": PriceUnit.IMAGE_INPUT,
    "cache_image_read_mtok": PriceUnit.IMAGE_CACHED_INPUT,
    "output_image_mtok": PriceUnit.IMAGE_OUTPUT,
    "input_mchars": PriceUnit.CHARACTERS,
}
_HOURS = "input_audio_hours"
# The snapshot lists it without any price; OpenAI documents that moderation is free of charge.
_FREE_OF_CHARGE = frozenset({"moderation"})


class Snapshot:
    """A price list that is read with the first question: half a second and 30 MB."""

    def tariffs(self, model_key: str) -> Sequence[Tariff]:
        """Every tier and date of a model; none where the snapshot does not know it."""
        # A fine-tuned model is billed under `ft-`, and listed under `ft:`.
        asked = f"ft:{model_key[3:]}" if model_key.startswith("ft-") else model_key
        model = next((it for it in _models() if it.is_match(asked)), None)
        return () if model is None else tuple(_tariffs(model_key, model))


@cache
def _models() -> Sequence["ModelInfo"]:
    # Here, and not above: commands that show no prices do not pay for them.
    from genai_prices.data import providers  # noqa: PLC0415

    return next(provider.models for provider in providers if provider.id == "openai")


@cache
def _version() -> str:
    return version(SOURCE)


def _tariffs(model_key: str, model: "ModelInfo") -> Iterator[Tariff]:
    for valid_from, listed in _standard(model):
        rates = _rates(listed)
        if model.id in _FREE_OF_CHARGE:
            rates = {PriceUnit.INPUT: Rate(Decimal(0))}
        if rates:
            yield Tariff(model_key, STANDARD, valid_from, rates, SOURCE, _version())
    for variant in model.price_variants or ():
        tier = _tier(variant.when)
        rates = _rates(variant.prices)
        # What a tier does not list keeps the standard price in the snapshot: here it has none.
        if tier and rates and _is_dated(variant):
            yield Tariff(model_key, tier, _since(variant), rates, SOURCE, _version())


def _standard(model: "ModelInfo") -> Iterable[tuple[date | None, "ModelPrice"]]:
    if not isinstance(model.prices, list):
        return [(None, model.prices)]
    return [(_since(it), it.prices) for it in model.prices if _is_dated(it)]


def _is_dated(price: "ConditionalPrice | PriceVariant") -> bool:
    """Not a price by the time of day, which a sum over a day cannot have."""
    return price.constraint is None or hasattr(price.constraint, "start_date")


def _since(price: "ConditionalPrice | PriceVariant") -> date | None:
    return getattr(price.constraint, "start_date", None)


def _tier(when: Mapping[str, str]) -> str:
    """The tier that a variant is for; '' for what is no tier."""
    if when == {"processing": BATCH}:
        return BATCH
    return when.get("service_tier", "") if len(when) == 1 else ""


def _rates(listed: "ModelPrice") -> dict[PriceUnit, Rate]:
    prices = vars(listed)
    rates = {
        unit: _rate(prices[name]) for name, unit in _UNITS.items() if prices.get(name) is not None
    }
    hourly = prices.get(_HOURS)
    if isinstance(hourly, Decimal):
        rates[PriceUnit.SECONDS] = Rate(per_million_seconds(hourly))
    return rates


def _rate(price: object) -> Rate:
    if isinstance(price, Decimal):
        return Rate(price)
    # Every model of OpenAI has one threshold, so the whole request has one rate beside the base.
    tiers = getattr(price, "tiers", ())
    base = getattr(price, "base", None)
    if not isinstance(base, Decimal) or len(tiers) != 1:
        raise ValueError(f"a price that this version does not know: {price}")
    return Rate(base, tiers[0].price, tiers[0].start)
