"""Old hours go, their days stay, and nothing that was let go of is read or counted again."""

from typing import Any

import pytest
from tests.builders import Rig, at, day

from wherespent.analytics import usage
from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused
from wherespent.exports.usage import export_usage
from wherespent.ingestion.retention import prune_hours
from wherespent.storage.retention import pruned_before
from wherespent.storage.rollups import Place
from wherespent.storage.sync_state import CLAIM_LASTS

OLD = ("usage_day", "usage_slice_day")
SHORT = 35


def aged(rig: Rig, *streams: str) -> None:
    """Four days that were read while they were young and had their last look weeks later."""
    rig.sync(*streams, since=-3)
    rig.clock.move(days=45)
    rig.sync(*streams, since=-3)


def prune(rig: Rig, days: int = SHORT) -> int:
    cycle = rig.cycle(retention_days=days)
    return prune_hours(rig.database, "default", cycle.streams, days=days, now=rig.clock())


def rows(rig: Rig, *tables: str) -> dict[str, list[Any]]:
    return {
        table: sorted(map(tuple, rig.rows(f"SELECT * FROM {table}")), key=repr) for table in tables
    }


def test_hours_go_and_days_stay_to_the_last_digit(company: Rig) -> None:
    aged(company, "completions", "embeddings")
    before, questions = rows(company, *OLD), answers(company)
    assert prune(company) == 8
    assert rows(company, *OLD) == before
    assert answers(company) == questions
    assert rows(company, "usage_hour", "usage_slice_hour") == {
        "usage_hour": [],
        "usage_slice_hour": [],
    }


def answers(rig: Rig) -> list[Any]:
    window = Window(day(-3), day(1))
    with rig.database.read() as connection:
        return [
            usage.usage_totals(connection, Filters(window)),
            usage.tokens_over_time(connection, Filters(window)),
            usage.tokens_by(connection, Filters(window), "user_id"),
            usage.tokens_by(connection, Filters(window, Granularity.MONTH), "model"),
        ]


def test_a_sync_afterwards_reads_nothing_of_what_went(company: Rig) -> None:
    aged(company, "completions")
    prune(company)
    before = rows(company, *OLD)
    company.forget_requests()
    assert company.sync("completions", since=-3).changed == 0
    assert company.asked("completions") == []
    assert rows(company, *OLD) == before


def test_a_forced_reading_of_a_pruned_day_changes_nothing(company: Rig) -> None:
    """A clock that was wrong makes every reading look as if it came from the future."""
    aged(company, "completions")
    prune(company)
    before, hours = rows(company, *OLD), rows(company, "usage_hour")
    with company.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE coverage SET read_at = {day(900)}")
    company.clock.move(seconds=CLAIM_LASTS.total_seconds())
    company.forget_requests()
    company.sync("completions", since=-3, until=1)
    assert company.asked("completions")
    assert rows(company, *OLD) == before
    assert rows(company, "usage_hour") == hours


def test_a_day_that_was_never_read_is_still_read_in_full(company: Rig) -> None:
    aged(company, "completions")
    prune(company)
    company.sync("completions", since=-6)
    for number in (-6, -5, -4):
        total = company.value(
            "SELECT SUM(num_model_requests) FROM usage_day WHERE bucket_start = :d", d=day(number)
        )
        truth = company.organization.usage_truth("completions", at(number), at(number + 1))
        assert total == truth[()]["num_model_requests"]
    prune(company)
    assert company.rows("SELECT 1 FROM usage_hour WHERE bucket_start < :d", d=day(-3)) == []


def test_an_old_day_that_has_not_settled_keeps_its_hours(company: Rig) -> None:
    """Read while it was young, then nobody was there for weeks: it must be read again first."""
    company.sync("completions", since=0)
    company.clock.move(days=40)
    assert prune(company) == 0
    company.sync("completions", since=0)
    assert prune(company) == 1
    assert company.value("SELECT COUNT(*) FROM usage_hour WHERE bucket_start < :d", d=day(1)) == 0


def test_when_hours_begin_is_remembered_with_them(company: Rig) -> None:
    aged(company, "completions")
    prune(company)
    (account, stream) = company.rows("SELECT account_id, stream_id FROM usage_day LIMIT 1")[0]
    with company.database.read() as connection:
        assert pruned_before(connection, Place(account, stream)) == day(1)
    assert prune(company) == 0


def test_a_stock_keeps_its_hours(company: Rig) -> None:
    aged(company, "vector_stores")
    before = rows(company, "usage_hour")
    assert prune(company) == 0
    assert rows(company, "usage_hour") == before != {"usage_hour": []}


def test_it_goes_on_where_it_was_interrupted(company: Rig) -> None:
    aged(company, "completions", "embeddings")
    turns = iter([True])
    cycle = company.cycle()
    first = prune_hours(
        company.database,
        "default",
        cycle.streams,
        days=SHORT,
        now=company.clock(),
        has_time=lambda: next(turns, False),
    )
    assert first == 4
    assert prune(company) == 4
    assert prune(company) == 0


@pytest.mark.parametrize(("days", "kept"), [(0, True), (SHORT, False)])
def test_a_round_lets_go_of_hours_only_where_it_was_asked_to(
    company: Rig, days: int, kept: bool
) -> None:
    aged(company, "completions")
    company.cycle("completions", retention_days=days, backfill_days=1).tidy()
    assert bool(company.rows("SELECT 1 FROM usage_hour WHERE bucket_start < :d", d=day(1))) == kept
    assert company.value("SELECT COUNT(*) FROM usage_day WHERE bucket_start < :d", d=day(1)) > 0


def test_whoever_keeps_answers_is_told(company: Rig) -> None:
    aged(company, "completions")
    version = company.version()
    prune(company)
    assert company.version() > version


# What is shown of days without hours


def test_by_the_hour_days_are_shown_where_hours_went(company: Rig) -> None:
    aged(company, "completions")
    prune(company)
    desk = Desk(Answers(company.database), company.clock, DashboardOptions())
    old = desk.asked({"view": "?from=2026-11-18&to=2026-11-19&by=hour"})
    assert (old.filters.granularity, old.hours_since) == (Granularity.DAY, day(1))
    new = desk.asked({"view": "?from=2026-11-21&to=2026-11-22&by=hour"})
    assert (new.filters.granularity, new.hours_since) == (Granularity.HOUR, 0)
    # All time begins where the days begin.
    assert desk.asked({"view": "?range=all"}).filters.window.start == day(-3)


def test_an_export_by_the_hour_is_refused_where_hours_went(company: Rig) -> None:
    aged(company, "completions")
    prune(company)
    whole, tail = Window(day(-1), day(1)), Window(day(1), day(2))
    with company.database.read() as connection:
        with pytest.raises(QuestionRefused, match="2026-11-21"):
            export_usage(connection, Filters(whole, Granularity.HOUR))
        export_usage(connection, Filters(tail, Granularity.HOUR))
        by_day = list(export_usage(connection, Filters(whole), stream="completions").rows)
    assert len(by_day) == 2
