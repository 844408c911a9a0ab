from dataclasses import replace
from decimal import Decimal

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.cost import (
    COST_DIMENSIONS,
    cost_by,
    cost_over_time,
    cost_total,
    cost_totals,
    line_items,
)
from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.errors import QuestionRefused
from wherespent.storage.tables import BY_USER

ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)
TOTAL = Decimal("7.375000001")


def by_key(facts: Facts, filters: Filters, dimension: str) -> dict[str, Decimal]:
    with facts.database.read() as connection:
        return {point.key: point.billed for point in cost_by(connection, filters, dimension)}


def total(facts: Facts, filters: Filters) -> Decimal | None:
    with facts.database.read() as connection:
        return cost_total(connection, filters)


def test_the_total_is_exact(organization: Facts) -> None:
    assert total(organization, ALL) == TOTAL


def test_a_window_that_was_never_read_has_no_total(organization: Facts) -> None:
    assert total(organization, replace(ALL, window=window("2025-01-01", "2025-02-01"))) is None


def test_a_window_that_was_read_and_empty_cost_nothing(organization: Facts) -> None:
    organization.read("costs", "2026-01-20")
    empty = replace(ALL, window=window("2026-01-20", "2026-01-21"))
    assert total(organization, empty) == 0


def test_an_unknown_account_has_no_total(organization: Facts) -> None:
    assert total(organization, replace(ALL, account=Choice(("other",)))) is None


@pytest.mark.parametrize("granularity", list(Granularity))
def test_every_grouping_adds_up_to_the_total(organization: Facts, granularity: Granularity) -> None:
    with organization.database.read() as connection:
        for dimension in COST_DIMENSIONS:
            points = cost_by(connection, replace(ALL, granularity=granularity), dimension)
            assert sum(point.billed for point in points) == TOTAL
            assert len({(point.bucket_start, point.key) for point in points}) == len(points)


def test_cost_by_model_shows_what_has_no_model_under_its_own_name(organization: Facts) -> None:
    assert by_key(organization, ALL, "model") == {
        "gpt-5": Decimal("3.500000001"),
        "o3": Decimal("4.25"),
        "web search": Decimal("0.125"),
        "credit grant": Decimal("-0.5"),
    }


def test_what_has_no_user_is_unattributed(organization: Facts) -> None:
    assert by_key(organization, ALL, "user_id")[""] == Decimal("-0.5")


def test_what_was_not_grouped_by_user_is_not_unattributed(organization: Facts) -> None:
    organization.cost("2026-01-04", "1", line_item="x", grouped_by="project_id,line_item")
    found = by_key(organization, ALL, "user_id")
    assert (found[""], found[NOT_REPORTED]) == (Decimal("-0.5"), Decimal(1))


@pytest.mark.parametrize(
    ("granularity", "starts"),
    [
        (Granularity.DAY, ["2026-01-01", "2026-01-02", "2026-01-03", "2026-02-03"]),
        (Granularity.HOUR, ["2026-01-01", "2026-01-02", "2026-01-03", "2026-02-03"]),
        (Granularity.WEEK, ["2025-12-29", "2026-02-02"]),
        (Granularity.MONTH, ["2026-01-01", "2026-02-01"]),
        (Granularity.QUARTER, ["2026-01-01"]),
    ],
)
def test_buckets_begin_where_the_calendar_says(
    organization: Facts, granularity: Granularity, starts: list[str]
) -> None:
    with organization.database.read() as connection:
        points = cost_over_time(connection, replace(ALL, granularity=granularity))
    assert [point.bucket_start for point in points] == [at(day) for day in starts]


@pytest.mark.parametrize(
    ("chosen", "billed"),
    [
        ({"project": Choice(include=("p1",))}, "0.625000001"),
        ({"project": Choice(exclude=("p1",))}, "6.75"),
        ({"model": Choice(include=("gpt-5",))}, "3.500000001"),
        ({"model": Choice(exclude=("gpt-5",))}, "3.875"),
        ({"model": Choice(include=("web search",))}, "0.125"),
        ({"model": Choice(include=("",))}, "-0.375"),
        ({"user": Choice(include=("u1",))}, "1.125000001"),
        ({"user": Choice(include=("",))}, "-0.5"),
        ({"user": Choice(exclude=("u2", ""))}, "1.125000001"),
        ({"api_key": Choice(include=("k2",)), "model": Choice(include=("o3",))}, "4.25"),
        ({"line_item": Choice(include=("o3, output",))}, "4.25"),
        ({"project": Choice(include=("nobody",))}, "0"),
    ],
)
def test_filters(organization: Facts, chosen: dict[str, Choice], billed: str) -> None:
    assert total(organization, replace(ALL, **chosen)) == Decimal(billed)


def test_a_model_filter_says_what_it_leaves_out(organization: Facts) -> None:
    chosen = replace(ALL, model=Choice(include=("gpt-5",)), project=Choice(include=("p1",)))
    with organization.database.read() as connection:
        totals = cost_totals(connection, chosen)
        assert (totals.billed, totals.unmodelled) == (Decimal("1.000000001"), Decimal("-0.375"))
        assert cost_totals(connection, ALL).unmodelled == 0


def test_line_items_come_largest_first_with_rate_and_share(organization: Facts) -> None:
    with organization.database.read() as connection:
        rows = line_items(connection, ALL)
    assert [row.line_item for row in rows] == [
        "o3, output",
        "gpt-5, input",
        "web search",
        "credit grant",
    ]
    o3, _, _, credit = rows
    assert (o3.quantity, o3.quantity_unit, o3.model_key) == (13, "tokens", "o3")
    assert o3.rate_paid is not None
    assert round(o3.rate_paid, 9) == Decimal("0.326923077")
    assert (credit.quantity, credit.rate_paid) == (None, None)
    assert round(sum(row.share or 0 for row in rows), 20) == 1


def test_a_line_item_of_mixed_units_has_no_quantity(organization: Facts) -> None:
    organization.cost("2026-01-05", "1", line_item="o3, output", quantity=3, unit="minutes")
    with organization.database.read() as connection:
        [o3] = [row for row in line_items(connection, ALL) if row.line_item == "o3, output"]
    assert (o3.billed, o3.quantity, o3.quantity_unit) == (Decimal("5.25"), None, "")


class TestUsersApart:
    """An organization that refuses users beside projects is read twice."""

    @pytest.fixture
    def apart(self, facts: Facts) -> Facts:
        facts.refuse("user_with_project")
        projects = "project_id,line_item,api_key_id,api_source"
        facts.cost("2026-01-01", "3", line_item="a", project_id="p1", grouped_by=projects)
        facts.cost("2026-01-01", "4", line_item="a", project_id="p2", grouped_by=projects)
        users = {"grouping": BY_USER, "grouped_by": "user_id,line_item", "line_item": "a"}
        facts.cost("2026-01-01", "5", user_id="u1", **users)
        facts.cost("2026-01-01", "2", **users)
        return facts

    def test_the_readings_are_never_added_up(self, apart: Facts) -> None:
        assert total(apart, ALL) == 7
        assert by_key(apart, ALL, "api_key_id") == {"": Decimal(7)}

    def test_users_come_from_the_reading_by_user(self, apart: Facts) -> None:
        assert by_key(apart, ALL, "user_id") == {"u1": Decimal(5), "": Decimal(2)}
        assert total(apart, replace(ALL, user=Choice(include=("u1",)))) == 5

    def test_user_beside_project_is_refused_with_the_reason(self, apart: Facts) -> None:
        with pytest.raises(QuestionRefused, match=r"does not report .* project_id"):
            by_key(apart, replace(ALL, project=Choice(include=("p1",))), "user_id")


def test_an_unknown_dimension_is_refused(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match="use model, line_item"):
        by_key(organization, ALL, "colour")


def test_many_chosen_series_give_the_same_as_few(facts: Facts, monkeypatch) -> None:  # noqa: ANN001
    for number in range(6):
        facts.cost("2026-01-01", str(number), line_item="x", api_key_id=f"k{number}")
    chosen = replace(ALL, api_key=Choice(exclude=("k5",)))
    assert total(facts, chosen) == 10
    monkeypatch.setattr("wherespent.analytics.sources._FEW_SERIES", 2)
    assert total(facts, chosen) == 10


def test_the_previous_window_is_the_equal_one_before() -> None:
    assert ALL.previous().window == window("2025-11-03", "2026-01-01")


def test_a_question_is_about_whole_days() -> None:
    with pytest.raises(ValueError, match="whole UTC days"):
        Filters(replace(ALL.window, start=at("2026-01-01", 3)))
