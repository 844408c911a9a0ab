"""Names are read from the lists and remembered for ever."""

from datetime import timedelta
from typing import Any

from tests.builders import NOON, Rig

from wherespent.demo import Answer, ScriptedOrganization
from wherespent.domain.windows import epoch


def names(rig: Rig) -> dict[tuple[str, str], str]:
    return {(kind, id_): name for kind, id_, name in rig.rows("SELECT kind, id, name FROM name")}


def seen(rig: Rig, id_: str) -> tuple[int, int]:
    ((first, last),) = rig.rows("SELECT first_seen_at, last_seen_at FROM name WHERE id = :i", i=id_)
    return first, last


def a_project(id_: str, name: str, status: str = "active") -> dict[str, Any]:
    return {"id": id_, "object": "organization.project", "name": name, "status": status}


def a_key(id_: str, name: str, access: str = "active") -> dict[str, Any]:
    return {
        "id": id_,
        "name": name,
        "redacted_value": "sk-...x",
        "created_at": 1,
        "owner_project_access": access,
        "owner": {"type": "user", "user": {"id": "u1", "name": "Ann"}},
    }


def fill(organization: ScriptedOrganization) -> None:
    organization.directory.projects = [
        a_project("p1", "Search"),
        a_project("p2", "Old", "archived"),
    ]
    organization.directory.users = [{"id": "u1", "name": "Ann", "email": "ann@example.com"}]
    organization.directory.api_keys = {
        "p1": [a_key("k1", "production"), a_key("k2", "left behind", "inactive")]
    }


def read_names(rig: Rig) -> str:
    return rig.round(rig.cycle("costs"))["names"].status


def test_everything_of_the_company_has_its_name(company: Rig) -> None:
    company.round(company.cycle("costs"))
    directory, known = company.organization.directory, names(company)
    for project in directory.projects:
        assert known["project", project["id"]] == project["name"]
    for user in directory.users:
        assert known["user", user["id"]] == (user["name"] or "")
    active = {p["id"] for p in directory.projects if p["status"] == "active"}
    keys = [
        key for project, keys in directory.api_keys.items() if project in active for key in keys
    ]
    assert keys
    assert all(known["api_key", key["id"]] == key["name"] for key in keys)


def test_archived_projects_have_names_too(rig: Rig, organization: ScriptedOrganization) -> None:
    fill(organization)
    assert read_names(rig) == "done"
    assert names(rig)["project", "p2"] == "Old"
    assert not any("p2/api_keys" in request.path for request in rig.server.requests)


def test_keys_that_the_default_rule_hides_are_listed(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    read_names(rig)
    assert names(rig)["api_key", "k2"] == "left behind"


def test_a_deleted_key_keeps_its_name(rig: Rig, organization: ScriptedOrganization) -> None:
    fill(organization)
    read_names(rig)
    organization.directory.api_keys["p1"].pop(0)
    rig.clock.move(hours=2)
    read_names(rig)
    assert names(rig)["api_key", "k1"] == "production"
    assert seen(rig, "k1") == (epoch(NOON), epoch(NOON))
    assert seen(rig, "k2") == (epoch(NOON), epoch(NOON + timedelta(hours=2)))


def test_a_new_name_replaces_the_old_one_and_moves_the_version(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    read_names(rig)
    before = rig.version()
    organization.directory.projects[0]["name"] = "Search & Find"
    rig.clock.move(hours=2)
    read_names(rig)
    assert names(rig)["project", "p1"] == "Search & Find"
    assert rig.version() > before


def test_a_name_that_is_left_out_is_not_forgotten(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    read_names(rig)
    organization.directory.users = [{"id": "u1", "name": None, "email": None}]
    organization.directory.api_keys = {}
    rig.clock.move(hours=2)
    read_names(rig)
    assert names(rig)["user", "u1"] == "Ann"


def test_service_accounts_stand_among_the_users(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    owner = {"type": "service_account", "service_account": {"id": "sa1", "name": "CI robot"}}
    organization.directory.api_keys["p1"].append({**a_key("k3", "ci"), "owner": owner})
    read_names(rig)
    assert names(rig)["user", "sa1"] == "CI robot"
    assert rig.value("SELECT owner_id FROM name WHERE id = 'k3'") == "sa1"


def test_lists_longer_than_a_page_are_read_whole(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.directory.users = [{"id": f"u{n}", "name": f"User {n}"} for n in range(250)]
    read_names(rig)
    assert len(names(rig)) == 250
    assert [r.params.get("after") for r in rig.asked("/users")] == [None, ["u99"], ["u199"]]


def test_a_list_without_a_last_id_goes_on_from_its_last_item(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.directory.users = [{"id": f"u{n}", "name": f"User {n}"} for n in range(2)]
    page = {"data": [organization.directory.users[0]], "has_more": True}
    organization.faults.script("/users", Answer(200, page))
    read_names(rig)
    assert set(names(rig)) == {("user", "u0"), ("user", "u1")}


def test_markup_and_odd_characters_are_kept_as_they_are(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    odd = '<a href="javascript:x">ü 日本 \u202e</a>'
    organization.directory.projects = [a_project("p1", odd)]
    read_names(rig)
    assert names(rig)["project", "p1"] == odd


def test_a_name_that_no_database_can_hold_is_no_obstacle(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.directory.projects = [a_project("p1", "nu\x00l"), a_project("p2", "fine")]
    assert read_names(rig) == "done"
    assert names(rig) == {("project", "p1"): "nul", ("project", "p2"): "fine"}


def test_failing_names_leave_the_known_ones_and_the_streams_alone(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    read_names(rig)
    known = names(rig)
    organization.faults.script("/users", "500", times=7)
    rig.clock.move(hours=2)
    synced = rig.round(rig.cycle("costs"))
    assert (synced["names"].status, synced["costs"].status) == ("failed", "done")
    assert names(rig) == known


def test_a_project_whose_keys_may_not_be_read_is_skipped(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    fill(organization)
    organization.faults.script("p1/api_keys", Answer(403, {"error": {"message": "no"}}))
    assert read_names(rig) == "done"
    assert set(names(rig)) == {("project", "p1"), ("project", "p2"), ("user", "u1")}
