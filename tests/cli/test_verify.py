"""`wherespent verify` on what a sync wrote: green, red, empty."""

import json

import pytest
from sqlalchemy import text
from tests.cli.conftest import Command

from wherespent.demo import RunningServer
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.engine import open_database


@pytest.fixture
def synced(command: Command, company: RunningServer) -> RunningServer:
    assert command("sync", "--stream", "costs", "--stream", "completions").code == 0
    return company


def test_verify_proves_what_a_sync_wrote_and_asks_nobody(
    command: Command, synced: RunningServer
) -> None:
    asked = len(synced.requests)
    ran = command("verify")
    assert ran.code == 0, ran.out + ran.err
    assert all(invariant.title in ran.out for invariant in INVARIANTS)
    assert "Nothing fails." in ran.out
    assert "FAILS" not in ran.out
    assert len(synced.requests) == asked


@pytest.mark.usefixtures("synced")
def test_verify_names_the_rows_that_fail_and_exits_1(command: Command, database_url: str) -> None:
    database = open_database(database_url)
    with database.write() as connection:
        connection.execute(
            text("UPDATE usage_day SET input_tokens = input_tokens + 1 WHERE input_tokens > 0")
        )
    database.dispose()
    ran = command("verify")
    assert ran.code == 1
    assert "FAILS" in ran.out
    assert "What to do:" in ran.out
    assert "input_tokens is" in ran.out
    ran = command("verify", "--json")
    assert ran.code == 1
    answer = json.loads(ran.out)
    assert answer["ok"] is False
    (account,) = answer["accounts"]
    assert account["account"] == "default"
    found = {proof["name"]: proof for proof in account["proofs"]}
    assert list(found) == [invariant.name for invariant in INVARIANTS]
    assert found["hours"]["status"] == "fails"
    assert found["hours"]["failing"] >= len(found["hours"]["offending"]) > 0
    assert found["hours"]["failing_since"].endswith("Z")
    assert found["hours"]["remedy"]
    assert found["hours"]["offending"][0]["day"] in found["hours"]["offending"][0]["text"]
    assert (found["money"]["status"], found["money"]["remedy"]) == ("holds", None)


def test_verify_of_an_empty_database_fails_nothing(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", database_url)
    ran = command("verify", "--json")
    assert ran.code == 0
    (account,) = json.loads(ran.out)["accounts"]
    assert {proof["status"] for proof in account["proofs"]} == {"skipped"}


def test_verify_without_tables_exits_1_and_says_what_to_do(
    command: Command, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", empty_database_url)
    ran = command("verify")
    assert ran.code == 1
    assert "wherespent db upgrade" in ran.err


def test_a_wrong_option_exits_2(command: Command) -> None:
    assert command("verify", "--faster").code == 2
