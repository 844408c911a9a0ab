"""Both engines keep the same promises: exact money, UTC, read-only readers, plain errors."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database
from wherespent.storage.refresh import request_refresh, take_refresh_requests
from wherespent.storage.types import Money, UtcDateTime

SHELF = Table(
    "shelf",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("amount", Money),
    Column("moment", UtcDateTime),
)
money = st.decimals(-(10**9), 10**9, places=9, allow_nan=False)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def shelf(database: Database) -> Database:
    with database.write() as connection:
        SHELF.create(connection)
    return database


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(amounts=st.lists(money, min_size=1, max_size=30))
def test_money_comes_back_and_adds_up_to_the_last_digit(
    shelf: Database, amounts: list[Decimal]
) -> None:
    with shelf.write() as connection:
        connection.execute(SHELF.delete())
        connection.execute(insert(SHELF), [{"amount": amount} for amount in amounts])
    with shelf.read() as connection:
        stored = list(connection.scalars(select(SHELF.c.amount).order_by(SHELF.c.id)))
        total = connection.scalar(select(func.sum(SHELF.c.amount)))
    assert stored == amounts
    assert total == sum(amounts)


def test_a_moment_is_stored_in_utc_whatever_its_zone(shelf: Database) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with shelf.write() as connection:
        connection.execute(insert(SHELF).values(moment=elsewhere))
    with shelf.read() as connection:
        found = connection.scalar(select(SHELF.c.moment))
    assert (found, found.tzinfo) == (NOON, UTC)  # type: ignore[union-attr]


def test_a_naive_moment_is_refused(shelf: Database) -> None:
    with pytest.raises(Exception, match="naive"), shelf.write() as connection:
        connection.execute(insert(SHELF).values(moment=NOON.replace(tzinfo=None)))


def test_a_reader_cannot_write(shelf: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only|readonly"), shelf.read() as connection:
        connection.execute(insert(SHELF).values(amount=Decimal(1)))


def test_a_failed_transaction_leaves_nothing(shelf: Database) -> None:
    with pytest.raises(RuntimeError), shelf.write() as connection:  # noqa: PT012
        connection.execute(insert(SHELF).values(amount=Decimal(1)))
        raise RuntimeError
    with shelf.read() as connection:
        assert connection.scalar(select(func.count()).select_from(SHELF)) == 0


def test_an_empty_database_says_what_to_do(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    with pytest.raises(StorageError, match="wherespent db upgrade"), database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM account")
    database.dispose()


def test_an_unreachable_database_is_explained_without_its_password() -> None:
    database = open_database("postgresql://me:CANARY@127.0.0.1:1/nowhere")
    with pytest.raises(StorageError) as caught, database.read():
        pass
    assert "CANARY" not in str(caught.value)
    assert "cannot be used" in str(caught.value)


def test_refresh_requests_are_taken_once(database: Database) -> None:
    assert take_refresh_requests(database, NOON) == 0
    request_refresh(database, NOON)
    request_refresh(database, NOON)
    assert take_refresh_requests(database, NOON) == 2
    assert take_refresh_requests(database, NOON) == 0


def test_no_connection_is_left_checked_out(database: Database) -> None:
    for _ in range(3):
        with database.read(), database.read():
            pass
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]
