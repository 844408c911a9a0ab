"""`wherespent restatements`, and the exports that go back in time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import KEY, Clock, Rig
from tests.cli.conftest import Command

from wherespent.demo import ScriptedOrganization, serve
from wherespent.domain.streams import Kind
from wherespent.domain.windows import DAY, epoch, floor_day, utc
from wherespent.ingestion.plan import Wanted
from wherespent.storage.engine import Database

FIRST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
THEN = floor_day(epoch(FIRST)) - 10 * DAY
SETTLED = utc(THEN).date()


@pytest.fixture
def restated(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Rig]:
    """Thirty days ago cost $412.07 when it was read twenty days ago, and $415.30 twelve ago."""
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", database_url)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    organization = ScriptedOrganization(Clock(FIRST))
    rig = Rig(database, organization, serve(organization), Clock(FIRST))
    organization.add_cost(SETTLED, "412.07", "a, input", project_id="p")
    organization.add_usage("completions", utc(THEN), {"model": "m"}, input_tokens=1000)
    read(rig)
    organization.add_cost(SETTLED, "3.23", "a, input", project_id="p")
    organization.add_usage("completions", utc(THEN), {"model": "m"}, input_tokens=234)
    rig.clock.move(days=8)
    read(rig)
    yield rig
    rig.close()


def read(rig: Rig) -> None:
    wanted = Wanted(THEN, floor_day(epoch(rig.clock())) + DAY)
    outcomes = rig.account_sync("costs", "completions").run(dict.fromkeys(Kind, wanted))
    assert {outcome.status for outcome in outcomes} == {"done"}


def since_until(days: int = 1) -> list[str]:
    return ["--since", str(SETTLED), "--until", str(SETTLED + timedelta(days=days))]


def test_people_read_what_a_day_was_and_became(restated: Rig, command: Command) -> None:
    ran = command("restatements", "--group-by", "project_id")
    assert ran.code == 0
    [line] = [line for line in ran.out.splitlines() if "$412.07" in line]
    assert "$415.30" in line
    assert str(SETTLED) in line
    assert str((FIRST + timedelta(days=8)).date()) in line
    assert f"completions of {SETTLED}" in ran.out
    assert "input_tokens 1,000 → 1,234" in ran.out
    assert "cannot be said yet" in ran.out


def test_scripts_read_the_same_exactly(restated: Rig, command: Command) -> None:
    told = json.loads(command("restatements", "--json", *since_until()).out)
    [cost] = told["costs"]
    assert (cost["old_usd"], cost["new_usd"], cost["delta_usd"]) == (
        "412.070000000",
        "415.300000000",
        "3.230000000",
    )
    assert cost["settled"] is True
    [usage] = told["usage"]
    assert usage["measures"] == {"input_tokens": {"old": 1000, "new": 1234}}
    [settling] = told["settling"]
    assert (settling["account"], settling["days"], settling["ages"]) == ("default", 0, [])


def test_other_days_have_none(restated: Rig, command: Command) -> None:
    ran = command("restatements", "--until", str(SETTLED))
    assert ran.code == 0
    assert "No billed day changed after it had settled." in ran.out


def test_the_export_lists_them(restated: Rig, command: Command) -> None:
    ran = command("export", "restatements", *since_until(), "--format", "json")
    [row] = json.loads(ran.out)
    assert (row["old_usd"], row["new_usd"]) == ("412.070000000", "415.300000000")


@pytest.mark.parametrize(("days_later", "billed"), [(0, "412.070000000"), (8, "415.300000000")])
def test_costs_as_of_a_moment(
    restated: Rig, command: Command, days_later: int, billed: str
) -> None:
    moment = f"{FIRST + timedelta(days=days_later):%Y-%m-%dT%H:%M:%SZ}"
    ran = command("export", "costs", *since_until(), "--as-of", moment)
    assert ran.out.split() == [
        "bucket_start,account,billed_usd",
        f"{SETTLED}T00:00:00Z,default,{billed}",
    ]
    assert ran.err == ""


def test_an_offset_names_the_same_moment(restated: Rig, command: Command) -> None:
    east = FIRST.astimezone(tz=None).isoformat()
    ran = command("export", "costs", *since_until(), "--as-of", east)
    assert "412.070000000" in ran.out


def test_what_was_not_read_yet_is_named_and_left_out(restated: Rig, command: Command) -> None:
    moment = f"{FIRST - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    ran = command("export", "costs", *since_until(days=2), "--as-of", moment)
    assert (ran.code, ran.out.split()) == (0, ["bucket_start,account,billed_usd"])
    assert "2 days were not read yet" in ran.err
    assert f"{SETTLED} to {SETTLED + timedelta(days=1)}" in ran.err


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("yesterday", "not a moment such as"),
        ("2026-01-01T00:00:00", "no time zone"),
        ("2026-01-01", "no time zone"),
        ("9000-01-01T00:00:00Z", "in the future"),
    ],
)
def test_a_moment_that_cannot_be_answered_exits_2(
    command: Command, moment: str, reason: str
) -> None:
    ran = command("export", "costs", *since_until(), "--as-of", moment)
    assert (ran.code, ran.out) == (2, "")
    assert reason in " ".join(ran.err.replace("│", " ").split())


def test_an_empty_span_exits_2(command: Command) -> None:
    ran = command("restatements", "--since", "2026-01-02", "--until", "2026-01-02")
    assert ran.code == 2
    assert "--since must be before --until" in ran.err
