"""One client over real HTTP: paging, sizes, pauses, and the key that goes nowhere else."""

import logging
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import respx
from pydantic import SecretStr
from tests.builders import (
    Clock,
    a_client,
    all_that_it_says,
    as_json,
    cost_page,
    day,
    the,
    whole_days,
)

from wherespent.demo import RunningServer, ScriptedOrganization, SimulatedOrganization, serve
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window
from wherespent.errors import MalformedAnswer, ProviderUnavailable, RequestRefused, SyncStopped
from wherespent.providers.openai.answers import error_of
from wherespent.providers.openai.client import AdminClient

COSTS, COMPLETIONS = the("costs"), the("completions")
BASE = "http://openai.test/v1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Iterator[RunningServer]:
    with serve(SimulatedOrganization(7, clock)) as server:
        yield server


def starts(client: AdminClient, stream: Stream, window: Window) -> list[int]:
    pages = client.fetch_pages(stream, window, stream.dimensions)
    return [bucket.start for page in pages for bucket in page.buckets]


def test_a_page_that_is_too_large_is_asked_for_in_halves(company: RunningServer) -> None:
    plain = a_client(company.url)
    whole = starts(plain, COMPLETIONS, whole_days(-2, 1))
    company.requests.clear()
    small = a_client(company.url, max_body_bytes=150_000)
    assert starts(small, COMPLETIONS, whole_days(-2, 1)) == whole
    limits = [int(request.params["limit"][0]) for request in company.requests]
    assert limits[0] == 72
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] < 72
    plain.close()
    small.close()


def test_a_single_bucket_that_is_too_large_is_an_error(company: RunningServer) -> None:
    client = a_client(company.url, max_body_bytes=10)
    with pytest.raises(Exception, match="more than 10 bytes"):
        starts(client, COSTS, whole_days(-2, 1))
    client.close()


def test_pages_may_come_newest_first() -> None:
    pages = [
        cost_page((day(0), [("c", "3")]), has_more=True, next_page="x"),
        cost_page((day(-1), [("b", "2")]), has_more=True, next_page="y"),
        cost_page((day(-2), [("a", "1")])),
    ]
    with respx.mock:
        respx.get(f"{BASE}/organization/costs").mock(
            side_effect=[httpx.Response(200, content=as_json(page)) for page in pages]
        )
        client = a_client(BASE, transport=None)
        assert starts(client, COSTS, whole_days(-2, 1)) == [day(0), day(-1), day(-2)]
        client.close()


def test_a_cursor_that_leads_nowhere_is_an_error_and_no_endless_loop() -> None:
    page = cost_page((day(-2), [("a", "1")]), has_more=True, next_page="same")
    with respx.mock:
        respx.get(f"{BASE}/organization/costs").mock(
            return_value=httpx.Response(200, content=as_json(page))
        )
        client = a_client(BASE, transport=None)
        with pytest.raises(MalformedAnswer, match="leads nowhere"):
            starts(client, COSTS, whole_days(-2, 1))
        assert client.requests < 12
        client.close()


def test_the_same_page_under_ever_new_cursors_is_no_endless_loop() -> None:
    cursors = (f"cursor-{number}" for number in range(10**9))
    with respx.mock:
        respx.get(f"{BASE}/organization/costs").mock(
            side_effect=lambda _: httpx.Response(
                200,
                content=as_json(
                    cost_page((day(-2), [("a", "1")]), has_more=True, next_page=next(cursors))
                ),
            )
        )
        client = a_client(BASE, transport=None)
        with pytest.raises(MalformedAnswer, match="leads nowhere"):
            starts(client, COSTS, whole_days(-2, 1))
        assert client.requests < 12
        client.close()


def test_a_list_that_leads_back_to_itself_ends() -> None:
    cursors = (f"user-{number}" for number in range(10**9))
    with respx.mock:
        respx.get(f"{BASE}/organization/users").mock(
            side_effect=lambda _: httpx.Response(
                200, json={"data": [{"id": "u"}], "has_more": True, "last_id": next(cursors)}
            )
        )
        client = a_client(BASE, transport=None)
        assert {item["id"] for item in client.fetch_list("/organization/users", [])} == {"u"}
        assert client.requests == 2
        client.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"data": {}}',
        b'{"data": [{"start_time": "x"}]}',
        b'{"data": [',
        b"\xff",
    ],
)
def test_what_is_no_page_is_malformed_after_the_last_retry(body: bytes) -> None:
    with respx.mock:
        respx.get(f"{BASE}/organization/costs").mock(return_value=httpx.Response(200, content=body))
        client = a_client(BASE, transport=None)
        with pytest.raises(MalformedAnswer):
            starts(client, COSTS, whole_days(-2, 1))
        assert client.requests == 7
        client.close()


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with respx.mock:
        respx.get(f"{BASE}/organization/costs").mock(
            return_value=httpx.Response(302, headers={"Location": "http://evil.test/"})
        )
        evil = respx.get("http://evil.test/")
        client = a_client(BASE, transport=None)
        with pytest.raises(MalformedAnswer, match="302"):
            starts(client, COSTS, whole_days(-2, 1))
        assert not evil.called
        client.close()


def test_a_request_for_too_many_buckets_is_never_sent(company: RunningServer) -> None:
    client = a_client(company.url)
    starts(client, COMPLETIONS, whole_days(-28, 1))
    starts(client, COSTS, whole_days(-300, 1))
    assert max(int(r.params["limit"][0]) for r in company.requests) == 180
    assert {request.status for request in company.requests} == {200}
    assert all(
        int(r.params["limit"][0]) <= 168 for r in company.requests if "completions" in r.path
    )
    client.close()


def test_dimensions_are_sent_bare_and_repeated(company: RunningServer) -> None:
    client = a_client(company.url)
    starts(client, COSTS, whole_days(-1, 1))
    assert "group_by=project_id&group_by=user_id&group_by=line_item" in company.requests[0].query
    assert "%5B" not in company.requests[0].query
    client.close()


def test_the_request_budget_is_kept(company: RunningServer) -> None:
    stop = threading.Event()
    client = a_client(company.url, requests_per_minute=3, stop=stop)
    for _ in range(3):
        starts(client, COSTS, whole_days(-1, 1))
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(SyncStopped):
        starts(client, COSTS, whole_days(-1, 1))
    assert len(company.requests) == 3
    client.close()


def test_stop_ends_a_pause_at_once(company: RunningServer) -> None:
    stop = threading.Event()
    company.organization.faults.retry_after = 60
    company.organization.faults.script("costs", "429_seconds")
    client = a_client(company.url, stop=stop)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(SyncStopped):
        starts(client, COSTS, whole_days(-1, 1))
    assert time.monotonic() - began < 10
    client.close()


def test_after_the_last_retry_the_error_says_what_happens_next(company: RunningServer) -> None:
    company.organization.faults.script("costs", "503", times=7)
    client = a_client(company.url)
    with pytest.raises(ProviderUnavailable, match=r"503.*next sync"):
        starts(client, COSTS, whole_days(-1, 1))
    client.close()


def test_no_error_carries_the_key_however_it_is_shown(
    company: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-admin-CANARY0123456789abcdef"
    client = a_client(company.url, key=SecretStr(key))
    for fault in ("500", "reset", "wrong_type", "truncated", "502_html"):
        company.organization.faults.script("costs", *[fault] * 7)
        with pytest.raises((MalformedAnswer, ProviderUnavailable)) as caught:
            starts(client, COSTS, whole_days(-1, 1))
        assert key not in all_that_it_says(caught.value)
    assert key not in caplog.text
    assert company.requests[0].key == key
    client.close()


def test_a_refusal_is_not_retried(clock: Clock) -> None:
    organization = ScriptedOrganization(clock)
    organization.quirks.refuse_user_with_project = True
    with serve(organization) as server:
        client = a_client(server.url)
        with pytest.raises(RequestRefused):
            starts(client, COSTS, whole_days(-1, 1))
        assert len(server.requests) == 1
        client.close()


def test_a_missing_scope_is_named_without_the_end_of_the_sentence() -> None:
    body = b'{"error": {"message": "Missing scopes: api.usage.read. Check your role."}}'
    error = error_of("/organization/costs", 403, body)
    assert "lacks the scope api.usage.read that /organization/costs needs" in str(error)
