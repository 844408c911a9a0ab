"""One shared password in front of everything."""

from collections.abc import Iterator

import httpx
import pytest
import serving
from serving import NOW

from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.login import PUBLIC
from wherespent.storage.engine import Database

PASSWORD = "correct horse"


@pytest.fixture
def client(acme: Database) -> Iterator[httpx.Client]:
    options = DashboardOptions(password_set=True)
    server = serving.assembled(acme, lambda: NOW, options, password=PASSWORD)
    with serving.served(server) as url, httpx.Client(base_url=url) as one:
        yield one


def log_in(client: httpx.Client, password: str = PASSWORD, **extra: str) -> httpx.Response:
    return client.post("/login", data={"password": password, **extra})


@pytest.mark.parametrize(
    "path",
    ["/", "/costs", "/_dash-layout", "/_dash-dependencies", "/assets/style.css", "/api/x", "/x"],
)
def test_nothing_is_read_without_a_login(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 401
    asked = client.get(path, headers={"accept": "text/html"})
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/login?next=")


def test_every_route_is_closed_unless_listed(acme: Database) -> None:
    server = serving.assembled(acme, lambda: NOW, DashboardOptions(), password=PASSWORD)
    paths = {route.path for route in server.routes if hasattr(route, "path")}
    with serving.served(server) as url, httpx.Client(base_url=url) as client:
        for path in paths - PUBLIC:
            plain = path.replace("{path:path}", "x").replace("{", "").replace("}", "")
            assert client.post(plain or "/").status_code == 401, path


def test_callbacks_need_a_login(client: httpx.Client) -> None:
    assert client.post("/_dash-update-component", json={}).status_code == 401


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_public_paths_are_open(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_login_opens_and_a_logout_ends_the_session(client: httpx.Client) -> None:
    answer = log_in(client, next="/costs?range=7d")
    assert (answer.status_code, answer.headers["location"]) == (303, "/costs?range=7d")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert client.get("/costs").status_code == 200
    kept = dict(client.cookies)
    assert client.post("/logout").status_code == 303
    client.cookies.update(kept)
    assert client.get("/costs").status_code == 401


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_a_login_leads_nowhere_else(client: httpx.Client, target: str) -> None:
    assert log_in(client, next=target).headers["location"] == "/"


def test_five_wrong_passwords_close_the_door(client: httpx.Client) -> None:
    assert [log_in(client, "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client).status_code == 429


def test_a_cookie_of_another_secret_is_nothing(client: httpx.Client) -> None:
    client.cookies.set("wherespent_session", "abc.def.ghi")
    assert client.get("/").status_code == 401
