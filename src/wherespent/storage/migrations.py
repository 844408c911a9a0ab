"""Brings a database to the schema of this version, once, however many processes start."""

from collections.abc import Callable
from pathlib import Path

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

import wherespent
from wherespent.errors import StorageError
from wherespent.storage.engine import Database
from wherespent.storage.locks import MIGRATION_LOCK, exclusively
from wherespent.storage.tables import metadata

log = structlog.get_logger()


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate up. Other processes wait, then find nothing to do. Raises StorageError.

    All or nothing: what is killed half way through leaves the schema that was there before.
    """
    if revision == "head" and current(database) == head():
        # Nothing to wait for: a sync that writes, or a file that cannot be written.
        return
    with exclusively(database, MIGRATION_LOCK), database.write() as connection:
        before = _current(connection)
        if before is not None and before not in _known():
            raise StorageError(
                f"the database is at revision {before}, which this version of wherespent "
                "does not know: install the newer version that wrote it"
            )
        _run(connection, lambda config: command.upgrade(config, revision))
        after = _current(connection)
    if after != before:
        log.info("the database was migrated", before=before or "empty", after=after)


def bring_to(database: Database, revision: str = "head") -> None:
    """Migrate a file that nobody else knows: there is no one to wait for and none to tell."""
    with database.write() as connection:
        _run(connection, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str = "-1") -> None:
    """Migrate down by one revision, or to the given one. Raises StorageError."""
    with exclusively(database, MIGRATION_LOCK), database.write() as connection:
        _run(connection, lambda config: command.downgrade(config, revision))


def current(database: Database) -> str | None:
    """The revision of the database; None when it is empty. Raises StorageError."""
    with database.read() as connection:
        return _current(connection)


def head() -> str | None:
    """The revision of this version of the program."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of the program can migrate a database of that revision."""
    return revision in _known()


def drift(database: Database) -> bool:
    """Whether the tables differ from what the migrations make."""
    with database.read() as connection:
        return bool(compare_metadata(MigrationContext.configure(connection), metadata))


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _run(connection: Connection, action: Callable[[Config], None]) -> None:
    config = _config()
    config.attributes["connection"] = connection
    try:
        action(config)
    except CommandError as error:
        raise StorageError(f"the migration did not run: {error}") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> Path:
    """Inside the installed package, or at the top of a checkout."""
    package = Path(wherespent.__file__).parent
    shipped = package / "migrations"
    return shipped if shipped.is_dir() else package.parents[1] / "alembic"
