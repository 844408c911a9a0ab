"""What goes wrong with a database, told as what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wherespent.errors import StorageError

_OUTDATED = (UndefinedTable, UndefinedColumn)
# Mistakes of ours, unless the schema is another than this version's.
_OURS = (DataError, IntegrityError, ProgrammingError)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Raise StorageError for what the database, its disk or its network cannot do."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, _OURS) and not isinstance(error.orig, _OUTDATED):
            raise
        raise StorageError(explanation(url, error.orig or error)) from error
    except PoolTimeout as error:
        raise StorageError(
            f"all connections to {_place(url)} are busy: try again in a moment"
        ) from error
    except psycopg.OperationalError as error:
        # What is copied into Postgres goes past SQLAlchemy.
        raise StorageError(explanation(url, error)) from error


def explanation(url: URL, error: BaseException) -> str:
    """One sentence with the cause and the remedy; never holds the password."""
    reason = next(iter(str(error).strip().splitlines()), "no reason given")
    where = _place(url)
    if isinstance(error, _OUTDATED) or any(sign in reason for sign in _LACKING):
        return (_MISSING if _is_blank(url) else _OLD).format(where=where)
    for sentence, signs in _REMEDIES.items():
        if any(sign in reason for sign in signs):
            return sentence.format(where=where)
    return f"the database {where} cannot be used: {reason}"


def _is_blank(url: URL) -> bool:
    """Whether the file holds no table at all: SQLite makes a new one where the old one was."""
    if url.get_backend_name() != "sqlite":
        return False
    path = Path(url.database or "").resolve()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return not path.exists()


# What SQLite says of a schema that is not this version's.
_LACKING = ("no such table", "no such column", "has no column named")
_OLD = (
    "the database {where} lacks a table or a column of this version: run `wherespent db upgrade`, "
    "or check that WHERESPENT_DATABASE_URL names the right database"
)
_MISSING = (
    "there is nothing in the database {where}: was its file moved or deleted? Put it back, or set "
    "WHERESPENT_DATABASE_URL to where it is; to begin a new one, run `wherespent db upgrade`"
)
# Sentence → what SQLite and Postgres say when it is the one to say.
_REMEDIES = {
    "the database {where} is locked by another program: close it, then try again": ("locked",),
    "the disk of {where} is full: free some space; nothing half was written": (
        "disk is full",
        "No space left",
        "disk full",
    ),
    "the disk of {where} does not take what is written (disk I/O error): look for free space, "
    "a quota, and its health; nothing half was written": ("disk I/O error",),
    "the database {where} is read-only: let the user who runs wherespent write the file and its "
    "folder (Postgres: connect to the primary); what is stored stays readable": (
        "readonly",
        "read-only transaction",
    ),
    "the file of {where} cannot be opened: let the user who runs wherespent read and write it and "
    "its folder": ("unable to open database file",),
    "the answer took too long and was ended: ask for a shorter range or fewer groups": (
        "interrupted",
        "statement timeout",
    ),
}


def _place(url: URL) -> str:
    return url.render_as_string(hide_password=True)
