"""Engines for SQLite and Postgres, set up so that both keep the same promises."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from wherespent.errors import ConfigurationError
from wherespent.storage.troubles import explained

T = TypeVar("T")

_BUSY_SECONDS = 30
_TURN_SECONDS = 0.05
_STATEMENT_SECONDS = 10
# How often SQLite looks at the clock: about every 5 ms.
_STEPS_BETWEEN_LOOKS = 200_000
_AT_LEISURE = "wherespent_at_leisure"
_REMEMBERED = "wherespent_remembered"

# A server that is gone without a word is noticed within half a minute.
POSTGRES_TIMEOUTS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}


@dataclass(frozen=True)
class Database:
    """Two engines on one database: one that writes, one that cannot.

    `reader` refuses writes and ends a statement after 10 s, because what it runs comes from a
    browser.
    """

    url: URL
    writer: Engine
    reader: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self, *, is_read_again: bool = False) -> Iterator[Connection]:
        """One transaction that commits at the end or not at all. Raises StorageError.

        `is_read_again`: the provider is asked again for what is lost, so that Postgres need not
        wait for its disk. A crash of the server can take the last moment with it, never a part
        of a transaction.
        """
        with explained(self.url), self.writer.begin() as connection:
            if is_read_again and not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    @contextmanager
    def read(self, *, at_leisure: bool = False) -> Iterator[Connection]:
        """One read-only view of the database. Raises StorageError.

        `at_leisure`: a statement may take as long as it takes, as an export's does.
        """
        with explained(self.url), self.reader.connect() as connection:
            connection.execution_options(**{_REMEMBERED: {}})
            if at_leisure:
                _lift_limit(connection)
            yield connection

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def once(connection: Connection, read: Callable[[Connection], T]) -> T:
    """What `read` answers, asked once in one view of `Database.read`: there it cannot change.

    A connection that writes sees its own changes, so it is asked every time.
    """
    remembered = connection.get_execution_options().get(_REMEMBERED)
    if remembered is None:
        return read(connection)
    if read not in remembered:
        remembered[read] = read(connection)
    return remembered[read]


def open_database(url: str, *, statement_seconds: float = _STATEMENT_SECONDS) -> Database:
    """Open `sqlite:///FILE` or `postgresql://…`; the file's folder is made.

    `statement_seconds` is how long a statement of `reader` may take. Raises ConfigurationError
    for any other URL.
    """
    parsed = parse_url(url)
    make = _sqlite if parsed.get_backend_name() == "sqlite" else _postgres
    return Database(parsed, make(parsed, None), make(parsed, statement_seconds))


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


def _sqlite(url: URL, reads_for: float | None) -> Engine:
    """A reader whose statements end after that many seconds; None: a writer."""
    read_only = reads_for is not None
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the folder {path.parent} cannot be made: {error}") from None
    engine = create_engine(
        _frozen(path) if read_only and _is_frozen(path) else url,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        pool_size=16,
        max_overflow=16,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # Without this the driver begins transactions by itself, too late for IMMEDIATE.
        connection.isolation_level = None
        if not read_only:
            _enter_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-32000")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    if reads_for is not None:
        _limit_statements(engine, reads_for)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A deferred transaction that turns writer fails at once with "database is locked".
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _is_frozen(path: Path) -> bool:
    """On a medium that nobody can write, where readers cannot make the files that they share."""
    log = Path(f"{path}-wal")
    return (
        path.exists()
        and not any(os.access(place, os.W_OK) for place in (path, path.parent))
        and not (log.exists() and log.stat().st_size)
    )


def _frozen(path: Path) -> URL:
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    return URL.create("sqlite+pysqlite", database=path.resolve().as_uri(), query=query)


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Once for the life of the file. Processes that start at once must take turns themselves:
    for this SQLite does not wait."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_TURN_SECONDS)
        else:
            return


def _limit_statements(engine: Engine, seconds: float) -> None:
    """End a statement of SQLite, which has no limit of its own, once its time is up."""

    @event.listens_for(engine, "before_cursor_execute")
    def limit(connection: Connection, *_: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        driver = connection.connection.driver_connection
        assert driver is not None
        if connection.get_execution_options().get(_AT_LEISURE):
            driver.set_progress_handler(None, 0)
            return
        deadline = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)


def _lift_limit(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execution_options(**{_AT_LEISURE: True})
    else:
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def _postgres(url: URL, reads_for: float | None) -> Engine:
    options = "-c timezone=UTC"
    if reads_for is not None:
        limit = round(reads_for * 1000)
        options += f" -c default_transaction_read_only=on -c statement_timeout={limit}"
        # Questions take milliseconds: compiling one takes longer than answering it.
        options += " -c jit=off"
    return create_engine(
        url,
        connect_args={**POSTGRES_TIMEOUTS, "options": options},
        pool_pre_ping=True,
        pool_size=8,
        # An export that reads while a sync writes must not see both states.
        isolation_level="READ COMMITTED" if reads_for is None else "REPEATABLE READ",
        max_overflow=16,
    )
