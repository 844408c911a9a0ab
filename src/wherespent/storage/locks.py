"""Locks that all processes of one database share, freed by the system when their holder dies.

SQLite: a locked file beside the database. Postgres: an advisory lock on a connection of its
own, so that losing the connection loses the lock. Postgres behind a pooler in transaction
mode does not keep session locks: connect to Postgres itself.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from wherespent.errors import StorageError
from wherespent.storage.engine import POSTGRES_TIMEOUTS, Database

LEADER_LOCK = 1
MIGRATION_LOCK = 2
ACCEPT_LOCK = 3
# The first half of the Postgres advisory key: "wher" in ASCII.
_NAMESPACE = 0x77686572
_WAIT_SECONDS = 120
_POLL_SECONDS = 0.1


class Lock(Protocol):
    """Held by at most one process."""

    def try_acquire(self) -> bool:
        """Take it if it is free. Raises StorageError where no lock can be taken at all."""
        ...

    def is_held(self) -> bool: ...
    def release(self) -> None: ...


def open_lock(database: Database, number: int) -> Lock:
    return _FileLock(database, number) if database.is_sqlite else _AdvisoryLock(database, number)


@contextmanager
def exclusively(database: Database, number: int) -> Iterator[None]:
    """Hold the lock meanwhile; waits for its holder. Raises StorageError after two minutes."""
    lock = open_lock(database, number)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not lock.try_acquire():
        with database.read():
            # Not to be reached is another trouble than a lock that is taken.
            pass
        if time.monotonic() > deadline:
            raise StorageError(
                "another process has been migrating this database for two minutes: stop it, "
                "then start again"
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


def take_turn(connection: Connection, number: int) -> None:
    """Wait for other transactions that took this turn; it ends with the transaction."""
    # SQLite writes one transaction at a time anyway.
    if connection.dialect.name != "sqlite":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, :number)"),
            {"space": _NAMESPACE, "number": number},
        )


class _FileLock:
    def __init__(self, database: Database, number: int) -> None:
        path = Path(database.url.database or "").resolve()
        place = path.parent if os.access(path.parent, os.W_OK) else Path(tempfile.gettempdir())
        self._lock = FileLock(place / f".{path.name}.{number}.lock", thread_local=False)

    def try_acquire(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise StorageError(
                f"the file {self._lock.lock_file} cannot be locked ({error.strerror}): let the "
                "user who runs wherespent write that folder, and keep some space free there"
            ) from error
        return True

    def is_held(self) -> bool:
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release(force=True)


class _AdvisoryLock:
    def __init__(self, database: Database, number: int) -> None:
        self._engine = create_engine(
            database.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=POSTGRES_TIMEOUTS,
        )
        self._number = number
        self._connection: Connection | None = None

    def try_acquire(self) -> bool:
        if self._connection is not None:
            return self.is_held()
        try:
            connection = self._engine.connect()
            if connection.scalar(
                text("SELECT pg_try_advisory_lock(:space, :number)"),
                {"space": _NAMESPACE, "number": self._number},
            ):
                self._connection = connection
                return True
            connection.close()
        except SQLAlchemyError:
            return False
        return False

    def is_held(self) -> bool:
        """Asks the server: a connection that the server closed holds nothing."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
