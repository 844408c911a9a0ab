"""A database that is not what it was: moved, new, or of another version."""

from pathlib import Path

import pytest
from sqlalchemy import text

from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database


def ask(database: Database) -> str:
    with pytest.raises(StorageError) as caught, database.read() as connection:
        connection.execute(text("SELECT version FROM account"))
    return str(caught.value)


def test_a_file_that_was_moved_away_is_not_called_old(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'gone.db'}")
    said = ask(database)
    database.dispose()
    assert "moved or deleted" in said
    assert "WHERESPENT_DATABASE_URL" in said
    assert "wherespent db upgrade" in said


def test_a_database_without_a_table_of_this_version_is_to_be_upgraded(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("ALTER TABLE account RENAME TO former"))
    said = ask(database)
    assert "lacks a table or a column of this version" in said
    assert "wherespent db upgrade" in said


def test_so_is_one_without_a_column(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("ALTER TABLE account RENAME COLUMN version TO former"))
    assert "lacks a table or a column of this version" in ask(database)
