"""Failures of the transport, at random from a seed or scripted, and the lists."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from wherespent.demo import Answer, Faults, ScriptedOrganization, SimulatedOrganization
from wherespent.demo.faults import SHAPES
from wherespent.demo.people import KEYS, project_id

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
START = NOON.replace(hour=0, minute=0) - timedelta(days=3)


def test_scripted_faults_come_once_each_and_in_order(
    api: Any, company: SimulatedOrganization
) -> None:
    company.faults.script("/costs", "503", "ok", "429_seconds")
    company.faults.retry_after = 7
    assert api.ask("users").status_code == 200
    answers = [api.ask("costs", start_time=START) for _ in range(4)]
    assert [each.status_code for each in answers] == [503, 200, 429, 200]
    assert answers[2].headers["Retry-After"] == "7"
    assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert [each.fault for each in api.server.requests] == [None, "503", None, "429_seconds", None]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("429_bare", 429), ("500", 500), ("502_html", 502), ("504", 504), ("wrong_type", 200)],
)
def test_faults_that_are_answers(
    api: Any, company: SimulatedOrganization, kind: str, status: int
) -> None:
    company.faults.script("costs", kind)
    response = api.ask("costs", start_time=START)
    assert response.status_code == status
    assert "Retry-After" not in response.headers
    is_html = kind in {"502_html", "wrong_type"}
    assert response.headers["Content-Type"].startswith(
        "text/html" if is_html else "application/json"
    )


def test_a_retry_date(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("costs", "429_date")
    when = parsedate_to_datetime(api.ask("costs", start_time=START).headers["Retry-After"])
    assert when == NOON + timedelta(seconds=1)


def test_faults_that_break_the_answer(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("costs", "truncated", "reset", "hang")
    with pytest.raises(json.JSONDecodeError):
        api.ask("costs", start_time=START, group_by="line_item").json()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.ask("costs", start_time=START, group_by="line_item")
    api.http.timeout = 0.1
    with pytest.raises(httpx.ReadTimeout):
        api.ask("costs", start_time=START)
    api.http.timeout = 5
    assert api.ask("costs", start_time=START).status_code == 200
    assert [each.status for each in api.server.requests] == [200, 0, 0, 200]


def test_a_length_that_is_wrong(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("", "length_long", "length_short")
    with pytest.raises(httpx.RemoteProtocolError):
        api.ask("users", limit=1)
    with pytest.raises(json.JSONDecodeError):
        api.ask("users", limit=1).json()


def test_a_reset_before_the_first_byte(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("costs", "reset_early")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.ask("costs", start_time=START)
    assert api.ask("costs", start_time=START).status_code == 200


def test_a_body_that_drips_comes_byte_by_byte(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("users", "drip")
    company.faults.drip_seconds = 0.0005
    url = f"{api.server.url}/organization/users"
    headers = {"Authorization": f"Bearer {api.key}", "Accept-Encoding": "identity"}
    with api.http.stream("GET", url, params={"limit": 1}, headers=headers) as response:
        pieces = list(response.iter_raw())
    assert len(pieces) > 20
    assert json.loads(b"".join(pieces))["object"] == "list"


def test_right_json_under_a_wrong_type(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("costs", "mislabelled")
    response = api.ask("costs", start_time=START)
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.json()["object"] == "page"


@pytest.mark.parametrize("kind", SHAPES)
def test_an_odd_shape_holds_for_one_answer_and_changes_no_sum(
    api: Any, company: SimulatedOrganization, kind: str
) -> None:
    company.quirks.usage_page_cap = 6
    ask = {"start_time": START, "bucket_width": "1h", "group_by": "model"}
    first = api.page("usage/completions", **ask)
    second = api.page("usage/completions", **ask, page=first["next_page"])
    company.faults.script("completions", kind, kind)
    odd_first = api.page("usage/completions", **ask)
    odd_second = api.page("usage/completions", **ask, page=first["next_page"])
    assert (odd_first, odd_second) != (first, second)
    for odd, plain in ((odd_first, first), (odd_second, second)):
        assert sums(odd) == sums(plain)
    assert api.page("usage/completions", **ask) == first
    assert company.faults.injected[kind] == 2


def sums(page: dict[str, Any]) -> dict[tuple[int, str], int]:
    """Requests of each bucket and model; a bucket that is sent twice counts once."""
    found: dict[tuple[int, str], int] = {}
    for bucket in {each["start_time"]: each for each in page["data"]}.values():
        for row in bucket["results"]:
            if row["object"] == "organization.usage.completions.result":
                key = bucket["start_time"], row["model"]
                found[key] = found.get(key, 0) + row["num_model_requests"]
    return found


def test_a_list_has_no_odd_shape(api: Any, company: SimulatedOrganization) -> None:
    company.faults.probability, company.faults.kinds = 1.0, ("split_rows",)
    assert api.page("users")["object"] == "list"
    assert company.faults.injected == {}


def test_an_organization_whose_clock_is_ahead_says_so(
    api: Any, company: SimulatedOrganization
) -> None:
    company.quirks.clock_skew = 26 * 3600
    response = api.ask("costs", start_time=NOON)
    assert parsedate_to_datetime(response.headers["Date"]) == NOON + timedelta(hours=26)
    assert len(response.json()["data"]) == 2


def test_the_control_tells_what_was_injected_and_ends_it(
    api: Any, company: SimulatedOrganization
) -> None:
    def control(path: str = "") -> Any:
        return api.http.get(api.server.url.removesuffix("/v1") + "/control" + path)

    company.faults.probability, company.faults.kinds = 1.0, ("503",)
    assert [api.ask("users").status_code for _ in range(3)] == [503] * 3
    assert control().json() == {"probability": 1.0, "injected": {"503": 3}}
    cleared = api.http.post(api.server.url.removesuffix("/v1") + "/control/clear")
    assert cleared.json() == {"probability": 0.0, "injected": {"503": 3}}
    assert api.ask("users").status_code == 200
    assert control("/nothing").status_code == 404
    assert control("/truth?since=soon&until=2026-11-21").status_code == 400
    since, until = START, START + timedelta(days=1)
    told = control(f"/truth?since={since.date()}&until={until.date()}").json()
    assert told["cost_nanos"] == sum(company.cost_truth_nanos(since, until).values())
    assert told["usage"]["images"] == company.usage_truth("images", since, until)[()]


def test_an_answer_of_ones_own(api: Any, company: SimulatedOrganization) -> None:
    company.faults.script("costs", Answer(409, {"error": {}}, {"x-should-retry": "true"}), times=2)
    for _ in range(2):
        response = api.ask("costs", start_time=START)
        assert (response.status_code, response.headers["x-should-retry"]) == (409, "true")
    assert api.ask("costs", start_time=START).status_code == 200
    with pytest.raises(ValueError, match="unknown fault: 418"):
        company.faults.script("costs", "418")


def test_random_faults_repeat_with_their_seed() -> None:
    def sequence(seed: int) -> list[Any]:
        faults = Faults(probability=0.4, seed=seed)
        return [faults.next_fault("/v1/organization/costs") for _ in range(60)]

    assert sequence(3) == sequence(3) != sequence(4)
    assert 10 < sum(fault is not None for fault in sequence(3)) < 40
    faults = Faults.parse({"probability": 1.0, "kinds": ["503"]})
    assert faults.next_fault("/x") == "503"
    faults.clear()
    assert faults.next_fault("/x") is None


def test_latency(api: Any, company: SimulatedOrganization) -> None:
    company.faults.latency = 0.05
    api.ask("users")
    assert api.server.requests[0].seconds >= 0.05


def test_closing_drops_open_connections(clock: Any, open_api: Callable[..., Any]) -> None:
    api = open_api(ScriptedOrganization(clock))
    assert api.ask("users").status_code == 200
    api.server.close()
    api.server.close()
    with pytest.raises(httpx.TransportError):
        api.ask("users")


def test_lists_page_by_object(api: Any) -> None:
    users, after = [], {}
    while True:
        page = api.page("users", limit=7, **after)
        users += page["data"]
        assert page["last_id"] == users[-1]["id"]
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert len(users) == len({user["id"] for user in users}) == 20
    assert sum(user["is_service_account"] for user in users) == 6
    found = api.page("users", **{"emails[]": [users[2]["email"]]})["data"]
    assert [user["id"] for user in found] == [users[2]["id"]]
    for bad in ({"limit": 101}, {"limit": 0}, {"after": "user-nobody"}):
        assert api.refusal("users", **bad)[0] == 400


def test_archived_projects_are_listed_on_demand_and_cannot_be_read_below(api: Any) -> None:
    active = api.page("projects", limit=100)["data"]
    every = api.page("projects", limit=100, include_archived="true")["data"]
    assert (len(active), len(every)) == (8, 10)
    assert "R&D <lab>" in {project["name"] for project in active}
    old = project_id("prototype")
    assert api.page(f"projects/{old}")["status"] == "archived"
    for kind in ("api_keys", "users", "service_accounts"):
        assert api.refusal(f"projects/{old}/{kind}")[0] == 400
        assert api.page(f"projects/{project_id('support')}/{kind}")["data"]
    assert api.refusal("projects/proj_nowhere")[0] == 404


def test_keys_of_a_project(api: Any) -> None:
    path = f"projects/{project_id('voice')}/api_keys"
    names = {
        access: {
            key["name"]
            for key in api.page(path, **({"owner_project_access": access} if access else {}))[
                "data"
            ]
        }
        for access in ("", "active", "inactive", "any")
    }
    assert names[""] == names["active"] == {"voice-prod"}
    assert names["inactive"] == {"voice-pilot"}
    assert names["any"] == {"voice-prod", "voice-pilot"}
    assert api.refusal(path, owner_project_access="all")[0] == 400
    support = api.page(f"projects/{project_id('support')}/api_keys", limit=100)["data"]
    assert "support-old-2024" not in {key["name"] for key in support}
    assert {key["owner"]["type"] for key in support} == {"user", "service_account"}
    assert len(KEYS) > 25


def test_admin_keys_in_either_order(api: Any) -> None:
    ascending = [key["id"] for key in api.page("admin_api_keys")["data"]]
    assert [key["id"] for key in api.page("admin_api_keys", order="desc")["data"]] == ascending[
        ::-1
    ]
