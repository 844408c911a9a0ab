"""A served organization with a frozen clock, and a way to ask it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from wherespent.demo import Organization, RunningServer, SimulatedOrganization, serve

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0, minute=0)


@dataclass
class Clock:
    """A clock that only moves when told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Api:
    """The simulated API as a client sees it."""

    server: RunningServer
    # Plain HTTP only, and a TLS context is slow to build.
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, verify=False))
    key: str = "sk-admin-test"

    def ask(self, path: str, **params: Any) -> httpx.Response:
        if isinstance(params.get("start_time"), datetime):
            params["start_time"] = int(params["start_time"].timestamp())
        if isinstance(params.get("end_time"), datetime):
            params["end_time"] = int(params["end_time"].timestamp())
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.http.get(
            f"{self.server.url}/organization/{path}", params=params, headers=headers
        )

    def page(self, path: str, **params: Any) -> dict[str, Any]:
        response = self.ask(path, **params)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)

    def buckets(self, path: str, **params: Any) -> list[dict[str, Any]]:
        page = self.page(path, **params)
        buckets = page["data"]
        while page["has_more"]:
            page = self.page(path, **params, page=page["next_page"])
            buckets += page["data"]
        return buckets

    def refusal(self, path: str, **params: Any) -> tuple[int, dict[str, Any]]:
        response = self.ask(path, **params)
        return response.status_code, response.json()["error"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> SimulatedOrganization:
    return SimulatedOrganization(7, clock)


@pytest.fixture
def open_api() -> Iterator[Callable[[Organization], Api]]:
    opened: list[Api] = []

    def open_one(organization: Organization) -> Api:
        opened.append(Api(serve(organization)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.http.close()
        each.server.close()


@pytest.fixture
def api(company: SimulatedOrganization, open_api: Callable[[Organization], Api]) -> Api:
    return open_api(company)
