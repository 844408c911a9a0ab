"""One process leads; when it dies, however it dies, another one does."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from wherespent.storage.engine import Database, open_database
from wherespent.storage.locks import LEADER_LOCK, MIGRATION_LOCK, open_lock

HOLDER = """
import sys, time
from wherespent.storage.engine import open_database
from wherespent.storage.locks import LEADER_LOCK, open_lock
lock = open_lock(open_database(sys.argv[1]), LEADER_LOCK)
print("leads" if lock.try_acquire() else "follows", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lead."""
    command = [sys.executable, "-c", HOLDER, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leads\n"
        yield process
        process.kill()


def acquired_within(database: Database, seconds: float) -> bool:
    lock = open_lock(database, LEADER_LOCK)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if lock.try_acquire():
            lock.release()
            return True
        time.sleep(0.05)
    return False


def test_one_of_two_processes_leads(holder: subprocess.Popen[str], database: Database) -> None:
    assert holder.poll() is None
    assert not open_lock(database, LEADER_LOCK).try_acquire()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lead_of_a_process_that_dies_is_taken_over(
    holder: subprocess.Popen[str], database: Database, number: signal.Signals
) -> None:
    holder.send_signal(number)
    holder.wait()
    assert acquired_within(database, 10)


def test_locks_of_different_purpose_are_apart(
    holder: subprocess.Popen[str], database: Database
) -> None:
    assert holder.poll() is None
    other = open_lock(database, MIGRATION_LOCK)
    assert other.try_acquire()
    other.release()


def test_a_released_lock_is_free(database: Database) -> None:
    first, second = open_lock(database, LEADER_LOCK), open_lock(database, LEADER_LOCK)
    assert first.try_acquire()
    assert first.try_acquire()
    assert first.is_held()
    assert not second.try_acquire()
    first.release()
    assert not first.is_held()
    assert second.try_acquire()
    second.release()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_connection_that_the_server_closed_holds_nothing(database_url: str) -> None:
    database = open_database(database_url)
    lock = open_lock(database, LEADER_LOCK)
    assert lock.try_acquire()
    with database.write() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d"
            " ON d.oid = l.database WHERE l.locktype = 'advisory'"
            " AND d.datname = current_database()"
        )
    assert not lock.is_held()
    assert lock.try_acquire()
    lock.release()
    database.dispose()
