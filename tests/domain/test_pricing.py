"""Prices: golden sums by hand, and what has no price."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from wherespent.domain.price_usage import TokenCounts
from wherespent.domain.pricing import (
    BATCH,
    STANDARD,
    Missing,
    PriceBook,
    PriceUnit,
    Rate,
    Tariff,
    per_million_seconds,
    priced,
    tier_of,
)

D = Decimal
U = PriceUnit


def tariff(tier: str = STANDARD, since: date | None = None, **usd: Any) -> Tariff:
    """USD per million by unit; a pair is (base, long context over 272,000)."""
    rates = {
        U(unit): Rate(D(price[0]), D(price[1]), 272_000)
        if isinstance(price, tuple)
        else Rate(D(price))
        for unit, price in usd.items()
    }
    return Tariff("m", tier, since, rates, "list", "1")


GPT5 = tariff(input="1.25", cached_input="0.125", output="10")
FLEX = tariff("flex", input="0.625", cached_input="0.0625", output="5")
PRIORITY = tariff("priority", input="2.5", cached_input="0.25", output="20")
HALF = tariff(BATCH, input="0.625", cached_input="0.0625", output="5")
NO_CACHE = tariff(BATCH, input="1", output="4")
SOL = tariff(
    input=("4", "8"), cached_input=("0.4", "0.8"), cache_write=("5", "10"), output=("20", "30")
)
AUDIO = tariff(
    input="0.6",
    cached_input="0.06",
    output="2.4",
    audio_input="10",
    audio_cached_input="0.3",
    audio_output="20",
)
TEXT_ONLY = tariff(input="2.5", cached_input="1.25", output="10")
IMAGE = tariff(input="5", cached_input="1.25", output="40", image_input="10")
TUNED = tariff(input="3.75", cached_input="1.875", output="15")
EMBEDDING = tariff(input="0.13")
SPEECH = tariff(characters="15")
WHISPER = tariff(seconds=per_million_seconds(D("0.36")))
LIVE = tariff(seconds=per_million_seconds(D("1.02")))
PICTURES = tariff(images="38461.5384615")
FREE = tariff(input="0")


def tokens(**counts: int) -> dict[U, int]:
    found = TokenCounts(**counts).amounts()
    assert found is not None
    return dict(found)


# Usage, prices, the input of the request where it is one, and the cost by hand.
GOLDEN: list[tuple[str, dict[U, int], Tariff, int | None, str]] = [
    # 1,000,000 × 1.25 + 1,000,000 × 10, per million
    ("input and output", tokens(uncached=1_000_000, output=1_000_000), GPT5, None, "11.25"),
    # 500,000 × 1.25 + 500,000 × 0.125 + 1,000,000 × 10
    (
        "half cached",
        tokens(uncached=500_000, cached=500_000, output=1_000_000),
        GPT5,
        None,
        "10.6875",
    ),
    # half of it: 0.3125 + 0.03125 + 5
    ("flex", tokens(uncached=500_000, cached=500_000, output=1_000_000), FLEX, None, "5.34375"),
    ("batch", tokens(uncached=500_000, cached=500_000, output=1_000_000), HALF, None, "5.34375"),
    # twice the standard price
    (
        "priority",
        tokens(uncached=500_000, cached=500_000, output=1_000_000),
        PRIORITY,
        None,
        "21.375",
    ),
    # 1 × 1.25 / 1,000,000
    ("one token", tokens(uncached=1), GPT5, None, "0.00000125"),
    # 1 × 0.125 / 1,000,000
    ("one cached token", tokens(cached=1), GPT5, None, "0.000000125"),
    # 3 × 0.0625 / 1,000,000: ten decimals
    ("three cached flex tokens", tokens(cached=3), FLEX, None, "0.0000001875"),
    # 12,345 × 1.25 + 678 × 10 = 15,431.25 + 6,780
    ("odd numbers", tokens(uncached=12_345, output=678), GPT5, None, "0.02221125"),
    ("output only", tokens(output=7), GPT5, None, "0.00007"),
    # 60 × 4 + 30 × 0.4 + 10 × 5 + 7 × 20 = 240 + 12 + 50 + 140
    (
        "cache writes",
        tokens(uncached=60, cached=30, cache_write=10, output=7),
        SOL,
        None,
        "0.000442",
    ),
    # 272,000 × 4 + 1,000 × 20: not more than the threshold
    ("at the threshold", tokens(uncached=272_000, output=1_000), SOL, 272_000, "1.108"),
    # 272,001 × 8 + 1,000 × 30: the whole request
    ("over the threshold", tokens(uncached=272_001, output=1_000), SOL, 272_001, "2.206008"),
    # 200,000 × 8 + 100,000 × 0.8 + 10,000 × 10 + 500 × 30
    (
        "long and cached",
        tokens(uncached=200_000, cached=100_000, cache_write=10_000, output=500),
        SOL,
        310_000,
        "1.795",
    ),
    # ten requests of 100,000 each: a sum is not a long request. 1,000,000 × 4
    ("a sum of requests", tokens(uncached=1_000_000), SOL, None, "4"),
    # a model without long context: 1,000,000 × 1.25
    ("no long context", tokens(uncached=1_000_000), GPT5, 1_000_000, "1.25"),
    # text 300 × 0.6, audio 700 × 10, audio out 500 × 20, text out 20 × 2.4
    (
        "audio in and out",
        tokens(uncached=1_000, audio_input=700, output=520, audio_output=500),
        AUDIO,
        None,
        "0.017228",
    ),
    # cached 400, of it audio 250: 150 × 0.06 + 250 × 0.3 = 9 + 75
    ("cached audio", tokens(cached=400, audio_cached=250), AUDIO, None, "0.000084"),
    # images of a text model are its input: 45 × 1.25 + 55 × 1.25
    ("images as text", tokens(uncached=100, image_input=55), GPT5, None, "0.000125"),
    # 45 × 5 + 55 × 10; images out as output: 9 × 40
    (
        "images priced apart",
        tokens(uncached=100, image_input=55, output=9, image_output=9),
        IMAGE,
        None,
        "0.001135",
    ),
    # cached images as cached text: 20 × 1.25
    ("cached images", tokens(cached=20, image_cached=20), IMAGE, None, "0.000025"),
    # 200 × 3.75 + 100 × 1.875 + 10 × 15
    ("fine-tuned", tokens(uncached=200, cached=100, output=10), TUNED, None, "0.0010875"),
    # 1,234,567 × 0.13
    ("embeddings", tokens(uncached=1_234_567), EMBEDDING, None, "0.16049371"),
    # 4,200 × 15
    ("speech by character", {U.CHARACTERS: 4_200}, SPEECH, None, "0.063"),
    # 140 s × 0.36 / 3600 = 140 × 0.0001
    ("an hour's price by second", {U.SECONDS: 140}, WHISPER, None, "0.014"),
    # 3600 × 283.333333333333333 / 1,000,000: rounded once, in the rate
    ("a rate that does not end", {U.SECONDS: 3600}, LIVE, None, "1.0199999999999999988"),
    # 26 × 0.0384615384615
    ("images by piece", {U.IMAGES: 26}, PICTURES, None, "0.999999999999"),
    # free of charge is a price
    ("free", tokens(uncached=9_000), FREE, None, "0"),
    # 9,007,199,254,740,993 is no double: × 1.25
    ("more than a double holds", tokens(uncached=2**53 + 1), GPT5, None, "11258999068.42624125"),
    ("nothing", tokens(), GPT5, None, "0"),
]


@pytest.mark.parametrize(
    ("amounts", "prices", "request_input", "usd"),
    [pytest.param(*shape, id=name) for name, *shape in GOLDEN],
)
def test_a_price_is_exact(
    amounts: dict[U, int], prices: Tariff, request_input: int | None, usd: str
) -> None:
    found = priced(amounts, prices, request_input=request_input)
    assert found.cost == D(usd)
    assert not found.missing
    assert (found.source, found.version, found.tier) == ("list", "1", prices.tier)


def test_a_cost_is_rounded_once_half_even_to_nano_dollars() -> None:
    # 0.0625 × 8 = 0.5 and × 24 = 1.5 nano-dollars, × 40 = 2.5
    halves = [
        priced(tokens(cached=n * 8), tariff(cached_input="0.0000625")).rounded for n in (1, 3)
    ]
    assert halves == [D("0E-9"), D("2E-9")]
    assert priced(tokens(uncached=1), GPT5).rounded == D("0.000001250")
    assert priced(tokens(audio_input=1, uncached=1), TEXT_ONLY).rounded is None


def test_audio_is_never_priced_as_text() -> None:
    found = priced(tokens(uncached=100, audio_input=40, output=7, audio_output=7), TEXT_ONLY)
    assert found.cost == D("0.00015")  # 60 × 2.5
    assert found.missing == {U.AUDIO_INPUT: 40, U.AUDIO_OUTPUT: 7}


def test_cached_batch_tokens_do_not_take_another_price() -> None:
    found = priced(tokens(uncached=10, cached=90), NO_CACHE)
    assert found.cost == D("0.00001")
    assert found.missing == {U.CACHED_INPUT: 90}


def test_nothing_priced_is_unknown_not_zero() -> None:
    found = priced({U.IMAGES: 3}, GPT5)
    assert found.cost is None
    assert found.missing == {U.IMAGES: 3}


def test_token_kinds_that_do_not_add_up_are_refused_not_clamped() -> None:
    assert TokenCounts(uncached=10, audio_input=8, image_input=3).amounts() is None
    assert TokenCounts(cached=1, audio_cached=2).amounts() is None
    assert TokenCounts(output=1, image_output=2).amounts() is None


@pytest.mark.parametrize(
    ("service_tier", "batch", "tier"),
    [
        ("default", "false", STANDARD),
        ("", "", STANDARD),
        ("standard", "false", STANDARD),
        ("flex", "false", "flex"),
        ("priority", "", "priority"),
        ("incentivized-tier", "false", "incentivized-tier"),
        ("flex-tier", "false", "flex-tier"),
        ("default", "true", BATCH),
        ("batch", "true", BATCH),
        ("flex", "true", "batch flex"),
        (None, "false", None),
        ("default", None, None),
    ],
)
def test_a_tier_is_what_usage_says(
    service_tier: str | None, batch: str | None, tier: str | None
) -> None:
    assert tier_of(service_tier, batch) == tier


@dataclass(frozen=True)
class Listed:
    """Prices of one model."""

    model: str
    prices: tuple[Tariff, ...]

    def tariffs(self, model_key: str) -> tuple[Tariff, ...]:
        return self.prices if model_key == self.model else ()


CUT = date(2026, 2, 1)
OLD, NEW = tariff(input="10"), tariff(since=CUT, input="2")
LATE_BATCH = tariff(BATCH, CUT, input="1")
BOOK = PriceBook((Listed("m", (OLD, NEW, LATE_BATCH)),))


def test_a_price_holds_from_its_day_on() -> None:
    assert BOOK.tariff("m", STANDARD, date(2026, 1, 31)) is OLD
    assert BOOK.tariff("m", STANDARD, CUT) is NEW
    assert BOOK.tariff("m", STANDARD, date(2030, 1, 1)) is NEW
    assert BOOK.changes(["m", "unknown"]) == [CUT]


@pytest.mark.parametrize(
    ("model", "tier", "day", "why"),
    [
        ("other", STANDARD, CUT, Missing.MODEL),
        ("m", "flex", CUT, Missing.TIER),
        ("m", "batch flex", CUT, Missing.TIER),
        ("m", None, CUT, Missing.TIER),
        ("m", BATCH, date(2026, 1, 31), Missing.DATE),
    ],
)
def test_what_is_not_listed_says_why(model: str, tier: str | None, day: date, why: Missing) -> None:
    assert BOOK.tariff(model, tier, day) is why


def test_the_first_list_speaks_for_a_tier_and_day_that_it_has() -> None:
    own = tariff(since=CUT, input="1.5")
    book = PriceBook((Listed("m", (own,)), Listed("m", (OLD, NEW, LATE_BATCH))))
    assert book.tariff("m", STANDARD, CUT) is own
    assert book.tariff("m", STANDARD, date(2026, 1, 31)) is OLD
    assert book.tariff("m", BATCH, CUT) is LATE_BATCH
    assert PriceBook().tariff("m", STANDARD, CUT) is Missing.MODEL
