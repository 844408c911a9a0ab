"""Who used what: every table of People and keys is a fold of the same cells."""

from dataclasses import replace

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics import cost, people, usage
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.people import Active, Cell, usage_cells, used, used_by
from wherespent.analytics.zones import Zone
from wherespent.errors import QuestionRefused
from wherespent.storage.tables import BY_USER

JANUARY = Filters(window("2026-01-01", "2026-02-01"), Granularity.TOTAL)


def cells(facts: Facts, filters: Filters = JANUARY) -> tuple[Cell, ...]:
    with facts.database.read() as connection:
        return usage_cells(connection, filters)


def test_cells_add_up_to_the_totals(organization: Facts) -> None:
    whole = used(cells(organization))
    with organization.database.read() as connection:
        totals = usage.usage_totals(connection, JANUARY)
    assert whole.requests == totals.requests == 37
    assert (whole.input_tokens, whole.output_tokens) == (totals.input_tokens, totals.output_tokens)
    assert whole.cached_tokens == totals.input_cached_tokens == 60
    assert whole.tokens == 350 + 21


def test_usage_by_user_knows_the_models_keys_and_projects(organization: Facts) -> None:
    users = used_by(cells(organization), "user_id")
    assert users.keys() == {"u1", "u2"}
    ann, bob = users["u1"], users["u2"]
    assert (ann.requests, ann.input_tokens, ann.output_tokens) == (27, 250, 14)
    assert ann.models == {"gpt-5": 20, "embed": 5, "image-1": 2}
    assert (ann.projects, ann.api_keys) == ({"p1": 27}, {"k1": 27})
    assert (bob.requests, bob.models, bob.cached_tokens) == (10, {"o3": 10}, None)


def test_the_largest_model_comes_first(organization: Facts) -> None:
    assert list(used(cells(organization)).models) == ["gpt-5", "o3", "embed", "image-1"]


def test_a_filter_narrows_the_cells(organization: Facts) -> None:
    chosen = replace(JANUARY, project=Choice(("p1",)), model=Choice(exclude=("embed",)))
    assert used(cells(organization, chosen)).requests == 22


def test_days_of_another_zone_count_its_hours(facts: Facts) -> None:
    """Midnight in Tokyo is 15:00 of the day before in UTC."""
    who = {"project_id": "p1", "user_id": "u1", "api_key_id": "k1", "model": "gpt-5"}
    for day, hour, requests in (
        ("2026-01-01", 14, 1),
        ("2026-01-01", 15, 2),
        ("2026-01-02", 9, 4),
        ("2026-01-03", 14, 8),
        ("2026-01-03", 15, 16),
    ):
        facts.usage("completions", at(day, hour), **who, num_model_requests=requests)
    two_days = Filters(window("2026-01-02", "2026-01-04"), zone=Zone("Asia/Tokyo"))
    assert used(cells(facts, two_days)).requests == 2 + 4 + 8
    one_day = Filters(window("2026-01-02", "2026-01-03"), zone=Zone("Asia/Tokyo"))
    assert used(cells(facts, one_day)).requests == 2 + 4


def test_first_and_last_activity_over_all_that_is_stored(organization: Facts) -> None:
    with organization.database.read() as connection:
        keys = people.activity(connection, "api_key_id")
        projects = people.activity(connection, "project_id")
        since = people.usage_known_since(connection)
    assert keys == {
        "k1": Active(at("2026-01-01"), at("2026-01-02")),
        "k2": Active(at("2026-01-02"), at("2026-02-03")),
    }
    # Stored bytes are no activity: p2 stored some on 1 January.
    assert projects["p2"].first == at("2026-01-02")
    assert since == at("2026-01-01")


def test_an_empty_database_has_no_activity(facts: Facts) -> None:
    with facts.database.read() as connection:
        assert people.activity(connection, "api_key_id") == {}
        assert people.usage_known_since(connection) is None
        assert usage_cells(connection, JANUARY) == ()


def test_trends_add_up_to_the_bill_of_the_last_days(organization: Facts) -> None:
    with organization.database.read() as connection:
        trends = people.billed_trends(connection, JANUARY, "project_id")
        by_key = people.billed_trends(connection, JANUARY, "api_key_id")
        requests = people.request_trends(connection, JANUARY, "user_id")
        billed = cost.cost_total(connection, JANUARY)
    # The trend window is the last 30 of 31 days: the first of January is not in it.
    assert trends == {
        "p1": {at("2026-01-02"): 125_000_000, at("2026-01-03"): -500_000_000},
        "p2": {at("2026-01-02"): 2_750_000_000},
    }
    assert by_key["k2"] == {at("2026-01-02"): 2_750_000_000}
    assert requests["u2"] == {at("2026-01-02"): 10}
    whole = sum(sum(days.values()) for days in trends.values())
    assert billed is not None
    assert whole == int(billed * 10**9) - 1_000_000_001


def test_users_of_one_project_have_no_billed_trend_where_that_is_refused(
    organization: Facts,
) -> None:
    organization.refuse("user_with_project")
    organization.cost(
        "2026-01-02",
        "7",
        grouping=BY_USER,
        grouped_by="user_id,line_item",
        user_id="u1",
        line_item="gpt-5, input",
    )
    only = replace(JANUARY, project=Choice(("p1",)))
    with organization.database.read() as connection:
        assert people.billed_trends(connection, JANUARY, "user_id") == {
            "u1": {at("2026-01-02"): 7_000_000_000}
        }
        with pytest.raises(QuestionRefused, match="not report"):
            people.billed_trends(connection, only, "user_id")
