"""Billed line items in the units of list prices, so that the two can be compared."""

from decimal import Decimal

from wherespent.domain.line_items import LineItem
from wherespent.domain.pricing import STANDARD, PriceUnit, Rate, Tariff

_TOKENS = {"tokens": 1, "1000_tokens": 1000, "1k_tokens": 1000}
_SECONDS = {"seconds": 1, "duration_seconds": 1, "duration_minutes": 60, "duration_hours": 3600}
_DIRECTIONS = {
    "input": PriceUnit.INPUT,
    "cached input": PriceUnit.CACHED_INPUT,
    "cache write": PriceUnit.CACHE_WRITE,
    "cache writes": PriceUnit.CACHE_WRITE,
    "output": PriceUnit.OUTPUT,
}
_OF_MODALITY = {
    "audio": {
        PriceUnit.INPUT: PriceUnit.AUDIO_INPUT,
        PriceUnit.CACHED_INPUT: PriceUnit.AUDIO_CACHED_INPUT,
        PriceUnit.OUTPUT: PriceUnit.AUDIO_OUTPUT,
    },
    "image": {
        PriceUnit.INPUT: PriceUnit.IMAGE_INPUT,
        PriceUnit.CACHED_INPUT: PriceUnit.IMAGE_CACHED_INPUT,
        PriceUnit.OUTPUT: PriceUnit.IMAGE_OUTPUT,
    },
}


def billed_unit(item: LineItem, quantity_unit: str) -> tuple[PriceUnit, int] | None:
    """What a line item is priced by, and how many of it one of its quantity is.

    None for what no list prices by the model: an unknown direction, unit or modality.
    """
    if quantity_unit == "characters":
        return PriceUnit.CHARACTERS, 1
    if quantity_unit == "images":
        return PriceUnit.IMAGES, 1
    if quantity_unit in _SECONDS:
        return PriceUnit.SECONDS, _SECONDS[quantity_unit]
    direction = item.direction.replace("_", " ").removesuffix(" tokens")
    unit = _DIRECTIONS.get(direction)
    if unit is None or quantity_unit not in _TOKENS:
        return None
    if item.modality not in ("", "text"):
        unit = _OF_MODALITY.get(item.modality, {}).get(unit)
    return None if unit is None else (unit, _TOKENS[quantity_unit])


def billed_tier(item: LineItem) -> str:
    """The tier of a line item, as price lists call it."""
    return item.tier.lower() or STANDARD


def listed_rate(item: LineItem, unit: PriceUnit, tariff: Tariff) -> Decimal | None:
    """US dollars per million units at list price; None where it is not listed."""
    rate: Rate | None = tariff.rate(unit)
    if rate is None:
        return None
    return rate.long_context if item.long_context else rate.usd
