"""What changed between two periods: exact parts from real tables."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.cost import cost_total
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.leaders import leaders
from wherespent.analytics.movers import Mover, movers
from wherespent.domain.cost_change import Split
from wherespent.errors import QuestionRefused
from wherespent.storage.tables import BY_USER

BEFORE = Filters(window("2026-01-01", "2026-01-08"), Granularity.TOTAL)
NOW = Filters(window("2026-01-08", "2026-01-15"), Granularity.TOTAL)


@pytest.fixture
def two_weeks(facts: Facts) -> Facts:
    """The worked example of docs/overview.md, and one cell of each other kind."""
    tokens = {"batch": "false", "service_tier": "default", "user_id": "u1", "api_key_id": "k1"}
    grown = tokens | {"project_id": "p1", "model": "gpt-5"}
    facts.usage(
        "completions",
        at("2026-01-02", 9),
        **grown,
        num_model_requests=100,
        input_tokens=90_000,
        output_tokens=10_000,
    )
    facts.usage(
        "completions",
        at("2026-01-09", 9),
        **grown,
        num_model_requests=150,
        input_tokens=170_000,
        output_tokens=10_000,
    )
    for day, model in (("2026-01-03", "o3"), ("2026-01-10", "o4")):
        facts.usage(
            "completions",
            at(day, 5),
            **tokens,
            project_id="p2",
            model=model,
            num_model_requests=5,
            input_tokens=50,
            output_tokens=5,
        )
    key = {"user_id": "u1", "api_key_id": "k1"}
    facts.cost("2026-01-02", "0.15", line_item="gpt-5, input", project_id="p1", **key)
    facts.cost("2026-01-02", "0.05", line_item="gpt-5, output", project_id="p1", **key)
    facts.cost("2026-01-09", "0.54", line_item="gpt-5, input", project_id="p1", **key)
    facts.cost("2026-01-03", "2", line_item="o3, input", project_id="p2", **key)
    facts.cost("2026-01-10", "3.000000001", line_item="o4, input", project_id="p2", **key)
    facts.cost("2026-01-03", "0.7", line_item="web search", project_id="p1", **key)
    facts.cost("2026-01-10", "0.9", line_item="web search", project_id="p1", **key)
    return facts


def changes(facts: Facts, now: Filters = NOW, before: Filters = BEFORE) -> dict[str, Mover]:
    with facts.database.read() as connection:
        return {f"{it.project} {it.model}": it for it in movers(connection, now, before)}


def test_a_cell_is_split_and_what_cannot_be_split_says_why(two_weeks: Facts) -> None:
    found = changes(two_weeks)
    assert list(found) == ["p2 o4", "p2 o3", "p1 gpt-5", "p1 web search"]
    grown = found["p1 gpt-5"].change
    assert (grown.volume, grown.size, grown.price) == (
        Decimal("0.10"),
        Decimal("0.06"),
        Decimal("0.18"),
    )
    assert found["p2 o4"].change.split is Split.NEW
    assert found["p2 o3"].change.split is Split.GONE
    assert found["p1 web search"].change.split is Split.OTHER_UNIT
    assert found["p1 web search"].change.total == Decimal("0.2")


def test_all_changes_add_up_to_that_of_the_bill(two_weeks: Facts) -> None:
    with two_weeks.database.read() as connection:
        now, before = cost_total(connection, NOW), cost_total(connection, BEFORE)
    assert now is not None
    assert before is not None
    total = sum(it.change.total for it in changes(two_weeks).values())
    assert total == now - before == Decimal("1.540000001")


def test_filters_narrow_both_periods(two_weeks: Facts) -> None:
    chosen = Choice(("gpt-5",))
    found = changes(two_weeks, replace(NOW, model=chosen), replace(BEFORE, model=chosen))
    assert list(found) == ["p1 gpt-5"]
    assert found["p1 gpt-5"].change.size == Decimal("0.06")


def test_a_line_item_has_no_requests_to_split_by(two_weeks: Facts) -> None:
    chosen = Choice(("gpt-5, input",))
    found = changes(two_weeks, replace(NOW, line_item=chosen), replace(BEFORE, line_item=chosen))
    assert found["p1 gpt-5"].change.split is Split.UNKNOWN
    assert found["p1 gpt-5"].change.total == Decimal("0.39")


def test_users_who_stand_apart_cannot_be_asked_with_projects(two_weeks: Facts) -> None:
    two_weeks.refuse("user_with_project")
    two_weeks.cost("2026-01-09", "1", line_item="gpt-5, input", user_id="u1", grouping=BY_USER)
    chosen = replace(NOW, user=Choice(("u1",)))
    with pytest.raises(QuestionRefused, match="by user"):
        changes(two_weeks, chosen, replace(BEFORE, user=Choice(("u1",))))


def test_leaders_stand_beside_the_period_before(two_weeks: Facts) -> None:
    with two_weeks.database.read() as connection:
        found = leaders(connection, NOW, BEFORE, "model", 2)
        alone = leaders(connection, NOW, None, "project_id", 5)
    assert [(it.key, it.billed, it.before) for it in found.rows] == [
        ("o4", Decimal("3.000000001"), Decimal(0)),
        ("web search", Decimal("0.9"), Decimal("0.7")),
    ]
    assert (found.total, found.keys) == (Decimal("4.440000001"), 3)
    assert [(it.key, it.before) for it in alone.rows] == [("p2", None), ("p1", None)]
