"""Nobody's address is kept who is not to be kept: not in answers, not in the bytes of the file."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select, text
from tests.builders import NOON, Clock, Rig

from wherespent.analytics.names import display, names
from wherespent.demo import ScriptedOrganization, SimulatedOrganization, serve
from wherespent.domain.addresses import without_addresses
from wherespent.domain.records import Name, Unrecognized
from wherespent.errors import StorageError
from wherespent.ingestion.names import sync_names
from wherespent.storage.engine import Database
from wherespent.storage.erasure import erase, find_people
from wherespent.storage.names import upsert_names
from wherespent.storage.proofs import Found, Invariant, Offence, prove
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id
from wherespent.storage.unrecognized import record_unrecognized

IDA = Name("user", "user-ida", "Ida Berg", "ida.berg@acme.test")
BOB = Name("user", "user-bob", "Bob", "bob@acme.test")
NAMES = (
    IDA,
    BOB,
    Name("user", "user-odd", "odd@acme.test", ""),
    Name("api_key", "key-1", "Ida's laptop", owner_id="user-ida"),
    Name("api_key", "key-2", "laptop of ida.berg@acme.test", owner_id="user-bob"),
    Name("api_key", "key-3", "Bob's laptop", owner_id="user-bob"),
    Name("api_key", "key-4", "Ida", owner_id="user-other"),
    Name("project", "proj-1", "Search"),
)


@pytest.fixture
def known(database: Database) -> Database:
    """Names, and a quote of the provider that holds an address."""
    with database.write() as connection:
        account = account_id(connection, "default")
        upsert_names(connection, account, NAMES, NOON)
        quote = Unrecognized("field", "user_email", '"ida.berg@acme.test"', 1)
        other = Unrecognized("field", "mood", '"good"', 1)
        record_unrecognized(connection, Place(account, 1), [quote, other], NOON)
    return database


def stored(database: Database) -> str:
    """Everything that a dump would hold."""
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection)
        return repr([list(connection.execute(select(table))) for table in found.sorted_tables])


def in_files(database: Database, words: Iterable[str]) -> list[str]:
    """Which of the words are in the bytes of the database file and of what lies beside it."""
    if not database.is_sqlite:
        return []
    file = Path(database.url.database or "")
    whole = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    return [word for word in words if word.encode() in whole]


def called(database: Database, kind: str = "user") -> dict[str, str]:
    with database.read() as connection:
        known = names(connection, "default", kind)
    return {id_: display(kind, id_, known) for id_ in known}


def erased(database: Database, who: str) -> None:
    with database.read() as connection:
        people = find_people(connection, who)
    assert len(people) == 1
    erase(database, people, NOON)


# One person


@pytest.mark.parametrize("who", ["user-ida", "ida.berg@acme.test", "IDA.Berg@Acme.test"])
def test_nothing_of_an_erased_person_is_left(known: Database, who: str) -> None:
    marks = ("ida.berg", "Ida Berg", "Ida's")
    assert all(mark in stored(known) for mark in marks)
    erased(known, who)
    assert [mark for mark in marks if mark in stored(known)] == []
    assert in_files(known, marks) == []
    assert called(known) == {
        "user-ida": "user-ida",
        "user-bob": "Bob",
        "user-odd": "odd@acme.test",
    }


def test_other_people_and_their_keys_keep_their_names(known: Database) -> None:
    erased(known, "user-ida")
    assert called(known, "api_key") == {
        "key-1": "key-1",
        "key-2": "key-2",
        "key-3": "Bob's laptop",
        # A single first name may be anybody's.
        "key-4": "Ida",
    }
    assert "good" in stored(known)


def test_an_erased_person_does_not_come_back_with_the_next_sync(known: Database) -> None:
    erased(known, "user-ida")
    with known.write() as connection:
        upsert_names(connection, 1, NAMES, NOON)
    assert [mark for mark in ("ida.berg", "Ida Berg", "Ida's") if mark in stored(known)] == []
    assert called(known)["user-bob"] == "Bob"


def test_somebody_whose_name_is_an_address_is_found_by_it(known: Database) -> None:
    erased(known, "odd@acme.test")
    assert "odd@" not in stored(known)


def test_nobody_is_found_by_a_part_of_an_address(known: Database) -> None:
    with known.read() as connection:
        assert find_people(connection, "ida.berg") == []
        assert find_people(connection, "%") == []


def test_erasing_changes_no_figure(database: Database) -> None:
    clock = Clock()
    simulated = SimulatedOrganization(7, clock)
    rig = Rig(database, simulated, serve(simulated), clock)
    rig.round(rig.cycle(backfill_days=2))
    user = rig.value("SELECT id FROM name WHERE kind = 'user' AND email <> '' ORDER BY id LIMIT 1")
    before, version = rig.contents(), rig.version()
    erased(database, user)
    assert rig.contents() == before
    assert rig.version() > version
    rig.round(rig.cycle(backfill_days=2))
    assert called(database)[user] == user
    rig.close()


UMLAUTS = (
    Name("user", "user-ö", "Özlem Ünal", "özlem@acme.test"),
    Name("api_key", "key-5", "laptop of ÖZLEM ÜNAL", owner_id="user-bob"),
    Name("api_key", "key-6", "ÖZLEM's", owner_id="user-ö"),
)


def test_letters_that_are_not_ascii_are_the_same_in_either_case(known: Database) -> None:
    def quoting(*_: object) -> Found:
        return Found(1, 1, (Offence(None, "the row of özlem ünal"),))

    escaped = Unrecognized("field", "who", '"\\u00d6zlem \\u00dcnal"', 1)
    with known.write() as connection:
        upsert_names(connection, 1, UMLAUTS, NOON)
        record_unrecognized(connection, Place(1, 2), [escaped], NOON)
    prove(known, "default", [Invariant("quote", "", "", "", "", quoting)], NOON)
    assert "özlem ünal" in stored(known)
    erased(known, "ÖZLEM@acme.test")
    left = stored(known).casefold()
    assert [word for word in ("özlem", "ünal", "u00d6", "u00f6") if word in left] == []
    assert called(known, "api_key")["key-3"] == "Bob's laptop"


# Bytes that somebody reads just now


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherespent.storage.erasure._BUSY_SECONDS", 0.2)
    monkeypatch.setattr("wherespent.storage.erasure._LOCK_SECONDS", 1)


@contextmanager
def somebody_reads(database: Database) -> Iterator[None]:
    with database.read() as connection:
        connection.execute(text("SELECT COUNT(*) FROM name"))
        yield


@pytest.mark.usefixtures("impatient")
def test_erasing_beside_a_reader_says_what_to_do_and_does_not_wait(known: Database) -> None:
    with known.read() as connection:
        people = find_people(connection, "user-ida")
    with somebody_reads(known), pytest.raises(StorageError, match="run the command again"):
        erase(known, people, NOON)
    assert "ida.berg" not in stored(known)
    erase(known, people, NOON)
    assert in_files(known, ["ida.berg"]) == []


@pytest.mark.usefixtures("impatient")
def test_nothing_else_inherits_the_limit_of_erasing(known: Database) -> None:
    if known.is_sqlite:
        pytest.skip("SQLite has no such limit")
    erased(known, "user-ida")
    with known.write() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"


# Nobody's address


def names_of(rig: Rig, *, emails: bool) -> None:
    sync_names(rig.database, "default", rig.client, lambda: NAMES, rig.clock, emails=emails)


@pytest.fixture
def rig(database: Database) -> Iterable[Rig]:
    clock = Clock()
    organization = ScriptedOrganization(clock)
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


def test_without_addresses_none_is_stored(rig: Rig) -> None:
    names_of(rig, emails=False)
    assert "@" not in stored(rig.database)
    assert in_files(rig.database, ["@acme.test"]) == []
    assert called(rig.database) == {
        "user-ida": "Ida Berg",
        "user-bob": "Bob",
        "user-odd": "user-odd",
    }
    assert called(rig.database, "api_key")["key-2"] == "laptop of"


def test_addresses_that_were_stored_go_with_the_next_names(rig: Rig) -> None:
    names_of(rig, emails=True)
    assert "@acme.test" in stored(rig.database)
    version = rig.version()
    names_of(rig, emails=False)
    assert "@" not in stored(rig.database)
    assert in_files(rig.database, ["@acme.test"]) == []
    assert rig.version() > version


@pytest.mark.usefixtures("impatient")
def test_bytes_that_somebody_read_go_with_the_names_after_that(rig: Rig) -> None:
    owed = "SELECT COUNT(*) FROM installation WHERE name LIKE 'scrub_owed%'"
    names_of(rig, emails=True)
    with somebody_reads(rig.database):
        names_of(rig, emails=False)
    assert "@" not in stored(rig.database)
    assert rig.value(owed) == 1
    names_of(rig, emails=False)
    assert in_files(rig.database, ["@acme.test"]) == []
    assert rig.value(owed) == 0


def test_the_address_of_somebody_who_left_goes_as_well(rig: Rig) -> None:
    names_of(rig, emails=True)
    sync_names(rig.database, "default", rig.client, lambda: [BOB], rig.clock, emails=False)
    assert "@" not in stored(rig.database)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ida@acme.test", ""),
        ("laptop (ida@acme.test)", "laptop ()"),
        ('"user_email": "ida.b+x@mail.acme.test"', '"user_email": ""'),
        ("a @ b", "a @ b"),
        ("gpt-5 @ eu", "gpt-5 @ eu"),
        ("no address", "no address"),
    ],
)
def test_what_an_address_is(text: str, left: str) -> None:
    assert without_addresses(text) == left


def test_a_long_word_before_an_at_sign_is_no_address() -> None:
    assert without_addresses("a" * 60_000 + " @") == "a" * 60_000 + " @"
