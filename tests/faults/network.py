"""What the tests of API faults share: pauses that take no time, a network that is watched,
and whole databases as values."""

import random
import threading
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from sqlalchemy import delete
from tests.builders import Cell, Rig, a_client, at, chosen, day, stored_costs, stored_usage

from wherespent.demo import Organization, ScriptedOrganization
from wherespent.demo.answers import answer, body_bytes, failure
from wherespent.demo.query import ApiError, normalized
from wherespent.demo.wire import encode
from wherespent.domain.streams import Kind
from wherespent.providers.openai.client import AdminClient
from wherespent.storage.engine import Database
from wherespent.storage.tables import metadata


class Pauses(threading.Event):
    """A stop signal whose waits take no time: they move a clock of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.waited += timeout or 0.0
        return self.is_set()

    def clock(self) -> float:
        return self.waited


class WatchedNetwork(httpx.BaseTransport):
    """Real connections, some of them refused; counts what came before `Retry-After` allowed."""

    def __init__(self, pauses: Pauses, *, seed: int = 0, refused: float = 0.0) -> None:
        self._connect = httpx.HTTPTransport(verify=False)
        self._pauses = pauses
        self._dice = random.Random(seed)
        self._refused = refused
        self._not_before = 0.0
        self.refused = 0
        self.too_early = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A thousandth of a second for what floating point loses.
        self.too_early += self._pauses.waited < self._not_before - 0.001
        if self._dice.random() < self._refused:
            self.refused += 1
            # Nobody listens on port 1.
            request.url = request.url.copy_with(port=1)
        response = self._connect.handle_request(request)
        self._not_before = self._pauses.waited + asked_to_wait(response)
        return response

    def close(self) -> None:
        self._connect.close()


def asked_to_wait(response: httpx.Response) -> float:
    value = response.headers.get("retry-after")
    if value is None or value.isdigit():
        return float(value or 0)
    until = parsedate_to_datetime(value)
    return (until - parsedate_to_datetime(response.headers["date"])).total_seconds()


class NoNetwork(httpx.BaseTransport):
    """The simulated API without sockets, for tests that ask it a hundred thousand times."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._organization.faults.next_fault(request.url.path)
        if fault is not None and fault != "truncated":
            assert isinstance(fault, str)
            failed = failure(fault, 0, self._organization.clock())
            return httpx.Response(failed.status, headers=failed.headers, content=body_bytes(failed))
        params = normalized(request.url.params.multi_items())
        key = request.headers["Authorization"]
        try:
            body = encode(answer(self._organization, request.url.path, params, key))
        except ApiError as error:
            return httpx.Response(error.status, json=error.body)
        return httpx.Response(200, content=body[: len(body) // 2] if fault else body)


def quick_client(url: str, pauses: Pauses, **options: Any) -> AdminClient:
    """A client whose pauses take no time."""
    return a_client(url, stop=pauses, monotonic=pauses.clock, **options)


def wipe(database: Database) -> None:
    """Forget everything that was ever read."""
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


Facts = dict[str, dict[Cell, Any]]


def facts(rig: Rig, *streams: str) -> Facts:
    """Every stored fact and covered day by name, whatever number its series has."""
    found: Facts = {}
    with rig.database.read() as connection:
        for stream in chosen(*streams):
            is_cost = stream.kind is Kind.COST
            stored = stored_costs(connection) if is_cost else stored_usage(connection, stream)
            found[stream.short_name] = dict(stored)
    for stream in chosen(*streams):
        name = stream.short_name
        found[f"{name} covered"] = {(str(day(n)),): True for n in sorted(rig.covered(name))}
    return found


def add_days(organization: ScriptedOrganization, since: int = -3, until: int = 1) -> None:
    """Costs of three line items and hours of two models on every day, no two alike."""
    for number in range(since, until):
        for place, item in enumerate(("gpt-5.5-2026-04-23, input", "Vector storage", None)):
            organization.add_cost(
                at(number).date(), f"{number + 90}.{place}25", item, project_id=f"p{place}"
            )
        for hour in range(0, 24, 5):
            for model in ("a", "b"):
                organization.add_usage(
                    "completions",
                    at(number, hour),
                    {"model": model, "project_id": "p0"},
                    input_tokens=1000 + number * 24 + hour,
                    num_model_requests=hour + 1,
                )
