"""A day is a UTC day, whatever the host's clock and time zone say, and on whatever date."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
from tests.builders import NOON, Clock, Rig, at
from tests.faults.conftest import Tally
from tests.faults.daily_totals import around
from tests.faults.network import add_days

from wherespent.demo import ScriptedOrganization, serve
from wherespent.storage.engine import Database

ROOT = Path(__file__).parents[2]
ZONES = (
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
# Half past some hour of the day after: spring and autumn of New York, London and Lord Howe, and
# the night on which Apia left out a day.
NIGHTS = (
    "2026-03-08T12:30:00+00:00",
    "2026-11-01T12:30:00+00:00",
    "2026-03-29T12:30:00+00:00",
    "2026-10-25T12:30:00+00:00",
    "2026-04-05T12:30:00+00:00",
    "2026-10-04T12:30:00+00:00",
    "2011-12-31T00:30:00+00:00",
)


def daily_totals(zone: str, url: str, nights: tuple[str, ...]) -> dict[str, list[object]]:
    command = [sys.executable, "-m", "tests.faults.daily_totals", url, *nights]
    environment = {**os.environ, "TZ": zone}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_every_time_zone_and_a_clock_a_day_off_give_the_same_days(
    database_url: str, is_full: bool, tally: Tally
) -> None:
    zones = ZONES if is_full else ZONES[1:2] + ZONES[4:5]
    nights = NIGHTS if is_full else NIGHTS[5:6]
    answers = {zone: daily_totals(zone, database_url, nights) for zone in zones}
    pairs = [pair for each in answers.values() for pair in each.values()]
    agreeing = sum(stored == true for stored, true in pairs)
    tally(
        f"04 time zones x nights x clock skew ({database_url.split(':', maxsplit=1)[0]})",
        faults=len(pairs),
        converged=agreeing,
        note=f"{len(zones)} zones, {len(nights)} nights, 0 and ±26 h",
    )
    assert len(pairs) == len(zones) * len(nights) * 3
    assert agreeing == len(pairs)
    assert all(one == other for one, other in pairwise(answers.values()))


# What a wrong clock wrote


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rig(database: Database, clock: Clock) -> Iterator[Rig]:
    organization = ScriptedOrganization(clock)
    add_days(organization)
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


def test_a_reading_of_tomorrow_is_not_believed_today(rig: Rig) -> None:
    """A watermark from the future: the very next round reads what is new."""
    rig.organization.now = Clock(NOON)
    rig.clock.move(hours=26)
    rig.round(rig.cycle("costs", "completions"))
    rig.clock.move(hours=-26)
    assert isinstance(rig.organization, ScriptedOrganization)
    rig.organization.add_usage("completions", at(0, 11), {"model": "late"}, input_tokens=7)
    rig.organization.add_cost(at(0).date(), "1.25", "late")
    rig.round(rig.cycle("costs", "completions"))
    rig.assert_exact("costs", "completions")


def test_an_endpoint_that_was_missing_tomorrow_is_asked_today(rig: Rig) -> None:
    rig.organization.now = Clock(NOON)
    rig.clock.move(hours=26)
    rig.organization.quirks.missing_endpoints.add("completions")
    assert rig.sync("completions", "costs").outcomes["openai.usage.completions"].status == (
        "unsupported"
    )
    rig.organization.quirks.missing_endpoints.clear()
    rig.clock.move(hours=-26)
    assert rig.sync("completions", "costs").statuses == {"done"}
    rig.assert_exact("costs", "completions")


def test_names_that_were_read_tomorrow_are_read_today(rig: Rig) -> None:
    rig.organization.now = Clock(NOON)
    rig.clock.move(hours=26)
    rig.cycle("costs").run(hurry=Event())
    rig.clock.move(hours=-26)
    rig.forget_requests()
    rig.cycle("costs").run(hurry=Event())
    assert rig.asked("projects")


def test_a_day_that_was_empty_tomorrow_is_believed_an_hour_from_now(rig: Rig) -> None:
    assert isinstance(rig.organization, ScriptedOrganization)
    rig.organization.now = Clock(at(0, 23))
    rig.sync("costs")
    rig.organization.clear("costs")
    rig.clock.move(hours=26)
    rig.sync("costs")
    rig.clock.move(hours=-26)
    for minutes in (5, 61):
        assert rig.costs()
        rig.clock.move(minutes=minutes)
        rig.sync("costs")
    rig.assert_exact("costs")


@pytest.mark.parametrize("skew", [-26, -24, 24, 26])
def test_an_organization_whose_clock_is_a_day_off_is_read_as_it_is(
    database: Database, skew: int
) -> None:
    clock = Clock()
    organization = ScriptedOrganization(clock)
    organization.quirks.clock_skew = skew * 3600
    add_days(organization)
    rig = Rig(database, organization, serve(organization), clock)
    assert rig.round(rig.cycle("costs", "completions"))["completions"].status == "done"
    organization.quirks.clock_skew = 0
    clock.move(minutes=16)
    rig.round(rig.cycle("costs", "completions"))
    rig.close()
    rig.assert_exact("costs", "completions")


# Dates


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2028, 3, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 30, tzinfo=UTC),
    ],
    ids=str,
)
def test_leap_days_and_years_ends_are_days_like_others(
    database: Database, moment: datetime
) -> None:
    clock = Clock(moment)
    organization = around(moment)
    organization.now = clock
    rig = Rig(database, organization, serve(organization), clock)
    since = (moment.date() - NOON.date()).days - 3
    for _ in range(2):
        rig.round(rig.cycle("costs", "completions"))
        clock.move(hours=1)
    rig.round(rig.cycle("costs", "completions"))
    rig.close()
    last = (clock.at.date() - NOON.date()).days
    rig.assert_exact("costs", "completions", since=since, until=last + 1)


def test_a_year_that_holds_a_leap_day_is_backfilled_whole(database: Database) -> None:
    clock = Clock(datetime(2028, 3, 2, 12, tzinfo=UTC))
    organization = ScriptedOrganization(clock)
    last = (clock.at.date() - NOON.date()).days
    for number in range(last - 365, last + 1):
        organization.add_cost(at(number).date(), f"{number}.25", "a, input")
    rig = Rig(database, organization, serve(organization), clock)
    rig.round(rig.cycle("costs", backfill_days=365))
    rig.close()
    assert rig.covered("costs") == set(range(last - 365, last + 1))
    rig.assert_exact("costs", since=last - 365, until=last + 1)
