"""What the provider refuses, what is learned from it, and how long it is remembered."""

from datetime import date, timedelta

import pytest
from tests.builders import KEY, NOON, Rig, at, cost_page, day, dollars

from wherespent.demo import Answer, ScriptedOrganization
from wherespent.domain.streams import COST_DIMENSIONS
from wherespent.domain.windows import epoch
from wherespent.storage.revisions import REGROUPED
from wherespent.storage.tables import BY_USER, MAIN

DATED = "Usage and cost data are available for the past year. "


def refusals(rig: Rig) -> dict[tuple[str, str], str]:
    rows = rig.rows(
        "SELECT s.name, r.kind, r.value FROM refusal r JOIN stream s ON s.id = r.stream_id"
    )
    return {(name.rsplit(".", 1)[-1], kind): value for name, kind, value in rows}


# 400: the history limit


def test_history_begins_at_the_date_in_the_message(company: Rig) -> None:
    company.organization.quirks.history_floor = date(2026, 11, 15)
    synced = company.sync("costs", "completions", since=-30)
    assert synced.statuses == {"done"}
    company.assert_exact("costs", "completions", since=-5)
    assert company.covered("costs") == company.covered("completions") == set(range(-5, 1))
    assert refusals(company)["costs", "history_floor"] == str(epoch(at(-5)))


def test_the_learned_floor_is_not_asked_below_again(company: Rig) -> None:
    company.organization.quirks.history_floor = date(2026, 11, 15)
    company.sync("costs", "completions", since=-30)
    company.forget_requests()
    company.sync("costs", "completions", since=-30)
    assert {request.status for request in company.server.requests} == {200}
    assert min(int(r.params["start_time"][0]) for r in company.server.requests) >= day(-5)


def test_without_a_date_history_is_approached_in_steps(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    undated = {"error": {"message": "Too old.", "code": "reporting_lookback_exceeded"}}
    organization.faults.script("completions", "ok", Answer(400, undated), Answer(400, undated))
    organization.add_usage("completions", at(-20, 1), {"model": "m"}, num_model_requests=1)
    synced = rig.sync("completions", since=-28)
    assert synced.statuses == {"done"}
    asked = [int(request.params["start_time"][0]) for request in rig.asked("completions")]
    assert (asked[1], asked[2]) == (day(-28), day(-7))
    assert rig.covered("completions") <= set(range(-7, 1))


def test_windows_wholly_before_history_are_learned_from_too(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    """The windows of usage end 365 days back to the day, so none lies across the floor."""
    organization.quirks.history_floor = at(-365).date()
    assert rig.sync("completions", since=-730).statuses == {"done"}
    first = len(rig.asked("completions"))
    rig.forget_requests()
    rig.sync("completions", since=-730)
    assert {request.status for request in rig.server.requests} == {200}
    assert first <= 13 * 4 + 3


# 400: the key grouping floor


def test_keys_are_grouped_after_their_floor_and_not_before(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.api_key_floor = day(-2)
    for number in range(-4, 1):
        organization.add_cost(at(number).date(), "1.25", "a, input", api_key_id="k1")
        organization.add_cost(at(number).date(), "2.50", "a, input", api_key_id="k2")
    assert rig.sync("costs", since=-4).statuses == {"done"}
    keys = {(int(cell[0]), cell[4]): nanos for cell, nanos in rig.costs().items()}
    before, after = (day(-4), day(-3)), (day(-2), day(-1), day(0))
    assert keys == {
        **{(start, ""): dollars("3.75") for start in before},
        **{(start, "k1"): dollars("1.25") for start in after},
        **{(start, "k2"): dollars("2.50") for start in after},
    }
    assert rig.total_nanos() == dollars("18.75")


def test_the_key_floor_is_asked_across_only_once(company: Rig) -> None:
    company.organization.quirks.api_key_floor = day(-20)
    company.sync("costs", since=-30)
    assert [r.status for r in company.asked("costs")].count(400) == 1
    company.clock.move(days=8)
    company.forget_requests()
    company.sync("costs", since=-30)
    assert {request.status for request in company.server.requests} == {200}


def test_a_series_says_what_it_was_grouped_by(company: Rig) -> None:
    company.organization.quirks.api_key_floor = day(-2)
    company.sync("costs", since=-4)
    groupings = {row[0] for row in company.rows("SELECT grouped_by FROM cost_series")}
    without = ",".join(name for name in COST_DIMENSIONS if name != "api_key_id")
    assert groupings == {",".join(COST_DIMENSIONS), without}


# 400: user_id beside project_id


def test_a_refused_user_beside_project_makes_two_readings(company: Rig) -> None:
    company.organization.quirks.refuse_user_with_project = True
    assert company.sync("costs").statuses == {"done"}
    named = ("project_id", "line_item", "api_key_id", "api_source")
    truth = sum(
        company.organization.cost_truth_nanos(at(-3), at(1), read_by=named).values()
    ) or sum(company.organization.cost_truth_nanos(at(-3), at(1), (), read_by=named).values())
    assert company.total_nanos(MAIN) == truth
    assert {cell[2] for cell in company.costs(MAIN)} == {""}
    by_user = company.organization.cost_truth_nanos(
        at(-3), at(1), ("user_id", "line_item"), read_by=("user_id", "line_item")
    )
    assert sum(company.costs(BY_USER).values()) == sum(by_user.values())
    assert {cell[1] for cell in company.costs(BY_USER)} == {""}


def test_the_two_readings_are_never_added_up(company: Rig) -> None:
    company.organization.quirks.refuse_user_with_project = True
    company.sync("costs")
    rollup = company.value("SELECT SUM(amount) FROM cost_slice_day")
    assert rollup == company.total_nanos(MAIN)
    assert company.covered("costs", MAIN) == company.covered("costs", BY_USER)


def test_the_refusal_is_remembered_for_the_account(company: Rig) -> None:
    company.organization.quirks.refuse_user_with_project = True
    company.sync("costs")
    assert [r.status for r in company.asked("costs")].count(400) == 1
    company.forget_requests()
    company.clock.move(hours=1)
    company.sync("costs")
    assert {request.status for request in company.server.requests} == {200}
    asked = [set(request.params["group_by"]) for request in company.asked("costs")]
    assert {"user_id", "line_item"} in asked
    assert not any({"user_id", "project_id"} <= each for each in asked)


def test_both_refusals_at_once_are_learned(company: Rig) -> None:
    company.organization.quirks.refuse_user_with_project = True
    company.organization.quirks.api_key_floor = day(-2)
    company.organization.quirks.history_floor = at(-4).date()
    assert company.sync("costs", since=-8).statuses == {"done"}
    assert {kind for _, kind in refusals(company)} == {
        "user_with_project",
        "key_floor",
        "history_floor",
    }
    assert company.covered("costs", MAIN) == company.covered("costs", BY_USER) == set(range(-4, 1))


def test_regrouping_moves_money_and_is_no_restatement(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for number in (-1, -6):
        organization.add_cost(at(number).date(), "4", "a, input", project_id="p", user_id="u")
    rig.sync("costs", since=-6)
    organization.quirks.refuse_user_with_project = True
    rig.clock.move(days=7)
    rig.sync("costs", since=-6, until=8)
    assert [cell[1:3] for cell in rig.costs()] == [("p", "")] * 2
    kinds = rig.rows(
        "SELECT settled, SUM(new_amount), SUM(old_amount) FROM cost_revision"
        " WHERE grouping = 0 GROUP BY settled"
    )
    assert [tuple(map(int, row)) for row in kinds] == [(REGROUPED, dollars("8"), dollars("8"))]


def test_a_dimension_that_is_refused_by_name_is_given_up_alone(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    body = {"error": {"message": "Invalid value: 'service_tier'.", "param": "group_by"}}
    organization.faults.script("completions", Answer(400, body))
    organization.add_usage("completions", at(-1), {"model": "m"}, num_model_requests=1)
    assert rig.sync("completions").statuses == {"done"}
    asked = [set(request.params["group_by"]) for request in rig.asked("completions")]
    assert asked[0] - asked[1] == {"service_tier"}


@pytest.mark.parametrize(
    ("message", "learned"),
    [
        ("'api_source' is not one of the supported group_by values", "dropped:api_source"),
        (
            "Invalid value: 'api_source'. Supported are: 'project_id', 'user_id', 'line_item'",
            "dropped:api_source",
        ),
        ("group_by: user_id and project_id exclude each other, use line_item", "user_with_project"),
        ("Too many groups.", "user_with_project"),
    ],
)
def test_of_costs_too_the_dimension_that_is_named_is_given_up_alone(
    rig: Rig, organization: ScriptedOrganization, message: str, learned: str
) -> None:
    body = {"error": {"message": message, "param": "group_by"}}
    organization.faults.script("costs", Answer(400, body))
    organization.add_cost(at(-1).date(), "4", "a, input", project_id="p", user_id="u")
    assert rig.sync("costs", since=-1).statuses == {"done"}
    assert {kind for _, kind in refusals(rig)} == {learned}


def test_a_refusal_of_another_parameter_is_an_error_and_teaches_nothing(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    body = {"error": {"message": "Invalid type.", "param": "start_time", "code": "invalid_type"}}
    organization.faults.script("completions", Answer(400, body))
    assert rig.sync("completions", since=-1)["completions"].status == "failed"
    assert refusals(rig) == {}


# 404


def test_a_missing_endpoint_is_unsupported_and_no_error(company: Rig) -> None:
    company.organization.quirks.missing_endpoints = {"decisions"}
    synced = company.sync(since=-1)
    assert (synced["decisions"].status, synced["decisions"].error) == ("unsupported", "")
    assert synced.statuses == {"unsupported", "done"}
    assert len(company.asked("decisions")) == 1
    company.assert_exact("costs", "completions", since=-1)


def test_a_missing_endpoint_is_asked_again_after_a_day(company: Rig) -> None:
    company.organization.quirks.missing_endpoints = {"decisions"}
    company.sync("decisions", since=-1)
    company.clock.move(hours=23)
    assert company.sync("decisions", since=-1)["decisions"].status == "unsupported"
    assert len(company.asked("decisions")) == 1
    company.clock.move(hours=1)
    company.organization.quirks.missing_endpoints = set()
    assert company.sync("decisions", since=-1, until=2)["decisions"].status == "done"
    company.assert_exact("decisions", since=-1, until=2)


# 401 and 403


def test_an_unknown_key_is_tried_once_and_no_other_stream_is_asked(company: Rig) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    synced = company.sync()
    assert len(company.server.requests) == 1
    assert synced.statuses == {"failed"}
    assert all("does not know this key" in o.error for o in synced.outcomes.values())


def test_an_unknown_key_is_not_tried_on_names_either(company: Rig) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    synced = company.round(company.cycle())
    assert len(company.server.requests) == 1
    assert synced.statuses == {"failed"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_a_matter_of_one_stream(company: Rig, status: int) -> None:
    quirks = company.organization.quirks
    quirks.missing_scope_status = status
    message = {"error": {"message": "Missing scopes: api.usage.read.", "code": "missing_scope"}}
    company.organization.faults.script("costs", Answer(status, message))
    synced = company.sync("costs", "completions", since=-1)
    assert "api.usage.read" in synced["costs"].error
    assert synced["completions"].status == "done"
    assert len(company.asked("costs")) == 1
    company.assert_exact("completions", since=-1)


def test_names_need_a_scope_of_their_own(company: Rig) -> None:
    company.organization.quirks.key_scopes = {KEY: frozenset({"api.usage.read"})}
    synced = company.round(company.cycle("costs"))
    assert synced["costs"].status == "done"
    assert "api.management.read" in synced["names"].error


def test_no_error_that_is_stored_or_reported_holds_the_key(company: Rig) -> None:
    body = {"error": {"message": f"Incorrect API key provided: {KEY}. Find it at …"}}
    company.organization.faults.script("costs", Answer(400, body), times=20)
    company.organization.faults.script("completions", Answer(500, body), times=20)
    synced = company.sync("costs", "completions", since=-1)
    stored = repr(company.rows("SELECT error FROM sync_run"))
    stored += repr(company.rows("SELECT error FROM stream_state"))
    assert KEY not in stored + repr(synced)
    assert synced.statuses == {"failed"}


def test_a_page_of_something_else_teaches_nothing(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    """A proxy's 400 must not cost the organization its reading of users by project for ever."""
    organization.faults.script("costs", Answer(400, "<html>Bad Request</html>"))
    organization.add_cost(at(-1).date(), "1", "a, input", project_id="p", user_id="u")
    rig.sync("costs", since=-1)
    rig.clock.move(hours=1)
    rig.sync("costs", since=-1)
    assert refusals(rig) == {}
    assert [cell[1:3] for cell in rig.costs()] == [("p", "u")]


def test_an_answer_is_believed_once_the_refusal_is_gone(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.missing_endpoints = {"costs"}
    assert rig.sync("costs", since=-1)["costs"].status == "unsupported"
    organization.quirks.missing_endpoints = set()
    organization.add_cost(at(-1).date(), "1", "a, input")
    rig.clock.at = NOON + timedelta(days=1)
    assert rig.sync("costs", since=-1)["costs"].status == "done"
    assert cost_page()["data"] == []
    assert rig.value("SELECT COUNT(*) FROM stream_state WHERE unsupported_at IS NOT NULL") == 0


def test_404_everywhere_is_a_wrong_address_and_asked_again_at_once(company: Rig) -> None:
    company.organization.quirks.missing_endpoints = {"costs", "completions"}
    synced = company.sync("costs", "completions", since=-1)
    assert synced.statuses == {"failed"}
    assert "WHERESPENT_OPENAI_BASE_URL" in synced["costs"].error
    company.organization.quirks.missing_endpoints = set()
    assert company.sync("costs", "completions", since=-1).statuses == {"done"}
    company.assert_exact("costs", "completions", since=-1)
