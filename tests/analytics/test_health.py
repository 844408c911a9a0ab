from datetime import UTC, datetime

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.health import (
    State,
    StreamHealth,
    backfill_progress,
    data_version,
    has_facts,
    last_sync,
    provisional_since,
    recent_runs,
    stream_health,
)
from wherespent.storage import tables

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
COMPLETIONS = "openai.usage.completions"


def state(facts: Facts, stream: str = COMPLETIONS, **values: object) -> None:
    row = {"stream_id": facts.stream_id(stream), "grouping": 0} | values
    facts.insert(tables.stream_state, **row)


def health(facts: Facts, stream: str = COMPLETIONS, *, count_rows: bool = False) -> StreamHealth:
    with facts.database.read() as connection:
        found = stream_health(connection, "default", NOON, count_rows=count_rows)
    return next(row for row in found if row.stream == stream)


def test_a_stream_that_was_never_read(facts: Facts) -> None:
    found = health(facts)
    assert (found.state, found.watermark, found.gaps, found.last_run) == (
        State.NEVER,
        None,
        (),
        None,
    )


def test_every_stream_is_listed_costs_first(facts: Facts) -> None:
    with facts.database.read() as connection:
        found = stream_health(connection, "default", NOON)
    assert [row.stream for row in found][:2] == ["openai.costs", COMPLETIONS]
    assert len(found) == 12


def test_watermark_gaps_and_extent(organization: Facts) -> None:
    for day in ("2026-01-04", "2026-01-05"):
        organization.read("completions", day, when=at("2026-01-05", 12))
    found = health(organization, count_rows=True)
    # The 3rd was never read; the 5th was read before its end.
    assert found.gaps[0] == window("2026-01-03", "2026-01-04")
    assert found.gaps[1] == window("2026-01-05", "2026-02-03")
    assert found.watermark == at("2026-02-04")
    assert (found.oldest, found.newest) == (at("2026-01-01", 9), at("2026-02-03"))
    assert (found.rows, found.coverage_days) == (4, 5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"last_success_at": NOON}, State.OK),
        ({"failures": 2, "error_kind": "KeyRefused", "error": "no"}, State.FAILING),
        ({"unsupported_at": NOON}, State.UNSUPPORTED),
        ({"claimed_by": "a", "claimed_until": datetime(2026, 1, 5, 13, tzinfo=UTC)}, State.SYNCING),
        ({"claimed_by": "a", "claimed_until": datetime(2026, 1, 5, 11, tzinfo=UTC)}, State.NEVER),
    ],
)
def test_states(facts: Facts, values: dict[str, object], expected: State) -> None:
    state(facts, **values)
    assert health(facts).state is expected


def test_a_failure_says_what_to_do(facts: Facts) -> None:
    state(facts, failures=1, error_kind="KeyRefused", error="refused")
    assert "wherespent doctor" in health(facts).remedy
    with facts.database.read() as connection:
        found = last_sync(connection, "default", NOON)
    assert (found.failing, found.running, found.error, found.at) == (True, False, "refused", None)


def test_runs_come_newest_first(facts: Facts) -> None:
    for number in (1, 2, 3):
        facts.insert(
            tables.sync_run,
            id=number,
            stream_id=facts.stream_id(COMPLETIONS),
            grouping=0,
            window_start=0,
            window_end=number,
            started_at=NOON,
            status="running",
        )
    with facts.database.read() as connection:
        runs = recent_runs(connection, "default", 2)
    assert [run.id for run in runs] == [3, 2]
    assert (runs[0].stream, runs[0].started_at, runs[0].finished_at) == (COMPLETIONS, NOON, None)
    last = health(facts).last_run
    assert last is not None
    assert last.id == 3


def test_progress_is_that_of_the_slowest_stream(facts: Facts) -> None:
    state(facts)
    state(facts, "openai.costs")
    state(facts, "openai.usage.decisions", unsupported_at=NOON)
    state(facts, "openai.names")
    for day in ("2026-01-05", "2026-01-04", "2026-01-03"):
        facts.read("completions", day)
    facts.read("costs", "2026-01-05")
    with facts.database.read() as connection:
        progress = backfill_progress(connection, "default", NOON, 4)
    assert (progress.done_days, progress.wanted_days) == (1, 5)
    # Four days of two streams, of five days of the eleven that are offered.
    assert progress.share == 4 / (5 * 11)


def test_what_the_provider_does_not_keep_is_done(facts: Facts) -> None:
    state(facts)
    facts.refuse("history_floor", str(at("2026-01-04")), COMPLETIONS)
    for day in ("2026-01-05", "2026-01-04"):
        facts.read("completions", day)
    with facts.database.read() as connection:
        progress = backfill_progress(connection, "default", NOON, 4)
    assert progress.done_days == progress.wanted_days == 5


def test_days_are_provisional_within_the_lag_of_the_last_reading(facts: Facts) -> None:
    with facts.database.read() as connection:
        assert provisional_since(connection, "default", "openai.costs", NOON) == at("2026-01-02")
    facts.read("costs", "2026-01-03", when=at("2026-01-03", 5))
    with facts.database.read() as connection:
        assert provisional_since(connection, "default", "openai.costs", NOON) == at("2025-12-31")


def test_version_and_facts(facts: Facts) -> None:
    with facts.database.read() as connection:
        assert not has_facts(connection, "default")
        assert (data_version(connection, "default"), data_version(connection, "x")) == (0, 0)
    facts.cost("2026-01-01", "1", line_item="x")
    with facts.database.read() as connection:
        assert has_facts(connection, "default")
