"""The wire: paging, clipping, filters, cursors and refusals as the contract describes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wherespent.demo import SimulatedOrganization
from wherespent.demo.people import key_id, project_id
from wherespent.demo.streams import COST_DIMENSIONS, STREAMS

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
TODAY = NOON.replace(hour=0, minute=0)
DAY = timedelta(days=1)
WEEK_AGO = TODAY - 7 * DAY


def epoch(at: datetime) -> int:
    return int(at.timestamp())


@pytest.mark.parametrize("stream", list(STREAMS))
def test_every_stream_serves_its_truth_by_every_dimension(
    api: Any, company: SimulatedOrganization, stream: str
) -> None:
    names = STREAMS[stream].dimensions
    asked = {"start_time": WEEK_AGO, "end_time": TODAY + DAY, "group_by": list(names)}
    for bucket in api.buckets(f"usage/{stream}", **asked, bucket_width="1h", limit=168)[::9]:
        start, end = (
            datetime.fromtimestamp(bucket[side], UTC) for side in ("start_time", "end_time")
        )
        served = {
            tuple(row[name] for name in names): {
                name: value
                for name, value in row.items()
                if isinstance(value, int) and name not in names
            }
            for row in bucket["results"]
        }
        assert served == company.usage_truth(stream, start, end, names)
        assert {row["object"] for row in bucket["results"]} <= {STREAMS[stream].result_object}


def test_pages_tile_the_window_in_order(api: Any) -> None:
    for limit in (1, 7, 24):
        buckets = api.buckets(
            "usage/images", start_time=WEEK_AGO, end_time=TODAY, bucket_width="1d", limit=limit
        )
        assert [bucket["start_time"] for bucket in buckets] == [
            epoch(WEEK_AGO + at * DAY) for at in range(7)
        ]


def test_default_limits_follow_the_width(api: Any) -> None:
    for width, default in (("1m", 60), ("1h", 24), ("1d", 7)):
        page = api.page("usage/images", start_time=TODAY - 20 * DAY, bucket_width=width)
        assert len(page["data"]) == default
        assert page["has_more"] is True
    assert len(api.page("costs", start_time=TODAY - 20 * DAY)["data"]) == 7


def test_empty_buckets_are_present(api: Any) -> None:
    night = TODAY - 2 * DAY
    buckets = api.buckets(
        "usage/completions",
        start_time=night,
        end_time=night + DAY,
        bucket_width="1h",
        batch="true",
    )
    assert len(buckets) == 24
    assert 10 < sum(bucket["results"] == [] for bucket in buckets) < 24


def test_first_and_last_bucket_are_clipped(api: Any, company: SimulatedOrganization) -> None:
    start = TODAY - 2 * DAY + timedelta(hours=17, minutes=31, seconds=42)
    buckets = api.buckets("usage/completions", start_time=start)
    assert buckets[0]["start_time"] == epoch(start.replace(second=0))
    assert buckets[0]["end_time"] == buckets[1]["start_time"] == epoch(TODAY - DAY)
    assert buckets[-1]["end_time"] == epoch(NOON)
    truth = company.usage_truth("completions", start.replace(second=0), TODAY - DAY)[()]
    assert buckets[0]["results"][0]["input_tokens"] == truth["input_tokens"]


def test_a_future_end_brings_no_future_buckets_unless_switched_on(
    api: Any, company: SimulatedOrganization
) -> None:
    asked = {"start_time": TODAY, "end_time": TODAY + 3 * DAY}
    assert len(api.buckets("usage/completions", **asked)) == 1
    assert len(api.buckets("costs", **asked)) == 1
    company.quirks.future_buckets = True
    buckets = api.buckets("costs", **asked)
    assert [bool(bucket["results"]) for bucket in buckets] == [True, False, False]


def test_the_three_encodings_of_a_list_mean_the_same(api: Any) -> None:
    pages = [
        api.page("usage/completions", start_time=WEEK_AGO, **{name: value})
        for name, value in (
            ("group_by", ["model", "batch"]),
            ("group_by[]", ["model", "batch"]),
            ("group_by", "model,batch"),
        )
    ]
    assert pages[0]["data"] == pages[1]["data"] == pages[2]["data"]


def test_a_cursor_continues_only_its_own_query(api: Any) -> None:
    asked = {"start_time": WEEK_AGO, "end_time": TODAY, "limit": 2, "group_by": "project_id"}
    cursor = api.page("costs", **asked)["next_page"]
    assert api.page("costs", **asked, page=cursor)["data"][0]["start_time"] == epoch(
        WEEK_AGO + 2 * DAY
    )
    for change in (
        {"limit": 3},
        {"group_by": "line_item"},
        {"end_time": TODAY + DAY},
        {"start_time": WEEK_AGO - DAY},
        {"project_ids": project_id("lab")},
    ):
        status, error = api.refusal("costs", **{**asked, **change}, page=cursor)
        assert (status, error["param"]) == (400, "page")
    assert api.refusal("usage/images", **asked, page=cursor)[0] == 400
    assert api.refusal("costs", **asked, page="page_nonsense")[0] == 400
    assert api.refusal("costs", **asked, page=cursor[:-6])[0] == 400


def test_filters_select_rows(api: Any, company: SimulatedOrganization) -> None:
    names = ["project_id", "api_key_id", "model", "batch"]
    truth = company.usage_truth("completions", WEEK_AGO, TODAY, names)
    for params, keep in (
        ({"project_ids": project_id("copilot")}, lambda key: key[0] == project_id("copilot")),
        ({"api_key_ids": [key_id("voice-prod")]}, lambda key: key[1] == key_id("voice-prod")),
        (
            {"models": ["gpt-5.6-sol", "gpt-5.2-mini"]},
            lambda key: key[2] in {"gpt-5.6-sol", "gpt-5.2-mini"},
        ),
        ({"batch": "true"}, lambda key: key[3] is True),
        ({"batch": "false"}, lambda key: key[3] is False),
    ):
        buckets = api.buckets("usage/completions", start_time=WEEK_AGO, end_time=TODAY, **params)
        served = sum(row["input_tokens"] for bucket in buckets for row in bucket["results"])
        assert served == sum(m["input_tokens"] for key, m in truth.items() if keep(key)) > 0


def test_costs_can_be_filtered_by_whole_line_items(api: Any) -> None:
    wanted = ["gpt-5.6-sol, output", "web search tool calls"]
    buckets = api.buckets("costs", start_time=WEEK_AGO, line_items=wanted, group_by="line_item")
    assert {row["line_item"] for bucket in buckets for row in bucket["results"]} == set(wanted)


@pytest.mark.parametrize(
    ("path", "params", "param", "said"),
    [
        (
            "costs",
            {"start_time": epoch(WEEK_AGO), "limit": 366},
            None,
            "Invalid limit provided: 366. Limit must be less than or equal to 180.",
        ),
        (
            "usage/images",
            {"start_time": epoch(WEEK_AGO), "limit": 32},
            None,
            "less than or equal to 31.",
        ),
        (
            "usage/images",
            {"start_time": epoch(WEEK_AGO), "limit": 169, "bucket_width": "1h"},
            None,
            "equal to 168.",
        ),
        (
            "usage/images",
            {"start_time": epoch(WEEK_AGO), "limit": 1441, "bucket_width": "1m"},
            None,
            "equal to 1440.",
        ),
        (
            "usage/images",
            {"start_time": epoch(WEEK_AGO), "limit": 0},
            None,
            "greater than or equal to 1.",
        ),
        (
            "usage/images",
            {"start_time": epoch(WEEK_AGO), "bucket_width": "2h"},
            "bucket_width",
            "'1m', '1h', '1d'",
        ),
        (
            "costs",
            {"start_time": epoch(WEEK_AGO), "bucket_width": "1h"},
            "bucket_width",
            "Supported values are: '1d'",
        ),
        ("costs", {"start_time": "yesterday"}, "start_time", "yesterday"),
        ("costs", {}, "start_time", "Missing required parameter"),
        ("costs", {"start_time": epoch(WEEK_AGO), "group_by": "model"}, "group_by", "'line_item'"),
        (
            "usage/vector_stores",
            {"start_time": epoch(WEEK_AGO), "group_by": "model"},
            "group_by",
            "'project_id'",
        ),
        ("costs", {"start_time": epoch(TODAY), "end_time": epoch(NOON)}, "end_time", "same date"),
        (
            "usage/images",
            {"start_time": epoch(NOON), "end_time": epoch(NOON)},
            "end_time",
            "after start_time",
        ),
        (
            "usage/completions",
            {"start_time": epoch(WEEK_AGO), "batch": "maybe"},
            "batch",
            "boolean",
        ),
    ],
)
def test_a_bad_query_is_refused(
    api: Any, path: str, params: dict[str, Any], param: str | None, said: str
) -> None:
    status, error = api.refusal(path, **params)
    assert (status, error["param"]) == (400, param)
    assert said in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


def test_history_is_limited_to_a_year(api: Any, company: SimulatedOrganization) -> None:
    floor = TODAY - 365 * DAY
    assert api.ask("costs", start_time=floor).status_code == 200
    status, error = api.refusal("costs", start_time=floor - DAY)
    assert (status, error["code"]) == (400, "reporting_lookback_exceeded")
    assert "Earliest supported start date: 2025-11-21 (UTC)." in error["message"]
    company.quirks.history_floor = (TODAY - 30 * DAY).date()
    assert "2026-10-22" in api.refusal("usage/images", start_time=floor)[1]["message"]
    company.quirks.history_limited = False
    assert api.ask("costs", start_time=floor - 400 * DAY).status_code == 200


def test_keys_are_checked(api: Any, company: SimulatedOrganization) -> None:
    headers: list[tuple[str, str, int, str]] = [
        ("sk-admin-good", "costs", 200, ""),
        ("sk-proj-mine", "costs", 403, "Missing scopes: api.usage.read"),
        ("sk-proj-mine", "projects", 403, "Missing scopes: api.management.read"),
        ("nonsense", "costs", 401, "Incorrect API key provided"),
    ]
    for api.key, path, status, said in headers:
        response = api.ask(path, start_time=WEEK_AGO)
        assert response.status_code == status
        assert said in response.text
    assert api.http.get(f"{api.server.url}/organization/users").status_code == 401
    api.key = "sk-admin-good"
    company.quirks.key_scopes[api.key] = frozenset({"api.management.read"})
    assert api.ask("costs", start_time=WEEK_AGO).status_code == 403
    assert api.ask("projects").status_code == 200
    company.quirks.missing_scope_status = 401
    assert api.ask("costs", start_time=WEEK_AGO).status_code == 401
    company.quirks.revoked_keys.add(api.key)
    assert api.refusal("projects")[1]["code"] == "invalid_api_key"
    company.quirks.revoked_keys.clear()
    company.quirks.valid_keys = frozenset({"sk-admin-other"})
    assert api.ask("projects").status_code == 401


def test_only_reading_is_allowed(api: Any) -> None:
    assert (
        api.http.post(f"{api.server.url}/organization/projects", json={"name": "x"}).status_code
        == 405
    )
    assert api.ask("nowhere").status_code == 404
    assert api.ask("usage/teleports", start_time=WEEK_AGO).status_code == 404


def test_every_request_is_logged(api: Any) -> None:
    api.ask("costs", start_time=WEEK_AGO, group_by=["line_item", "project_id"])
    api.ask("nowhere")
    first, second = api.server.requests
    assert (first.path, first.status, first.key) == ("/v1/organization/costs", 200, "sk-admin-test")
    assert first.params["group_by"] == ["line_item", "project_id"]
    assert "group_by=line_item&group_by=project_id" in first.query
    assert second.status == 404


def test_all_dimension_fields_are_sent_and_null_unless_grouped(api: Any) -> None:
    row = api.page("costs", start_time=WEEK_AGO, group_by="line_item")["data"][0]["results"][0]
    assert {name: row[name] is None for name in COST_DIMENSIONS} == {
        name: name != "line_item" for name in COST_DIMENSIONS
    }
