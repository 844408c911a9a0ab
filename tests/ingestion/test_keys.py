"""The key: where it belongs, how often a refused one is tried, how another one takes over."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from tests.builders import KEY, Clock, Rig, Synced, a_client, a_key, at

from wherespent.demo import ScriptedOrganization, serve
from wherespent.domain.accounts import Organization, is_another, is_counted_twice
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.rounds import Rounds
from wherespent.providers.openai.client import AdminClient

USAGE, MANAGEMENT = "api.usage.read", "api.management.read"


def spend(
    organization: ScriptedOrganization, project: str, *, days: tuple[int, ...] = (-1,)
) -> None:
    for number in days:
        organization.add_cost(at(number).date(), "1.25", "a, input", project_id=project)
        organization.add_usage(
            "completions", at(number, 3), {"project_id": project}, num_model_requests=1
        )
    organization.directory.projects.append(
        {"id": project, "name": project, "status": "active", "object": "organization.project"}
    )


def a_round(cycle: Cycle, *, asked_for: bool = False) -> Synced:
    hurry = threading.Event()
    if asked_for:
        hurry.set()
    return Synced({o.stream: o for o in cycle.run(hurry=hurry)})


@pytest.fixture
def other(clock: Clock) -> ScriptedOrganization:
    """Another organization, with projects of its own."""
    made = ScriptedOrganization(clock)
    made.organization_id = "org-other"
    spend(made, "proj_other")
    return made


@pytest.fixture
def other_client(other: ScriptedOrganization, clock: Clock) -> Iterator[AdminClient]:
    with serve(other) as server:
        client = a_client(server.url, now=clock)
        yield client
        client.close()


# Where a key belongs: pure


@pytest.mark.parametrize(
    ("stored", "asked", "another"),
    [
        (Organization("a", frozenset("pq")), Organization("b", frozenset("pq")), True),
        (Organization("a", frozenset("p")), Organization("a", frozenset("q")), False),
        (Organization("", frozenset("pq")), Organization("b", frozenset("qr")), False),
        (Organization("", frozenset("pq")), Organization("b", frozenset("rs")), True),
        (Organization("a", frozenset("pq")), Organization("", frozenset("rs")), True),
        (Organization("", frozenset()), Organization("b", frozenset("r")), False),
        (Organization("", frozenset("p")), Organization("", frozenset()), False),
    ],
)
def test_ids_decide_and_else_projects_without_any_overlap(
    stored: Organization, asked: Organization, another: bool
) -> None:
    assert is_another(stored, asked) is another


def test_the_regions_of_one_organization_are_not_counted_twice() -> None:
    stored = Organization("a", frozenset("pq"))
    assert is_counted_twice(stored, Organization("a", frozenset("qr")))
    assert not is_counted_twice(stored, Organization("a", frozenset("r")))
    # No two organizations share a project, so the same projects are enough where an id is missing.
    assert is_counted_twice(stored, Organization("", frozenset("pq")))
    assert is_counted_twice(Organization("", frozenset("p")), Organization("", frozenset("pq")))
    assert not is_counted_twice(stored, Organization("", frozenset("r")))
    assert not is_counted_twice(stored, Organization("b", frozenset("pq")))


def test_without_any_project_the_id_tells_that_it_would_be_counted_twice() -> None:
    assert is_counted_twice(Organization("a"), Organization("a"))
    assert not is_counted_twice(Organization("a"), Organization("b"))
    assert not is_counted_twice(Organization(), Organization())


# Where a key belongs: asked


@pytest.mark.parametrize("names_it", [True, False])
def test_a_key_of_another_organization_is_refused_before_a_row_is_written(
    rig: Rig,
    organization: ScriptedOrganization,
    other: ScriptedOrganization,
    other_client: AdminClient,
    names_it: bool,
) -> None:
    spend(organization, "proj_own")
    if not names_it:
        organization.quirks.organization_id = other.quirks.organization_id = ""
    assert a_round(rig.cycle("costs", "completions")).statuses == {"done"}
    before = rig.contents()
    rig.clock.move(minutes=20)
    synced = a_round(rig.cycle("costs", "completions", client=other_client))
    assert synced.statuses == {"failed"}
    said = synced["costs"].error
    assert "belongs to another organization" in said
    assert "WHERESPENT_ACCOUNTS" in said
    assert ("org-other" in said) is names_it
    assert rig.contents() == before
    assert {row[0] for row in rig.rows("SELECT id FROM name")} == {"proj_own"}


def test_the_right_key_goes_on_where_the_wrong_one_was_refused(
    rig: Rig, organization: ScriptedOrganization, other_client: AdminClient
) -> None:
    spend(organization, "proj_own")
    a_round(rig.cycle("costs"))
    a_round(rig.cycle("costs", client=other_client))
    rig.clock.move(minutes=20)
    assert a_round(rig.cycle("costs")).statuses == {"done"}
    assert rig.value("SELECT error FROM stream_state WHERE error <> '' UNION ALL SELECT ''") == ""


def test_projects_that_are_renamed_added_and_archived_are_no_other_organization(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.organization_id = ""
    spend(organization, "proj_one")
    spend(organization, "proj_two")
    a_round(rig.cycle("costs"))
    organization.clear()
    one, two = organization.directory.projects
    one |= {"name": "renamed", "status": "archived"}
    organization.directory.projects.remove(two)
    spend(organization, "proj_new", days=(0,))
    replaced = a_client(rig.server.url, now=rig.clock, key=SecretStr("sk-admin-second"))
    rig.clock.move(minutes=20)
    assert a_round(rig.cycle("costs", client=replaced)).statuses == {"done"}
    replaced.close()


def test_an_organization_without_an_id_gets_it_when_rows_name_it(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.organization_id = ""
    spend(organization, "proj_own")
    a_round(rig.cycle("costs"))
    assert rig.value("SELECT organization_id FROM account") == ""
    organization.quirks.organization_id = None
    replaced = a_client(rig.server.url, now=rig.clock, key=SecretStr("sk-admin-second"))
    a_round(rig.cycle("costs", client=replaced))
    assert rig.value("SELECT organization_id FROM account") == organization.organization_id
    replaced.close()


def test_one_organization_is_not_read_into_two_accounts(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    spend(organization, "proj_own")
    a_round(rig.cycle("costs"))
    before = rig.contents()
    again = replace(rig.cycle("costs"), account="copy")
    synced = a_round(again)
    assert "counted twice" in synced["costs"].error
    assert "'default'" in synced["costs"].error
    assert rig.contents() == before


def test_a_new_key_that_cannot_be_asked_where_it_belongs_writes_nothing(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    spend(organization, "proj_own")
    a_round(rig.cycle("costs"))
    spend(organization, "proj_own", days=(0,))
    before = rig.contents()
    for path in ("costs", "projects", "completions"):
        organization.quirks.missing_endpoints.add(path)
    replaced = a_client(rig.server.url, now=rig.clock, key=SecretStr("sk-admin-second"))
    rig.clock.move(minutes=20)
    assert "could not be asked" in a_round(rig.cycle("costs", client=replaced))["costs"].error
    assert rig.contents() == before
    organization.quirks.missing_endpoints.clear()
    assert a_round(rig.cycle("costs", client=replaced)).statuses == {"done"}
    replaced.close()


def test_a_known_key_is_not_asked_where_it_belongs_again(company: Rig) -> None:
    a_round(company.cycle("costs"))
    company.forget_requests()
    company.clock.move(minutes=5)
    a_round(company.cycle("costs"))
    assert company.server.requests == []


# A key that is refused


def test_a_revoked_key_is_tried_once_an_hour_and_a_refresh_tries_it_at_once(company: Rig) -> None:
    a_round(company.cycle("costs", "completions"))
    company.organization.quirks.revoked_keys = {KEY}
    company.clock.move(minutes=20)
    cycle = company.cycle("costs", "completions")
    company.forget_requests()
    for _ in range(11):
        assert a_round(cycle).statuses == {"failed"}
        company.clock.move(minutes=5)
    assert len(company.server.requests) == 1
    company.clock.move(minutes=5)
    a_round(cycle)
    assert len(company.server.requests) == 2
    a_round(cycle, asked_for=True)
    assert len(company.server.requests) == 3


def test_a_restart_does_not_forget_that_the_key_is_refused(company: Rig) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    a_round(company.cycle("costs"))
    company.forget_requests()
    company.clock.move(minutes=5)
    error = a_round(company.cycle("costs"))["costs"].error
    assert "does not know this key" in error
    assert company.server.requests == []


def test_a_key_that_is_good_again_is_believed_after_an_hour(company: Rig) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    cycle = company.cycle("costs")
    a_round(cycle)
    company.organization.quirks.revoked_keys = set()
    company.clock.move(hours=1)
    assert a_round(cycle).statuses == {"done"}


def test_a_project_key_is_asked_with_once_and_named(company: Rig) -> None:
    client = a_client(company.server.url, now=company.clock, key=SecretStr("sk-proj-mine"))
    synced = a_round(company.cycle("costs", "completions", client=client))
    assert "This is a project key" in synced["completions"].error
    assert "sk-proj" not in repr(synced)
    assert len(company.server.requests) == 1
    client.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_without_any_scope_is_not_asked_with_on_every_endpoint(
    company: Rig, status: int
) -> None:
    company.organization.quirks.key_scopes = {KEY: frozenset()}
    company.organization.quirks.missing_scope_status = status
    cycle = company.cycle()
    synced = a_round(cycle)
    assert synced.statuses == {"failed"}
    assert USAGE in synced["costs"].error
    assert len(company.server.requests) == 3
    company.clock.move(minutes=5)
    a_round(cycle)
    assert len(company.server.requests) == 3


def test_without_the_usage_scope_each_endpoint_is_tried_once_and_then_once_an_hour(
    company: Rig,
) -> None:
    company.organization.quirks.key_scopes = {KEY: frozenset({MANAGEMENT})}
    cycle = company.cycle("costs", "completions", "embeddings")
    a_round(cycle)
    company.forget_requests()
    for _ in range(4):
        company.clock.move(minutes=5)
        synced = a_round(cycle)
        assert USAGE in synced["completions"].error
    assert company.asked("/usage/") + company.asked("costs") == []
    company.organization.quirks.key_scopes = {}
    assert a_round(cycle, asked_for=True).statuses == {"done"}


def test_without_the_scope_for_names_they_are_tried_once_an_hour(company: Rig) -> None:
    company.organization.quirks.key_scopes = {KEY: frozenset({USAGE})}
    cycle = company.cycle("costs")
    a_round(cycle)
    company.forget_requests()
    for _ in range(4):
        company.clock.move(minutes=10)
        synced = a_round(cycle)
        assert (synced["costs"].status, synced["names"].status) == ("done", "failed")
    assert company.asked("projects") == []


# Another key


def test_a_new_key_is_tried_at_once_and_goes_on_where_the_old_one_stopped(company: Rig) -> None:
    a_round(company.cycle("costs", "completions"))
    company.organization.quirks.revoked_keys = {KEY}
    company.clock.move(minutes=20)
    file = [SecretStr(KEY)]
    client = a_client(company.server.url, now=company.clock)
    cycle = company.cycle("costs", "completions", client=client)
    cycle.key = a_key(client, company.clock, lambda: file[0])
    assert a_round(cycle).statuses == {"failed"}
    company.forget_requests()
    file[0] = SecretStr("sk-admin-second")
    assert a_round(cycle).statuses == {"done"}
    assert {request.key for request in company.server.requests} == {"sk-admin-second"}
    read = [r for r in company.asked("completions") if "model" in r.params["group_by"]]
    days = [int(r.params["end_time"][0]) - int(r.params["start_time"][0]) for r in read]
    assert sum(days) <= 2 * 86_400, "what was read is not read again"
    company.assert_exact("costs", "completions")
    client.close()


def test_news_of_a_key_is_told_once(company: Rig) -> None:
    file = [SecretStr(KEY)]
    key = a_key(company.client, company.clock, lambda: file[0])
    assert not key.is_news()
    file[0] = SecretStr("sk-admin-second")
    assert [key.is_news(), key.is_news()] == [True, False]


def test_of_the_key_only_a_salted_fingerprint_is_stored(company: Rig) -> None:
    a_round(company.cycle("costs"))
    stored = company.value("SELECT fingerprint FROM account_key")
    assert stored
    assert stored not in KEY
    assert KEY not in repr(company.rows("SELECT * FROM account_key"))
    client = a_client(company.server.url)
    from wherespent.providers.openai.keys import AdminKey

    assert AdminKey(client, salt="other", now=company.clock).fingerprint() != stored
    client.close()


# Several accounts


def test_one_account_leaves_the_others_alone(
    rig: Rig,
    organization: ScriptedOrganization,
    other_client: AdminClient,
) -> None:
    spend(organization, "proj_own")
    organization.quirks.revoked_keys = {KEY}
    cycles = {
        "default": rig.cycle("costs"),
        "other": replace(rig.cycle("costs", client=other_client), account="other"),
    }
    rounds = Rounds(
        {k: lambda hurry, c=c: c.run(hurry=hurry) for k, c in cycles.items()}, patience=60
    )
    rounds.run(threading.Event())
    rows = rig.rows(
        "SELECT a.label, s.failures FROM stream_state s JOIN account a ON a.id = s.account_id"
        " JOIN stream t ON t.id = s.stream_id WHERE t.name = 'openai.costs' ORDER BY a.label"
    )
    assert [tuple(row) for row in rows] == [("default", 1), ("other", 0)]
    facts = rig.rows("SELECT a.label FROM cost_day f JOIN account a ON a.id = f.account_id")
    assert {row[0] for row in facts} == {"other"}


def test_an_account_that_hangs_is_left_out_of_the_next_round_and_the_others_go_on() -> None:
    let_go, hanging, done = threading.Event(), list[int](), list[int]()

    def hang(_: threading.Event) -> None:
        hanging.append(1)
        let_go.wait(60)

    rounds = Rounds({"hangs": hang, "works": lambda _: done.append(1)}, patience=0.3)
    rounds.run(threading.Event())
    rounds.run(threading.Event())
    assert (len(hanging), len(done)) == (1, 2)
    let_go.set()


def test_whoever_is_in_a_hurry_is_not_kept_waiting_by_the_account_that_hangs() -> None:
    let_go, hurry = threading.Event(), threading.Event()
    hurried: list[bool] = []

    def works(asked: threading.Event) -> None:
        hurried.append(asked.is_set())
        hurry.set()

    rounds = Rounds({"hangs": lambda _: let_go.wait(60), "works": works}, patience=50)
    rounds.run(hurry)
    assert hurry.is_set(), "the next round is asked for"
    rounds.run(hurry)
    assert hurried == [False, True]
    let_go.set()


def test_an_account_whose_round_breaks_does_not_end_the_others() -> None:
    done: list[int] = []

    def breaks(_: threading.Event) -> None:
        raise RuntimeError("boom")

    Rounds({"breaks": breaks, "works": lambda _: done.append(1)}, patience=60).run(
        threading.Event()
    )
    assert done == [1]
