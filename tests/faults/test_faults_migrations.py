"""Row 12: a migration killed at any statement, run again, makes the schema of a new install."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.faults.conftest import Tally
from tests.faults.databases import Copies, assert_sound, at_rest, copies
from tests.faults.forked import Command, Failpoint

from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import current, head, upgrade

__all__ = ["copies"]  # a fixture

STATEMENT = "sqlalchemy.engine.default:DefaultDialect.do_execute"
# What an installation of the first version holds, in tables that later versions change.
ROWS = {
    "account": "(id, label, version) VALUES (1, 'default', 41)",
    "stream": "(id, name) VALUES (1, 'openai.costs')",
    "name": "(account_id, kind, id, name, first_seen_at, last_seen_at)"
    " VALUES (1, 'project', 'proj_1', 'search', 1, 2)",
    "coverage": "(account_id, stream_id, grouping, bucket_start, bucket_end, read_at)"
    " VALUES (1, 1, 0, 86400, 172800, 3)",
    "refusal": "(account_id, stream_id, kind, value, learned_at) VALUES (1, 1, 'floor', '7', 4)",
    "cost_day": "(account_id, grouping, bucket_start, series_id, amount)"
    " VALUES (1, 0, 86400, 1, 1234567890123)",
}
_SQLITE = ("SELECT type, name, tbl_name, sql FROM sqlite_master",)
_POSTGRES = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'""",
    """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace""",
)


def answers(database: Database, *questions: str) -> list[str]:
    with database.read() as connection:
        return sorted(repr(row) for each in questions for row in connection.execute(text(each)))


def schema(database: Database) -> list[str]:
    """Every table, column, index and constraint."""
    return answers(database, *(_SQLITE if database.is_sqlite else _POSTGRES))


def rows(database: Database) -> list[str]:
    """What was there before, by the columns that it then had."""
    return answers(
        database,
        *(f"SELECT {sql[1:].split(')')[0]} FROM {table}" for table, sql in ROWS.items()),
    )


def rows_of(url: str) -> list[str]:
    database = open_database(url)
    found = rows(database)
    database.dispose()
    return found


@pytest.fixture
def fresh_schema(empty_database_url: str, copies: Copies) -> list[str]:
    database = open_database(copies.empty(empty_database_url))
    upgrade(database)
    made = schema(database)
    database.dispose()
    return made


@pytest.fixture(params=["empty", "0001"])
def start(request: pytest.FixtureRequest, empty_database_url: str) -> str:
    """A database to migrate: one without a table, one with the rows of the first version."""
    if request.param == "empty":
        return empty_database_url
    database = open_database(empty_database_url)
    upgrade(database, "0001")
    with database.write() as connection:
        for table, row in ROWS.items():
            connection.execute(text(f"INSERT INTO {table} {row}"))
    database.dispose()
    at_rest(empty_database_url)
    return empty_database_url


def test_a_migration_that_is_killed_at_a_statement_is_made_good_by_the_next_start(
    request: pytest.FixtureRequest,
    start: str,
    fresh_schema: list[str],
    copies: Copies,
    tmp_path: Path,
    is_full: bool,
    tally: Tally,
) -> None:
    is_new = "empty" in request.node.name
    held = [] if is_new else rows_of(start)
    kills = converged = 0
    for number in range(1, 1000, 1 if is_full else 17):
        url = copies.of(start) if not is_new else copies.empty(start)
        variables = {"WHERESPENT_DATABASE_URL": url}
        code = Command(["db", "upgrade"], variables, tmp_path, Failpoint(STATEMENT, number)).ended()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        database = open_database(url)
        assert_sound(database)
        # All or nothing: what was killed is as if it had never begun, or is complete.
        assert current(database) in {None if is_new else "0001", head()}
        following = Command(["db", "upgrade"], variables, tmp_path)
        assert following.ended() == 0, following.said()
        assert is_new or rows(database) == held
        converged += schema(database) == fresh_schema
        database.dispose()
        copies.drop(url)
    engine, since = start.split(":", maxsplit=1)[0], "nothing" if is_new else "0001"
    tally(f"12 migration killed, from {since}, {engine}", faults=kills, converged=converged)
    assert converged == kills > 1


def test_an_older_program_does_not_start_on_a_newer_schema(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema(database)
    for command in (["serve", "--port", "0"], ["sync"]):
        variables = {"WHERESPENT_DATABASE_URL": database_url, "OPENAI_ADMIN_KEY": "sk-admin-test"}
        started = Command(command, variables, tmp_path)
        assert started.ended() == 1
        assert "newer version" in started.said()
    assert schema(database) == before
