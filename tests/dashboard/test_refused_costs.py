"""An organization that refuses costs by user and project at once: the rest of the page stays."""

from collections.abc import Iterator
from pathlib import Path

import asking
import httpx
import organization
import pytest
import serving
from serving import NOW
from sqlalchemy import insert

from wherespent.dashboard.desk import DashboardOptions
from wherespent.providers.openai.streams import COSTS
from wherespent.storage import tables
from wherespent.storage.engine import open_database
from wherespent.storage.series import account_id, stream_id

ASKED = {"view": "?range=7d&user=user-noor&project=proj_search", "version": 1}
REASON = "does not report this organization"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    path: Path = tmp_path_factory.mktemp("refusing") / "refusing.db"
    database = open_database(f"sqlite:///{path}")
    organization.build(database, NOW, days=8)
    with database.write() as connection:
        connection.execute(
            insert(tables.refusal).values(
                account_id=account_id(connection, "default"),
                stream_id=stream_id(connection, COSTS.name),
                kind="user_with_project",
                learned_at=NOW,
            )
        )
    with (
        serving.served(serving.assembled(database, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client
    database.dispose()


def answer(page: httpx.Client, output: str) -> str:
    found = asking.call(page, asking.find(page, output), ask__data=ASKED)
    assert found.status_code == 200
    assert '"trouble"' not in found.text
    return found.text


@pytest.mark.parametrize(
    "output",
    [
        "overview-kpis",
        "overview-cost.figure",
        "overview-models",
        "overview-month.children",
        "overview-movers.children",
        "overview-changes-table",
        "costs-over-time.figure",
        "costs-ranked.children",
        "costs-numbers-bill",
        "costs-numbers-rates",
        "costs-items-table",
        "costs-rates.figure",
        "costs-matrix-table",
        "costs-months-table",
    ],
)
def test_what_cannot_be_told_says_why(page: httpx.Client, output: str) -> None:
    assert REASON in answer(page, output)


def test_the_numbers_of_usage_stay(page: httpx.Client) -> None:
    cards = answer(page, "overview-kpis")
    assert "per request" in cards
    assert "active keys" in cards


def test_the_heat_map_stays(page: httpx.Client) -> None:
    assert "Busiest:" in answer(page, "overview-heat.figure")
