"""Prices as a person reads them: what is priced, per how many, and why a price is missing."""

from decimal import Decimal

from wherespent.dashboard import formats
from wherespent.domain.pricing import OTHER_UNITS, Missing, PriceUnit

PRICE_MISSING = "price missing"
PER_MILLION_TOKENS = "M tokens"
UNITS = {
    PriceUnit.INPUT: "Input",
    PriceUnit.CACHED_INPUT: "Cached input",
    PriceUnit.CACHE_WRITE: "Cache writes",
    PriceUnit.OUTPUT: "Output",
    PriceUnit.AUDIO_INPUT: "Audio input",
    PriceUnit.AUDIO_CACHED_INPUT: "Cached audio",
    PriceUnit.AUDIO_OUTPUT: "Audio output",
    PriceUnit.IMAGE_INPUT: "Image input",
    PriceUnit.IMAGE_CACHED_INPUT: "Cached images",
    PriceUnit.IMAGE_OUTPUT: "Image output",
    PriceUnit.CHARACTERS: "Characters",
    PriceUnit.SECONDS: "Audio",
    PriceUnit.IMAGES: "Images",
}
_REASONS = {
    Missing.MODEL: "the model is in no price list",
    Missing.TIER: "no price list has this tier of it",
    Missing.DATE: "its price list begins later",
    Missing.UNIT: "this kind is not in its price list",
    Missing.TOKENS: "its token kinds do not add up",
}
_MILLION = Decimal(1_000_000)
# A price list is read per hour of audio and per image; everything else per million.
_SIZES = {PriceUnit.SECONDS: Decimal(3600), PriceUnit.IMAGES: Decimal(1)}
_FINEST = Decimal("0.0001")


def reason(why: Missing) -> str:
    return _REASONS[why]


def per(unit: PriceUnit) -> str:
    """What a shown price is for: "M tokens"."""
    if unit is PriceUnit.SECONDS:
        return "hour"
    if unit is PriceUnit.IMAGES:
        return "image"
    return "M characters" if unit is PriceUnit.CHARACTERS else PER_MILLION_TOKENS


def scaled(per_million: Decimal | None, unit: PriceUnit) -> Decimal | None:
    """US dollars per million as US dollars per `per(unit)`."""
    if per_million is None or unit not in _SIZES:
        return per_million
    return per_million * _SIZES[unit] / _MILLION


def price(per_million: Decimal | None, unit: PriceUnit) -> str:
    """With up to four decimals, more where it is smaller than those."""
    usd = scaled(per_million, unit)
    if usd is None:
        return formats.MISSING
    if 0 < abs(usd) < _FINEST:
        return formats.usd(usd)
    return formats.exact_usd(usd.quantize(_FINEST))


def amount(quantity: Decimal | int, unit: PriceUnit | None) -> str:
    """Tokens, characters, images, or a length of audio: "12.3 M tokens"."""
    if unit is PriceUnit.SECONDS:
        return f"{formats.compact(float(quantity) / 3600)} hours"
    noun = "tokens" if unit is None or unit not in OTHER_UNITS else unit.value
    return f"{formats.compact(float(quantity))} {noun}"
