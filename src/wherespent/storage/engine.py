"""Engines for SQLite and Postgres, set up so that both keep the same promises."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.errors import UndefinedTable
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ProgrammingError

from wherespent.errors import ConfigurationError, StorageError

_BUSY_SECONDS = 30
_STATEMENT_SECONDS = 10


@dataclass(frozen=True)
class Database:
    """Two engines on one database: one that writes, one that cannot.

    `reader` refuses writes, and on Postgres ends a statement after 10 s, because what it
    runs comes from a browser.
    """

    url: URL
    writer: Engine
    reader: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that commits at the end or not at all. Raises StorageError."""
        with _explained(self.url), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read-only view of the database. Raises StorageError."""
        with _explained(self.url), self.reader.connect() as connection:
            yield connection

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def open_database(url: str) -> Database:
    """Open `sqlite:///FILE` or `postgresql://…`; the file's folder is made.

    Raises ConfigurationError for any other URL.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        writer, reader = _sqlite(parsed, read_only=False), _sqlite(parsed, read_only=True)
    else:
        writer, reader = _postgres(parsed, read_only=False), _postgres(parsed, read_only=True)
    return Database(parsed, writer, reader)


def parse_url(url: str) -> URL:
    """The database URL with the driver that is installed. Raises ConfigurationError."""
    wanted = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # ValueError: what stands where the port should, which may be a password.
        raise ConfigurationError(f"the database URL cannot be read: {wanted}") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        secret = parsed.query.get("password")
        if isinstance(secret, str):
            # There it would be printed with the rest of the URL.
            parsed = parsed.set(password=secret).difference_update_query(["password"])
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigurationError(f"an in-memory database forgets everything: {wanted}")
        return parsed.set(drivername="sqlite+pysqlite")
    raise ConfigurationError(f"'{parsed.drivername}' databases are not supported: {wanted}")


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the folder {path.parent} cannot be made: {error}") from None
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        pool_size=16,
        max_overflow=16,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # Without this the driver begins transactions by itself, too late for IMMEDIATE.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-32000")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A deferred transaction that turns writer fails at once with "database is locked".
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL, *, read_only: bool) -> Engine:
    options = "-c timezone=UTC"
    if read_only:
        options += (
            f" -c default_transaction_read_only=on -c statement_timeout={_STATEMENT_SECONDS * 1000}"
        )
    return create_engine(
        url,
        connect_args={"connect_timeout": 5, "options": options},
        pool_pre_ping=True,
        pool_size=8,
        # An export that reads while a sync writes must not see both states.
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        max_overflow=16,
    )


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        if isinstance(error, ProgrammingError) and not isinstance(error.orig, UndefinedTable):
            raise
        raise StorageError(_explanation(url, error)) from error


def _explanation(url: URL, error: DBAPIError) -> str:
    where = url.render_as_string(hide_password=True)
    reason = str(error.orig).strip().splitlines()[0] if error.orig else "no reason given"
    if "no such table" in reason or isinstance(error.orig, UndefinedTable):
        return f"the database {where} is empty or old: run `wherespent db upgrade`"
    if "locked" in reason:
        return f"the database {where} is locked by another program: close it, then try again"
    if "full" in reason:
        return f"the disk of {where} is full: free some space; nothing half was written"
    return f"the database {where} cannot be used: {reason}"
