"""The generated bill: exact sums over any grouping, provisional at first, final later."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import combinations
from typing import Any

from wherespent.demo import SimulatedOrganization
from wherespent.demo.streams import COST_DIMENSIONS

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
TODAY = NOON.replace(hour=0, minute=0)
DAY = timedelta(days=1)
GRAMMAR = re.compile(
    r"(?:(?P<tier>\w+) \| )?(?P<model>[\w.:-]+)(?: (?P<modality>audio|image))?"
    r", (?P<direction>input|cached input|cache writes|output|audio)(?P<long>, long context)?"
)


def test_every_grouping_has_the_same_exact_total(company: SimulatedOrganization) -> None:
    start, end = TODAY - 20 * DAY, TODAY + DAY
    total = company.cost_truth(start, end)[()]
    for size in range(1, 6):
        for group_by in combinations(COST_DIMENSIONS, size):
            assert sum(company.cost_truth(start, end, group_by).values()) == total


def test_the_wire_serves_the_truth_for_every_grouping(
    api: Any, company: SimulatedOrganization
) -> None:
    start, end = TODAY - 40 * DAY, TODAY + DAY
    for group_by in ((), ("line_item",), ("project_id", "api_key_id"), COST_DIMENSIONS):
        sums: dict[Any, Decimal] = {}
        for bucket in api.buckets(
            "costs", start_time=start, end_time=end, limit=31, group_by=list(group_by)
        ):
            for row in bucket["results"]:
                key = tuple(row[name] for name in group_by)
                sums[key] = sums.get(key, Decimal(0)) + Decimal(str(row["amount"]["value"]))
        assert sums == company.cost_truth(start, end, group_by)


def test_nano_dollars_are_rounded_per_row(company: SimulatedOrganization) -> None:
    start, end = TODAY - 3 * DAY, TODAY
    expected = 0
    for at in range(3):
        rows = company.cost_rows(int((start + at * DAY).timestamp()))
        expected += sum(
            int((row.amount * 10**9).quantize(Decimal(1), ROUND_HALF_EVEN)) for row in rows
        )
    assert company.cost_truth_nanos(start, end) == {(): expected}
    by_item = company.cost_truth_nanos(start, end, ["line_item"])
    assert sum(by_item.values()) == expected
    coarse = company.cost_truth_nanos(start, end, read_by=["line_item"])
    assert abs(coarse[()] - expected) < 2_000


def test_costs_are_usage_times_price(company: SimulatedOrganization) -> None:
    day = TODAY - 5 * DAY
    usage = company.usage_truth("completions", day, day + DAY, ["model", "batch", "service_tier"])
    model = usage["gpt-5.6-sol", False, "default"]
    decisions = company.usage_truth("decisions", day, day + DAY, ["model"])["gpt-5.6-sol",]
    rows = [
        row
        for row in company.cost_rows(int(day.timestamp()))
        if row.dims[2] == "gpt-5.6-sol, output"
    ]
    quantity = sum(row.quantity or 0 for row in rows)
    assert quantity == model["output_text_tokens"] + decisions["output_text_tokens"]
    assert sum(row.amount for row in rows) == quantity * Decimal("0.000014")


def test_batch_and_flex_cost_half(company: SimulatedOrganization) -> None:
    rows = company.cost_rows(int((TODAY - 5 * DAY).timestamp()))
    price = {str(row.dims[2]): row.amount / row.quantity for row in rows if row.quantity}
    assert price["batch | gpt-5.5-2026-04-23, input"] * 2 == price["gpt-5.5-2026-04-23, input"]
    assert price["flex | o4-mini-2025-04-16, output"] * 2 == price["o4-mini-2025-04-16, output"]
    assert price["priority | gpt-5.6-sol, output"] == price["gpt-5.6-sol, output"] * 2


def test_line_items_follow_the_grammar_but_for_a_few(company: SimulatedOrganization) -> None:
    items = {str(key[0]) for key in company.cost_truth(TODAY - 365 * DAY, TODAY, ["line_item"])}
    odd = {item for item in items if not GRAMMAR.fullmatch(item)}
    assert odd == {
        "Adjustment",
        "Text tokens",
        "Vector storage",
        "assistants api | code interpreter",
        "assistants api | file search",
        "web search tool calls",
    }
    assert "priority | gpt-5.6-sol, output, long context" in items
    assert "gpt-audio-mini-2025-12-15 audio, input" in items


def test_the_bill_is_believable_and_grows(company: SimulatedOrganization) -> None:
    month = company.cost_truth(TODAY - 30 * DAY, TODAY)[()]
    assert 20_000 < month < 40_000
    assert month > 2 * company.cost_truth(TODAY - 360 * DAY, TODAY - 330 * DAY)[()]


def test_one_day_a_month_has_a_negative_row(company: SimulatedOrganization) -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    days = [
        company.cost_truth(start + at * DAY, start + (at + 1) * DAY, ["line_item"])
        for at in range(31)
    ]
    assert [at + 1 for at, day in enumerate(days) if day.get(("Adjustment",), Decimal(0)) < 0] == [
        3
    ]


def test_a_day_is_provisional_until_thirty_hours_after_its_end(
    clock: Any, company: SimulatedOrganization
) -> None:
    yesterday = TODAY - DAY
    early = company.cost_truth(yesterday, TODAY)[()]
    clock.at = TODAY + timedelta(hours=29, minutes=59)
    assert company.cost_truth(yesterday, TODAY)[()] == early
    clock.at = TODAY + timedelta(hours=30)
    final = company.cost_truth(yesterday, TODAY)[()]
    assert Decimal("0.96") * final < early < final
    clock.move(days=20)
    assert company.cost_truth(yesterday, TODAY)[()] == final


def test_settling_immediately_can_be_switched_on(
    company: SimulatedOrganization, clock: Any
) -> None:
    company.quirks.settle_immediately = True
    at_once = company.cost_truth(TODAY - DAY, TODAY)[()]
    clock.move(days=3)
    assert company.cost_truth(TODAY - DAY, TODAY)[()] == at_once


def test_todays_bill_grows_during_the_day(clock: Any, company: SimulatedOrganization) -> None:
    seen: list[Decimal] = []
    for _ in range(10):
        seen.append(company.cost_truth(TODAY, TODAY + DAY)[()])
        clock.move(minutes=30)
    assert seen == sorted(set(seen))


def test_amounts_are_exact_text_with_many_decimals(api: Any) -> None:
    text = api.ask(
        "costs", start_time=TODAY - 9 * DAY, limit=9, group_by=list(COST_DIMENSIONS)
    ).text
    strings = re.findall(r'"value":"(-?\d+\.\d+)"', text)
    numbers = re.findall(r'"value":(-?\d+(?:\.\d+)?),', text)
    assert len(strings) > len(numbers) > 10
    assert max(len(each.split(".")[1]) for each in strings) == 17


def test_quantities_are_sent_only_by_line_item(api: Any) -> None:
    without = api.page("costs", start_time=TODAY - 3 * DAY, group_by="project_id")["data"][0][
        "results"
    ]
    assert {row["quantity"] for row in without} == {None}
    grouped = api.page("costs", start_time=TODAY - 3 * DAY, group_by="line_item")["data"][0][
        "results"
    ]
    units = {row["quantity_unit"] for row in grouped}
    assert units == {"tokens", "images", "characters", "duration_seconds", "gibibyte_hours", None}
    assert all(row["quantity"] is not None for row in grouped)
