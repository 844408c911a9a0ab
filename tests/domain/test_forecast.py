"""The projection of a month, by hand."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from wherespent.domain.forecast import (
    FEWEST_STARTS,
    month_end,
    past_ratios,
    quantile,
    usual_amounts,
)

TODAY = date(2026, 11, 21)  # a Saturday; 9 days are left
SETTLED = date(2026, 11, 18)


def days(first: date, last: date, amount: Callable[[date], int]) -> dict[date, Decimal]:
    length = (last - first).days + 1
    every = (first + timedelta(days=n) for n in range(length))
    return {day: Decimal(amount(day)) for day in every}


def week(day: date) -> int:
    """10 on a working day, 2 at the weekend."""
    return 2 if day.weekday() >= 5 else 10


def test_the_worked_example_of_the_documentation() -> None:
    """A steady week of 5 x 10 + 2 x 2.

    1 to 20 November: 15 working days and 5 of the weekend are 160. Today, a Saturday, has 1 of
    its usual 2. 22 to 30 November: 6 working days and 3 of the weekend are 66. 160 + 2 + 66.
    """
    billed = days(date(2026, 5, 1), date(2026, 11, 20), week) | {TODAY: Decimal(1)}
    found = month_end(billed, TODAY, SETTLED)
    assert found is not None
    assert found.to_date == 161
    assert found.expected == 228
    assert found.usual_today == 2
    assert [amount for _, amount in found.usual] == [2, 2, 10, 10, 10, 10, 10, 2, 2, 10]
    assert found.days == 28
    # A week that never varies was never off: the range has no width.
    assert found.spread is not None
    assert (found.spread.low, found.spread.high) == (228, 228)
    assert found.spread.starts == 120


def test_a_day_that_is_over_its_usual_amount_counts_as_billed() -> None:
    billed = days(date(2026, 5, 1), date(2026, 11, 20), week) | {TODAY: Decimal(50)}
    found = month_end(billed, TODAY, SETTLED)
    assert found is not None
    assert found.expected == 160 + 50 + 66


def test_the_usual_amount_is_the_mean_of_the_last_28_settled_days() -> None:
    """Mondays of 10, 20, 30 and 40 within the 28 days; one of 1,000 before them."""
    billed = days(date(2026, 9, 1), date(2026, 11, 20), lambda _: 4)
    for day, amount in ((19, 1000), (26, 10)):
        billed[date(2026, 10, day)] = Decimal(amount)
    for day, amount in ((2, 20), (9, 30), (16, 40)):
        billed[date(2026, 11, day)] = Decimal(amount)
    usual = usual_amounts(billed, SETTLED)
    assert usual is not None
    assert usual[0] == 25
    assert usual[1] == 4


def test_the_last_day_of_a_month_projects_the_rest_of_itself() -> None:
    last = date(2026, 11, 30)
    billed = days(date(2026, 5, 1), date(2026, 11, 29), week) | {last: Decimal(3)}
    found = month_end(billed, last, date(2026, 11, 27))
    assert found is not None
    # 20 working days of 10 and 9 of the weekend before it, then a Monday.
    assert found.expected == 200 + 18 + 10


def test_a_range_holds_what_was_seen_in_the_past() -> None:
    """Every week twice the one before would be above the projection at every start."""
    first = date(2026, 5, 4)
    billed = days(first, TODAY, lambda day: 2 ** ((day - first).days // 28))
    found = month_end(billed, TODAY, SETTLED)
    assert found is not None
    assert found.spread is not None
    assert found.spread.low_ratio >= 1
    assert found.spread.low == found.expected
    assert found.spread.high > found.expected


def test_ratios_rest_on_what_was_settled_at_the_start() -> None:
    """$1 a day, $2 from 15 November on: three starts of 1 day see it, the others do not."""
    billed = days(date(2026, 5, 1), TODAY, lambda day: 2 if day >= date(2026, 11, 15) else 1)
    ratios = past_ratios(billed, TODAY, SETTLED, 1)
    assert len(ratios) == 120
    assert ratios[-4:] == (1, 2, 2, 2)


def test_without_enough_past_starts_there_is_no_range() -> None:
    """The first start needs 28 settled days, of which at least a week is known."""
    billed = days(date(2026, 9, 20), TODAY, week)
    found = month_end(billed, TODAY, SETTLED)
    assert found is not None
    starts = past_ratios(billed, TODAY, SETTLED, 10)
    assert (found.spread is None) == (len(starts) < FEWEST_STARTS)
    younger = month_end(days(date(2026, 10, 25), TODAY, week), TODAY, SETTLED)
    assert younger is not None
    assert younger.spread is None


@pytest.mark.parametrize("missing", [date(2026, 11, 1), date(2026, 11, 20)])
def test_a_month_with_an_unread_day_is_not_projected(missing: date) -> None:
    billed = days(date(2026, 5, 1), TODAY, week)
    del billed[missing]
    assert month_end(billed, TODAY, SETTLED) is None


def test_the_first_month_of_use_is_projected() -> None:
    """$3 a day from 3 November on. Two days of $0 before it are known, and not usual."""
    billed = days(date(2026, 10, 1), TODAY, lambda day: 3 if day >= date(2026, 11, 3) else 0)
    found = month_end(billed, TODAY, SETTLED)
    assert found is not None
    assert (found.to_date, found.expected) == (19 * 3, 28 * 3)
    assert (found.days, found.spread) == (15, None)
    assert month_end({day: Decimal(0) for day in billed}, TODAY, SETTLED) is None
    del billed[date(2026, 11, 1)]
    assert month_end(billed, TODAY, SETTLED) is None


def test_less_than_a_week_of_use_is_not_projected() -> None:
    billed = days(date(2026, 11, 12), TODAY, week)
    assert usual_amounts(billed, SETTLED) is None
    assert month_end(billed, TODAY, SETTLED) is None


@pytest.mark.parametrize(
    ("share", "value"), [("0", "1"), ("0.1", "1.4"), ("0.5", "3"), ("0.9", "4.6"), ("1", "5")]
)
def test_quantiles_lie_on_a_straight_line_between_two_values(share: str, value: str) -> None:
    five = [Decimal(n) for n in range(1, 6)]
    assert quantile(five, Decimal(share)) == Decimal(value)
