"""What changed afterwards, over real syncs: days, their parts, and how long a day settles."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from tests.builders import NOON, Clock, Rig, at, day

from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.restatements import Revision, restatements, revisions
from wherespent.analytics.settling import AGES, settling
from wherespent.analytics.usage_restatements import MeasureChange, usage_restatements
from wherespent.demo import Restatement, ScriptedOrganization, serve
from wherespent.domain.windows import Window, utc
from wherespent.errors import QuestionRefused
from wherespent.storage.engine import Database
from wherespent.storage.revisions import thin_revisions

SETTLED, YESTERDAY = at(-10).date(), at(-1).date()
ALL = Filters(Window(day(-40), day(60)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def organization(clock: Clock) -> ScriptedOrganization:
    return ScriptedOrganization(clock)


@pytest.fixture
def rig(database: Database, organization: ScriptedOrganization, clock: Clock) -> Iterator[Rig]:
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


def look_again(rig: Rig) -> None:
    """A week and a day later, when settled days are read once more."""
    rig.clock.move(days=8)
    rig.sync("costs", since=-30, until=50)


def found(rig: Rig, *dimensions: str, filters: Filters = ALL) -> list[Revision]:
    with rig.database.read() as connection:
        return restatements(connection, filters, dimensions)


def everything(rig: Rig, *dimensions: str) -> list[Revision]:
    with rig.database.read() as connection:
        return revisions(connection, ALL, dimensions)


def usd(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


@pytest.fixture
def restated(rig: Rig, organization: ScriptedOrganization) -> Rig:
    """Ten days ago was $412.07 and became $415.30, most of it by one line item of one project."""
    organization.add_cost(SETTLED, "400.07", "a, input", project_id="p")
    organization.add_cost(SETTLED, "12", "b, input", project_id="q")
    rig.sync("costs", since=-30)
    organization.add_cost(SETTLED, "4.23", "a, input", project_id="p")
    organization.add_cost(SETTLED, "-1", "b, input", project_id="q")
    look_again(rig)
    return rig


def test_a_settled_day_that_changed_tells_what_it_was_and_became(restated: Rig) -> None:
    [only] = found(restated)
    assert (only.day, only.key, only.is_settled) == (day(-10), (), True)
    assert (only.old, only.new, only.delta) == usd("412.07", "415.30", "3.23")
    assert only.seen_at == restated.clock()


def test_it_drills_down_to_what_moved(restated: Rig) -> None:
    by_both = {it.key: (it.old, it.new) for it in found(restated, "project_id", "line_item")}
    assert by_both == {
        ("p", "a, input"): usd("400.07", "404.30"),
        ("q", "b, input"): usd("12", "11"),
    }


def test_filters_narrow_the_amounts_too(restated: Rig) -> None:
    [only] = found(restated, filters=Filters(ALL.window, project=Choice(include=("q",))))
    assert (only.old, only.new) == usd("12", "11")
    assert found(restated, filters=Filters(Window(day(-9), day(60)))) == []


def test_each_restatement_of_a_day_begins_where_the_one_before_ended(
    restated: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(SETTLED, "0.70", "c, output")
    look_again(restated)
    assert [(it.old, it.new) for it in found(restated)] == [
        usd("412.07", "415.30"),
        usd("415.30", "416"),
    ]


def test_an_unknown_dimension_is_refused_by_name(restated: Rig) -> None:
    with pytest.raises(QuestionRefused, match=r"'colour'.*project_id"):
        found(restated, "colour")


def test_a_first_reading_is_no_restatement(rig: Rig, organization: ScriptedOrganization) -> None:
    organization.add_cost(SETTLED, "5", "a, input")
    rig.sync("costs", since=-30)
    look_again(rig)
    assert everything(rig) == []


def test_money_that_moved_within_a_day_is_listed_though_its_total_stayed(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for project in "pq":
        organization.add_cost(SETTLED, "5", "a, input", project_id=project)
    rig.sync("costs", since=-30)
    organization.add_cost(SETTLED, "2", "a, input", project_id="p")
    organization.add_cost(SETTLED, "-2", "a, input", project_id="q")
    look_again(rig)
    assert [(it.old, it.new) for it in found(rig)] == [usd("10", "10")]
    assert {it.key: it.delta for it in found(rig, "project_id")} == {
        ("p",): Decimal(2),
        ("q",): Decimal(-2),
    }


def test_the_same_money_under_other_dimensions_is_not_listed(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(SETTLED, "4", "a, input", project_id="p", user_id="u")
    rig.sync("costs", since=-30)
    organization.quirks.refuse_user_with_project = True
    look_again(rig)
    assert [cell[1:3] for cell in rig.costs()] == [("p", "")]
    assert found(rig) == found(rig, "line_item") == []


def test_a_day_that_was_taken_back_became_nothing(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(SETTLED, "4", "a, input")
    rig.sync("costs", since=-30)
    organization.quirks.restated[SETTLED] = Restatement(empty=True)
    look_again(rig)
    assert found(rig) == []  # doubted for an hour
    rig.clock.move(hours=2)
    rig.sync("costs", since=-30, until=50)
    assert [(it.old, it.new) for it in found(rig)] == [usd("4", "0")]


def test_provisional_changes_are_told_apart_and_joined_by_day_of_observation(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(YESTERDAY, "1", "a, input")
    rig.sync("costs")
    for _ in range(3):
        rig.clock.move(hours=1)
        organization.add_cost(YESTERDAY, "1", "a, input")
        rig.sync("costs")
    rig.clock.move(days=1)
    organization.add_cost(YESTERDAY, "1", "b, input")
    rig.sync("costs", until=2)
    assert found(rig) == []
    assert [(it.is_settled, it.old, it.new) for it in everything(rig)] == [
        (False, *usd("1", "4")),
        (False, *usd("4", "5")),
    ]


def test_thinning_does_not_change_what_is_told(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for _ in range(4):
        organization.add_cost(YESTERDAY, "1", "a, input")
        rig.sync("costs")
        rig.clock.move(hours=1)
    before = everything(rig)
    with rig.database.write() as connection:
        assert thin_revisions(connection, 1, day(3)) == 2
    assert everything(rig) == before


# Usage


def test_a_settled_day_of_usage_tells_its_sums_before_and_since(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for hour in (3, 4):
        organization.add_usage(
            "completions", at(-10, hour), {"model": "m"}, input_tokens=100, num_model_requests=1
        )
    rig.sync("completions", since=-30)
    organization.add_usage("completions", at(-10, 4), {"model": "m"}, input_tokens=7)
    rig.clock.move(days=8)
    rig.sync("completions", since=-30, until=9)
    with rig.database.read() as connection:
        [only] = usage_restatements(connection, "default", ALL.window)
        assert usage_restatements(connection, "default", Window(day(-9), day(9))) == []
    assert (only.stream, only.day, only.series) == ("openai.usage.completions", day(-10), 1)
    assert only.changes == (MeasureChange("input_tokens", 200, 207),)
    assert only.seen_at == rig.clock()


# Settling


def live(rig: Rig, organization: ScriptedOrganization, days: int) -> None:
    """Each day is billed 60 % while it lasts, 30 % the day after and 10 % on the next."""
    for number in range(days):
        for age, amount in enumerate(("60", "30", "10")):
            if number >= age:
                organization.add_cost(at(number - age).date(), amount, "a, input")
        rig.sync("costs", since=-3, until=days + 1)
        rig.clock.move(days=1)


def test_the_share_of_final_cost_grows_with_the_age_of_a_day(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    live(rig, organization, 40)
    with rig.database.read() as connection:
        settled = settling(connection, "default", rig.clock())
    # Today is day 40: days 0 to 4 are more than 35 days old, and day 40 was not read.
    assert (settled.days, settled.waiting) == (5, 35)
    assert settled.next_on == day(5 + 36)
    shares = {row.age: row.share for row in settled.rows}
    assert tuple(shares) == AGES
    assert [shares[age] for age in (0, 1, 2, 35)] == list(usd("0.6", "0.9", "1", "1"))
    moving = {row.age: row.moving for row in settled.rows}
    assert (moving[0], moving[1], moving[2]) == (5, 5, 0)


def test_one_late_day_shows_in_the_lowest_share(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    live(rig, organization, 20)
    organization.add_cost(at(2).date(), "100", "b, input")
    live_on = range(20, 42)
    for _ in live_on:
        rig.sync("costs", since=-3, until=45)
        rig.clock.move(days=1)
    with rig.database.read() as connection:
        rows = {row.age: row for row in settling(connection, "default", rig.clock()).rows}
    assert rows[7].lowest == Decimal("0.5")
    assert rows[7].highest == Decimal(1)
    assert rows[7].moving == 1
    assert rows[35].lowest == Decimal(1)


def test_days_that_were_read_late_say_nothing_about_settling(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for number in range(-60, -35):
        organization.add_cost(at(number).date(), "1", "a, input")
    rig.sync("costs", since=-60)
    with rig.database.read() as connection:
        settled = settling(connection, "default", rig.clock())
    # Only today was first read before it ended.
    assert (settled.days, settled.rows, settled.waiting) == (0, (), 1)
    assert settled.next_on is not None
    assert utc(settled.next_on) == at(36)


def test_before_the_first_sync_nothing_waits(database: Database) -> None:
    with database.read() as connection:
        settled = settling(connection, "default", NOON)
    assert (settled.days, settled.rows, settled.waiting, settled.next_on) == (0, (), 0, None)
