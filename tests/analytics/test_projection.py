"""The month so far and its projection, from real tables."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert
from tests.analytics.facts import ACCOUNT, Facts, at, window

from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.freshness import freshness
from wherespent.analytics.live_hours import hours_by_model, hours_read_at
from wherespent.analytics.projection import Month, month_so_far
from wherespent.domain.windows import DAY, Window, utc
from wherespent.storage.tables import BY_USER, MAIN, coverage, stream_state

TODAY = at("2026-03-10")  # a Tuesday
SETTLED = at("2026-03-07")
FILTERS = Filters(window("2026-03-10", "2026-03-11"))


@pytest.fixture
def steady(facts: Facts) -> Facts:
    """$2 a day from 1 February on, $5 so far today, and $1 of another project on 3 March."""
    for start in range(at("2026-02-01"), TODAY, DAY):
        facts.cost(f"{utc(start):%Y-%m-%d}", "2", line_item="gpt-5, input", project_id="p1")
    facts.cost("2026-03-10", "5", line_item="gpt-5, input", project_id="p1")
    facts.cost("2026-03-03", "1", line_item="o3, input", project_id="p2")
    return facts


def month(facts: Facts, filters: Filters = FILTERS) -> Month:
    with facts.database.read() as connection:
        return month_so_far(connection, filters, today=TODAY, settled_until=SETTLED)


def test_the_month_stands_beside_the_same_days_of_the_month_before(steady: Facts) -> None:
    found = month(steady)
    assert found.billed == 9 * 2 + 1 + 5
    assert found.before == 10 * 2
    assert found.month_before == 28 * 2
    assert found.same_day_before == date(2026, 2, 10)
    assert found.days[date(2026, 3, 3)] == 3


def test_the_projection_adds_usual_days_to_the_bill(steady: Facts) -> None:
    """19 + 5 and 21 days of $2; the Tuesday of 3 March makes the mean of Tuesdays 2.25."""
    forecast = month(steady).forecast
    assert forecast is not None
    assert forecast.expected == 24 + 18 * 2 + 3 * Decimal("2.25")
    assert forecast.usual_today == Decimal("2.25")


def test_the_range_of_the_view_has_no_say_and_its_choices_do(steady: Facts) -> None:
    assert month(steady, replace(FILTERS, window=window("2026-01-01", "2026-01-02"))) == month(
        steady
    )
    other = month(steady, replace(FILTERS, project=Choice(("p2",))))
    assert other.billed == 1
    assert other.before == 0


def test_a_day_that_was_not_read_is_no_zero(steady: Facts) -> None:
    with steady.database.write() as connection:
        connection.execute(delete(coverage).where(coverage.c.bucket_start == at("2026-03-05")))
    found = month(steady)
    assert found.billed is None
    assert found.unread == 1
    assert found.forecast is None
    assert found.before == 20
    assert date(2026, 3, 5) not in found.days


def test_what_began_after_the_first_of_the_month_is_projected(steady: Facts) -> None:
    """$7 of another project on seven settled days of March; the days before were read, and $0."""
    filters = replace(FILTERS, project=Choice(("p3",)))
    today, settled = at("2026-03-20"), at("2026-03-17")
    for start in range(at("2026-03-10"), today, DAY):
        day = f"{utc(start):%Y-%m-%d}"
        steady.cost(day, "7", line_item="gpt-5, input", project_id="p3")
    with steady.database.read() as connection:
        found = month_so_far(connection, filters, today=today, settled_until=settled)
    assert found.forecast is not None
    assert (found.billed, found.forecast.expected) == (None, 22 * 7)


def test_before_anything_is_read_nothing_is_known(facts: Facts) -> None:
    found = month(facts)
    assert (found.billed, found.before, found.forecast) == (None, None, None)
    with facts.database.read() as connection:
        assert freshness(connection).costs_read_at is None


def test_freshness_tells_readings_and_the_newest_hour(facts: Facts) -> None:
    moment = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for stream in ("openai.costs", "openai.usage.completions"):
        stream_id = facts.stream_id(stream)
        with facts.database.write() as connection:
            connection.execute(
                insert(stream_state).values(
                    account_id=ACCOUNT,
                    stream_id=stream_id,
                    grouping=MAIN,
                    last_success_at=moment,
                )
            )
    who = {"project_id": "p1", "user_id": "u1", "api_key_id": "k1", "model": "gpt-5"}
    counts = {"num_model_requests": 3, "input_tokens": 20, "output_tokens": 1}
    facts.usage("completions", at("2026-03-10", 10), **who, **counts)
    facts.cost("2026-03-09", "1", line_item="gpt-5, input")
    with facts.database.read() as connection:
        found = freshness(connection)
        assert hours_read_at(connection, ("default",)) == moment
        day = Window(at("2026-03-09", 11), at("2026-03-10", 11))
        (hour,) = hours_by_model(connection, FILTERS, day)
    assert (found.costs_read_at, found.usage_read_at) == (moment, moment)
    assert found.usage_until == at("2026-03-10", 11)
    assert found.oldest_bill == at("2026-03-09")
    assert (hour.bucket_start, hour.model, hour.requests, hour.tokens) == (
        at("2026-03-10", 10),
        "gpt-5",
        3,
        21,
    )


def test_a_day_that_was_not_read_by_user_is_no_zero_for_a_user(steady: Facts) -> None:
    """Users stand apart: their reading ends on 5 March, that of the totals does not."""
    steady.refuse("user_with_project")
    for start in range(at("2026-02-01"), at("2026-03-06"), DAY):
        steady.cost(
            f"{utc(start):%Y-%m-%d}",
            "1",
            line_item="gpt-5, input",
            user_id="u1",
            grouping=BY_USER,
            grouped_by="user_id,line_item",
        )
    found = month(steady, replace(FILTERS, user=Choice(("u1",))))
    assert (found.billed, found.unread, found.month_before) == (None, 5, 28)
    assert max(found.days) == date(2026, 3, 5)
    assert month(steady).unread == 0
