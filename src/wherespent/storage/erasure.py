"""Erases a person: name and address go, from the bytes of the file too; the figures stay."""

import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, select, text, update

from wherespent.errors import StorageError
from wherespent.storage import tables
from wherespent.storage.engine import Database
from wherespent.storage.series import Row, insert_missing
from wherespent.storage.tables import installation
from wherespent.storage.tables import name as name_table
from wherespent.storage.troubles import explained
from wherespent.storage.writes import advance_version

USER, API_KEY = "user", "api_key"
_BUSY_SECONDS = 30
# Whoever waits to rewrite a table of Postgres holds up everybody who comes to read it.
_LOCK_SECONDS = 5
_SCRUB_OWED = "scrub_owed:{}"
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_LEFT_OVER = (
    "it is erased from all that is shown, but old bytes may still be in the database file ({}): "
    "stop what uses the database and run the command again with the id"
)
# Text that came from the provider and is kept as it came.
_QUOTES: tuple[tuple[Table, str], ...] = (
    (tables.unrecognized, "sample"),
    (tables.stream_state, "error"),
    (tables.sync_run, "error"),
    (tables.live_tail, "error"),
    (tables.proof, "offending"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of one account, as remembered; an empty text is unknown."""

    account_id: int
    account: str
    id: str
    name: str
    email: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What means this person wherever it stands: a single name is also other people's."""
        full = self.name if " " in self.name.strip() else ""
        return tuple(filter(None, (self.email, full)))

    @property
    def name_parts(self) -> tuple[str, ...]:
        """What means this person on a key of their own."""
        return (*self.marks, *(part for part in self.name.split() if len(part) > 2))


def find_people(connection: Connection, id_or_email: str) -> list[Person]:
    """Everybody with this id or address, one for each account that knows them."""
    c, wanted = name_table.c, id_or_email.strip()
    folded = wanted.casefold()
    rows = connection.execute(
        select(c.account_id, tables.account.c.label, c.id, c.name, c.email)
        .join(tables.account, tables.account.c.id == c.account_id)
        .where(c.kind == USER)
        .order_by(c.account_id, c.id)
    )
    return [
        person
        for person in (Person(*row) for row in rows)
        if person.id == wanted
        or (folded and person.email.casefold() == folded)
        or ("@" in folded and person.name.casefold() == folded)
    ]


def erase(database: Database, people: list[Person], now: datetime) -> None:
    """Forget names and addresses of these people for good; ids and figures stay.

    Raises StorageError where the bytes could not be overwritten: what is shown is erased then,
    and the same command finishes the rest.
    """
    with database.write() as connection:
        for person in people:
            _erase(connection, person, now)
    scrub(database)


def _erase(connection: Connection, person: Person, now: datetime) -> None:
    c = name_table.c
    mine = c.account_id == person.account_id
    connection.execute(
        update(name_table)
        .where(mine, c.kind == USER, c.id == person.id)
        .values(name="", email="", erased_at=now)
    )
    # A key is often called after the person who made it.
    keys = and_(mine, c.kind == API_KEY)
    erased = {"name": "", "erased_at": now}
    _blank(connection, c.name, person.marks, erased, keys)
    _blank(connection, c.name, person.name_parts, erased, and_(keys, c.owner_id == person.id))
    for table, column in _QUOTES:
        _blank(connection, table.c[column], person.marks, {column: ""})
    advance_version(connection, person.account_id)


def _blank(
    connection: Connection,
    column: Column[str],
    words: tuple[str, ...],
    values: dict[str, Any],
    where: ColumnElement[bool] | None = None,
) -> None:
    """Set the values where the column holds one of the words; SQLite itself folds ASCII only."""
    table, condition = column.table, column != ""
    assert isinstance(table, Table)
    if where is not None:
        condition = and_(condition, where)
    keys = list(table.primary_key.columns)
    for row in connection.execute(select(column, *keys).where(condition)).all():
        if _holds(row[0], words):
            here = (key == value for key, value in zip(keys, row[1:], strict=True))
            connection.execute(update(table).where(*here).values(values))


def _holds(quote: str, words: tuple[str, ...]) -> bool:
    # What is kept as JSON may spell any letter by its number.
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), quote).casefold()
    return any(word.casefold() in plain for word in words)


def owe_scrub(connection: Connection, account_id: int) -> None:
    """Remember, with what is removed, that its bytes are still to be overwritten."""
    row: Row = {"name": _SCRUB_OWED.format(account_id), "value": "1"}
    insert_missing(connection, installation, [row])


def scrub_owed(database: Database, account_id: int) -> None:
    """Scrub where it is owed. Raises StorageError, and then it stays owed."""
    mine = installation.c.name == _SCRUB_OWED.format(account_id)
    with database.read() as connection:
        if connection.scalar(select(installation.c.value).where(mine)) is None:
            return
    scrub(database)
    with database.write() as connection:
        connection.execute(delete(installation).where(mine))


def scrub(database: Database) -> None:
    """Overwrite what deleted rows have left in the files. Raises StorageError.

    SQLite writes its whole file anew; Postgres those tables that hold names and quotes.
    """
    if database.is_sqlite:
        _scrub_file(database)
        return
    try:
        _rewrite_tables(database)
    except StorageError as error:
        raise StorageError(_LEFT_OVER.format(error)) from error


def _rewrite_tables(database: Database) -> None:
    engine = database.writer.execution_options(isolation_level="AUTOCOMMIT")
    with explained(database.url), engine.connect() as connection:
        # The limit must not stay on a connection that others use afterwards.
        connection.detach()
        connection.execute(text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
        for table in {name_table.name, *(table.name for table, _ in _QUOTES)}:
            connection.execute(text(f"VACUUM FULL {table}"))


def _scrub_file(database: Database) -> None:
    file = database.url.database or ""
    try:
        with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as connection:
            connection.isolation_level = None
            connection.execute("VACUUM")
            _empty_journal(connection)
    except sqlite3.OperationalError as error:
        raise StorageError(_LEFT_OVER.format(error)) from error


def _empty_journal(connection: sqlite3.Connection) -> None:
    """The journal holds old pages until it is cut; whoever reads just now keeps it."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise StorageError(_LEFT_OVER.format("another program is reading"))
        time.sleep(0.1)
