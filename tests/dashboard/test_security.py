"""Headers on every answer, and what a request must not be."""

import asking
import httpx
import pytest
from starlette.datastructures import Headers

from wherespent.dashboard.security import is_cross_origin

HEADERS = ("content-security-policy", "x-content-type-options", "x-frame-options")
CALLBACK = "/_dash-update-component"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/costs"),
        ("GET", "/nope"),
        ("GET", "/healthz"),
        ("GET", "/_dash-layout"),
        ("GET", "/_dash-dependencies"),
        ("GET", "/assets/style.css"),
        ("GET", "/assets/nope.css"),
        ("GET", "/_dash-component-suites/nope/nope.js"),
        ("POST", CALLBACK),
        ("DELETE", "/"),
    ],
)
def test_every_answer_carries_the_headers(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    for name in HEADERS:
        assert name in answer.headers, name
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"].split("style-src")[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "SELF"}, 403),
        ({"origin": "SELF"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),
        ({"authorization": "Basic eDp5", "sec-fetch-site": "cross-site"}, 403),
        ({"authorization": "Bearer x", "sec-fetch-site": "cross-site", "cookie": "a=b"}, 403),
        ({"authorization": "Bearer x", "sec-fetch-site": "cross-site"}, 200),
    ],
)
def test_another_site_cannot_fire_a_callback(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    own = str(client.base_url).rstrip("/")
    client.headers.update({k: own if v == "SELF" else v for k, v in headers.items()})
    callback = asking.find(client, "page.children")
    assert asking.call(client, callback).status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_never_cross_origin(method: str) -> None:
    assert not is_cross_origin(method, Headers({"sec-fetch-site": "cross-site"}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"output": "nope.children", "outputs": {}, "inputs": []}',
        b'{"output": ["a"], "inputs": []}',
        b'{"output": "page.children", "inputs": []}',
        b'{"output": "page.children", "outputs": {}, "inputs": [1]}',
        b'{"output": {"a": 1}}',
    ],
)
def test_a_malformed_callback_is_a_400(client: httpx.Client, body: bytes) -> None:
    answer = client.post(CALLBACK, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_a_large_body_is_refused_unread(client: httpx.Client) -> None:
    assert client.post(CALLBACK, content=b"x" * (1 << 21)).status_code == 413
    chunks = (b"x" * 65_536 for _ in range(40))
    assert client.post(CALLBACK, content=chunks).status_code == 413


def test_a_foreign_host_name_is_not_served(client: httpx.Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421


def test_static_files_are_packed_and_kept(client: httpx.Client) -> None:
    path = "/assets/plotly-basic.min.js?m=1.0"
    first = client.get(path)
    assert first.headers["content-encoding"] == "gzip"
    assert "immutable" in first.headers["cache-control"]
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert plain.content == first.content


def test_nothing_on_the_page_comes_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "http://" not in page.replace(str(client.base_url), "")
    assert "https://" not in page
