"""A new account and a retired one do not speak for the others."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from tests.analytics.facts import Facts, at

from wherespent.analytics import all_accounts
from wherespent.domain.windows import DAY, utc
from wherespent.storage import tables

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
COSTS = "openai.costs"


@pytest.fixture
def three(facts: Facts) -> Facts:
    """`default` was read an hour ago, `old` ten days ago, `new` has read nothing."""
    with facts.database.write() as connection:
        for number, label in ((2, "old"), (3, "new")):
            connection.execute(insert(tables.account).values(id=number, label=label))
    asked(facts, 1, last_success_at=NOW - timedelta(hours=1))
    asked(facts, 2, last_success_at=NOW - timedelta(days=10))
    cover(facts, 1, NOW)
    cover(facts, 2, NOW - timedelta(days=10))
    return facts


def asked(facts: Facts, account: int, **moments: datetime) -> None:
    row = {"account_id": account, "stream_id": facts.stream_id(COSTS), "grouping": 0}
    with facts.database.write() as connection:
        connection.execute(insert(tables.stream_state).values(**row, **moments))


def cover(facts: Facts, account: int, until: datetime) -> None:
    stream = facts.stream_id(COSTS)
    days = range(at("2026-01-01"), int(until.timestamp()) // DAY * DAY + DAY, DAY)
    rows = [
        {
            "account_id": account,
            "stream_id": stream,
            "grouping": 0,
            "bucket_start": day,
            "bucket_end": day + DAY,
            "read_at": min(utc(day + DAY), until),
            "first_read_at": min(utc(day + DAY), until),
        }
        for day in days
    ]
    with facts.database.write() as connection:
        connection.execute(insert(tables.coverage), rows)


def expected(facts: Facts, *chosen: str) -> tuple[str, ...]:
    with facts.database.read() as connection:
        return all_accounts.expected(connection, chosen, (COSTS,))


def test_days_are_missed_of_accounts_that_are_still_read(three: Facts) -> None:
    assert expected(three, "default", "old", "new") == ("default",)
    assert expected(three, "old") == ("old",)
    assert expected(three, "old", "new") == ("old",)
    assert expected(three, "new") == ("new",)


def test_an_account_that_fails_is_still_missed(three: Facts) -> None:
    failing = {"fingerprint": "f", "since": NOW, "asked_at": NOW, "error_kind": "KeyRefused"}
    with three.database.write() as connection:
        connection.execute(insert(tables.account_key).values(account_id=2, **failing))
    assert expected(three, "default", "old", "new") == ("default", "old")


def test_after_a_standstill_of_all_every_account_is_missed(facts: Facts) -> None:
    with facts.database.write() as connection:
        connection.execute(insert(tables.account).values(id=2, label="other"))
    for account in (1, 2):
        asked(facts, account, last_success_at=NOW - timedelta(days=90))
    with facts.database.read() as connection:
        assert all_accounts.in_use(connection) == ("default", "other")


def test_the_last_sync_is_that_of_accounts_that_are_still_read(three: Facts) -> None:
    with three.database.read() as connection:
        assert all_accounts.last_sync(connection, NOW).at == NOW - timedelta(hours=1)
    asked(three, 3, last_failure_at=NOW)
    with three.database.read() as connection:
        assert all_accounts.last_sync(connection, NOW).at == NOW - timedelta(hours=1)


def test_a_retired_account_keeps_nothing_provisional_and_no_history_wanting(three: Facts) -> None:
    with three.database.read() as connection:
        since = all_accounts.provisional_since(connection, COSTS, NOW)
        progress = all_accounts.backfill_progress(connection, NOW, 10)
    assert since == at("2026-01-17")
    assert progress.done_days == progress.wanted_days
