"""Commands over several accounts."""

import json
from collections.abc import Iterator

import pytest
from tests.builders import KEY
from tests.cli.conftest import Command

from wherespent.demo import RunningServer, SimulatedOrganization, serve

OTHER = "sk-admin-other"


@pytest.fixture
def other() -> Iterator[RunningServer]:
    """Another company, with another id and another cast."""
    organization = SimulatedOrganization(8)
    organization.organization_id = "org-other"
    with serve(organization) as server:
        yield server


@pytest.fixture(autouse=True)
def _two(company: RunningServer, other: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [{"label": "other", "key": OTHER, "base_url": other.url}]
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(listed))


def test_sync_status_and_export_go_through_every_account(
    command: Command, company: RunningServer, other: RunningServer
) -> None:
    ran = command("sync", "--json", "--stream", "costs")
    assert ran.code == 0, ran.err
    streams = json.loads(ran.out)["streams"]
    assert [(row["account"], row["status"]) for row in streams] == [
        ("default", "done"),
        ("other", "done"),
    ]
    assert {request.key for request in company.requests} == {KEY}
    assert {request.key for request in other.requests} == {OTHER}
    stored = json.loads(command("status", "--json").out)["streams"]
    rows = {row["account"]: row["rows"] for row in stored if row["stream"] == "openai.costs"}
    assert rows["default"] > 0
    assert rows["other"] > 0
    arguments = ("--since", "2020-01-01", "--until", "2100-01-01", "--granularity", "total")
    exported = command("export", "costs", *arguments, "--format", "json")
    assert [row["account"] for row in json.loads(exported.out)] == ["default", "other"]
    one = command("export", "costs", *arguments, "--format", "json", "--account", "other")
    assert [row["account"] for row in json.loads(one.out)] == ["other"]


def test_one_account_can_be_chosen_and_an_unknown_one_is_named(
    command: Command, company: RunningServer
) -> None:
    assert command("sync", "--account", "other", "--stream", "costs").code == 0
    assert company.requests == []
    ran = command("sync", "--account", "nobody")
    assert ran.code == 2
    assert "there are: default, other" in ran.err
    asked = ("--since", "2026-11-01", "--until", "2026-11-02", "--account", "nobody")
    ran = command("export", "usage", *asked)
    assert ran.code == 2
    assert "no account 'nobody'" in ran.err


def test_a_refused_account_fails_the_command_and_leaves_the_other_alone(
    command: Command, company: RunningServer
) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    ran = command("sync", "--json", "--stream", "costs")
    assert ran.code == 1
    statuses = {row["account"]: row["status"] for row in json.loads(ran.out)["streams"]}
    assert statuses == {"default": "failed", "other": "done"}
    assert KEY not in ran.out + ran.err


def test_doctor_checks_the_key_of_every_account(command: Command, other: RunningServer) -> None:
    other.organization.quirks.revoked_keys = {OTHER}
    ran = command("doctor")
    assert ran.code == 1
    lines = [line for line in ran.out.splitlines() if "other: scope" in line]
    assert len(lines) == 2
    assert all("FAIL" in line for line in lines)
    assert any("ok" in line and "default: scope" in line for line in ran.out.splitlines())
