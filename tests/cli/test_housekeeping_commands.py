"""backup, restore, db check and erase as a person or cron sees them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.cli.conftest import Command

from wherespent.demo import RunningServer
from wherespent.storage.engine import open_database


@pytest.fixture
def synced(company: RunningServer, command: Command) -> RunningServer:
    assert command("sync", "--stream", "completions").code == 0
    return company


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    opened = open_database(url)
    with opened.read() as connection:
        found = [tuple(row) for row in connection.execute(text(sql))]
    opened.dispose()
    return found


@pytest.mark.usefixtures("synced")
def test_a_backup_restores_into_an_empty_database_of_the_other_kind(
    command: Command, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = command("backup", "copy.db")
    assert (made.code, made.err) == (0, "")
    assert "rows of" in made.out
    refused = command("restore", "copy.db")
    assert refused.code == 2
    assert "--replace" in refused.err
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    assert command("restore", "copy.db").code == 0
    sql = "SELECT SUM(num_model_requests), COUNT(*) FROM usage_hour"
    assert [tuple(map(int, rows(f"sqlite:///{tmp_path}/new.db", sql)[0]))] == [  # type: ignore[call-overload]
        tuple(map(int, rows(database_url, sql)[0]))  # type: ignore[call-overload]
    ]
    assert command("db", "check").code == 0


@pytest.mark.usefixtures("synced")
def test_a_backup_replaces_nothing_unless_it_is_told_to(command: Command) -> None:
    assert command("backup", "copy.db").code == 0
    again = command("backup", "copy.db")
    assert again.code == 2
    assert "--force" in again.err
    assert command("backup", "copy.db", "--force").code == 0
    assert command("restore", "copy.db", "--replace", "--yes").code == 0


@pytest.mark.usefixtures("synced")
def test_a_check_tells_problems_by_its_exit_code(command: Command, database_url: str) -> None:
    whole = command("db", "check", "--json")
    assert whole.code == 0
    told = json.loads(whole.out)
    assert (told["problems"], told["rows"]["usage_hour"] > 0) == ([], True)
    opened = open_database(database_url)
    with opened.write() as connection:
        connection.execute(text("DELETE FROM usage_slice"))
    opened.dispose()
    broken = command("db", "check")
    assert broken.code == 1
    assert "usage_slice that is not there" in broken.out


@pytest.mark.usefixtures("company")
def test_a_person_is_erased_once_asked_and_found(command: Command, database_url: str) -> None:
    assert command("sync").code == 0
    (id_, email), *_ = rows(
        database_url, "SELECT id, email FROM name WHERE kind = 'user' AND email <> '' ORDER BY id"
    )
    nobody = command("erase", "user", "nobody@example.com", "--yes")
    assert nobody.code == 2
    assert "nobody is known" in nobody.err
    # Nothing answers the question, so nothing is erased.
    assert command("erase", "user", str(email)).code == 1
    assert rows(database_url, f"SELECT email FROM name WHERE id = '{id_}'") == [(email,)]
    assert command("erase", "user", str(email), "--yes").code == 0
    assert rows(database_url, f"SELECT name, email FROM name WHERE id = '{id_}'") == [("", "")]


def test_without_addresses_a_sync_stores_none(
    company: RunningServer, command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_STORE_EMAILS", "false")
    assert command("sync").code == 0
    assert rows(database_url, "SELECT COUNT(*) FROM name WHERE kind = 'user'")[0][0] != 0
    assert rows(database_url, "SELECT id FROM name WHERE email <> '' OR name LIKE '%@%'") == []
    assert any("users" in request.path for request in company.requests)
