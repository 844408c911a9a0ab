"""The total that OpenAI answers without a grouping, beside the rows of the same sync."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.builders import Rig, as_json, at, cost_page, day

from wherespent.demo import Answer, LoggedRequest, ScriptedOrganization
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window
from wherespent.storage.proofs import Proof, Status, stored_proofs

A_DAY_BEFORE: dict[str, Any] = {"backfill_days": 1}


@pytest.fixture(autouse=True)
def _billed(organization: ScriptedOrganization, rig: Rig) -> None:
    for number in range(-40, 1):
        for item, key in (("gpt-5, input", "key_a"), ("gpt-5, output", "key_b")):
            organization.add_cost(at(number).date(), "1.5", item, project_id="p", api_key_id=key)
    # The key introduces itself with requests of its own.
    rig.round(rig.cycle("embeddings"))
    rig.forget_requests()


def ungrouped(rig: Rig) -> list[LoggedRequest]:
    return [request for request in rig.asked("/costs") if "group_by" not in request.params]


def grouped(rig: Rig) -> list[LoggedRequest]:
    return [request for request in rig.asked("/costs") if "group_by" in request.params]


def bill(rig: Rig) -> Proof:
    with rig.database.read() as connection:
        return next(p for p in stored_proofs(connection, "default") if p.name == "bill")


def totals(rig: Rig) -> dict[int, tuple[int, int]]:
    """Day, counted from NOON's → (nanos, moved)."""
    rows = rig.rows("SELECT bucket_start, amount, moved FROM billed_total")
    return {(start - day(0)) // 86_400: (nanos, moved) for start, nanos, moved in rows}


@dataclass
class Slow:
    """Every request takes three minutes."""

    rig: Rig
    requests: int = 0

    def fetch_pages(
        self, stream: Stream, window: Window, group_by: tuple[str, ...]
    ) -> Iterator[Any]:
        self.rig.clock.move(minutes=3)
        return self.rig.client.fetch_pages(stream, window, group_by)


def a_total(*amounts: str, since: int = -1) -> Answer:
    """An ungrouped answer, one amount a day."""
    days = [(day(since + n), [("", amount)]) for n, amount in enumerate(amounts)]
    return Answer(200, as_json(cost_page(*days)))


def test_one_request_asks_for_the_total_of_all_days_that_were_read(rig: Rig) -> None:
    synced = rig.round(rig.cycle("costs"))
    (request,) = ungrouped(rig)
    assert int(request.params["start_time"][0]) == day(-3)
    assert int(request.params["end_time"][0]) == day(1)
    assert totals(rig) == dict.fromkeys(range(-3, 1), (3_000_000_000, 0))
    assert synced["costs"].requests == len(rig.asked("/costs")) == 2
    assert (bill(rig).status, bill(rig).checked) == (Status.HOLDS, 4)


def test_the_total_is_asked_for_only_when_costs_are_due(rig: Rig) -> None:
    rig.round(rig.cycle("costs", "embeddings"))
    rig.forget_requests()
    rig.clock.move(minutes=5)
    rig.round(rig.cycle("costs", "embeddings"))
    assert rig.asked("/costs") == []
    assert rig.asked("/embeddings") != []
    rig.clock.move(minutes=15)
    rig.round(rig.cycle("costs", "embeddings"))
    assert (len(grouped(rig)), len(ungrouped(rig))) == (1, 1)


def test_a_year_of_history_is_proven_as_it_is_read(rig: Rig) -> None:
    rig.round(rig.cycle("costs", backfill_days=40))
    # Newest days at once, history once it is there.
    assert len(ungrouped(rig)) == 2
    assert set(totals(rig)) == set(range(-40, 1))
    assert bill(rig).checked == 41


def test_a_total_that_cannot_be_read_fails_nothing(rig: Rig) -> None:
    rig.organization.faults.script("/costs", "ok", "wrong_type", *["wrong_type"] * 10)
    synced = rig.round(rig.cycle("costs"))
    assert synced["costs"].status == "done"
    assert totals(rig) == {}
    assert bill(rig).status is Status.SKIPPED
    assert bill(rig).reason == "No day's rows and total were read in one sync yet."


def test_rows_that_disagree_with_the_total_twice_are_red(rig: Rig) -> None:
    wrong = a_total("3", "3.5")
    rig.organization.faults.script("/costs", "ok", wrong, "ok", wrong)
    rig.round(rig.cycle("costs", **A_DAY_BEFORE))
    assert (len(grouped(rig)), len(ungrouped(rig))) == (2, 2)
    assert totals(rig) == {-1: (3_000_000_000, 0), 0: (3_500_000_000, 0)}
    assert bill(rig).status is Status.FAILS
    (offence,) = bill(rig).offences
    assert offence.day == day(0)
    assert "2 rows add up to $3.000000000, OpenAI's own total is $3.500000000" in offence.text


def test_a_day_that_agrees_at_the_second_look_holds(rig: Rig) -> None:
    rig.organization.faults.script("/costs", "ok", a_total("3", "3.5"))
    rig.round(rig.cycle("costs", **A_DAY_BEFORE))
    assert totals(rig) == {-1: (3_000_000_000, 0), 0: (3_000_000_000, 0)}
    assert (bill(rig).status, bill(rig).checked) == (Status.HOLDS, 2)


def test_a_day_that_moves_while_it_is_read_is_not_red(rig: Rig) -> None:
    first, second = a_total("3", "3.5"), a_total("3", "3.7")
    rig.organization.faults.script("/costs", "ok", first, "ok", second)
    rig.round(rig.cycle("costs", **A_DAY_BEFORE))
    assert totals(rig)[0] == (3_700_000_000, 1)
    assert (bill(rig).status, bill(rig).checked) == (Status.HOLDS, 1)
    assert bill(rig).reason == (
        "2026-11-20 moved while being read; the next sync compares it again."
    )


def test_rows_that_move_between_the_two_looks_are_not_red(rig: Rig) -> None:
    moved = cost_page((day(-1), [("x", "3")]), (day(0), [("x", "3.2")]))
    wrong = a_total("3", "3.5")
    rig.organization.faults.script("/costs", "ok", wrong, Answer(200, as_json(moved)), wrong)
    rig.round(rig.cycle("costs", **A_DAY_BEFORE))
    assert totals(rig)[0] == (3_500_000_000, 1)
    assert bill(rig).status is Status.HOLDS


def test_without_a_second_look_a_day_that_disagrees_is_left_open(rig: Rig) -> None:
    # Until the rows are given up, and then the total that is asked for at the end of the round.
    broken = ["wrong_type"] * 14
    rig.organization.faults.script("/costs", "ok", a_total("3", "3.5"), *broken)
    synced = rig.round(rig.cycle("costs", **A_DAY_BEFORE))
    assert synced["costs"].status == "done"
    assert totals(rig) == {-1: (3_000_000_000, 0)}
    assert (bill(rig).status, bill(rig).checked) == (Status.HOLDS, 1)


def test_rows_that_were_read_again_without_their_total_are_not_compared(rig: Rig) -> None:
    rig.round(rig.cycle("costs"))
    rig.clock.move(minutes=20)
    with rig.database.write() as connection:
        connection.exec_driver_sql("UPDATE billed_total SET amount = 1")
    rig.organization.faults.script("/costs", "ok", *["wrong_type"] * 10)
    rig.round(rig.cycle("costs"))
    assert bill(rig).status is Status.SKIPPED


def test_a_day_that_came_back_empty_over_money_is_not_compared(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    rig.round(rig.cycle("costs"))
    organization.clear("costs")
    rig.clock.move(minutes=20)
    rig.round(rig.cycle("costs"))
    assert rig.total_nanos() == 4 * 3_000_000_000
    assert bill(rig).status is Status.SKIPPED
    rig.clock.move(hours=2)
    rig.round(rig.cycle("costs"))
    assert rig.total_nanos() == 0
    assert (bill(rig).status, bill(rig).checked) == (Status.HOLDS, 4)


def test_many_decimals_are_no_difference(rig: Rig, organization: ScriptedOrganization) -> None:
    for number in range(7):
        amount = Decimal("0.00000000049") + Decimal(number).scaleb(-12)
        organization.add_cost(at(0).date(), amount, f"item {number}", project_id="p")
    rig.round(rig.cycle("costs"))
    assert totals(rig)[0] == (3_000_000_003, 0)
    assert rig.total_nanos() == 4 * 3_000_000_000
    assert (bill(rig).status, len(ungrouped(rig))) == (Status.HOLDS, 1)


def test_a_company_whose_bill_grows_every_second_is_never_red(company: Rig) -> None:
    company.round(company.cycle("embeddings"))
    cycle = company.cycle("costs")
    cycle.client = Slow(company)
    company.round(cycle)
    proof = bill(company)
    assert (proof.status, proof.failing) == (Status.HOLDS, 0)
    assert "2026-11-20 moved while being read" in proof.reason
    assert company.clock() > at(0, 12) + timedelta(minutes=5)
