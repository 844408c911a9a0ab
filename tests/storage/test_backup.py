"""A backup is one moment of the database, and comes back whole into either engine."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, MetaData, NullPool, create_engine, inspect, make_url, select, text
from tests.builders import NOON, Clock, Rig, assert_rollups

from wherespent.demo import SimulatedOrganization, serve
from wherespent.domain.records import Name, Unrecognized
from wherespent.errors import ConfigurationError, StorageError
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.backup import back_up, restore
from wherespent.storage.checks import check
from wherespent.storage.engine import Database, open_database
from wherespent.storage.installation import SESSION_SECRET, own_secret
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import downgrade, upgrade
from wherespent.storage.names import upsert_names
from wherespent.storage.proofs import prove
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id
from wherespent.storage.tables import account_key
from wherespent.storage.unrecognized import record_unrecognized

Contents = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def company(database: Database) -> Iterator[Rig]:
    clock = Clock()
    simulated = SimulatedOrganization(7, clock)
    rig = Rig(database, simulated, serve(simulated), clock)
    rig.sync("costs", "completions", "vector_stores", since=-1)
    with database.write() as connection:
        upsert_names(connection, 1, [Name("user", "user-1", "Ida", "ida@acme.test")], clock())
    yield rig
    rig.close()


@pytest.fixture(params=["sqlite", "postgres"])
def other(
    request: pytest.FixtureRequest, tmp_path: Path, other_postgres: Callable[[], str]
) -> Iterator[Database]:
    """Another database, empty but migrated."""
    url = f"sqlite:///{tmp_path / 'other.db'}" if request.param == "sqlite" else other_postgres()
    opened = open_database(url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def other_postgres(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Makes a new Postgres database and gives its URL."""

    def make() -> str:
        server = make_url(request.getfixturevalue("postgres_server"))
        name = f"wherespent_other_{os.urandom(4).hex()}"
        _administer(server, f'CREATE DATABASE "{name}"')
        request.addfinalizer(
            lambda: _administer(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        )
        url = server.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    return make


def _administer(server: URL, statement: str) -> None:
    admin = server.set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="session")
def backup_of_company(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A good backup, to be copied before it is spoilt."""
    folder = tmp_path_factory.mktemp("backup")
    shutil.copy(sqlite_template, folder / "company.db")
    database, clock = open_database(f"sqlite:///{folder / 'company.db'}"), Clock()
    simulated = SimulatedOrganization(7, clock)
    rig = Rig(database, simulated, serve(simulated), clock)
    rig.sync("costs", "completions", since=-1)
    back_up(database, folder / "backup.db")
    rig.close()
    database.dispose()
    return folder / "backup.db"


@pytest.fixture
def backup(backup_of_company: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(backup_of_company, tmp_path / "backup.db"))


def contents(database: Database) -> Contents:
    """Every row of every table but what an installation keeps to itself."""
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in found.sorted_tables
            if table.name != "installation"
        }


# There and back


def test_a_backup_restores_into_either_engine_row_by_row(
    company: Rig, other: Database, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    before = contents(company.database)
    copied = back_up(company.database, file)
    assert restore(other, file) == copied
    assert contents(other) == before
    assert copied["usage_hour"] == len(before["usage_hour"]) > 100
    # And back again, by a backup of the copy.
    back_up(other, tmp_path / "again.db")
    restore(company.database, tmp_path / "again.db", replace=True)
    after = contents(company.database)
    # The version goes on, so that nobody takes old answers for new ones.
    assert [row[2] for row in after.pop("account")] > [row[2] for row in before.pop("account")]
    assert after == before


def test_a_restored_database_goes_on_syncing(company: Rig, other: Database, tmp_path: Path) -> None:
    back_up(company.database, tmp_path / "backup.db")
    restore(other, tmp_path / "backup.db")
    moved = Rig(other, company.organization, company.server, company.clock)
    assert moved.sync("costs", "completions", "vector_stores", since=-1).changed == 0
    # New streams, series and runs get numbers of their own.
    moved.sync(since=-1)
    moved.assert_exact(since=-1)
    moved.client.close()
    assert check(other).problems == ()


def test_a_backup_is_a_database_of_its_own(company: Rig, tmp_path: Path) -> None:
    back_up(company.database, tmp_path / "backup.db")
    opened = open_database(f"sqlite:///{tmp_path / 'backup.db'}")
    assert check(opened).problems == ()
    assert contents(opened) == contents(company.database)
    opened.dispose()


def test_a_backup_of_an_older_version_is_migrated_on_the_way(
    company: Rig, other: Database, tmp_path: Path
) -> None:
    file = tmp_path / "old.db"
    hours = contents(company.database)["usage_hour"]
    downgrade(company.database, "0001")
    back_up(company.database, file)
    bytes_before = file.read_bytes()
    restore(other, file)
    assert contents(other)["usage_hour"] == hours
    assert check(other).problems == ()
    assert file.read_bytes() == bytes_before


# While everything goes on


def test_a_backup_during_a_sync_is_one_moment(company: Rig, tmp_path: Path) -> None:
    """Rollups in the file add up its own hours, whatever was written meanwhile."""
    syncing = threading.Thread(target=lambda: company.sync(since=-20))
    syncing.start()
    number = 0
    while syncing.is_alive() or number < 2:
        number += 1
        back_up(company.database, tmp_path / f"{number}.db")
    syncing.join()
    for each in range(1, number + 1):
        opened = open_database(f"sqlite:///{tmp_path / f'{each}.db'}")
        assert_rollups(opened)
        assert check(opened).problems == ()
        opened.dispose()


# What must not happen


def test_no_secret_of_the_installation_is_in_the_file(company: Rig, tmp_path: Path) -> None:
    secret = own_secret(company.database, SESSION_SECRET)
    back_up(company.database, tmp_path / "backup.db")
    assert secret.encode() not in (tmp_path / "backup.db").read_bytes()
    restore(company.database, tmp_path / "backup.db", replace=True)
    assert own_secret(company.database, SESSION_SECRET) == secret


def test_only_the_owner_may_read_the_file(company: Rig, tmp_path: Path) -> None:
    back_up(company.database, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("*backup*")) == ["backup.db"]


def test_a_file_that_is_there_stays(company: Rig, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("precious")
    with pytest.raises(ConfigurationError, match="--force"):
        back_up(company.database, file)
    assert file.read_text() == "precious"
    back_up(company.database, file, replace=True)
    assert file.read_bytes().startswith(b"SQLite format 3")


def test_a_folder_that_is_not_there_is_named(company: Rig, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        back_up(company.database, tmp_path / "nowhere" / "backup.db")


def test_a_filled_database_is_not_overwritten(company: Rig, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    back_up(company.database, file)
    company.sync("embeddings", since=-1)
    before = contents(company.database)
    with pytest.raises(ConfigurationError, match="--replace"):
        restore(company.database, file)
    assert contents(company.database) == before


def test_what_a_program_leaves_that_has_read_nothing_is_no_fact(
    database: Database, backup: Path
) -> None:
    with database.write() as connection:
        account = account_id(connection, "default")
        key = {"account_id": account, "fingerprint": "f", "since": NOON, "asked_at": NOON}
        connection.execute(account_key.insert(), key)
        odd = Unrecognized("field", "page.x_trace", "1", 1)
        record_unrecognized(connection, Place(account, 1), [odd], NOON)
    prove(database, "default", INVARIANTS, NOON)
    assert restore(database, backup)["usage_hour"] > 100
    assert contents(database)["unrecognized"] == []


def test_a_restore_that_fails_leaves_everything_as_it_was(company: Rig, backup: Path) -> None:
    with sqlite3.connect(backup) as broken:
        # The last of all tables: everything before it was written by then.
        broken.execute("DROP TABLE usage_slice_hour")
    before = contents(company.database)
    with pytest.raises(StorageError):
        restore(company.database, backup, replace=True)
    assert contents(company.database) == before


@pytest.mark.parametrize("damage", ["a page", "cut"])
def test_a_damaged_file_is_refused(database: Database, backup: Path, damage: str) -> None:
    whole = backup.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    rest = b"\xff" * 4096 + whole[middle + 4096 :] if damage == "a page" else b""
    backup.write_bytes(whole[:middle] + rest)
    with pytest.raises(StorageError, match="damaged"):
        restore(database, backup)
    assert contents(database)["usage_hour"] == []


@pytest.mark.parametrize("made", ["text", "foreign", "missing"])
def test_what_is_no_backup_is_refused(database: Database, tmp_path: Path, made: str) -> None:
    file = tmp_path / "backup.db"
    if made == "text":
        file.write_text("SELECT 1")
    elif made == "foreign":
        with sqlite3.connect(file) as foreign:
            foreign.execute("CREATE TABLE t (a)")
    with pytest.raises(ConfigurationError, match=r"backup\.db"):
        restore(database, file)


def test_a_backup_of_a_newer_version_says_so(database: Database, backup: Path) -> None:
    with sqlite3.connect(backup) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer version"):
        restore(database, backup)


def test_nothing_is_restored_below_a_running_sync(database: Database, backup: Path) -> None:
    lock = open_lock(database, LEADER_LOCK)
    assert lock.try_acquire()
    with pytest.raises(StorageError, match="stop"):
        restore(database, backup)
    lock.release()
    assert restore(database, backup)["usage_hour"] > 100


def test_every_table_is_backed_up(company: Rig, tmp_path: Path) -> None:
    copied = back_up(company.database, tmp_path / "backup.db")
    with company.database.read() as connection:
        names = set(inspect(connection).get_table_names())
    assert set(copied) == names - {"alembic_version", "installation"}
