"""Two clients of one account: what OpenAI allows is one for both."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.builders import Clock, a_client, the, whole_days

from wherespent import bootstrap
from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.errors import ProviderUnavailable, SyncStopped
from wherespent.providers.openai.budget import Budget
from wherespent.providers.openai.client import AdminClient
from wherespent.settings import read_settings
from wherespent.storage.engine import Database


@pytest.fixture
def company() -> Iterator[RunningServer]:
    with serve(SimulatedOrganization(7, Clock())) as server:
        yield server


def ask(client: AdminClient) -> None:
    costs = the("costs")
    list(client.fetch_pages(costs, whole_days(-1, 1), costs.dimensions))


def test_two_clients_together_send_no_more_than_the_budget(company: RunningServer) -> None:
    stop, budget = threading.Event(), Budget(3)
    one, other = (a_client(company.url, stop=stop, budget=budget) for _ in range(2))
    for client in (one, other, one):
        ask(client)
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(SyncStopped):
        ask(other)
    assert len(company.requests) == 3
    one.close()
    other.close()


def test_a_retry_after_stops_both_clients(company: RunningServer) -> None:
    budget = Budget(0)
    one, other = (a_client(company.url, budget=budget) for _ in range(2))
    company.organization.faults.retry_after = 600
    company.organization.faults.script("costs", "429_seconds")
    for client in (one, other):
        with pytest.raises(ProviderUnavailable):
            ask(client)
    assert len(company.requests) == 1
    one.close()
    other.close()


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    budget = Budget(0)
    budget.block_until(600)
    budget.block_until(5)
    assert budget.not_before == 600


def test_the_sync_and_the_live_tail_of_an_account_share_a_budget(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, Any]] = []

    def record(**given: Any) -> AdminClient:
        made.append((given["key"].get_secret_value(), given["budget"]))
        return AdminClient(**given)

    monkeypatch.setattr(bootstrap, "AdminClient", record)
    listed = [{"label": label, "key": f"sk-admin-{label}"} for label in ("a", "b")]
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(listed))
    assert bootstrap.make_schedule(read_settings(None), database) is not None
    budgets = {key: {id(each) for k, each in made if k == key} for key, _ in made}
    assert len(made) == 4
    assert all(budget is not None for _, budget in made)
    assert [len(each) for each in budgets.values()] == [1, 1]
    assert budgets["sk-admin-a"] != budgets["sk-admin-b"]
