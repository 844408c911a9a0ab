"""Backups: one SQLite file, whatever the database is, that restores into either engine.

The file is itself a database of wherespent, of the revision that it was taken from, without
what only the installation may know (`installation`: the secret that signs login cookies).
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, MetaData, NullPool, Table, create_engine, func, select, text

from wherespent.errors import ConfigurationError, StorageError
from wherespent.storage.bulk import insert_rows
from wherespent.storage.checks import damaged_pages, open_read_only
from wherespent.storage.engine import Database, open_database
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import bring_to, current, head, is_known, upgrade
from wherespent.storage.tables import account

_MAGIC = b"SQLite format 3\0"
_ROWS_AT_ONCE = 20_000
# Never leaves its installation, and is never replaced there.
_OWN = ("installation",)
_SCHEMA = ("alembic_version",)

# What a program that has read nothing yet may leave behind.
_TRACES = (
    "account",
    "account_key",
    "stream",
    "stream_state",
    "sync_run",
    "live_tail",
    "refresh_request",
    "refusal",
    "unrecognized",
    "proof",
)

# Table → rows.
Counts = dict[str, int]


def back_up(database: Database, file: Path, *, replace: bool = False) -> Counts:
    """Write a consistent copy while others read and write; the file is there whole or not at all.

    Raises ConfigurationError for a file that is there already, StorageError.
    """
    _refuse_existing(file, replace=replace)
    revision = current(database)
    if revision is None or not is_known(revision):
        raise StorageError(
            f"the database is at revision {revision or 'none (empty)'}, which this version of "
            "wherespent cannot copy: use the version that wrote it"
        )
    with _beside(file) as folder:
        container = folder / file.name
        copied = _filled(database, container, revision)
        container.chmod(0o600)
        _refuse_existing(file, replace=replace)
        container.replace(file)
    return copied


def _refuse_existing(file: Path, *, replace: bool) -> None:
    if file.is_dir() or (file.exists() and not replace):
        raise ConfigurationError(f"{file} is there already: choose another name, or use --force")


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A folder on the disk of the file, gone at the end: a rename across disks is no rename."""
    try:
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written ({error.strerror or error}): nothing was left behind"
        ) from error


def _filled(database: Database, container: Path, revision: str) -> Counts:
    """One transaction on each side: what is read is one moment of the database."""
    made = open_database(f"sqlite:///{container}")
    try:
        bring_to(made, revision)
        with database.read(at_leisure=True) as source, made.write() as target:
            copied = {
                table.name: _copy(source, target, table)
                for table in _tables(target)
                if table.name not in _OWN
            }
    finally:
        made.dispose()
    _close(container)
    return copied


def _close(container: Path) -> None:
    """One file without a journal beside it, checked, and on the disk."""
    connection = sqlite3.connect(container)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        _check_pages(connection, container)
    finally:
        connection.close()
    with container.open("rb") as file:
        os.fsync(file.fileno())


def restore(database: Database, file: Path, *, replace: bool = False) -> Counts:
    """Fill the database from a backup, all of it or nothing; an older one is migrated on the way.

    Raises ConfigurationError for what is no backup and for a database that is not empty,
    StorageError for a damaged file, one of a newer version, and while another process syncs.
    """
    revision = _checked_revision(file)
    upgrade(database)
    with (
        _nobody_syncs(database),
        _at_head(file, revision) as newest,
        _reading(newest) as source,
        database.write() as target,
    ):
        return _replaced(source, target, replace=replace)


@contextmanager
def _at_head(file: Path, revision: str) -> Iterator[Path]:
    """The backup, or a migrated copy of it: the file itself is never written to."""
    if revision == head():
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        shutil.copyfile(file, copy)
        opened = open_database(f"sqlite:///{copy}")
        try:
            bring_to(opened)
        finally:
            opened.dispose()
        yield copy


@contextmanager
def _reading(file: Path) -> Iterator[Connection]:
    engine = create_engine("sqlite://", creator=lambda: open_read_only(file), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _checked_revision(file: Path) -> str:
    """The schema that a backup has, once its pages are found whole."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(_MAGIC))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from None
    if head != _MAGIC:
        raise ConfigurationError(f"{file} is no backup of wherespent")
    connection = open_read_only(file)
    try:
        _check_pages(connection, file)
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        raise ConfigurationError(f"{file} is no backup of wherespent") from None
    finally:
        connection.close()
    if row is None or not is_known(row[0]):
        raise StorageError(
            f"{file} was written by a newer version of wherespent: install that one to restore it"
        )
    return str(row[0])


def _check_pages(connection: sqlite3.Connection, file: Path) -> None:
    if found := damaged_pages(connection):
        raise StorageError(f"{file.name} is damaged ({found[0]}): use another backup")


@contextmanager
def _nobody_syncs(database: Database) -> Iterator[None]:
    lock = open_lock(database, LEADER_LOCK)
    if not lock.try_acquire():
        raise StorageError(
            "another process syncs into this database: stop `wherespent serve`, then restore"
        )
    try:
        yield
    finally:
        lock.release()


def _replaced(source: Connection, target: Connection, *, replace: bool) -> Counts:
    tables = [table for table in _tables(target) if table.name not in _OWN]
    holding = [table for table in tables if table.name not in _TRACES]
    if not replace and (filled := [t.name for t in holding if _has_rows(target, t)]):
        raise ConfigurationError(
            f"the database is not empty ({', '.join(filled[:3])} …): restore into a new one, or "
            "use --replace, which deletes everything that it holds"
        )
    version = target.scalar(select(func.max(account.c.version)))
    for table in tables:
        target.execute(table.delete())
    copied = {table.name: _copy(source, target, table) for table in tables}
    for table in tables:
        _check_count(target, table, copied[table.name])
        _continue_numbers(target, table)
    if version is not None:
        # Whoever keeps answers must not take the new data for the old.
        target.execute(account.update().values(version=version + account.c.version + 1))
    return copied


def _tables(connection: Connection) -> Sequence[Table]:
    """As they are in that database, which may be older than this version."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _SCHEMA]


def _copy(source: Connection, target: Connection, table: Table) -> int:
    """Plain values in the order of the key, in which both engines append."""
    names = [column.name for column in table.columns]
    keys = ", ".join(column.name for column in table.primary_key.columns)
    question = text(f"SELECT {', '.join(names)} FROM {table.name} ORDER BY {keys}")
    rows = source.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE).execute(
        question
    )
    count = 0
    for some in rows.partitions(_ROWS_AT_ONCE):
        insert_rows(target, table.name, names, [tuple(row) for row in some])
        count += len(some)
    return count


def _has_rows(connection: Connection, table: Table) -> bool:
    return connection.execute(select(1).select_from(table).limit(1)).first() is not None


def _check_count(connection: Connection, table: Table, copied: int) -> None:
    found = connection.scalar(select(func.count()).select_from(table))
    if found != copied:
        raise StorageError(f"{table.name} holds {found} rows after {copied}: nothing was restored")


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Postgres counts on from where its own inserts ended, not from what was copied."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}
    )
    if sequence is not None:
        connection.execute(
            text(
                "SELECT setval(:sequence,"
                f" (SELECT COALESCE(MAX(id), 0) + 1 FROM {table.name}), false)"
            ),
            {"sequence": sequence},
        )
