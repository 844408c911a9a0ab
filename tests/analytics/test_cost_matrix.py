"""Project by model and month by month: totals both ways equal the bill."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.cost import cost_total
from wherespent.analytics.cost_matrix import CostMatrix, cost_matrix
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.months import MonthTable, month_table, months_before
from wherespent.errors import QuestionRefused

ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.DAY)


def matrix(facts: Facts, filters: Filters = ALL, most: int = 8) -> CostMatrix:
    with facts.database.read() as connection:
        return cost_matrix(connection, filters, most)


def months(facts: Facts, filters: Filters = ALL) -> MonthTable:
    with facts.database.read() as connection:
        return month_table(connection, filters)


def test_the_matrix_by_hand(organization: Facts) -> None:
    found = matrix(organization)
    assert found.models == ("o3", "gpt-5", "")
    assert [(row.project, row.cells, row.other, row.total) for row in found.rows] == [
        ("p2", {"o3": Decimal("4.25"), "gpt-5": Decimal("2.5")}, None, Decimal("6.75")),
        (
            "p1",
            {"gpt-5": Decimal("1.000000001"), "": Decimal("-0.375")},
            None,
            Decimal("0.625000001"),
        ),
    ]
    assert found.totals == {
        "o3": Decimal("4.25"),
        "gpt-5": Decimal("3.500000001"),
        "": Decimal("-0.375"),
    }
    assert (found.other, found.other_models) == (0, 0)


@pytest.mark.parametrize("most", [1, 2, 3, 8])
def test_both_totals_are_the_bill_however_many_models_are_shown(facts: Facts, most: int) -> None:
    for number in range(6):
        item = f"gpt-{number}, input" if number else "a tool"
        facts.cost("2026-01-02", f"{number}.00000000{number}", line_item=item, project_id="p1")
        facts.cost("2026-01-03", "0.1", line_item=item, project_id=f"p{number}")
    found = matrix(facts, most=most)
    with facts.database.read() as connection:
        billed = cost_total(connection, ALL)
    assert found.total == sum(row.total for row in found.rows) == billed
    assert sum(found.totals.values()) + found.other == billed
    for row in found.rows:
        assert sum(row.cells.values()) + (row.other or 0) == row.total
    for model in found.models:
        in_rows = [row.cells[model] for row in found.rows if model in row.cells]
        assert sum(in_rows) == found.totals[model]
    assert found.other_models == {1: 4, 2: 3, 3: 2, 8: 0}[most]


def test_a_user_beside_project_is_refused_where_users_stand_apart(facts: Facts) -> None:
    facts.refuse("user_with_project")
    chosen = replace(ALL, user=Choice(include=("u1",)))
    with pytest.raises(QuestionRefused, match="project_id"):
        matrix(facts, chosen)
    with pytest.raises(QuestionRefused, match="project_id"):
        months(facts, chosen)


def test_the_months_by_hand(organization: Facts) -> None:
    found = months(organization)
    assert found.months == (at("2026-01-01"), at("2026-02-01"))
    january, february = found.months
    assert [(row.project, row.billed, row.total) for row in found.rows] == [
        ("p2", {january: Decimal("2.75"), february: Decimal(4)}, Decimal("6.75")),
        ("p1", {january: Decimal("0.625000001")}, Decimal("0.625000001")),
    ]
    assert found.totals == {january: Decimal("3.375000001"), february: Decimal(4)}
    assert found.total == Decimal("7.375000001")


def test_months_begin_with_the_first_bill_and_filters_apply(organization: Facts) -> None:
    earlier = replace(ALL, window=window("2025-06-01", "2026-04-01"))
    found = months(organization, replace(earlier, project=Choice(exclude=("p1",))))
    assert found.months == (at("2026-01-01"), at("2026-02-01"), at("2026-03-01"))
    assert [row.project for row in found.rows] == ["p2"]
    assert months(organization, replace(earlier, model=Choice(("none",)))).months == ()


def test_months_are_whole_utc_months() -> None:
    now = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    assert months_before(now, 12) == window("2025-02-01", "2026-03-01")
    assert months_before(now, 0) == window("2026-02-01", "2026-03-01")
