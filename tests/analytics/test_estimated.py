"""Estimated cost: usage times list prices, exact, with what has no price beside it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from tests.analytics.facts import Facts, at, window
from tests.analytics.price_lists import GPT, O3, O3_BATCH, PRICES, book, tariff

from wherespent.analytics.estimated import (
    ESTIMATE_DIMENSIONS,
    Estimate,
    EstimatedPoint,
    MissingPrice,
    estimated_by,
    estimated_total,
    missing_prices,
)
from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.analytics.zones import Zone
from wherespent.domain.pricing import Missing, PriceBook, PriceUnit
from wherespent.domain.windows import DAY, HOUR
from wherespent.errors import QuestionRefused

D = Decimal
ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)

# One hour of gpt-5: 60 × 2 + 30 × 0.2 + 10 × 2.5 + 7 × 10, in millionths of a dollar.
GPT_HOUR = D("0.000221")
# One hour of o3 in a batch reports no cache: 100 × 2 + 7 × 10.
BATCH_HOUR = D("0.00027")
# One hour of o3: 60 × 4 + 30 × 1 + 10 × 5 + 7 × 20.
O3_HOUR = D("0.00046")
# 50 × 0.1
EMBED_HOUR = D("0.000005")
WHOLE = 2 * GPT_HOUR + BATCH_HOUR + O3_HOUR + EMBED_HOUR


def by(
    facts: Facts, filters: Filters, *dimensions: str, prices: PriceBook = PRICES
) -> list[EstimatedPoint]:
    with facts.database.read() as connection:
        return estimated_by(connection, filters, dimensions, prices)


def costs(points: list[EstimatedPoint]) -> dict[object, Decimal | None]:
    return {(point.bucket_start, *point.keys): point.estimate.cost for point in points}


def total(facts: Facts, filters: Filters, prices: PriceBook = PRICES) -> Estimate:
    with facts.database.read() as connection:
        return estimated_total(connection, filters, prices)


def missing(facts: Facts, filters: Filters, prices: PriceBook = PRICES) -> list[MissingPrice]:
    with facts.database.read() as connection:
        return missing_prices(connection, filters, prices)


def test_the_whole_is_tokens_times_prices(organization: Facts) -> None:
    assert total(organization, ALL) == Estimate(WHOLE, 4 * 107 + 50, 0)


def test_models_tiers_and_projects_add_up_to_the_whole(organization: Facts) -> None:
    assert costs(by(organization, ALL, "model")) == {
        (None, "embed"): EMBED_HOUR,
        (None, "gpt-5"): 2 * GPT_HOUR,
        (None, "image-1"): None,
        (None, "o3"): BATCH_HOUR + O3_HOUR,
    }
    assert costs(by(organization, ALL, "batch")) == {
        (None, "false"): 2 * GPT_HOUR + O3_HOUR,
        (None, "true"): BATCH_HOUR,
        (None, NOT_REPORTED): EMBED_HOUR,
    }
    dimensions = [*ESTIMATE_DIMENSIONS, *combinations(ESTIMATE_DIMENSIONS, 2)]
    for asked in dimensions:
        points = by(organization, ALL, *((asked,) if isinstance(asked, str) else asked))
        assert sum(point.estimate.cost or 0 for point in points) == WHOLE, asked
        assert sum(point.estimate.priced_tokens for point in points) == 478, asked


@pytest.mark.parametrize("grain", [Granularity.DAY, Granularity.WEEK, Granularity.MONTH])
def test_buckets_add_up_to_the_whole(organization: Facts, grain: Granularity) -> None:
    points = by(organization, replace(ALL, granularity=grain), "user_id")
    assert sum(point.estimate.cost or 0 for point in points) == WHOLE


def test_hours_are_those_of_the_usage(organization: Facts) -> None:
    day = Filters(window("2026-01-01", "2026-01-02"), Granularity.HOUR)
    assert costs(by(organization, day)) == {
        (at("2026-01-01", 9),): GPT_HOUR + EMBED_HOUR,
        (at("2026-01-01", 10),): GPT_HOUR,
    }


def test_filters_narrow_it(organization: Facts) -> None:
    assert total(organization, replace(ALL, user=Choice(("u1",)))).cost == 2 * GPT_HOUR + EMBED_HOUR
    assert total(organization, replace(ALL, model=Choice(exclude=("gpt-5",)))).cost == (
        BATCH_HOUR + O3_HOUR + EMBED_HOUR
    )


def test_a_price_that_changes_holds_from_its_day_on(organization: Facts) -> None:
    # On 2 January the batch costs twice as much; 3 February is after it as well.
    cut = date(2026, 1, 2)
    dearer = tariff("o3", "batch", cut, input="4", output="20")
    cheaper = tariff("gpt-5", since=cut, input="1")
    prices = book(GPT, cheaper, O3, O3_BATCH, dearer, tariff("embed", input="0.1"))
    assert total(organization, ALL, prices).cost == WHOLE + BATCH_HOUR
    before = replace(ALL, window=window("2026-01-01", "2026-01-02"))
    assert total(organization, before, prices).cost == 2 * GPT_HOUR + EMBED_HOUR
    by_week = by(organization, replace(ALL, granularity=Granularity.WEEK), prices=prices)
    assert sum(point.estimate.cost or 0 for point in by_week) == WHOLE + BATCH_HOUR


@pytest.mark.parametrize("name", ["America/Los_Angeles", "Asia/Tokyo"])
def test_a_price_begins_at_midnight_utc_in_every_zone(facts: Facts, name: str) -> None:
    """100 tokens every third hour of a day on both sides of it: at $1, then at $5 a million."""
    zone, midnight = Zone(name), at("2026-01-12")
    hours = range(midnight - 24 * HOUR, midnight + 24 * HOUR, 3 * HOUR)
    for hour in hours:
        facts.usage("embeddings", hour, model="embed", num_model_requests=1, input_tokens=100)
    prices = book(tariff("embed", input="1"), tariff("embed", since=date(2026, 1, 12), input="5"))
    asked = Filters(window("2026-01-10", "2026-01-15"), zone=zone)
    for grain in (Granularity.HOUR, Granularity.DAY, Granularity.TOTAL):
        points = by(facts, replace(asked, granularity=grain), "model", prices=prices)
        assert sum(point.estimate.cost or 0 for point in points) == 8 * D("0.0006"), grain
    # The day of the zone that the midnight of UTC lies in.
    day = zone.wall(midnight) - zone.wall(midnight) % DAY
    inside = [hour for hour in hours if day <= zone.wall(hour) < day + DAY]
    expected = sum(D("0.0001") if hour < midnight else D("0.0005") for hour in inside)
    found = by(facts, asked, prices=prices)
    assert {it.bucket_start: it.estimate.cost for it in found}[day] == expected


def test_a_tier_without_a_price_never_takes_the_standard_one(organization: Facts) -> None:
    prices = book(GPT, O3, tariff("embed", input="0.1"))
    found = total(organization, ALL, prices)
    assert found == Estimate(WHOLE - BATCH_HOUR, 371, 107)
    assert missing(organization, ALL, prices) == [
        MissingPrice("o3", "batch", PriceUnit.INPUT, Missing.TIER, 100),
        MissingPrice("o3", "batch", PriceUnit.OUTPUT, Missing.TIER, 7),
        MissingPrice("image-1", "standard", PriceUnit.IMAGES, Missing.MODEL, 3),
    ]


def test_a_price_that_begins_later_is_missing_before(organization: Facts) -> None:
    late = tariff("gpt-5", since=date(2026, 1, 2), input="2", output="10")
    rows = missing(organization, replace(ALL, model=Choice(("gpt-5",))), book(late))
    assert {row.reason for row in rows} == {Missing.DATE}
    assert sum(row.amount for row in rows) == 214


def test_without_prices_nothing_is_known_and_nothing_is_zero(organization: Facts) -> None:
    assert total(organization, ALL, PriceBook()) == Estimate(None, 0, 478)
    assert all(p.estimate.cost is None for p in by(organization, ALL, "model", prices=PriceBook()))


def test_without_usage_there_is_no_estimate(organization: Facts) -> None:
    empty = replace(ALL, window=window("2025-01-01", "2025-01-02"))
    assert total(organization, empty) == Estimate(None, 0, 0)


def test_usage_that_was_not_read_by_tier_has_no_price(facts: Facts) -> None:
    row = {"model": "gpt-5", "num_model_requests": 1, "input_tokens": 5, "output_tokens": 1}
    who = "project_id,user_id,api_key_id,model,batch"
    facts.usage("completions", at("2026-01-01", 9), grouped_by=who, batch="false", **row)
    assert total(facts, ALL) == Estimate(None, 0, 6)
    rows = missing(facts, ALL)
    assert [(row.tier, row.reason) for row in rows] == [(NOT_REPORTED, Missing.TIER)] * 2


def test_audio_tokens_are_priced_as_audio_or_not_at_all(facts: Facts) -> None:
    facts.usage(
        "completions",
        at("2026-01-01", 9),
        model="gpt-5",
        batch="false",
        service_tier="default",
        num_model_requests=1,
        input_tokens=100,
        input_uncached_tokens=80,
        input_cached_tokens=20,
        input_audio_tokens=50,
        input_cached_audio_tokens=5,
        output_tokens=10,
        output_audio_tokens=9,
    )
    # 30 × 2 + 15 × 0.2 + 1 × 10
    assert total(facts, ALL) == Estimate(D("0.000073"), 46, 64)
    heard = book(tariff("gpt-5", input="2", cached_input="0.2", output="10", audio_input="40"))
    assert total(facts, ALL, heard) == Estimate(D("0.002073"), 96, 14)


def test_tokens_that_do_not_add_up_are_not_priced(facts: Facts) -> None:
    row = {"batch": "false", "service_tier": "default", "num_model_requests": 1}
    facts.usage(
        "completions",
        at("2026-01-01", 9),
        model="gpt-5",
        input_tokens=10,
        input_uncached_tokens=10,
        input_audio_tokens=11,
        **row,
    )
    assert total(facts, ALL) == Estimate(None, 0, 10)
    assert missing(facts, ALL) == [MissingPrice("gpt-5", "standard", None, Missing.TOKENS, 10)]


def test_characters_and_seconds_have_prices_of_their_own(facts: Facts) -> None:
    who = {"project_id": "p1", "num_model_requests": 1}
    facts.usage("audio_speeches", at("2026-01-01", 9), model="tts", characters=2000, **who)
    facts.usage("audio_transcriptions", at("2026-01-01", 9), model="whisper", seconds=60, **who)
    prices = book(tariff("tts", characters="15"), tariff("whisper", seconds="100"))
    assert total(facts, ALL, prices) == Estimate(D("0.036"), 0, 0)


def test_what_estimates_cannot_be_split_by_is_refused(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match="estimated cost cannot be grouped by line_item"):
        by(organization, ALL, "line_item")
