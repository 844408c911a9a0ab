"""Empty after money, from end to end: said where it is looked for, and how it ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.builders import Rig, at, day

from wherespent.analytics.coverage import coverage
from wherespent.analytics.day_states import DayState
from wherespent.analytics.doubts import DoubtedBucket, doubted_buckets
from wherespent.demo import Restatement, ScriptedOrganization

YESTERDAY = at(-1).date()


def doubts(rig: Rig) -> list[DoubtedBucket]:
    with rig.database.read() as connection:
        return doubted_buckets(connection, "default")


def state_of_yesterday(rig: Rig, stream: str) -> DayState:
    with rig.database.read() as connection:
        found = coverage(connection, "default", rig.clock(), 3, backfill_days=3)
    (row,) = [row for row in found if row.stream.endswith(stream)]
    return {d: span.state for span in row.spans for d in span.window.days()}[day(-1)]


@pytest.fixture
def emptied(rig: Rig, organization: ScriptedOrganization) -> Rig:
    """Yesterday was read full, and came back empty ten minutes later."""
    organization.add_cost(YESTERDAY, "5", "a, input")
    organization.add_usage("completions", at(-1, 5), {"model": "m"}, num_model_requests=4)
    rig.sync("costs", "completions")
    assert doubts(rig) == []
    organization.quirks.restated[YESTERDAY] = Restatement(empty=True)
    rig.clock.move(minutes=10)
    rig.sync("costs", "completions")
    return rig


def test_what_came_back_empty_is_told_with_what_it_held_and_until_when(emptied: Rig) -> None:
    cost, used = doubts(emptied)
    assert (cost.bucket.start, cost.billed, cost.seen_at) == (day(-1), Decimal(5), emptied.clock())
    assert (used.bucket.start, used.amount) == (day(-1) + 5 * 3600, 4)
    assert cost.believed_from - cost.seen_at == timedelta(hours=1)
    assert state_of_yesterday(emptied, "costs") is DayState.DOUBTED
    assert state_of_yesterday(emptied, "completions") is DayState.DOUBTED


def test_within_the_hour_it_stays_as_it_was_first_told(emptied: Rig) -> None:
    before = doubts(emptied)
    emptied.clock.move(minutes=59)
    emptied.sync("costs", "completions")
    assert doubts(emptied) == before


def test_once_it_is_believed_nothing_is_in_doubt(emptied: Rig) -> None:
    emptied.clock.move(minutes=60)
    emptied.sync("costs", "completions")
    assert doubts(emptied) == []
    assert state_of_yesterday(emptied, "costs") is DayState.PROVISIONAL
    assert emptied.costs() == {}


def test_what_returns_is_no_longer_in_doubt(
    emptied: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.restated.clear()
    emptied.clock.move(minutes=5)
    emptied.sync("costs", "completions")
    assert doubts(emptied) == []
    emptied.assert_exact("costs", "completions")
