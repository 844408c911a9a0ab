"""Migrations go up and down on both engines and leave no drift."""

import threading

import pytest
from sqlalchemy import inspect, text

from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import current, downgrade, drift, head, upgrade


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    assert not drift(database)


def test_up_and_down_and_up_again(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    assert current(database) is None
    upgrade(database)
    assert current(database) == head()
    downgrade(database, "base")
    assert current(database) is None
    assert set(inspect(database.writer).get_table_names()) <= {"alembic_version"}
    upgrade(database)
    assert not drift(database)
    database.dispose()


def test_four_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        database = open_database(empty_database_url)
        try:
            upgrade(database)
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = open_database(empty_database_url)
    assert current(database) == head()
    database.dispose()


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(StorageError, match="newer version"):
        upgrade(database)
