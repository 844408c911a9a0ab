"""Is the database whole: pages, schema, and rows that point at rows that are not there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, func, inspect, select

from wherespent.storage import tables
from wherespent.storage.engine import Database
from wherespent.storage.migrations import current, drift, head
from wherespent.storage.tables import metadata

# Rows of the first table point by a column at the number of a row in the second.
_POINTERS: tuple[tuple[Table, str, Table], ...] = (
    (tables.usage_hour, "series_id", tables.usage_series),
    (tables.usage_day, "series_id", tables.usage_series),
    (tables.usage_minute, "series_id", tables.usage_series),
    (tables.usage_slice_hour, "slice_id", tables.usage_slice),
    (tables.usage_slice_day, "slice_id", tables.usage_slice),
    (tables.cost_day, "series_id", tables.cost_series),
    (tables.cost_slice_day, "slice_id", tables.cost_slice),
    (tables.cost_revision, "series_id", tables.cost_series),
    (tables.usage_revision, "series_id", tables.usage_series),
    (tables.usage_series, "slice_id", tables.usage_slice),
    (tables.cost_series, "slice_id", tables.cost_slice),
    (tables.cost_series, "line_item_id", tables.line_item),
    (tables.cost_slice, "line_item_id", tables.line_item),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: rows per table, and every problem in words (none: all is well)."""

    revision: str
    rows: dict[str, int]
    problems: tuple[str, ...]


def check(database: Database) -> Checked:
    """Read the whole database and look for damage; nothing is written. Raises StorageError."""
    if damage := _damage(database):
        return Checked("", {}, damage)
    found = current(database)
    if found != head():
        problem = (
            f"the schema is at revision {found or 'none (empty)'}, this version needs {head()}: "
            "run `wherespent db upgrade`"
        )
        return Checked(found or "", {}, (problem,))
    with database.read(at_leisure=True) as connection:
        rows, lost = _rows(connection), tuple(_lost(connection))
    differs = (
        ("the tables differ from what the migrations make: restore a backup into a new database",)
        if drift(database)
        else ()
    )
    return Checked(found or "", rows, (*differs, *lost))


def _damage(database: Database) -> tuple[str, ...]:
    """Of the file of SQLite; that of Postgres is looked after by its own tools."""
    file = Path(database.url.database or "")
    if not database.is_sqlite or not file.exists():
        return ()
    with closing(open_read_only(file)) as connection:
        found = damaged_pages(connection)
    return tuple(f"the file is damaged, restore a backup: {message}" for message in found)


def open_read_only(file: Path) -> sqlite3.Connection:
    """A file of SQLite, without the settings and the journal that writing would bring."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)


def damaged_pages(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with a file of SQLite, in its own words; empty when it is whole."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def _rows(connection: Connection) -> dict[str, int]:
    known = set(inspect(connection).get_table_names())
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in metadata.sorted_tables
        if table.name in known
    }


def _lost(connection: Connection) -> Iterator[str]:
    accounts = select(tables.account.c.id)
    for table in metadata.sorted_tables:
        if "account_id" in table.c:
            owner = table.c.account_id
            yield from _told(connection, table, owner.not_in(accounts), "account")
    for table, column, other in _POINTERS:
        missing = ~select(other.c.id).where(other.c.id == table.c[column]).exists()
        yield from _told(connection, table, missing, other.name)


def _told(connection: Connection, table: Table, lost: object, target: str) -> Iterator[str]:
    count = connection.scalar(select(func.count()).select_from(table).where(lost))  # pyright: ignore[reportArgumentType]
    if count:
        yield f"{count:,} rows of {table.name} belong to a row of {target} that is not there"
