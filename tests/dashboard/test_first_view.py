"""The first layout holds the answers of the page that asks for it, or none."""

import json
from datetime import datetime
from typing import Any, cast

import httpx
import pytest
from plotly.utils import PlotlyJSONEncoder
from serving import NOW

from wherespent.analytics import cost
from wherespent.dashboard import shell_controls
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.app import PAGES
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.first_view import FirstView
from wherespent.dashboard.routes import by_path
from wherespent.dashboard.url_state import View
from wherespent.storage.engine import Database


def layout_for(client: httpx.Client, url: str) -> httpx.Response:
    return client.get("/_dash-layout", headers={"Referer": str(client.base_url.join(url))})


def components(layout: Any) -> dict[str, dict[str, Any]]:
    """Properties by id, of everything in a layout."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [layout]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += cast("list[Any]", part)
        elif isinstance(part, dict) and "props" in part:
            properties = cast("dict[str, Any]", part["props"])
            found[properties.get("id", "")] = properties
            waiting.append(properties.get("children"))
    return found


def first_view(database: Database, *, patience: float = 60) -> FirstView:
    def clock() -> datetime:
        return NOW

    desk = Desk(Answers(database), clock, DashboardOptions())
    return FirstView(desk, by_path(PAGES), {}, patience=patience)


def page_of(view: FirstView, url: str | None) -> Any:
    layout = json.loads(json.dumps(view.layout(url), cls=PlotlyJSONEncoder))
    return components(layout)["page"]["children"]


WITH_A_PATH = [page for page in PAGES if hasattr(page, "PATH")]


@pytest.mark.parametrize("page", WITH_A_PATH, ids=lambda page: page.TITLE)
def test_every_page_comes_with_its_layout(client: httpx.Client, page: Any) -> None:
    found = components(layout_for(client, f"{page.PATH}?range=7d").json())
    assert page.TITLE in str(found["page"]["children"])
    assert found["place"]["data"] == page.PATH
    assert found["view"]["data"] == found["ask"]["data"]["view"] == "?range=7d"
    assert found["pill"]["children"]


def test_the_overview_comes_with_the_exact_bill_and_its_charts(
    client: httpx.Client, acme: Database
) -> None:
    layout = layout_for(client, "/?range=7d")
    found = components(layout.json())
    with acme.read() as connection:
        billed = cost.cost_total(connection, View(range="7d").filters(NOW))
    assert f"${billed:,.2f}" in layout.text
    for name in ("month-chart", "cost", "tokens", "requests", "heat"):
        assert found[f"overview-{name}"]["figure"]["data"]
        assert found[f"overview-{name}-frame"]["hidden"] is False


def test_the_controls_come_as_the_url_says(client: httpx.Client) -> None:
    asked = "/costs?from=2026-11-02&to=2026-11-05&by=day&model=o4-mini-2025-04-16&stack=project"
    found = components(layout_for(client, asked).json())
    assert found["range"]["value"] == "custom"
    assert found["dates"]["value"] == ["2026-11-02", "2026-11-05"]
    assert found["granularity"]["value"] == "day"
    assert found["filter-model"]["value"] == ["o4-mini-2025-04-16"]
    assert found["costs-by"]["value"] == "project"
    assert "o4-mini" in str(found["chips"]["children"])
    assert found["nav-costs"]["className"] == "nav-link on"
    assert found["nav-overview"]["className"] == "nav-link"
    assert found["nav-overview"]["href"].startswith("/?from=2026-11-02")


@pytest.mark.parametrize(
    "referer", ["", "https://elsewhere.example/?range=7d", "not a url", "http://[broken"]
)
def test_who_is_not_a_page_of_ours_gets_no_answers(client: httpx.Client, referer: str) -> None:
    answer = client.get("/_dash-layout", headers={"Referer": referer})
    assert answer.status_code == 200
    found = components(answer.json())
    assert found["page"]["children"] is None
    assert "data" not in found["ask"]


def test_an_address_that_is_no_page_gets_none_either(client: httpx.Client) -> None:
    assert components(layout_for(client, "/nope").json())["page"]["children"] is None


def test_what_is_not_there_in_time_is_left_to_the_browser(acme: Database) -> None:
    assert page_of(first_view(acme, patience=0), "http://here/") is None
    assert page_of(first_view(acme), "http://here/") is not None


def test_a_failure_is_left_to_the_part_that_meets_it(nothing: Database) -> None:
    from wherespent.storage.tables import metadata

    assert page_of(first_view(nothing), "http://here/") is not None
    metadata.drop_all(nothing.writer)
    assert page_of(first_view(nothing), "http://here/") is None


def test_the_ids_that_popovers_repeat_are_controls_of_the_layout(client: httpx.Client) -> None:
    found = components(client.get("/_dash-layout").json())
    for button, controls in shell_controls.POPOVERS.items():
        assert {button, *controls} <= found.keys()
