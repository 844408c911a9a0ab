"""The last minutes of several accounts: one that is behind does not hide the others."""

from datetime import UTC, datetime

from sqlalchemy import insert
from tests.analytics.facts import Facts

from wherespent.analytics.live import MinutePoint, current_rate, tail
from wherespent.domain.windows import HOUR, MINUTE, Window, epoch, utc
from wherespent.storage import tables

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
END = epoch(NOW)


def read(facts: Facts, account: int, label: str, end: int) -> None:
    stream = facts.stream_id("openai.usage.completions")
    with facts.database.write() as connection:
        if account > 1:
            connection.execute(insert(tables.account).values(id=account, label=label))
        connection.execute(
            insert(tables.live_tail).values(
                account_id=account,
                stream_id=stream,
                window_start=end - 6 * HOUR,
                window_end=end,
                read_at=utc(end),
            )
        )


def test_an_account_that_stopped_is_named_and_not_waited_for(facts: Facts) -> None:
    read(facts, 1, "default", END)
    read(facts, 2, "slow", END - 3 * MINUTE)
    read(facts, 3, "gone", END - 2 * HOUR)
    with facts.database.read() as connection:
        found = tail(connection, ("default", "slow", "gone"))
    assert found.window == Window(END - 6 * HOUR, END - 3 * MINUTE)
    assert found.read_at == utc(END - 3 * MINUTE)
    assert found.stopped == (("gone", END - 2 * HOUR),)


def test_accounts_that_all_stopped_are_as_they_were(facts: Facts) -> None:
    read(facts, 1, "default", END - 9 * HOUR)
    read(facts, 2, "other", END - 9 * HOUR)
    with facts.database.read() as connection:
        found = tail(connection, ("default", "other"))
    assert found.window == Window(END - 15 * HOUR, END - 9 * HOUR)
    assert found.stopped == ()


def test_the_rate_is_over_minutes_that_every_account_has() -> None:
    known = Window(END - HOUR, END - 3 * MINUTE)
    points = [MinutePoint(start, "m", 100, 1000) for start in range(known.start, known.end, MINUTE)]
    rate = current_rate(points, known, END - MINUTE)
    assert rate.window == Window(END - 8 * MINUTE, END - 3 * MINUTE)
    assert (rate.requests, rate.tokens) == (100, 1000)
