"""Models: the price paid against the list, first and last seen, moving from one to another."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.analytics.facts import Facts, at, window
from tests.analytics.price_lists import GPT, PRICES, book, tariff

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.migration import Migration, Stage, Work, migration
from wherespent.analytics.models import Life, billed_by_model, lives
from wherespent.analytics.paid_prices import PaidPrice, paid_prices
from wherespent.domain.pricing import PriceBook, PriceUnit

D = Decimal
ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)


def paid(
    facts: Facts, filters: Filters = ALL, prices: PriceBook = PRICES
) -> dict[tuple[str, PriceUnit], PaidPrice]:
    with facts.database.read() as connection:
        rows = paid_prices(connection, filters, prices)
    return {(row.model_key, row.unit): row for row in rows}


def test_models_and_the_rest_are_the_bill(organization: Facts) -> None:
    with organization.database.read() as connection:
        assert billed_by_model(connection, ALL) == {
            "gpt-5": D("3.500000001"),
            "o3": D("4.25"),
            "": D("-0.375"),
        }


def test_first_and_last_seen_are_of_usage_and_bill(organization: Facts) -> None:
    with organization.database.read() as connection:
        found = lives(connection)
    assert found["gpt-5"] == Life(at("2026-01-01"), at("2026-01-02"))  # used on the 1st alone
    assert found["o3"] == Life(at("2026-01-02"), at("2026-02-03"))
    assert "" not in found


def test_the_price_paid_is_billed_by_quantity(organization: Facts) -> None:
    row = paid(organization)["gpt-5", PriceUnit.INPUT]
    assert (row.billed, row.quantity) == (D("3.500000001"), 500)
    assert row.paid == D("7000.000002")  # 3.500000001 / 500 × 1,000,000
    assert (row.at_list, row.listed) == (D("0.001"), 2)
    assert row.difference == D("3499.000001")


def test_tiers_and_long_context_are_compared_with_their_own_price(facts: Facts) -> None:
    long = book(tariff("m-1", input="2"), tariff("m-1", "batch", input="1"))
    for item, usd, tokens in (("m-1, input", "2", 10**6), ("batch | m-1, input", "0.5", 10**6)):
        facts.cost("2026-01-01", usd, line_item=item, quantity=tokens, unit="tokens")
    row = paid(facts, prices=long)["m-1", PriceUnit.INPUT]
    assert (row.at_list, row.billed) == (3, D("2.5"))
    assert row.difference == D("2.5") / 3 - 1
    # No long-context price is listed: then there is none to compare with.
    facts.cost("2026-01-01", "1", line_item="m-1, input, long context", quantity=9, unit="tokens")
    assert paid(facts, prices=long)["m-1", PriceUnit.INPUT].at_list is None


def test_a_list_price_that_changes_counts_from_its_day_on(facts: Facts) -> None:
    cut = book(tariff("m-1", input="4"), tariff("m-1", since=date(2026, 1, 2), input="1"))
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        facts.cost(day, "1", line_item="m-1, input", quantity=10**6, unit="tokens")
    assert paid(facts, prices=cut)["m-1", PriceUnit.INPUT].at_list == 6
    with facts.database.read() as connection:
        days = paid_prices(connection, replace(ALL, granularity=Granularity.DAY), cut)
    assert [(row.bucket_start, row.listed) for row in days] == [
        (at("2026-01-01"), 4),
        (at("2026-01-02"), 1),
        (at("2026-01-03"), 1),
    ]


@pytest.mark.parametrize(
    ("item", "unit", "quantity", "priced_by", "units"),
    [
        ("m-1, cached input", "1000_tokens", 3, PriceUnit.CACHED_INPUT, 3000),
        ("m-1, cache writes", "tokens", 3, PriceUnit.CACHE_WRITE, 3),
        ("m-1, output_tokens", "tokens", 3, PriceUnit.OUTPUT, 3),
        ("m-1 audio, cached input", "tokens", 3, PriceUnit.AUDIO_CACHED_INPUT, 3),
        ("m-1 image, output", "tokens", 3, PriceUnit.IMAGE_OUTPUT, 3),
        ("m-1 image, output", "images", 3, PriceUnit.IMAGES, 3),
        ("m-1, audio", "duration_seconds", 3, PriceUnit.SECONDS, 3),
        ("m-1, audio", "duration_hours", 0.5, PriceUnit.SECONDS, 1800),
        ("m-1, audio", "characters", 3, PriceUnit.CHARACTERS, 3),
    ],
)
def test_line_items_are_compared_in_the_unit_of_their_price(
    facts: Facts, item: str, unit: str, quantity: float, priced_by: PriceUnit, units: int
) -> None:
    facts.cost("2026-01-01", "1", line_item=item, quantity=quantity, unit=unit)
    assert paid(facts)["m-1", priced_by].quantity == units


@pytest.mark.parametrize(
    ("item", "unit", "quantity"),
    [("m-1, input", "", None), ("m-1, training", "tokens", 5), ("m-1 video, input", "tokens", 5)],
)
def test_what_no_list_prices_is_not_compared(
    facts: Facts, item: str, unit: str, quantity: float | None
) -> None:
    facts.cost("2026-01-01", "1", line_item=item, quantity=quantity, unit=unit)
    assert paid(facts) == {}


def moved(facts: Facts, filters: Filters = ALL) -> Migration:
    with facts.database.read() as connection:
        return migration(connection, filters, "old-1", "new-1")


@pytest.fixture
def moving(facts: Facts) -> Facts:
    """Two projects; web moves on 3 January, app not at all."""
    rows = [
        ("2026-01-01", "web", 10, 0),
        ("2026-01-02", "web", 6, 4),
        ("2026-01-03", "web", 1, 9),
        ("2026-01-04", "web", 0, 20),
        ("2026-01-04", "app", 2, 0),
    ]
    for day, project, old, new in rows:
        for model, requests, price in (("old-1", old, "0.03"), ("new-1", new, "0.01")):
            who = {"project_id": project, "model": model}
            if requests:
                facts.usage("completions", at(day, 9), num_model_requests=requests, **who)
                usd = str(D(price) * requests)
                facts.cost(day, usd, line_item=f"{model}, input", project_id=project)
    facts.usage("completions", at("2026-01-03", 9), num_model_requests=99, model="other-1")
    return facts


def test_a_migration_turns_where_the_new_model_leads_for_good(moving: Facts) -> None:
    found = moved(moving, replace(ALL, granularity=Granularity.DAY))
    assert [stage.moved for stage in found.buckets.values()] == [0, 0.4, 0.9, 20 / 22]
    assert found.turned_at == at("2026-01-03")
    assert found.before == Stage(Work(16, D("0.48")), Work(4, D("0.04")))
    assert found.after == Stage(Work(3, D("0.09")), Work(29, D("0.29")))
    assert found.before.both.per_thousand == 26
    assert found.after.both.per_thousand == D("11.875")
    assert [(it.project, it.whole.moved) for it in found.projects] == [
        ("web", 33 / 50),
        ("app", 0),
    ]
    web = found.projects[0]
    assert (web.before.moved, web.after.moved) == (0.2, 29 / 30)


def test_nothing_turned_where_the_new_model_does_not_lead_at_the_end(moving: Facts) -> None:
    early = replace(ALL, granularity=Granularity.DAY, window=window("2026-01-01", "2026-01-03"))
    found = moved(moving, early)
    assert found.turned_at is None
    assert found.before == found.whole
    led = replace(early, window=window("2026-01-03", "2026-01-05"))
    assert moved(moving, led).turned_at is None


def test_a_model_filter_does_not_hide_what_is_compared(moving: Facts) -> None:
    filters = replace(ALL, granularity=Granularity.DAY, project=Choice(("web",)))
    found = moved(moving, replace(filters, model=Choice(("other-1",))))
    assert found.whole.both.requests == 50
    assert not moved(moving, replace(filters, window=window("2025-01-01", "2025-01-02"))).buckets


def test_an_unused_price_is_no_price(organization: Facts) -> None:
    assert paid(organization, prices=book(GPT))["o3", PriceUnit.OUTPUT].listed is None
