"""A refusal that concerned old windows only coarsens those, and none is believed for ever."""

from collections.abc import Iterable

import pytest
from tests.builders import Rig, at, day, the

from wherespent.demo import Answer, ScriptedOrganization
from wherespent.domain.windows import Window
from wherespent.ingestion.groupings import ALWAYS, Refusals, dimensions, groupings, pieces
from wherespent.storage.tables import BY_USER, MAIN

COSTS, COMPLETIONS = the("costs"), the("completions")
NO_TIER = Answer(400, {"error": {"message": "Invalid value: 'service_tier'.", "param": "group_by"}})
NO_USER = Answer(400, {"error": {"message": "Cannot group by that.", "param": "group_by"}})


@pytest.fixture
def used(rig: Rig, organization: ScriptedOrganization) -> Rig:
    """Tokens and money of a user, a project and a tier, on every day of two months."""
    who = {"project_id": "p", "user_id": "u"}
    for number in range(-60, 1):
        organization.add_cost(at(number).date(), "1.5", "a, input", **who)
        tier = {"model": "m", "service_tier": "flex"}
        organization.add_usage("completions", at(number, 3), {**who, **tier}, input_tokens=2)
    return rig


def asked(rig: Rig, stream: str) -> Iterable[tuple[int, set[str]]]:
    """Start of each window that was answered, and what it was grouped by."""
    for request in rig.asked(stream):
        if request.status == 200:
            start = (int(request.params["start_time"][0]) - day(0)) // 86_400
            yield start, set(request.params["group_by"])


def tiers(rig: Rig) -> dict[str, int]:
    rows = rig.rows(
        "SELECT s.service_tier, COUNT(*) FROM usage_hour f"
        " JOIN usage_series s ON s.id = f.series_id GROUP BY s.service_tier"
    )
    return dict(map(tuple, rows))


def test_new_days_keep_a_dimension_that_old_windows_refuse(used: Rig) -> None:
    used.organization.faults.script("completions", "ok", NO_TIER)
    assert used.sync("completions", since=-40)["completions"].status == "done"
    assert tiers(used) == {"flex": 2, "": 39}
    assert used.rows("SELECT kind, until FROM refusal") == [("dropped:service_tier", day(-1))]
    used.forget_requests()
    used.clock.move(days=9)
    used.sync("completions", since=-40, until=10)
    for start, group_by in asked(used, "completions"):
        assert ("service_tier" in group_by) == (start >= -1)
    assert {request.status for request in used.server.requests} == {200}


def test_what_the_newest_window_refuses_is_refused_for_all(used: Rig) -> None:
    used.organization.faults.script("completions", NO_TIER)
    used.sync("completions", since=-40)
    assert tiers(used) == {"": 41}
    assert used.rows("SELECT kind, until FROM refusal") == [("dropped:service_tier", None)]


def test_users_stay_beside_projects_in_what_is_newer(used: Rig) -> None:
    used.organization.faults.script("costs", "ok", NO_USER)
    assert used.sync("costs", since=-40)["costs"].status == "done"
    by_user = {int(cell[0]): cell[1:3] for cell in used.costs()}
    assert {by_user[day(number)] for number in range(-40, -3)} == {("p", "")}
    assert {by_user[day(number)] for number in range(-3, 1)} == {("p", "u")}
    assert used.covered("costs", BY_USER) == set()
    assert len(used.costs()) == 41


def test_a_dimension_is_asked_for_again_after_thirty_days(used: Rig) -> None:
    used.organization.faults.script("completions", NO_TIER)
    used.sync("completions", since=-5)
    used.clock.move(days=29)
    used.sync("completions", since=27, until=30)
    assert all("service_tier" not in group_by for _, group_by in asked(used, "completions"))
    used.forget_requests()
    used.clock.move(days=2)
    used.sync("completions", since=29, until=32)
    assert all("service_tier" in group_by for _, group_by in asked(used, "completions"))
    assert used.rows("SELECT * FROM refusal") == []


def test_a_dimension_that_is_refused_again_is_remembered_anew(used: Rig) -> None:
    used.organization.faults.script("completions", NO_TIER)
    used.sync("completions", since=-5)
    used.clock.move(days=31)
    used.organization.faults.script("completions", NO_TIER)
    assert used.sync("completions", since=29, until=32)["completions"].status == "done"
    assert [request.status for request in used.server.requests].count(400) == 2
    rows = used.rows("SELECT kind, learned_at FROM refusal")
    assert [kind for kind, _ in rows] == ["dropped:service_tier"]
    assert rows[0][1] == int(used.clock().timestamp())


# The rules themselves


def test_a_window_is_cut_where_a_refusal_ends_the_newest_piece_first() -> None:
    refusals = Refusals(key_floor=day(-4), dropped={"batch": day(-2), "model": ALWAYS})
    found = pieces(Window(day(-9), day(1)), refusals)
    assert found == [
        Window(day(-2), day(1)),
        Window(day(-4), day(-2)),
        Window(day(-9), day(-4)),
    ]
    left = [
        set(COMPLETIONS.dimensions) - set(dimensions(COMPLETIONS, MAIN, refusals, piece))
        for piece in found
    ]
    assert left == [{"model"}, {"model", "batch"}, {"model", "batch", "api_key_id"}]


def test_costs_are_read_twice_only_where_every_window_refuses() -> None:
    assert groupings(COSTS, Refusals(user_with_project=day(-3))) == (MAIN,)
    assert groupings(COSTS, Refusals(user_with_project=ALWAYS)) == (MAIN, BY_USER)


def test_of_two_refusals_the_one_that_reaches_further_holds() -> None:
    old, new = Refusals(dropped={"batch": day(-9)}), Refusals(dropped={"batch": day(-2)})
    assert old.union(new) == new.union(old) == new
    assert old.new_since(new) == {}
    assert new.new_since(old)["dropped:batch"].until == day(-2)
