"""Rates paid and their changes, computed by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.rate_changes import BilledDay, steps
from wherespent.analytics.rates import Cause, Rates, line_item_days, paid_rates
from wherespent.domain.windows import DAY
from wherespent.storage.tables import BY_USER

MARCH = Filters(window("2026-03-01", "2026-03-11"), Granularity.DAY)
SETTLED = at("2026-03-11")
ITEM = "gpt-5, input"


def bill(
    facts: Facts, rates: dict[int, str], *, quantity: int = 1_000_000, item: str = ITEM, **dims: str
) -> None:
    """One row for each day of March: `quantity` tokens at US dollars per million."""
    for day, rate in rates.items():
        usd = str(Decimal(rate) * quantity / 1_000_000)
        facts.cost(
            f"2026-03-{day:02d}", usd, line_item=item, quantity=quantity, unit="tokens", **dims
        )


def asked(facts: Facts, filters: Filters = MARCH, provisional: int = SETTLED) -> Rates:
    with facts.database.read() as connection:
        return paid_rates(connection, filters, provisional)


def days(*rates: float, quantity: float = 1e6) -> list[BilledDay]:
    return [BilledDay(at * DAY, round(rate * 10**6), quantity) for at, rate in enumerate(rates)]


def test_a_rate_is_the_amount_over_the_quantity_of_its_day(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2"}, project_id="p1")
    bill(facts, {2: "3"}, quantity=3_000_000, project_id="p2")
    [line] = asked(facts).lines
    assert [day.rate for day in line.days] == [
        Decimal("0.000002"),
        Decimal("0.00000275"),  # $2 for 1 M and $9 for 3 M
    ]
    assert (line.unit, line.billed) == ("tokens", Decimal(13))
    assert line.rate == Decimal("0.0000026")


def test_a_rate_is_unknown_without_a_quantity_and_where_units_mix(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2"})
    facts.cost("2026-03-02", "1", line_item=ITEM, quantity=3, unit="minutes")
    facts.cost("2026-03-03", "5", line_item=ITEM, unit="tokens")
    [line] = [line for line in asked(facts).lines if line.unit == "tokens"]
    assert [(day.day, day.rate) for day in line.days] == [
        (at("2026-03-01"), Decimal("0.000002")),
        (at("2026-03-03"), None),
    ]
    assert line.rate is None
    facts.cost("2026-03-04", "5", line_item="credit")
    assert "credit" not in {line.line_item for line in asked(facts).lines}


def test_a_price_cut_is_a_change_with_what_it_saved(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2", 3: "2", 4: "1.5", 5: "1.5", 6: "1.5"})
    [change] = asked(facts).changes
    assert change.day == at("2026-03-04")
    assert (change.before, change.after) == (Decimal("0.000002"), Decimal("0.0000015"))
    assert change.ratio == Decimal("-0.25")
    assert (change.quantity, change.billed) == (3_000_000, Decimal("4.5"))
    assert change.effect == Decimal("-1.5")
    assert change.cause is Cause.PRICE


def test_a_change_counts_to_the_next_one(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2", 3: "3", 4: "3", 5: "1", 6: "1", 7: "1"})
    newer, older = asked(facts).changes
    assert (older.day, older.effect) == (at("2026-03-03"), Decimal(2))
    assert (newer.day, newer.effect) == (at("2026-03-05"), Decimal(-6))


def test_a_change_needs_two_settled_days(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2", 3: "1", 4: "1"})
    assert asked(facts, provisional=at("2026-03-04")).changes == ()
    assert len(asked(facts, provisional=at("2026-03-05")).changes) == 1


def test_provisional_days_count_for_what_a_change_saved(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2", 3: "1", 4: "1", 5: "1"})
    [change] = asked(facts, provisional=at("2026-03-05")).changes
    assert change.effect == Decimal(-3)


def test_a_change_on_the_first_day_is_seen_by_looking_back(facts: Facts) -> None:
    bill(facts, {1: "2", 2: "2", 3: "1", 4: "1"})
    later = replace(MARCH, window=window("2026-03-03", "2026-03-11"))
    [change] = asked(facts, later).changes
    assert change.day == at("2026-03-03")
    assert [day.day for day in asked(facts, later).lines[0].inside] == [
        at("2026-03-03"),
        at("2026-03-04"),
    ]
    assert asked(facts, replace(MARCH, window=window("2026-03-04", "2026-03-11"))).changes == ()


def test_a_shift_between_projects_that_pay_differently_is_no_price(facts: Facts) -> None:
    for day in (1, 2, 3, 4):
        cheap, dear = (1_000_000, 9_000_000) if day < 3 else (9_000_000, 1_000_000)
        bill(facts, {day: "1"}, quantity=cheap, project_id="p1")
        bill(facts, {day: "2"}, quantity=dear, project_id="p2")
    [change] = asked(facts).changes
    assert (change.before, change.after) == (Decimal("0.0000019"), Decimal("0.0000011"))
    assert change.cause is Cause.MIX


def test_filters_narrow_the_lines(facts: Facts) -> None:
    bill(facts, {1: "1"}, project_id="p1")
    bill(facts, {1: "2"}, project_id="p2", item="o3, input")
    [line] = asked(facts, replace(MARCH, project=Choice(include=("p2",)))).lines
    assert line.line_item == "o3, input"
    [line] = asked(facts, replace(MARCH, model=Choice(exclude=("o3",)))).lines
    assert line.line_item == ITEM


def test_rates_can_be_asked_by_user_where_users_stand_apart(facts: Facts) -> None:
    facts.refuse("user_with_project")
    by_user: dict[str, Any] = {
        "grouping": BY_USER,
        "grouped_by": "user_id,line_item",
        "user_id": "u1",
    }
    for day, usd in ((1, "2"), (2, "2"), (3, "1"), (4, "1")):
        facts.cost(
            f"2026-03-{day:02d}", usd, line_item=ITEM, quantity=10**6, unit="tokens", **by_user
        )
    [change] = asked(facts, replace(MARCH, user=Choice(include=("u1",)))).changes
    # Its projects are not told with it, so the mix cannot be either.
    assert (change.effect, change.cause) == (Decimal(-2), Cause.UNKNOWN)


def test_the_days_of_one_line_item(facts: Facts) -> None:
    bill(facts, {1: "1", 3: "2"})
    bill(facts, {1: "5"}, item="o3, input")
    with facts.database.read() as connection:
        [line] = line_item_days(connection, MARCH, ITEM)
        assert line_item_days(connection, MARCH, "nothing") == []
        filtered = replace(MARCH, line_item=Choice(exclude=(ITEM,)))
        assert line_item_days(connection, filtered, ITEM) == []
    assert [(day.day, day.nanos) for day in line.days] == [
        (at("2026-03-01"), 10**9),
        (at("2026-03-03"), 2 * 10**9),
    ]


@pytest.mark.parametrize(
    ("rates", "changed"),
    [
        ((100, 100, 100, 100), []),
        ((100, 100, 100.4, 100.4), []),  # within half a percent
        ((100, 100, 100.6, 100.6), [2]),
        ((100, 100, 150, 100, 100), []),  # one odd day
        ((100, 100, 130, 150, 150), [2]),  # the price moved at noon
        ((100, 100, 150), []),  # not yet two days
        ((100, 100, 0, 0), [2]),  # free
        ((0, 0, 100, 100), [2]),
    ],
)
def test_the_rule_of_a_change(rates: tuple[float, ...], changed: list[int]) -> None:
    found = steps(days(*rates))
    assert found is not None
    assert [step.day // DAY for step in found] == changed


def test_a_slow_rise_is_not_one_level() -> None:
    found = steps(days(*(100 * 1.003**day for day in range(30))))
    assert found is None or len(found) >= 5


def test_rounding_of_small_amounts_is_no_change() -> None:
    """Three tokens at $0.10 a million are 300 nano-dollars, or 301."""
    few = [BilledDay(day * DAY, nanos, 3) for day, nanos in enumerate((300, 300, 306, 306))]
    assert steps(few) == []


def test_days_that_mix_prices_have_no_steady_rate() -> None:
    assert steps(days(100, 137, 112, 180, 95, 95.1, 140, 121)) is None


def test_refunds_and_days_without_quantity_are_no_level() -> None:
    odd = [BilledDay(9 * DAY, -5, 10.0), BilledDay(10 * DAY, 5, None), BilledDay(11 * DAY, 0, 0.0)]
    assert steps([*days(100, 100, 100), *odd]) == []
