"""Holes in what was read: how they come, how they are seen, and that the next sync fills them."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text
from tests.builders import TODAY, Rig, at, day

from wherespent.analytics.coverage import coverage
from wherespent.analytics.day_states import DayState
from wherespent.analytics.health import stream_health
from wherespent.demo import Answer, ScriptedOrganization
from wherespent.domain.windows import DAY

STREAMS = ("costs", "completions")
FACTS = ("usage_hour", "usage_day", "usage_slice_hour", "usage_slice_day", "cost_day")


def gaps(rig: Rig, stream: str) -> list[tuple[int, int]]:
    """First and last missing day, counted from NOON's, oldest gap first."""
    with rig.database.read() as connection:
        found = stream_health(connection, "default", rig.clock(), backfill_days=40)
    (health,) = [row for row in found if row.stream.endswith(stream)]
    return [((gap.start - TODAY) // DAY, (gap.end - TODAY) // DAY - 1) for gap in health.gaps]


def states(rig: Rig, stream: str, numbers: Sequence[int]) -> list[str]:
    with rig.database.read() as connection:
        found = coverage(connection, "default", rig.clock(), 60, backfill_days=40)
    (mine,) = [row for row in found if row.stream.endswith(stream)]
    assert sum(span.days for span in mine.spans) == 60
    by_day = {start: span.state.value for span in mine.spans for start in span.window.days()}
    return [by_day[day(number)] for number in numbers]


def days_asked(rig: Rig, stream: str) -> list[int]:
    """Start of each window that was asked for, in order, counted in days from NOON's."""
    return [(int(r.params["start_time"][0]) - TODAY) // DAY for r in rig.asked(stream)]


def delete_days(rig: Rig, first: int, end: int) -> None:
    """As a backup from before these days would be: neither facts nor coverage of them."""
    tables = (*FACTS, "cost_slice_day", "coverage")
    with rig.database.write() as connection:
        for table in tables:
            connection.execute(
                text(f"DELETE FROM {table} WHERE bucket_start >= :start AND bucket_start < :end"),
                {"start": day(first), "end": day(end)},
            )


@pytest.fixture
def company(rig: Rig, organization: ScriptedOrganization) -> Rig:
    """Every day of a third of a year has money and tokens of its own."""
    for number in range(-110, 1):
        organization.add_cost(at(number).date(), f"{number + 200}.5", "a, input", project_id="p")
        organization.add_usage(
            "completions", at(number, 3), {"model": "m"}, input_tokens=number + 200
        )
    return rig


@pytest.fixture
def settled(company: Rig) -> Rig:
    """Forty days that were read, and then nothing for a while."""
    company.sync(*STREAMS, since=-40)
    assert gaps(company, "costs") == gaps(company, "completions") == []
    company.forget_requests()
    return company


def test_a_day_that_failed_is_a_hole_until_the_next_sync(settled: Rig) -> None:
    delete_days(settled, -20, -19)
    refused = Answer(500, {"error": {"message": "boom"}})
    settled.organization.faults.script("completions", refused, times=50)
    assert settled.sync("completions", since=-40)["completions"].status == "failed"
    assert gaps(settled, "completions") == [(-20, -20)]
    assert states(settled, "completions", [-21, -20, -19, 0]) == [
        DayState.SETTLED,
        DayState.HOLE,
        DayState.SETTLED,
        DayState.PROVISIONAL,
    ]
    settled.organization.faults.clear()
    settled.forget_requests()
    assert settled.sync(*STREAMS, since=-40).statuses == {"done"}
    assert days_asked(settled, "completions") == [-1, -20]
    assert gaps(settled, "completions") == gaps(settled, "costs") == []
    settled.assert_exact(*STREAMS, since=-40)


def test_an_old_backup_is_filled_from_its_end_to_today(settled: Rig) -> None:
    """What a restored database lacks is behind its watermark until today is read again."""
    delete_days(settled, -12, 1)
    assert states(settled, "costs", [-13, -12, 0]) == ["settled", "hole", "waiting"]
    settled.sync(*STREAMS, since=-1)
    assert gaps(settled, "costs") == gaps(settled, "completions") == [(-12, -2)]
    settled.forget_requests()
    settled.sync(*STREAMS, since=-40)
    assert days_asked(settled, "costs")[-1] == days_asked(settled, "completions")[-1] == -12
    assert gaps(settled, "costs") == gaps(settled, "completions") == []
    settled.assert_exact(*STREAMS, since=-40)


def test_months_switched_off_are_read_newest_first(company: Rig) -> None:
    now = company.clock.at
    company.clock.at = at(-100, 5)
    company.sync(*STREAMS, since=-110, until=-99)
    company.clock.at = now
    company.forget_requests()
    company.sync(*STREAMS, since=-110)
    asked = days_asked(company, "completions")
    assert asked == sorted(asked, reverse=True)
    assert asked[0] == -1
    assert {-100, -99} <= company.covered("completions")
    assert company.covered("completions") == company.covered("costs") == set(range(-110, 1))
    company.assert_exact(*STREAMS, since=-110)


def test_several_holes_are_filled_the_newest_first(settled: Rig) -> None:
    for number in (-10, -25, -15):
        delete_days(settled, number, number + 1)
    assert gaps(settled, "costs") == [(-25, -25), (-15, -15), (-10, -10)]
    settled.sync("costs", since=-40)
    assert days_asked(settled, "costs") == [-3, -10, -15, -25]
    settled.assert_exact("costs", since=-40)


def test_a_day_that_is_not_wanted_is_no_hole(settled: Rig) -> None:
    settled.sync("costs", since=-55)
    delete_days(settled, -50, -48)
    assert gaps(settled, "costs") == []
    assert states(settled, "costs", [-51, -50, -41, -40]) == [
        "settled",
        "not_wanted",
        "settled",
        "settled",
    ]


def test_history_that_is_still_to_come_is_waiting_and_no_hole(company: Rig) -> None:
    company.sync("costs", since=-5)
    assert gaps(company, "costs") == []
    assert states(company, "costs", [-41, -40, -6, -5, -3]) == [
        "not_wanted",
        "waiting",
        "waiting",
        "settled",
        "provisional",
    ]


def test_what_the_provider_does_not_keep_is_not_wanted(company: Rig) -> None:
    company.organization.quirks.history_floor = at(-10).date()
    company.sync("costs", since=-40)
    assert states(company, "costs", [-11, -10]) == ["not_wanted", "settled"]


def test_a_stream_that_was_never_read_waits(company: Rig) -> None:
    company.sync("costs", since=-5)
    assert set(states(company, "images", range(-40, 1))) == {"waiting"}
