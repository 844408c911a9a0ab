"""`wherespent status`: what is missing, in doubt or unknown, as text and as JSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.cli.conftest import Command

from wherespent.demo import Restatement, RunningServer
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.engine import open_database


@pytest.fixture(autouse=True)
def _six_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_BACKFILL_DAYS", "6")


def found(command: Command) -> dict[str, Any]:
    ran = command("status", "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def days_ago(number: int) -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(number)


def forget(database_url: str, days: int) -> None:
    """That day of costs was never read."""
    database = open_database(database_url)
    start = floor_day(epoch(datetime.now(UTC))) - days * DAY
    with database.write() as connection:
        for table in ("cost_day", "cost_slice_day", "coverage"):
            connection.execute(text(f"DELETE FROM {table} WHERE bucket_start = {start}"))
    database.dispose()


def test_a_hole_is_listed_until_the_next_sync_fills_it(
    command: Command, company: RunningServer, database_url: str
) -> None:
    command("sync", "--stream", "costs")
    forget(database_url, 4)
    (costs,) = [row for row in found(command)["streams"] if row["stream"] == "openai.costs"]
    assert costs["gaps"] == [
        {
            "start": f"{days_ago(4):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{days_ago(3):%Y-%m-%dT%H:%M:%SZ}",
        }
    ]
    said = command("status").out
    assert f"costs: not read: {days_ago(4):%Y-%m-%d}" in said
    assert "1 day" in said
    command("sync", "--stream", "costs")
    assert [row["gaps"] for row in found(command)["streams"]] == [[]] * 12
    assert "not read:" not in command("status").out
    assert company.requests


def test_empty_after_money_is_listed_with_what_is_kept(
    command: Command, company: RunningServer
) -> None:
    company.organization.quirks.settle_immediately = True
    command("sync", "--stream", "costs")
    assert found(command)["doubted"] == []
    company.organization.quirks.restated[days_ago(2).date()] = Restatement(empty=True)
    command("sync", "--stream", "costs")
    (bucket,) = found(command)["doubted"]
    assert bucket["start"] == f"{days_ago(2):%Y-%m-%dT%H:%M:%SZ}"
    assert float(bucket["billed_usd"]) > 0
    said = command("status").out
    assert f"costs: {days_ago(2):%Y-%m-%d}" in said
    assert f"kept: ${bucket['billed_usd']}" in said


def test_unknown_data_is_listed_with_a_sample(command: Command, company: RunningServer) -> None:
    company.organization.quirks.unknown_objects = True
    command("sync", "--stream", "costs")
    (row,) = found(command)["unrecognized"]
    assert (row["stream"], row["kind"]) == ("openai.costs", "result")
    assert json.loads(row["sample"])["beams"] == 3
    assert f"costs: unknown result {row['name']}" in command("status").out
