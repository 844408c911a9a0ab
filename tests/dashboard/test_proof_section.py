"""The proofs as Data health shows them: not checked, green, red, and on every page when red."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import serving
from asking import call, find
from organization import build

from wherespent.dashboard.desk import DashboardOptions
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.engine import Database
from wherespent.storage.proofs import Found, Invariant, Offence, Scope, prove

NOW = serving.NOW
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def page(nothing: Database) -> Iterator[httpx.Client]:
    build(nothing, NOW, days=2)
    server = serving.assembled(nothing, lambda: NOW, DashboardOptions())
    with serving.served(server) as url, httpx.Client(base_url=url) as client:
        yield client


def section(client: httpx.Client) -> dict[str, Any]:
    answer = call(client, find(client, "health-proof"))
    return answer.json()["response"]["health-proof"]["children"]


def said(component: Any) -> str:
    return json.dumps(component, ensure_ascii=False)


def tags(component: Any) -> list[str]:
    """The words of the tags, in their order."""
    return re.findall(r'"children": "([^"]*)", "className": "tag', said(component))


def failing(_: object, scope: Scope) -> Found:
    return Found(7, 2, (Offence(scope.window.start, f"row of {HOSTILE}"),), "one moved.")


def with_one_failing() -> tuple[Invariant, ...]:
    return (replace(INVARIANTS[0], check=failing), *INVARIANTS[1:])


def test_before_the_first_check_nothing_is_claimed(page: httpx.Client) -> None:
    shown = section(page)
    assert set(tags(shown)) == {"Not checked yet"}
    assert len(tags(shown)) == len(INVARIANTS)


def test_what_holds_is_green_with_what_was_compared_and_when(
    page: httpx.Client, nothing: Database
) -> None:
    prove(nothing, "default", INVARIANTS[1:], NOW - timedelta(minutes=4))
    shown = section(page)
    assert "Everything that could be compared holds." in said(shown)
    assert tags(shown)[0] == "Not checked yet"
    assert "Holds" in tags(shown)
    assert "3 days · 11:26 UTC" in said(shown)


def test_what_fails_is_red_with_its_rows_as_text_and_what_to_do(
    page: httpx.Client, nothing: Database
) -> None:
    prove(nothing, "default", with_one_failing(), NOW)
    shown = section(page)
    assert tags(shown)[0] == "Fails"
    for words in ("2 of 7 days", "one moved.", "and 1 more", "What to do: ", HOSTILE):
        assert words in said(shown), words
    assert "since 2026-11-21 11:30 UTC" in said(shown)


def test_a_failing_proof_is_told_on_every_page(page: httpx.Client, nothing: Database) -> None:
    watch = find(page, "banners.children")
    assert "do not add up" not in call(page, watch).text
    prove(nothing, "default", with_one_failing(), datetime(2026, 11, 21, 11, tzinfo=UTC))
    told = call(page, watch).text
    assert "do not add up" in told
    assert INVARIANTS[0].title.replace("'", "\\u0027") in told or INVARIANTS[0].title in told


def test_what_has_not_changed_is_not_drawn_again(page: httpx.Client) -> None:
    draw = find(page, "health-proof")
    first = call(page, draw).json()["response"]
    mark = first["health-proof-drawn"]["data"]
    again = call(page, draw, **{"health-proof-drawn__data": mark})
    assert "Not checked yet" not in again.text
