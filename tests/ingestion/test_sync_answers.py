"""What the provider may lawfully answer: every oddity of the contract ends at the truth."""

from datetime import date

import pytest
from tests.builders import NOON, Rig, at, cost_page, day, dollars

from wherespent.demo import Answer, ScriptedOrganization
from wherespent.demo.quirks import AmountStyle

YESTERDAY = date(2026, 11, 19)


def test_every_stream_of_a_company_is_read_exactly(company: Rig) -> None:
    synced = company.sync()
    assert synced.statuses == {"done"}
    assert len(synced.outcomes) == 12
    company.assert_exact()
    assert company.total_nanos() > 0


@pytest.mark.parametrize("style", ["string", "number", "mixed"])
def test_amounts_with_seventeen_decimals_are_rounded_once(
    rig: Rig, organization: ScriptedOrganization, style: AmountStyle
) -> None:
    organization.quirks.amounts = style
    organization.add_cost(YESTERDAY, "0.00000000049999999", "a, input")
    organization.add_cost(YESTERDAY, "0.00000000100000001", "a, input")
    organization.add_cost(YESTERDAY, "12345678.12345678950000000", "b, input")
    organization.add_cost(YESTERDAY, "0.0000000025", "c, input")
    rig.sync("costs")
    assert sorted(rig.costs().values()) == [2, 2, 12345678123456790]
    rig.assert_exact("costs")


def test_results_may_be_called_result(company: Rig) -> None:
    company.organization.quirks.result_key = "result"
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)


def test_two_rows_of_one_series_are_added(company: Rig) -> None:
    company.organization.quirks.duplicate_rows = True
    company.sync("costs", "completions", "vector_stores", since=-1)
    company.assert_exact("costs", "completions", since=-1)


def test_clipped_buckets_lie_on_their_floored_start(company: Rig) -> None:
    company.organization.quirks.clip_costs = True
    company.sync("costs", "completions", since=-1)
    starts = {int(cell[0]) % 3600 for cell in company.usage("completions")}
    assert starts == {0}
    company.assert_exact("costs", "completions", since=-1)


def test_the_running_hour_grows_in_place(rig: Rig, organization: ScriptedOrganization) -> None:
    organization.add_usage("completions", at(0, 12), {"model": "m"}, num_model_requests=1)
    rig.sync("completions")
    organization.add_usage("completions", at(0, 12.4), {"model": "m"}, num_model_requests=2)
    rig.clock.move(minutes=10)
    assert rig.sync("completions").changed == 1
    assert [row["num_model_requests"] for row in rig.usage("completions").values()] == [3]


def test_buckets_of_the_future_are_dropped(company: Rig) -> None:
    company.organization.quirks.future_buckets = True
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)
    assert company.value("SELECT MAX(bucket_start) FROM usage_hour") <= NOON.timestamp()


def test_buckets_may_come_newest_first(company: Rig) -> None:
    company.organization.quirks.descending = True
    company.organization.quirks.usage_page_cap = 30
    company.sync("costs", "completions")
    company.assert_exact("costs", "completions")


def test_empty_buckets_may_be_left_out(company: Rig) -> None:
    company.organization.quirks.omit_empty_buckets = True
    company.sync(since=-2)
    company.assert_exact(since=-2)
    assert company.covered("decisions") == {-2, -1, 0}


def test_a_quiet_page_is_not_the_end(rig: Rig, organization: ScriptedOrganization) -> None:
    """Two days without a bucket, with a cursor to the days behind them."""
    organization.quirks.omit_empty_buckets = True
    organization.quirks.usage_page_cap = 24
    organization.add_usage("embeddings", at(-3, 1), {"model": "m"}, input_tokens=5)
    organization.add_usage("embeddings", at(0, 1), {"model": "m"}, input_tokens=7)
    rig.sync("embeddings")
    rig.assert_exact("embeddings")


def test_a_page_cursor_goes_with_the_query_that_made_it(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 10
    company.sync("completions", since=-2)
    queries = {}
    for request in company.asked("completions"):
        params = {name: value for name, value in request.params.items() if name != "page"}
        queries.setdefault(params["start_time"][0], []).append(params)
    assert len(company.asked("completions")) >= 6
    assert all(each == asked[0] for asked in queries.values() for each in asked)
    assert {request.status for request in company.server.requests} == {200}


def test_a_cursor_past_the_last_page_ends_the_reading(company: Rig) -> None:
    company.organization.quirks.cursor_past_end = True
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)
    assert len(company.server.requests) <= 4


def test_a_cursor_past_the_last_bucket_of_a_sparse_answer_ends_the_reading(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.cursor_past_end = True
    organization.quirks.omit_empty_buckets = True
    organization.add_cost(YESTERDAY, "1", "a, input")
    assert rig.sync("costs").statuses == {"done"}
    rig.assert_exact("costs")
    assert len(rig.server.requests) <= 20


def test_an_empty_page_without_a_cursor_is_the_end(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.has_more_without_cursor = True
    organization.quirks.omit_empty_buckets = True
    organization.add_cost(date(2026, 11, 18), "1", "a, input")
    assert rig.sync("costs").statuses == {"done"}
    rig.assert_exact("costs")


def test_a_repeated_cursor_ends_the_reading(company: Rig) -> None:
    company.organization.quirks.repeat_cursor = True
    company.organization.quirks.usage_page_cap = 10
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)


def test_more_without_a_cursor_is_asked_for_anew(company: Rig) -> None:
    company.organization.quirks.has_more_without_cursor = True
    company.organization.quirks.usage_page_cap = 10
    company.organization.quirks.cost_page_cap = 2
    company.sync("costs", "completions", since=-2)
    company.assert_exact("costs", "completions", since=-2)


def test_thirty_one_cost_buckets_come_where_more_were_asked(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.cost_page_cap = 31
    for number in range(-99, 1):
        organization.add_cost(at(number).date(), f"{100 + number}.5", "a, input")
    rig.sync("costs", since=-99)
    assert rig.asked("costs")[1].params["limit"] == ["96"]
    rig.assert_exact("costs", since=-99)
    assert rig.covered("costs") == set(range(-99, 1))


def test_unknown_fields_objects_and_units_are_no_obstacle(company: Rig) -> None:
    quirks = company.organization.quirks
    quirks.unknown_fields = quirks.unknown_objects = quirks.unknown_unit = True
    synced = company.sync(since=-1)
    assert synced.statuses == {"done"}
    company.assert_exact(since=-1)
    assert ("photons",) in company.rows("SELECT quantity_unit FROM cost_series")


def test_a_null_dimension_is_a_series_of_its_own(company: Rig) -> None:
    company.organization.quirks.null_dimensions = frozenset({"project_id", "api_key_id"})
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)
    assert set(company.rows("SELECT project_id FROM usage_series")) == {("",)}


def test_a_dimension_may_be_absent(company: Rig) -> None:
    company.organization.quirks.omit_dimensions = True
    company.sync("costs", "completions", since=-1)
    company.assert_exact("costs", "completions", since=-1)


def test_negative_amounts_and_unknown_line_items_are_kept(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for amount, item in (
        ("-3.75", "Adjustment"),
        ("1.25", "Quantum surcharge (beta) 2.0"),
        ("0.5", None),
        ("2", "gpt-5.5-2026-04-23, input"),
    ):
        organization.add_cost(YESTERDAY, amount, item, project_id="p")
    rig.sync("costs")
    rig.assert_exact("costs")
    assert rig.total_nanos() == 0
    names = dict(rig.rows("SELECT name, model_key FROM line_item"))
    assert names["Quantum surcharge (beta) 2.0"] == ""
    assert names["gpt-5.5-2026-04-23, input"] == "gpt-5.5-2026-04-23"


def test_a_quantity_is_kept_and_unknown_where_units_mix(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(YESTERDAY, "1", "a, input", quantity="12.5", quantity_unit="tokens")
    organization.add_cost(YESTERDAY, "2", "b", quantity=None)
    rig.sync("costs")
    found = dict(
        rig.rows(
            "SELECT i.name, f.quantity FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
            " JOIN line_item i ON i.id = s.line_item_id"
        )
    )
    assert found == {"a, input": 12.5, "b": None}


def test_unknown_token_parts_stay_unknown(rig: Rig, organization: ScriptedOrganization) -> None:
    organization.add_usage(
        "completions", at(-1, 3), {"model": "m"}, input_tokens=5, num_model_requests=1
    )
    rig.sync("completions")
    (row,) = rig.usage("completions").values()
    assert row["input_tokens"] == 5
    assert row["input_cached_tokens"] is None
    assert rig.rows("SELECT input_tokens, input_cached_tokens FROM usage_day") == [(5, None)]


def test_tokens_that_do_not_add_up_are_kept_and_counted(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_usage(
        "completions",
        at(-1, 3),
        {"model": "m"},
        input_tokens=10,
        input_uncached_tokens=4,
        input_cached_tokens=5,
        input_cache_write_tokens=0,
    )
    rig.sync("completions")
    assert [row["input_tokens"] for row in rig.usage("completions").values()] == [10]
    assert rig.value("SELECT SUM(violations) FROM sync_run") == 1


def test_a_stock_is_never_added_up_over_a_day(rig: Rig, organization: ScriptedOrganization) -> None:
    for hour, size in ((1, 100), (9, 250), (23, 200)):
        organization.add_usage("vector_stores", at(-1, hour), {"project_id": "p"}, usage_bytes=size)
    rig.sync("vector_stores")
    assert rig.rows("SELECT usage_bytes FROM usage_day") == [(200,)]


def test_another_currency_is_refused_and_nothing_of_it_is_stored(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    page = cost_page((day(-1), [("a", "1")]))
    page["data"][0]["results"][0]["amount"]["currency"] = "eur"
    organization.faults.script("costs", Answer(200, page), times=7)
    assert "eur" in rig.sync("costs", since=-1)["costs"].error
    assert rig.costs() == {}
    assert rig.covered("costs") == set()


def test_sums_of_many_small_amounts_are_exact(rig: Rig, organization: ScriptedOrganization) -> None:
    for number in range(1, 200):
        organization.add_cost(YESTERDAY, "0.000000001", f"item {number}")
    rig.sync("costs")
    assert rig.total_nanos() == dollars("0.000000199")


def test_every_dimension_of_every_stream_is_asked_for(company: Rig) -> None:
    company.sync(since=-1)
    asked = {r.path.rsplit("/", 1)[-1]: set(r.params["group_by"]) for r in company.server.requests}
    assert asked["completions"] >= {"project_id", "user_id", "api_key_id", "model", "batch"}
    assert asked["costs"] == {"project_id", "user_id", "line_item", "api_key_id", "api_source"}
    assert len(asked) == 12
    widths = {(r.path.rsplit("/", 1)[-1], r.params["bucket_width"][0]) for r in company.asked()}
    assert ("costs", "1d") in widths
    assert ("completions", "1h") in widths


def test_windows_are_utc_midnights(company: Rig) -> None:
    company.sync("costs", "embeddings", since=-40)
    for request in company.server.requests:
        assert int(request.params["start_time"][0]) % 86_400 == 0
        assert int(request.params["end_time"][0]) % 86_400 == 0
