"""The Overview by HTTP: what each part says in each state."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asking
import httpx
import organization
import plotly.graph_objects as go
import pytest
import serving
from serving import NOW
from sqlalchemy import delete

from wherespent.dashboard.desk import DashboardOptions
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage.engine import Database, open_database
from wherespent.storage.tables import coverage

TODAY = floor_day(epoch(NOW))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Long enough for a range of the projection."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('history') / 'history.db'}")
    organization.build(opened, NOW, days=90)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def page(history: Database) -> Iterator[httpx.Client]:
    with (
        serving.served(serving.assembled(history, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client


def answer(client: httpx.Client, output: str, view: str = "") -> dict[str, Any]:
    found = asking.call(
        client, asking.find(client, output), ask__data={"view": view, "version": 1}
    ).json()
    return found["response"]


def test_the_month_is_the_same_whatever_the_range(page: httpx.Client) -> None:
    month = answer(page, "overview-month.children")
    assert month == answer(page, "overview-month.children", "?range=today&by=hour")
    assert "November so far" in str(month)
    assert "80\\u202f%: $" in str(month)
    go.Figure(month["overview-month-chart"]["figure"])
    names = [line["name"] for line in month["overview-month-chart"]["figure"]["data"]]
    assert names == ["October", "Low", "High", "Projected", "November"]


def test_the_method_of_the_projection_is_on_the_page(page: httpx.Client) -> None:
    month = str(answer(page, "overview-month.children"))
    assert "mean of its weekday over the last 28 settled days" in month
    assert "past days" in month


def test_a_month_before_the_first_use_says_what_is_missing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'young.db'}")
    organization.build(database, NOW, days=5)
    with (
        serving.served(serving.assembled(database, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        month = str(answer(client, "overview-month.children"))
        movers = str(answer(client, "overview-movers.children"))
    database.dispose()
    assert "15 days were not read" in month
    assert "Not comparable yet" in movers


def test_changes_are_told_against_the_period_that_is_chosen(page: httpx.Client) -> None:
    seven = answer(page, "overview-movers.children", "?range=7d")
    assert "against 8 – 14 Nov 2026" in seven["overview-movers-unit"]["children"]
    assert "more requests" in str(seven) or "fewer requests" in str(seven)
    none = answer(page, "overview-movers.children", "?range=7d&compare=none")
    assert "Nothing to compare with" in str(none)
    table = str(answer(page, "overview-changes-table", "?range=7d&compare=none"))
    assert "Nothing to compare with" in table
    year = answer(page, "overview-movers.children", "?range=7d&compare=year")
    assert "Not comparable yet" in str(year)


def test_usage_that_was_not_read_leaves_a_change_without_its_reasons(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'unread.db'}")
    organization.build(database, NOW, days=20)
    with database.write() as connection:
        costs = connection.exec_driver_sql(
            "SELECT id FROM stream WHERE name = 'openai.costs'"
        ).scalar_one()
        days = coverage.c
        connection.execute(
            delete(coverage).where(days.stream_id != costs, days.bucket_start == TODAY - 9 * DAY)
        )
    with (
        serving.served(serving.assembled(database, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        movers = str(answer(client, "overview-movers.children", "?range=7d"))
    database.dispose()
    assert "requests are not known" in movers
    assert "more requests" not in movers


def test_the_largest_stand_with_their_change_and_lead_to_their_pages(page: httpx.Client) -> None:
    lists = answer(page, "overview-models", "?range=7d")
    projects = str(lists["overview-projects"])
    assert "/projects/proj_search?range=7d" in projects
    assert "Search" in projects
    assert "&lt;a href" in projects
    assert "<img" not in projects
    assert "was $" in str(lists["overview-models"])
    assert "/explore?" in projects


def test_freshness_says_what_is_settled(page: httpx.Client) -> None:
    line = str(answer(page, "overview-freshness"))
    assert "settled to 17 Nov" in line
    assert "to 12:00 UTC" in line
    assert (NOW - timedelta(days=90)).strftime("%-d %b %Y") in line
