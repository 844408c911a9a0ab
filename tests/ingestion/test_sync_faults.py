"""Failures of the transport end at the truth, and never sooner than the provider allows."""

import time
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from tests.builders import NOON, Clock, Rig, a_client

from wherespent.demo import Answer

BRIEF = ("429_bare", "500", "502_html", "503", "504", "reset", "truncated", "wrong_type")


@pytest.mark.parametrize("fault", BRIEF)
def test_a_failure_is_retried_until_the_truth_is_read(company: Rig, fault: str) -> None:
    company.organization.quirks.usage_page_cap = 24
    for path in ("costs", "completions"):
        company.organization.faults.script(path, fault, "ok", fault, fault)
    synced = company.sync("costs", "completions", since=-1)
    assert synced.statuses == {"done"}
    assert sum(request.fault == fault for request in company.server.requests) >= 4
    company.assert_exact("costs", "completions", since=-1)


def test_half_of_all_requests_may_fail(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 24
    company.organization.faults.probability = 0.5
    company.organization.faults.kinds = BRIEF
    for _ in range(5):
        company.sync("costs", "completions", "embeddings", since=-2)
    company.organization.faults.clear()
    company.clock.move(minutes=5)
    company.sync("costs", "completions", "embeddings", since=-2)
    company.assert_exact("costs", "completions", "embeddings", since=-2)


def waits_before_retry(company: Rig) -> float:
    first, second = company.asked("costs")[:2]
    return second.at - first.at


def test_retry_after_in_seconds_is_waited_for(company: Rig) -> None:
    company.organization.faults.script("costs", "429_seconds")
    assert company.sync("costs", since=-1).statuses == {"done"}
    assert waits_before_retry(company) >= 1
    company.assert_exact("costs", since=-1)


def test_retry_after_as_a_date_is_waited_for(company: Rig) -> None:
    company.organization.faults.script("costs", "429_date")
    assert company.sync("costs", since=-1).statuses == {"done"}
    assert waits_before_retry(company) >= 1


def test_retry_after_as_a_date_is_counted_by_the_clock_that_wrote_it(company: Rig) -> None:
    """Where the two clocks are a day apart, the wait is neither a day nor none."""
    for hours in (-26, 26):
        company.forget_requests()
        client = a_client(company.server.url, now=Clock(NOON + timedelta(hours=hours)))
        company.organization.faults.script("costs", "429_date")
        assert company.sync("costs", since=-1, client=client).statuses == {"done"}
        assert waits_before_retry(company) >= 1
        client.close()


def test_retry_after_of_one_stream_holds_for_the_next(company: Rig) -> None:
    company.organization.faults.script("costs", Answer(503, "", {"Retry-After": "1"}))
    company.sync("costs", "completions", since=-1)
    requests = company.server.requests
    assert min(after.at for after in requests[1:]) - requests[0].at >= 1


def test_a_wait_of_hours_ends_the_sync_at_once_and_nothing_is_asked_meanwhile(
    company: Rig,
) -> None:
    later = {"Retry-After": format_datetime(NOON + timedelta(hours=5), usegmt=True)}
    company.organization.faults.script("costs", Answer(429, "", later))
    began = time.monotonic()
    synced = company.sync()
    assert time.monotonic() - began < 30
    assert synced["costs"].status == "failed"
    assert len(company.server.requests) == 1


@pytest.mark.parametrize("value", ["soon", "", "-5", "Wed, 99 Foo 2026 99:99:99 GMT"])
def test_a_senseless_retry_after_is_no_obstacle(company: Rig, value: str) -> None:
    company.organization.faults.script("costs", Answer(429, "", {"Retry-After": value}))
    assert company.sync("costs", since=-1).statuses == {"done"}


def test_after_the_last_retry_the_stream_fails_and_the_others_go_on(company: Rig) -> None:
    company.organization.faults.script("completions", "500", times=50)
    synced = company.sync(since=-1)
    assert synced["completions"].status == "failed"
    assert "500" in synced["completions"].error
    assert {o.status for n, o in synced.outcomes.items() if "completions" not in n} == {"done"}
    assert len(company.asked("completions")) == 7
    company.assert_exact("costs", "embeddings", "images", since=-1)


def test_an_answer_that_never_comes_is_given_up_and_asked_again(company: Rig) -> None:
    company.organization.faults.script("costs", "hang")
    client = a_client(company.server.url, timeout=httpx.Timeout(0.3))
    assert company.sync("costs", since=-1, client=client).statuses == {"done"}
    company.assert_exact("costs", since=-1)
    client.close()


def test_a_provider_that_cannot_be_reached_fails_every_stream_with_advice(company: Rig) -> None:
    company.server.close()
    synced = company.sync("costs", "completions", since=-1)
    assert synced.statuses == {"failed"}
    assert "check the network" in synced["costs"].error


def test_a_failure_is_recorded_with_its_run(company: Rig) -> None:
    company.organization.faults.script("costs", "500", times=50)
    company.sync("costs", since=-1)
    ((status, error, requests),) = company.rows("SELECT status, error, requests FROM sync_run")
    assert (status, requests) == ("failed", 7)
    assert "500" in error
    ((kind, failures),) = company.rows("SELECT error_kind, failures FROM stream_state")
    assert (kind, failures) == ("ProviderUnavailable", 1)


def test_a_success_forgets_the_failure_before_it(company: Rig) -> None:
    company.organization.faults.script("costs", "500", times=7)
    company.sync("costs", since=-1)
    company.sync("costs", since=-1)
    assert company.rows("SELECT error_kind, error, failures FROM stream_state") == [("", "", 0)]
