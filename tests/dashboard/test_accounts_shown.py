"""Several accounts on the pages, one account without a trace of it, and a key that is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import asking
import httpx
import organization
import pytest
import serving
from serving import NOW

from wherespent.dashboard.app import PAGES
from wherespent.dashboard.desk import DashboardOptions
from wherespent.storage.accounts import record_key
from wherespent.storage.engine import Database, open_database
from wherespent.storage.series import account_id

REVOKED = "OpenAI does not know this key: wrong, revoked or expired. Create an admin key."


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('two') / 'two.db'}")
    organization.build(opened, NOW, days=8)
    organization.build(opened, NOW, days=8, label="research")
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def both(two: Database) -> Iterator[httpx.Client]:
    with (
        serving.served(serving.assembled(two, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client


def billed(client: httpx.Client, view: str) -> float:
    asked = {"view": view, "version": 1}
    cards = asking.call(client, asking.find(client, "overview-kpis"), ask__data=asked).text
    found = re.search(r'\$([\d,]+\.\d\d)"', cards)
    assert found is not None, cards
    return float(found[1].replace(",", ""))


def page(client: httpx.Client, path: str, view: str = "") -> str:
    callback = asking.find(client, "page.children")
    return asking.call(client, callback, place__data=path, url__search=view).text


def state(client: httpx.Client, path: str) -> dict[str, dict[str, object]]:
    callback = asking.find(client, "banners.children")
    return asking.call(client, callback, place__data=path).json()["response"]


def test_every_callback_answers_for_two_accounts(both: httpx.Client) -> None:
    for callback in asking.server_callbacks(both):
        answer = asking.call(both, callback)
        assert answer.status_code in (200, 204), callback["output"]
        assert '"trouble"' not in answer.text, callback["output"]


def test_the_account_is_a_filter(both: httpx.Client) -> None:
    whole = billed(both, "?range=7d")
    parts = [billed(both, f"?range=7d&account={label}") for label in ("default", "research")]
    assert sum(parts) == pytest.approx(whole, abs=0.02)
    assert billed(both, "?range=7d&account=default&account=research") == whole


def test_the_account_is_a_stack_and_its_bars_are_links(both: httpx.Client) -> None:
    callback = asking.find(both, "costs-ranked.children")
    asked = {"view": "?range=7d&stack=account", "version": 1}
    ranked = asking.call(both, callback, ask__data=asked).text
    assert "account=default" in ranked
    assert "account=research" in ranked


def test_names_say_which_account_they_are_of(both: httpx.Client) -> None:
    callback = asking.find(both, "costs-ranked.children")
    asked = {"view": "?range=7d&stack=project", "version": 1}
    ranked = asking.call(both, callback, ask__data=asked).text
    assert "Search (default)" in ranked
    assert "Search (research)" in ranked


def test_health_shows_each_account(both: httpx.Client) -> None:
    streams = asking.call(both, asking.find(both, "health-streams")).text
    assert "default" in streams
    assert "research" in streams


@pytest.mark.parametrize("path", ["/", "/costs", "/tokens"])
def test_the_account_is_offered_where_there_are_two_and_only_there(
    both: httpx.Client, client: httpx.Client, path: str
) -> None:
    offered = '"value":"account"'
    assert offered in page(both, path).replace(" ", "")
    assert offered not in page(client, path).replace(" ", "")


@pytest.mark.parametrize(("path", "own"), [("/", "model"), ("/costs", "project")])
def test_one_account_is_nothing_to_stack_by(
    both: httpx.Client, client: httpx.Client, path: str, own: str
) -> None:
    def stacked(of: httpx.Client) -> str:
        control = re.search(r'"data":\[[^]]*\][^{}]*"value":"(\w+)"', page(of, path, stack))
        assert control is not None
        return control[1]

    stack = "?stack=account"
    assert stacked(both) == "account"
    assert stacked(client) == own
    callback = asking.find(client, "costs-ranked.children")
    asked = {"view": "?stack=account", "version": 1}
    assert "by project" in asking.call(client, callback, ask__data=asked).text


def test_the_browser_knows_of_no_account_to_stack_by_where_there_is_one(
    both: httpx.Client, client: httpx.Client
) -> None:
    for of, is_offered in ((both, True), (client, False)):
        layout = of.get("/_dash-layout", headers={"Referer": f"{of.base_url}/costs"}).text
        words = re.search(r'"costs-by":\s*{[^}]*"words":\s*\[([^]]*)\]', layout)
        assert words is not None
        assert ("account" in words[1]) is is_offered


@pytest.mark.parametrize("name", ["overview-models", "overview-heat.figure", "tokens-table"])
def test_an_account_that_is_not_stored_was_not_read(both: httpx.Client, name: str) -> None:
    asked = {"view": "?range=7d&account=gone", "version": 1}
    shown = asking.call(both, asking.find(both, name), ask__data=asked).text
    assert "There is no such account" in shown
    assert "it is empty" not in shown
    # In an element of Dash, or in escaped HTML.
    assert re.search(r'href[^?]{1,12}\?range=7d[\\"]', shown)


def test_the_numbers_of_an_account_that_is_not_stored_are_not_zero(both: httpx.Client) -> None:
    asked = {"view": "?range=7d&account=gone", "version": 1}
    cards = asking.call(both, asking.find(both, "overview-kpis"), ask__data=asked).text
    assert "7 of 7 days not read" in cards
    assert "$0" not in cards


def test_the_filter_is_hidden_where_there_is_one(both: httpx.Client, client: httpx.Client) -> None:
    assert state(both, "/")["filter-field-account"]["style"] == {}
    assert state(client, "/")["filter-field-account"]["style"] == {"display": "none"}


@pytest.mark.parametrize("path", [page.PATH for page in PAGES if hasattr(page, "PATH")])
def test_every_page_says_that_a_key_is_refused_and_what_to_do(tmp_path: Path, path: str) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'refused.db'}")
    organization.build(database, NOW, days=2)
    with database.write() as connection:
        account = account_id(connection, "default")
        record_key(connection, account, "f", NOW, kind="KeyRefused", error=REVOKED)
    server = serving.assembled(database, lambda: NOW, DashboardOptions())
    with serving.served(server) as url, httpx.Client(base_url=url, timeout=60) as one:
        shown = str(state(one, path)["banners"]["children"])
        assert "The admin key is refused." in shown
        assert "revoked" in shown
        assert "Create an admin key" in shown
        assert "tried again at 12:30 UTC" in shown
        assert '"trouble"' not in page(one, path)
    database.dispose()


def test_the_banner_names_the_account_that_is_refused(both: httpx.Client, two: Database) -> None:
    with two.write() as connection:
        account = account_id(connection, "research")
        record_key(connection, account, "f", NOW, kind="KeyRefused", error=REVOKED)
    assert "of the account “research” is refused" in str(state(both, "/")["banners"]["children"])
    with two.write() as connection:
        record_key(connection, account, "g", NOW)
    assert "refused" not in str(state(both, "/")["banners"]["children"])
