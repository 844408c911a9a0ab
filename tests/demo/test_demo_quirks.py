"""Each switch of the simulated API, over real HTTP."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from wherespent.demo import Quirks, Restatement, ScriptedOrganization, SimulatedOrganization
from wherespent.demo.streams import COST_DIMENSIONS, STREAMS

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
TODAY = NOON.replace(hour=0, minute=0)
DAY = timedelta(days=1)
WEEK_AGO = TODAY - 7 * DAY


def money(buckets: list[dict[str, Any]]) -> Decimal:
    rows = (row for bucket in buckets for row in bucket["results"])
    return sum(
        (Decimal(str(row["amount"]["value"])) for row in rows if "amount" in row), Decimal(0)
    )


@pytest.mark.parametrize(
    ("style", "pattern"), [("string", r'"value":-?\d'), ("number", r'"value":"')]
)
def test_amounts_of_one_style(
    api: Any, company: SimulatedOrganization, style: Any, pattern: str
) -> None:
    company.quirks.amounts = style
    text = api.ask("costs", start_time=WEEK_AGO, group_by="line_item").text
    assert re.search(r'"value":', text)
    assert not re.search(pattern, text)


def test_result_in_place_of_results(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.result_key = "result"
    bucket = api.page("costs", start_time=WEEK_AGO)["data"][0]
    assert bucket["result"]
    assert "results" not in bucket


@pytest.mark.parametrize("stream", ["completions", "vector_stores", "web_search_calls"])
def test_duplicate_rows_add_up(api: Any, company: SimulatedOrganization, stream: str) -> None:
    company.quirks.duplicate_rows = True
    names = STREAMS[stream].dimensions
    bucket = api.page(f"usage/{stream}", start_time=WEEK_AGO, group_by=list(names))["data"][0]
    keys = [tuple(row[name] for name in names) for row in bucket["results"]]
    assert len(keys) == 2 * len(set(keys))
    measure = STREAMS[stream].leaves[-1]
    truth = company.usage_truth(stream, WEEK_AGO, WEEK_AGO + DAY)[()]
    assert sum(row[measure] for row in bucket["results"]) == truth[measure]
    for row in bucket["results"] if stream == "completions" else ():
        parts = ("input_uncached_tokens", "input_cached_tokens", "input_cache_write_tokens")
        assert row["input_tokens"] == sum(row[name] for name in parts)


def test_duplicate_cost_rows_add_up(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.duplicate_rows = True
    buckets = api.buckets("costs", start_time=WEEK_AGO, group_by=list(COST_DIMENSIONS))
    assert money(buckets) == company.cost_truth(WEEK_AGO, TODAY + DAY)[()]


def test_a_cursor_past_the_end_leads_to_an_empty_page(
    api: Any, company: SimulatedOrganization
) -> None:
    company.quirks.cursor_past_end = True
    asked = {"start_time": WEEK_AGO, "limit": 180}
    last = api.page("costs", **asked)
    assert last["has_more"] is True
    beyond = api.page("costs", **asked, page=last["next_page"])
    assert beyond["data"] == []
    assert beyond["has_more"] is True
    assert beyond["next_page"] not in {None, last["next_page"]}


def test_a_repeated_cursor(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.repeat_cursor = True
    asked = {"start_time": WEEK_AGO, "limit": 2}
    cursor = api.page("costs", **asked)["next_page"]
    assert api.page("costs", **asked, page=cursor)["next_page"] == cursor


def test_has_more_without_a_cursor(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.has_more_without_cursor = True
    page = api.page("costs", start_time=WEEK_AGO)
    assert (page["has_more"], page["next_page"]) == (True, None)


def test_pages_smaller_than_the_limit(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.cost_page_cap, company.quirks.usage_page_cap = 31, 5
    page = api.page("costs", start_time=TODAY - 150 * DAY, limit=180)
    assert (len(page["data"]), page["has_more"]) == (31, True)
    assert len(api.page("usage/images", start_time=TODAY - 20 * DAY, limit=31)["data"]) == 5
    assert len(api.buckets("costs", start_time=TODAY - 150 * DAY, limit=180)) == 151


def test_the_floor_of_key_grouping(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.api_key_floor = int((TODAY - 3 * DAY).timestamp())
    status, error = api.refusal("costs", start_time=WEEK_AGO, group_by=["line_item", "api_key_id"])
    assert (status, error["param"], error["code"]) == (400, "start_time", "invalid_request_error")
    assert f"Try a start_time on or after {company.quirks.api_key_floor}." in error["message"]
    assert api.ask("costs", start_time=TODAY - 3 * DAY, group_by="api_key_id").status_code == 200
    assert api.ask("costs", start_time=WEEK_AGO, group_by="line_item").status_code == 200


def test_users_may_be_refused_beside_projects(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.refuse_user_with_project = True
    assert api.refusal("costs", start_time=WEEK_AGO, group_by=["user_id", "project_id"])[0] == 400
    assert (
        api.refusal("costs", start_time=WEEK_AGO, group_by="user_id", project_ids="proj_x")[0]
        == 400
    )
    assert (
        api.ask("costs", start_time=WEEK_AGO, group_by=["user_id", "line_item"]).status_code == 200
    )


def test_endpoints_can_be_missing(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.missing_endpoints |= {"decisions", "users"}
    assert api.ask("usage/decisions", start_time=WEEK_AGO).status_code == 404
    assert api.ask("users").status_code == 404
    assert api.ask("usage/completions", start_time=WEEK_AGO).status_code == 200


def test_unknown_fields_objects_and_units(api: Any, company: SimulatedOrganization) -> None:
    quirks = company.quirks
    quirks.unknown_fields = quirks.unknown_objects = quirks.unknown_unit = True
    page = api.page("costs", start_time=WEEK_AGO, group_by="line_item")
    results = page["data"][0]["results"]
    assert "x_trace" in page
    assert "x_new_field" in results[0]
    assert "organization.usage.teleports.result" in {row["object"] for row in results}
    assert "photons" in {row.get("quantity_unit") for row in results}
    assert money([page["data"][0]]) == company.cost_truth(WEEK_AGO, WEEK_AGO + DAY)[()]


def test_null_dimensions_are_in_the_truth_too(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.null_dimensions = frozenset({"user_id", "model"})
    rows = api.page("usage/images", start_time=WEEK_AGO, group_by=["model", "project_id"])["data"][
        0
    ]["results"]
    assert {row["model"] for row in rows} == {None}
    assert {key[0] for key in company.cost_truth(WEEK_AGO, TODAY, ["user_id"])} == {None}


def test_absent_dimensions_empty_buckets_and_order(
    api: Any, company: SimulatedOrganization
) -> None:
    company.quirks.omit_dimensions = company.quirks.omit_empty_buckets = (
        company.quirks.descending
    ) = True
    data = api.page(
        "usage/completions", start_time=WEEK_AGO, bucket_width="1h", limit=48, batch="true"
    )["data"]
    starts = [bucket["start_time"] for bucket in data]
    assert starts == sorted(starts, reverse=True)
    assert 5 < len(starts) < 24
    assert not set(data[0]["results"][0]) & set(COST_DIMENSIONS)


def test_a_restated_day(api: Any, company: SimulatedOrganization) -> None:
    day, asked = WEEK_AGO.date(), {"start_time": WEEK_AGO, "end_time": WEEK_AGO + DAY}
    before = company.cost_truth(start=WEEK_AGO, end=WEEK_AGO + DAY, group_by=["line_item"])
    tokens = company.usage_truth("completions", WEEK_AGO, WEEK_AGO + DAY)[()]
    company.quirks.restated[day] = Restatement(
        cost_factor=Decimal("1.1"),
        usage_factor=3,
        drop_line_items=frozenset({"web search tool calls"}),
    )
    after = company.cost_truth(WEEK_AGO, WEEK_AGO + DAY, ["line_item"])
    assert set(before) - set(after) == {("web search tool calls",)}
    assert abs(
        after["gpt-5.6-sol, output",] - before["gpt-5.6-sol, output",] * Decimal("1.1")
    ) < Decimal("1e-12")
    assert money(api.buckets("costs", **asked)) == sum(after.values())
    now = company.usage_truth("completions", WEEK_AGO, WEEK_AGO + DAY)[()]
    assert now == {name: 3 * value for name, value in tokens.items()}


def test_a_day_that_comes_back_empty_and_rows_that_vanish(
    api: Any, company: SimulatedOrganization
) -> None:
    day = WEEK_AGO.date()
    company.quirks.restated[day] = Restatement(empty=True, streams=frozenset({"costs"}))
    buckets = api.buckets("costs", start_time=WEEK_AGO, end_time=WEEK_AGO + 2 * DAY)
    assert [bool(bucket["results"]) for bucket in buckets] == [False, True]
    assert company.cost_truth(WEEK_AGO, WEEK_AGO + DAY) == {}
    assert company.usage_truth("images", WEEK_AGO, WEEK_AGO + DAY)
    company.quirks.restated[day] = Restatement(drop=lambda dims: dims.get("model") == "gpt-5.6-sol")
    models = company.usage_truth("completions", WEEK_AGO, WEEK_AGO + DAY, ["model"])
    assert ("gpt-5.6-sol",) not in models


def test_costs_can_be_clipped_like_usage(api: Any, company: SimulatedOrganization) -> None:
    company.quirks.clip_costs = True
    start = WEEK_AGO + timedelta(hours=5)
    buckets = api.buckets("costs", start_time=start)
    assert buckets[0]["start_time"] == int(start.timestamp())
    assert buckets[-1]["end_time"] == int(NOON.timestamp())


def test_switches_are_read_from_json() -> None:
    quirks = Quirks.parse(
        {
            "amounts": "string",
            "missing_endpoints": ["decisions"],
            "history_floor": "2026-01-02",
            "restated": {"2026-11-01": {"cost_factor": "0.5", "streams": ["costs"]}},
            "key_scopes": {"sk-admin-a": ["api.usage.read"]},
        }
    )
    assert quirks.missing_endpoints == {"decisions"}
    assert quirks.history_floor == date(2026, 1, 2)
    assert quirks.restated[date(2026, 11, 1)].cost_factor == Decimal("0.5")
    with pytest.raises(ValueError, match="unknown quirks: amuonts"):
        Quirks.parse({"amuonts": "string"})


def test_written_rows_are_served_as_written(clock: Any, open_api: Callable[..., Any]) -> None:
    org = ScriptedOrganization(clock)
    hour = TODAY + timedelta(hours=3)
    org.add_usage(
        "completions",
        hour,
        {"model": "m", "batch": True},
        input_tokens=5,
        output_tokens=2,
        num_model_requests=1,
    )
    org.add_usage(
        "completions",
        hour,
        {"model": "m", "batch": True},
        input_tokens=7,
        output_tokens=None,
        num_model_requests=1,
    )
    org.add_usage("vector_stores", hour, {"project_id": "p"}, usage_bytes=10)
    org.add_usage("vector_stores", hour + timedelta(hours=1), {"project_id": "p"}, usage_bytes=30)
    org.add_usage("completions", NOON + DAY, {"model": "later"}, input_tokens=9)
    org.add_cost(
        TODAY.date(),
        "0.0600000000000000001",
        "m, input",
        project_id="p",
        quantity=12,
        quantity_unit="tokens",
    )
    org.add_cost(TODAY.date(), "-0.01", None)
    org.directory.projects.append({"id": "p", "name": "P", "status": "active"})
    api = open_api(org)
    row = api.page("usage/completions", start_time=TODAY, group_by=["model", "batch"])["data"][0][
        "results"
    ]
    assert [
        (each["model"], each["batch"], each["input_tokens"], each["output_tokens"]) for each in row
    ] == [("m", True, 12, 2)]
    assert org.usage_truth("completions", TODAY, TODAY + 9 * DAY)[()]["input_tokens"] == 12
    assert (
        api.page("usage/vector_stores", start_time=TODAY)["data"][0]["results"][0]["usage_bytes"]
        == 30
    )
    assert "0.0600000000000000001" in api.ask("costs", start_time=TODAY, group_by="line_item").text
    assert org.cost_truth(TODAY, TODAY + DAY) == {(): Decimal("0.0500000000000000001")}
    assert api.page("projects")["data"][0]["id"] == "p"
    with pytest.raises(ValueError, match="no dimension colour"):
        org.add_usage("completions", hour, {"colour": "red"})
    with pytest.raises(ValueError, match="no dimension model"):
        org.add_cost(TODAY.date(), "1", model="m")
    org.clear()
    assert org.cost_truth(TODAY, TODAY + DAY) == {}
    assert org.usage_truth("completions", TODAY, NOON) == {}
