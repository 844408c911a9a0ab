"""`wherespent demo`: a company of its own, in a database of its own, which --reset empties."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, select
from tests.processes import PROGRAM

from wherespent.cli.demo import demo_database
from wherespent.demo.organization import anchor_for
from wherespent.storage.engine import open_database
from wherespent.storage.migrations import upgrade
from wherespent.storage.tables import installation

SEED = 11


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo keeps its database, with something in it from last time."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = demo_database(SEED, anchor_for(datetime.now(UTC)))
    path.parent.mkdir(parents=True)
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    with database.write() as connection:
        connection.execute(insert(installation).values(name="last time", value="kept"))
    database.dispose()
    return path


def from_last_time(path: Path) -> str | None:
    database = open_database(f"sqlite:///{path}")
    with database.read() as connection:
        found = connection.scalar(
            select(installation.c.value).where(installation.c.name == "last time")
        )
    database.dispose()
    return found


@contextmanager
def running_demo(*options: str) -> Iterator[str]:
    command = [PROGRAM, "demo", "--port", "0", "--seed", str(SEED), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line
        yield line.split()[3]
        process.terminate()


def test_the_demo_goes_on_where_it_ended_and_reset_starts_anew(path: Path) -> None:
    with running_demo() as url:
        assert httpx.get(f"{url}/healthz").status_code == 200
    assert from_last_time(path) == "kept"
    with running_demo("--reset") as url:
        assert httpx.get(f"{url}/healthz").status_code == 200
    assert from_last_time(path) is None
