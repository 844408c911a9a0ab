"""List prices: what one unit of a model costs in a service tier on a day, and what a price is not.

A price is a `Decimal` with its source, its version and the tier that it was listed for. Where the
model, the tier, the day or the unit is not listed there is no price: never 0, and never the
standard price in place of another tier's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from wherespent.domain.money import EXACT

MILLION = Decimal(1_000_000)
STANDARD = "standard"
BATCH = "batch"
# How OpenAI writes the standard tier in usage; '' where a tier was asked for and none was named.
_STANDARD_WORDS = frozenset({"", "default", STANDARD})
# A price per hour becomes one per million seconds; this is where its decimals end.
_FINEST_RATE = Decimal("1e-15")


class PriceUnit(StrEnum):
    """What is counted and priced. Token kinds share nothing: a token is of exactly one."""

    INPUT = "input"
    CACHED_INPUT = "cached_input"
    CACHE_WRITE = "cache_write"
    OUTPUT = "output"
    AUDIO_INPUT = "audio_input"
    AUDIO_CACHED_INPUT = "audio_cached_input"
    AUDIO_OUTPUT = "audio_output"
    IMAGE_INPUT = "image_input"
    IMAGE_CACHED_INPUT = "image_cached_input"
    IMAGE_OUTPUT = "image_output"
    CHARACTERS = "characters"
    SECONDS = "seconds"
    IMAGES = "images"


# Every other unit counts tokens.
OTHER_UNITS = frozenset({PriceUnit.CHARACTERS, PriceUnit.SECONDS, PriceUnit.IMAGES})
# OpenAI bills image tokens as text where a model lists no price for images. Audio is never text.
_PRICED_AS = {
    PriceUnit.IMAGE_INPUT: PriceUnit.INPUT,
    PriceUnit.IMAGE_CACHED_INPUT: PriceUnit.CACHED_INPUT,
    PriceUnit.IMAGE_OUTPUT: PriceUnit.OUTPUT,
}


class Missing(StrEnum):
    """Why there is no price."""

    MODEL = "model"
    TIER = "tier"
    DATE = "date"
    UNIT = "unit"
    TOKENS = "tokens"  # the token kinds of the usage do not add up


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars per million units. `long_context` holds for the whole of a request that has more
    than `over` input tokens.
    """

    usd: Decimal
    long_context: Decimal | None = None
    over: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """The list prices of a model in one tier, from a UTC day on (None: always)."""

    model: str
    tier: str
    valid_from: date | None
    rates: Mapping[PriceUnit, Rate]
    source: str
    version: str

    def rate(self, unit: PriceUnit) -> Rate | None:
        """The rate of a unit, None where it is not listed."""
        found = self.rates.get(unit)
        return found or self.rates.get(_PRICED_AS.get(unit, unit))


class PriceList(Protocol):
    """Where prices come from. Models are asked for by their `model_key`."""

    def tariffs(self, model_key: str) -> Sequence[Tariff]: ...


@dataclass(frozen=True, slots=True, eq=False)
class PriceBook:
    """Price lists in order: the first that lists a model and tier on a day speaks for it."""

    lists: tuple[PriceList, ...] = ()
    _known: dict[str, tuple[tuple[Tariff, ...], ...]] = field(
        default_factory=dict[str, tuple[tuple[Tariff, ...], ...]]
    )

    def tariff(self, model_key: str, tier: str | None, day: date) -> Tariff | Missing:
        """The prices of a model in a tier (None: not known which) on a UTC day, or why not."""
        listed = self._tariffs(model_key)
        if not any(listed):
            return Missing.MODEL
        is_tier_known = False
        for tariffs in listed:
            of_tier = [it for it in tariffs if it.tier == tier]
            is_tier_known = is_tier_known or bool(of_tier)
            valid = [it for it in of_tier if (it.valid_from or date.min) <= day]
            if valid:
                return max(valid, key=_begins)
        return Missing.DATE if is_tier_known else Missing.TIER

    def changes(self, model_keys: Iterable[str]) -> list[date]:
        """The days on which any price of these models begins, oldest first."""
        days = {
            tariff.valid_from
            for key in model_keys
            for tariffs in self._tariffs(key)
            for tariff in tariffs
            if tariff.valid_from is not None
        }
        return sorted(days)

    def _tariffs(self, model_key: str) -> tuple[tuple[Tariff, ...], ...]:
        found = self._known.get(model_key)
        if found is None:
            found = tuple(tuple(each.tariffs(model_key)) for each in self.lists)
            self._known[model_key] = found
        return found


def _begins(tariff: Tariff) -> date:
    return tariff.valid_from or date.min


@dataclass(frozen=True, slots=True)
class Priced:
    """What an amount of usage costs at list prices. `missing` is what has no price: it is in no
    sum. `cost` is None where nothing has one; else exact, before `rounded`.
    """

    cost: Decimal | None
    missing: Mapping[PriceUnit, int]
    source: str = ""
    version: str = ""
    tier: str = ""

    @property
    def rounded(self) -> Decimal | None:
        """To whole nano-dollars, half-even: once for each row that is stored."""
        return None if self.cost is None else EXACT.quantize(self.cost, Decimal("1e-9"))


def priced(
    amounts: Mapping[PriceUnit, int], tariff: Tariff, *, request_input: int | None = None
) -> Priced:
    """Amounts times rates.

    `request_input` is the input of the one request that the amounts are of, which decides about
    long context. Without it (a sum of requests does not say how long each was) base rates hold.
    """
    cost = Decimal(0)
    missing: dict[PriceUnit, int] = {}
    found = False
    for unit, amount in amounts.items():
        if not amount:
            continue
        rate = tariff.rate(unit)
        if rate is None:
            missing[unit] = amount
            continue
        found = True
        usd = _applied(rate, request_input)
        cost = EXACT.add(cost, EXACT.divide(EXACT.multiply(usd, Decimal(amount)), MILLION))
    is_nothing_used = not missing
    known = cost if found or is_nothing_used else None
    return Priced(known, missing, tariff.source, tariff.version, tariff.tier)


def _applied(rate: Rate, request_input: int | None) -> Decimal:
    is_long = request_input is not None and request_input > rate.over
    return rate.long_context if is_long and rate.long_context is not None else rate.usd


def tier_of(service_tier: str | None, batch: str | None) -> str | None:
    """The tier that usage is priced in; None where usage was not read by tier or by batch.

    A word that is not the standard tier stands for itself: a list has prices for it or has not.
    Batch beside another tier is a tier that no list has.
    """
    if service_tier is None or batch is None:
        return None
    tier = STANDARD if service_tier in _STANDARD_WORDS else service_tier
    if batch != "true":
        return tier
    return BATCH if tier in (STANDARD, BATCH) else f"{BATCH} {tier}"


def per_million_seconds(usd_an_hour: Decimal) -> Decimal:
    """An hourly price as a rate, rounded half-even to 15 decimals so that sums stay exact."""
    rate = EXACT.divide(EXACT.multiply(usd_an_hour, MILLION), Decimal(3600))
    return EXACT.quantize(rate, _FINEST_RATE).normalize(EXACT)


def utc_day(moment: int) -> date:
    """The UTC day of epoch seconds."""
    return datetime.fromtimestamp(moment, UTC).date()
