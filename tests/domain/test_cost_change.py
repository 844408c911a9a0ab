"""A change of cost as volume, size and price, by hand and for anything."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherespent.domain.cost_change import Consumption, Split, cost_change

usd = st.decimals(
    min_value=-(10**9), max_value=10**9, places=9, allow_nan=False, allow_infinity=False
)
counts = st.integers(min_value=0, max_value=10**15)
consumptions = st.builds(Consumption, usd, counts, counts)


def of(billed: str, requests: int | None, tokens: int | None) -> Consumption:
    return Consumption(Decimal(billed), requests, tokens)


def test_the_worked_example_of_the_documentation() -> None:
    """100 requests of 1,000 tokens at $2 a million, then 150 of 1,200 at $3 a million.

    volume: 50 more x 1,000 tokens x $2/M = 0.10; size: 150 x 200 more x $2/M = 0.06;
    price: 180,000 tokens x $1/M more = 0.18; together 0.54 - 0.20.
    """
    change = cost_change(of("0.20", 100, 100_000), of("0.54", 150, 180_000))
    assert change.split is Split.PARTS
    assert (change.volume, change.size, change.price) == (
        Decimal("0.10"),
        Decimal("0.06"),
        Decimal("0.18"),
    )
    assert change.total == Decimal("0.34")


def test_fewer_and_smaller_requests_at_a_higher_price() -> None:
    """$10 for 10 x 100 tokens, then $6 for 5 x 80: -5 volume, -1 size, +2 price."""
    change = cost_change(of("10", 10, 1000), of("6", 5, 400))
    assert [change.volume, change.size, change.price] == [-5, -1, 2]


def test_parts_that_do_not_divide_evenly_still_add_up() -> None:
    """A third more requests of $1: 0.333333333, and the price takes what rounding left."""
    change = cost_change(of("1", 3, 7), of("1", 4, 11))
    assert change.volume == Decimal("0.333333333")
    assert change.size == Decimal("0.238095238")
    assert change.price == Decimal("-0.571428571")
    assert change.total == 0


@pytest.mark.parametrize(
    ("before", "now", "split"),
    [
        (of("0", 0, 0), of("3", 5, 50), Split.NEW),
        (of("3", 5, 50), of("0", 0, 0), Split.GONE),
        (of("0", 0, 0), of("3", 0, 0), Split.NEW),
        (of("3", 0, 0), of("4", 0, 0), Split.OTHER_UNIT),
        (of("3", 5, 0), of("4", 9, 0), Split.OTHER_UNIT),
        (of("3", 0, 0), of("4", 9, 90), Split.OTHER_UNIT),
        (of("3", None, None), of("4", 9, 90), Split.UNKNOWN),
        (of("0", None, None), of("4", None, None), Split.UNKNOWN),
    ],
)
def test_what_cannot_be_split_says_why_and_keeps_its_whole_change(
    before: Consumption, now: Consumption, split: Split
) -> None:
    change = cost_change(before, now)
    assert change.split is split
    assert change.unsplit == change.total == now.billed - before.billed
    assert change.volume == change.size == change.price == 0


def test_what_was_free_before_changed_by_its_price_alone() -> None:
    change = cost_change(of("0", 5, 50), of("4", 10, 100))
    assert (change.volume, change.size, change.price) == (0, 0, 4)


@given(consumptions, consumptions)
def test_parts_are_the_change_to_the_last_digit(before: Consumption, now: Consumption) -> None:
    change = cost_change(before, now)
    assert change.total == now.billed - before.billed
    assert change.volume + change.size + change.price + change.unsplit == change.total


@given(consumptions, consumptions)
def test_back_and_forth_is_nothing(before: Consumption, now: Consumption) -> None:
    there, back = cost_change(before, now), cost_change(now, before)
    assert there.total == -back.total
