"""Every page and every callback, over real HTTP."""

from typing import Any

import asking
import httpx
import plotly.graph_objects as go
import pytest
import serving
from serving import NOW

from wherespent.analytics import cost
from wherespent.dashboard.app import PAGES
from wherespent.dashboard.desk import DashboardOptions
from wherespent.storage.engine import Database


@pytest.mark.parametrize("path", [page.PATH for page in PAGES if hasattr(page, "PATH")])
def test_a_page_is_served_and_its_layout_is_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "react-entry-point" in answer.text
    page = asking.call(client, asking.find(client, "page.children"), place__data=path).json()
    title = next(page.TITLE for page in PAGES if path == getattr(page, "PATH", ""))
    assert title in str(page["response"]["page"]["children"])


def test_every_callback_answers(client: httpx.Client) -> None:
    for callback in asking.server_callbacks(client):
        answer = asking.call(client, callback)
        assert answer.status_code in (200, 204), callback["output"]
        assert '"trouble":' not in answer.text, callback["output"]


@pytest.mark.parametrize(
    "view", ["?range=today", "?range=all", "?by=hour&range=7d", "?by=month&range=year"]
)
def test_every_figure_of_every_view_is_valid(client: httpx.Client, view: str) -> None:
    figures = expected = 0
    for callback in asking.server_callbacks(client):
        if "figure" not in callback["output"]:
            continue
        expected += callback["output"].count(".figure")
        answer = asking.call(client, callback, ask__data={"view": view, "version": 1}).json()
        for values in answer["response"].values():
            if "figure" in values:
                go.Figure(values["figure"])
                figures += 1
    # Nothing was read by the minute: the two charts of the live page are left alone.
    assert figures == expected - 2


def test_the_overview_shows_the_exact_bill(client: httpx.Client, acme: Database) -> None:
    from wherespent.dashboard.url_state import View

    with acme.read() as connection:
        billed = cost.cost_total(connection, View().filters(NOW))
    cards = asking.call(client, asking.find(client, "overview-kpis")).text
    assert f"${billed:,.2f}" in cards


def test_a_filter_narrows_the_bill(client: httpx.Client) -> None:
    callback = asking.find(client, "overview-models")
    asked = {"view": "?model=o4-mini-2025-04-16", "version": 1}
    narrowed = asking.call(client, callback, ask__data=asked).text
    assert "o4-mini" in narrowed
    assert "gpt-4.1" not in narrowed


def test_a_table_holds_the_same_numbers_as_the_chart(client: httpx.Client) -> None:
    callback = asking.find(client, "overview-cost.figure")
    answer = asking.call(client, callback, ask__data={"view": "?show=table", "version": 1}).json()
    assert answer["response"]["overview-cost-frame"]["hidden"] is True
    assert "Total" in str(answer["response"]["overview-cost-below"]["children"])


def test_a_range_without_data_says_so_and_not_zero(client: httpx.Client) -> None:
    asked = {"view": "?from=2020-01-01&to=2020-01-31", "version": 1}
    cards = asking.call(client, asking.find(client, "overview-kpis"), ask__data=asked).text
    assert "$0.00" not in cards
    models = asking.call(client, asking.find(client, "overview-models"), ask__data=asked).text
    assert "not $0" in models


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (DashboardOptions(key_configured=False), "api.usage.read"),
        (DashboardOptions(), "first sync is running"),
        (DashboardOptions(sync_enabled=False), "wherespent sync"),
    ],
)
def test_an_installation_without_data_says_what_to_do(
    nothing: Database, options: DashboardOptions, words: str
) -> None:
    with (
        serving.served(serving.assembled(nothing, lambda: NOW, options)) as url,
        httpx.Client(base_url=url) as client,
    ):
        answer = asking.call(client, asking.find(client, "guide.children")).json()
        assert words in str(answer["response"]["guide"]["children"])
        assert answer["response"]["page"]["hidden"] is True
        for callback in asking.server_callbacks(client):
            assert asking.call(client, callback).status_code in (200, 204), callback["output"]


def test_a_broken_database_gives_a_card_with_an_incident(
    nothing: Database, caplog: pytest.LogCaptureFixture
) -> None:
    from wherespent.storage.tables import metadata

    with (
        serving.served(serving.assembled(nothing, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url) as client,
    ):
        callback = asking.find(client, "overview-kpis")
        metadata.drop_all(nothing.writer)
        answer = asking.call(client, callback)
        assert answer.status_code == 200
        shown = str(answer.json()["sideUpdate"]["trouble"]["children"])
        assert "wherespent db upgrade" in shown
    incident = next(it.getMessage().split()[-1] for it in caplog.records if "incident" in it.msg)
    assert incident in shown


def test_refresh_leaves_a_request(client: httpx.Client, acme: Database) -> None:
    from wherespent.storage.tables import refresh_request

    callback = asking.find(client, "refreshed.data")
    assert asking.call(client, callback, refresh__n_clicks=1).status_code == 200
    with acme.read() as connection:
        assert connection.execute(refresh_request.select()).all()


def test_a_control_that_moved_rewrites_the_url(client: httpx.Client) -> None:
    callback = asking.find(client, "url.search")
    moved: dict[str, Any] = {"range.value": "7d", "granularity.value": "week"}
    body = asking.call(client, callback, **{k.replace(".", "__"): v for k, v in moved.items()})
    # The URL moved first here: it wins over controls.
    assert body.json()["response"]["range"]["value"] == "30d"


def test_an_unknown_path_is_a_styled_404(nothing: Database) -> None:
    """As the very first request of a server, too."""
    with (
        serving.served(serving.assembled(nothing, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url) as client,
    ):
        answer = client.get("/nope")
        assert answer.status_code == 404
        assert "/assets/style.css" in answer.text
        assert client.get("/costs").status_code == client.get("/healthz").status_code == 200
