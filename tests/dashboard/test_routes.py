"""Which page an address belongs to, and what it is about."""

from types import SimpleNamespace

import httpx
import pytest

from wherespent.analytics.filters import NOT_REPORTED
from wherespent.dashboard.links import entity_href
from wherespent.dashboard.routes import by_path, page_of, section, subject
from wherespent.dashboard.url_state import View

HOME = SimpleNamespace(PATH="/")
MODELS = SimpleNamespace(PATH="/models", PATHS=("/models",))
ENTITY = SimpleNamespace(PATHS=("/projects", "/users"))
PAGES = by_path([HOME, MODELS, ENTITY])


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", HOME),
        (None, HOME),
        ("/models", MODELS),
        ("/models/", MODELS),
        ("/models/gpt-5", MODELS),
        ("/users/u1/", ENTITY),
        ("/users", None),
        ("/nope", None),
        ("/nope/x", None),
    ],
)
def test_a_path_has_its_page(path: str | None, page: object) -> None:
    assert page_of(PAGES, path) is page


@pytest.mark.parametrize("key", ["gpt-5", "ft:gpt-4o:acme/x & söhne?#%", "a/b", "research:proj_1"])
def test_what_a_page_is_about_survives_its_address(key: str) -> None:
    path, _, query = entity_href(View(range="7d"), "model", key).partition("?")
    assert (subject(path), section(path), query) == (key, "/models", "range=7d")
    assert page_of(PAGES, path) is MODELS


def test_what_has_no_page_narrows_the_view() -> None:
    view = View(range="7d")
    assert entity_href(view, "project_id", "") == "?range=7d&project=%28none%29"
    assert entity_href(view, "user_id", NOT_REPORTED) == "?range=7d&user=%3F"
    assert entity_href(view, "account", "research") == "?range=7d&account=research"
    assert (
        entity_href(view, "line_item", "o3, output") == "/costs?range=7d&line_item=o3%2C%20output"
    )
    assert entity_href(view, "service_tier", "flex") == "?range=7d"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/projects/proj_search", 200),
        ("/models/ft:gpt-4o%2Facme", 200),
        ("/service-accounts/user-svc", 200),
        ("/projects", 404),
        ("/nope/proj_search", 404),
    ],
)
def test_pages_below_a_prefix_are_served_and_no_others(
    client: httpx.Client, path: str, status: int
) -> None:
    assert client.get(path).status_code == status
