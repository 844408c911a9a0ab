"""Restated days: sentences on Data health, marks on the charts of billed cost."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asking
import httpx
import organization
import plotly.graph_objects as go
import pytest
import serving
from serving import NOW

from wherespent.analytics import cost
from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.formats import usd
from wherespent.domain.money import to_nanos
from wherespent.domain.records import CostAmount, CostBucket
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.providers.openai.streams import COSTS
from wherespent.storage.cost_writes import replace_costs
from wherespent.storage.engine import Database, open_database
from wherespent.storage.rollups import Place
from wherespent.storage.series import CostSeries, account_id, stream_id
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import advance_version

TODAY = floor_day(epoch(NOW))
RESTATED = TODAY - 10 * DAY
ITEM = "<b>late</b>, input"


@pytest.fixture(scope="module")
def was(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Decimal]]:
    """11 Nov was read again as one line item of $5; and what it was before."""
    path: Path = tmp_path_factory.mktemp("restated") / "restated.db"
    opened = open_database(f"sqlite:///{path}")
    organization.build(opened, NOW, days=20)
    with opened.read() as connection:
        day = Filters(Window(RESTATED, RESTATED + DAY), Granularity.TOTAL)
        before = cost.cost_total(connection, day)
    assert before is not None
    bucket = CostBucket(RESTATED)
    dims = ("proj_hostile", None, ITEM, None, None, "tokens")
    bucket.records[dims] = CostAmount(to_nanos(Decimal(5)), 1)
    with opened.write() as connection:
        account = account_id(connection, "default")
        replace_costs(
            connection,
            Place(account, stream_id(connection, COSTS.name)),
            CostSeries(account),
            COSTS.dimensions,
            [bucket],
            grouping=MAIN,
            settled_before=TODAY - 3 * DAY,
            now=NOW,
        )
        advance_version(connection, account)
    yield opened, before
    opened.dispose()


@pytest.fixture(scope="module")
def restated(was: tuple[Database, Decimal]) -> Iterator[httpx.Client]:
    server = serving.assembled(was[0], lambda: NOW, DashboardOptions())
    with serving.served(server) as url, httpx.Client(base_url=url) as one:
        yield one


def figure(client: httpx.Client, view: str = "") -> dict[str, Any]:
    callback = asking.find(client, "overview-cost.figure")
    answer = asking.call(client, callback, ask__data={"view": view, "version": 1}).json()
    return answer["response"]["overview-cost"]["figure"]


def sign(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [trace for trace in shown["data"] if trace["name"] == "Restated"]


def test_data_health_says_what_a_day_was_and_became(
    restated: httpx.Client, was: tuple[Database, Decimal]
) -> None:
    said = asking.call(restated, asking.find(restated, "health-restated")).text
    assert f"11 Nov was {usd(was[1])}, revised to $5.00 on 21 Nov" in said
    assert "gpt-5.2-2025-12-11, input of Search" in said  # the largest of what went


def test_data_health_without_a_restatement_says_so(client: httpx.Client) -> None:
    said = asking.call(client, asking.find(client, "health-restated")).text
    assert "No day has changed after it had settled." in said
    assert "first read before they ended" in said


def test_the_chart_marks_the_restated_day_above_its_bar(
    restated: httpx.Client, was: tuple[Database, Decimal]
) -> None:
    shown = figure(restated)
    go.Figure(shown)
    [mark] = sign(shown)
    assert mark["x"] == ["2026-11-11"]
    assert mark["y"][0] > 5
    assert mark["customdata"] == [f"11 Nov was {usd(was[1])}, revised to $5.00 on 21 Nov"]


def test_the_legend_explains_the_mark(restated: httpx.Client) -> None:
    callback = asking.find(restated, "overview-cost.figure")
    below = asking.call(restated, callback).json()["response"]["overview-cost-below"]
    assert "after they had settled" in str(below)


def test_a_longer_bucket_is_marked_for_the_days_in_it(restated: httpx.Client) -> None:
    [mark] = sign(figure(restated, "?by=month&range=90d"))
    assert mark["x"] == ["2026-11-01"]


def test_a_mark_is_about_what_the_view_is_narrowed_to(restated: httpx.Client) -> None:
    only = quote(ITEM)
    [mark] = sign(figure(restated, f"?line_item={only}"))
    assert mark["customdata"] == ["11 Nov was $0.00, revised to $5.00 on 21 Nov"]
    assert sign(figure(restated, "?from=2026-11-13&to=2026-11-20")) == []


def test_a_chart_without_restated_days_has_no_mark(client: httpx.Client) -> None:
    shown = figure(client)
    assert shown["data"]
    assert sign(shown) == []
