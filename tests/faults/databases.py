"""Copies of a database on either engine, and whether one is sound."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from tests.conftest import _drop, _execute, _with_name

from wherespent.storage.engine import Database, open_database


@dataclass
class Copies:
    """Databases beside a given one, each of its own; those of Postgres are dropped at the end."""

    folder: Path
    server: Callable[[], str]
    made: list[str] = field(default_factory=list[str])

    def of(self, url: str) -> str:
        """URL of a copy of a database that nobody is connected to."""
        if url.startswith("sqlite"):
            path = self._new_file()
            shutil.copy(make_url(url).database or "", path)
            return f"sqlite:///{path}"
        return self._new_database(f'TEMPLATE "{make_url(url).database}"')

    def empty(self, url: str) -> str:
        """URL of a database of the same engine without a single table."""
        if url.startswith("sqlite"):
            return f"sqlite:///{self._new_file()}"
        return self._new_database("TEMPLATE template0")

    def drop(self, url: str) -> None:
        """Let go of one before the end, where there will be many."""
        if url.startswith("sqlite"):
            for leftover in self.folder.glob(Path(make_url(url).database or "").name + "*"):
                leftover.unlink()
            return
        name = make_url(url).database or ""
        _drop(self.server(), name)
        self.made.remove(name)

    def _new_file(self) -> Path:
        return self.folder / f"copy-{os.urandom(4).hex()}.db"

    def _new_database(self, source: str) -> str:
        name = f"wherespent_copy_{os.urandom(4).hex()}"
        _execute(self.server(), f'CREATE DATABASE "{name}" {source}')
        self.made.append(name)
        return _with_name(self.server(), name)


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    made = Copies(tmp_path, lambda: request.getfixturevalue("postgres_server"))
    yield made
    for name in made.made:
        _drop(made.server(), name)


def assert_sound(database: Database) -> None:
    """SQLite's own check of its file; Postgres has none that costs less than reading it all."""
    if not database.is_sqlite:
        return
    with database.read() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def at_rest(url: str) -> None:
    """Bring everything into the one file, so that it can be copied."""
    if not url.startswith("sqlite"):
        return
    database = open_database(url)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
