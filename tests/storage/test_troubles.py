"""Statements that take too long, disks that are full: ended, and told with what to do."""

import sqlite3
from pathlib import Path

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import URL, text

from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database
from wherespent.storage.room import trouble_ahead
from wherespent.storage.troubles import explanation

# Slow on both engines, and each row costs.
COUNTING = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
SELECT count(*) FROM n
"""
FOR_AGES, FOR_A_WHILE = 10**12, 10**6
HERE = URL.create("postgresql+psycopg", "me", "CANARY", "db.test", database="spend")


def count(database: Database, rows: int, *, at_leisure: bool = False) -> int:
    with database.read(at_leisure=at_leisure) as connection:
        return connection.execute(text(COUNTING), {"rows": rows}).scalar_one()


def test_a_statement_that_takes_too_long_is_ended_and_the_next_is_answered(
    database_url: str,
) -> None:
    hasty = open_database(database_url, statement_seconds=0.1)
    with pytest.raises(StorageError, match="took too long"):
        count(hasty, FOR_AGES)
    assert count(hasty, 3) == 3
    hasty.dispose()


def test_an_export_may_take_as_long_as_it_takes(database_url: str) -> None:
    hasty = open_database(database_url, statement_seconds=0.01)
    with pytest.raises(StorageError, match="took too long"):
        count(hasty, FOR_A_WHILE)
    assert count(hasty, FOR_A_WHILE, at_leisure=True) == FOR_A_WHILE
    # Only that one reading was without a limit, not the connection that it used.
    with pytest.raises(StorageError, match="took too long"):
        count(hasty, FOR_A_WHILE)
    hasty.dispose()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (sqlite3.OperationalError("database or disk is full"), "free some space"),
        (sqlite3.OperationalError("disk I/O error"), "look for free space"),
        (sqlite3.OperationalError("database is locked"), "close it"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
        (sqlite3.OperationalError("unable to open database file"), "its folder"),
        (sqlite3.OperationalError("no such column: until"), "wherespent db upgrade"),
        (DiskFull("could not extend file: No space left on device"), "free some space"),
        (sqlite3.DatabaseError("file is not a database"), "file is not a database"),
    ],
)
def test_a_trouble_is_told_with_what_to_do_and_without_the_password(
    error: BaseException, advice: str
) -> None:
    said = explanation(HERE, error)
    assert advice in said
    assert "CANARY" not in said


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database at all, but long enough to look like one" * 20)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(StorageError, match="not a database"):
        count(database, 3)
    database.dispose()


def test_a_disk_with_room_gives_no_reason_to_worry(database: Database) -> None:
    assert trouble_ahead(database.url) == ""
