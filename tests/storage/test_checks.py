"""`db check`: a whole database has no problems, and damage is told in words."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.builders import Clock, Rig

from wherespent.demo import SimulatedOrganization, serve
from wherespent.storage.checks import check
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import downgrade


@pytest.fixture
def company(database: Database) -> Iterator[Rig]:
    clock = Clock()
    simulated = SimulatedOrganization(7, clock)
    rig = Rig(database, simulated, serve(simulated), clock)
    rig.sync("costs", "completions", since=-1)
    yield rig
    rig.close()


def test_a_whole_database_has_no_problems(company: Rig) -> None:
    found = check(company.database)
    assert found.problems == ()
    assert found.rows["usage_hour"] == company.value("SELECT COUNT(*) FROM usage_hour")


def test_rows_without_their_owners_are_counted(company: Rig) -> None:
    with company.database.write() as connection:
        series = connection.scalar(text("SELECT MIN(series_id) FROM cost_day"))
        lost = connection.scalar(
            text("SELECT COUNT(*) FROM cost_day WHERE series_id = :id"), {"id": series}
        )
        connection.execute(text("DELETE FROM cost_series WHERE id = :id"), {"id": series})
    problems = check(company.database).problems
    assert f"{lost:,} rows of cost_day belong to a row of cost_series that is not there" in problems


def test_an_old_schema_is_a_problem_that_says_what_to_do(company: Rig) -> None:
    downgrade(company.database, "0001")
    assert "db upgrade" in check(company.database).problems[0]


def test_a_changed_schema_is_a_problem(company: Rig) -> None:
    with company.database.write() as connection:
        connection.execute(text("ALTER TABLE line_item ADD COLUMN surprise TEXT"))
    assert "differ" in check(company.database).problems[0]


def test_a_damaged_file_is_a_problem(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "damaged.db"
    shutil.copy(sqlite_template, file)
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "INSERT INTO line_item (name) VALUES (?)", [(f"item {n}" * 20,) for n in range(2000)]
        )
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle : middle + 4096] = b"\xff" * 4096
    file.write_bytes(whole)
    database = open_database(f"sqlite:///{file}")
    assert any("damaged" in problem for problem in check(database).problems)
    database.dispose()
