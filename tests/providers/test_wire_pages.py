"""The wire format, one answer at a time."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.builders import as_json, cost_page, day, the

from wherespent.errors import MalformedAnswer
from wherespent.providers.openai.schemas import Page, read_page

COSTS, COMPLETIONS = the("costs"), the("completions")


def amounts(raw: str) -> int:
    body = as_json(cost_page((day(0), [("a", "AMOUNT")]))).replace(b'"AMOUNT"', raw.encode())
    ((amount,),) = [b.records.values() for b in read_page(COSTS, body).buckets]
    return amount.nanos


@pytest.mark.parametrize(
    ("raw", "nanos"),
    [
        ("0.06", 60_000_000),
        ('"0.06"', 60_000_000),
        ('"0.8958740000000000"', 895_874_000),
        ("0.0600000000000000001", 60_000_000),
        ('"0.00000000050000000"', 0),
        ('"0.00000000150000000"', 2),
        ("-3.75", -3_750_000_000),
        ("1e-7", 100),
        ("9007199.254740993", 9_007_199_254_740_993),
        ("0", 0),
    ],
)
def test_an_amount_is_read_from_its_digits(raw: str, nanos: int) -> None:
    assert amounts(raw) == nanos


@pytest.mark.parametrize("raw", ['"NaN"', '"Infinity"', '"1,50"', '""', "1e30", "true", "[]"])
def test_an_amount_that_is_no_amount_is_malformed(raw: str) -> None:
    with pytest.raises(MalformedAnswer):
        amounts(raw)


def usage_page(**result: Any) -> bytes:
    kind = {"object": "organization.usage.completions.result"}
    bucket = {"object": "bucket", "start_time": day(0), "results": [{**kind, **result}]}
    return json.dumps({"data": [bucket], "has_more": False}).encode()


def test_counts_may_be_whole_floats_and_batch_may_be_a_string() -> None:
    page = read_page(COMPLETIONS, usage_page(input_tokens=5.0, batch="true", model="m"))
    ((dims, measures),) = page.buckets[0].records.items()
    assert measures[COMPLETIONS.measures.index("input_tokens")] == 5
    assert dims[COMPLETIONS.dimensions.index("batch")] in ("true", True)


@pytest.mark.parametrize("tokens", [1.5, 2**64, "many"])
def test_a_count_that_is_no_whole_number_is_malformed(tokens: object) -> None:
    with pytest.raises(MalformedAnswer):
        read_page(COMPLETIONS, usage_page(input_tokens=tokens))


def unrecognized(page: Page[Any]) -> dict[tuple[str, str], int]:
    return {(each.kind, each.name): each.seen for each in page.unrecognized}


def test_results_of_another_kind_are_kept_raw_and_left_out() -> None:
    page = read_page(COMPLETIONS, usage_page(object="organization.usage.teleports.result", beams=3))
    assert page.buckets[0].records == {}
    assert unrecognized(page) == {("result", "organization.usage.teleports.result"): 1}
    assert json.loads(page.unrecognized[0].sample)["beams"] == 3


def test_unknown_fields_are_named_by_where_they_stand_and_change_no_record() -> None:
    plain = json.loads(usage_page(input_tokens=5, model="m"))
    odd = json.loads(usage_page(input_tokens=5, model="m", x_new={"a": 1}))
    odd["x_trace"] = 1
    odd["data"][0]["x_region"] = None
    read = read_page(COMPLETIONS, as_json(odd))
    assert read.buckets == read_page(COMPLETIONS, as_json(plain)).buckets
    assert set(unrecognized(read)) == {
        ("field", "x_new"),
        ("field", "page.x_trace"),
        ("field", "bucket.x_region"),
    }
    assert {each.name: each.sample for each in read.unrecognized}["x_new"] == '{"a": 1}'


def test_a_novel_is_cut() -> None:
    page = read_page(COMPLETIONS, usage_page(x_new="a" * 200_000 + "@"))
    assert page.unrecognized[0].sample == '"' + "a" * 1999


@pytest.mark.parametrize("before", range(7960, 8005, 3))
def test_no_part_of_an_address_is_left_where_a_sample_is_cut(before: int) -> None:
    # Long addresses that become short, so that the end of what is looked through is kept.
    addresses = ["x" * 300 + "@acme.test"] * 25
    filling = "f" * (before - 25 * 315)
    sent = [*addresses, filling, "ida.berg@acme.test", "z" * 3000]
    (sample,) = (
        each.sample for each in read_page(COMPLETIONS, usage_page(x_new=sent)).unrecognized
    )
    assert filling in sample
    assert "ida" not in sample


def test_an_unknown_field_of_an_older_bucket_alone_is_found_too() -> None:
    page = cost_page((day(-1), [("a", "1")]), (day(0), [("a", "1")]))
    page["data"][0]["results"][0]["amount"]["tax"] = "0.1"
    assert unrecognized(read_page(COSTS, as_json(page))) == {("field", "amount.tax"): 1}


def test_what_is_known_and_not_kept_is_not_unrecognized() -> None:
    page = cost_page((day(0), [("a", "1")]))
    page["data"][0]["results"][0] |= {"organization_name": "Acme", "user_email": "a@b.example"}
    assert read_page(COSTS, as_json(page)).unrecognized == []


def test_sessions_go_by_their_old_name_too() -> None:
    kind = "organization.usage.code_interpreter_sessions.result"
    bucket = {"start_time": day(0), "results": [{"object": kind, "sessions": 4}]}
    page = read_page(the("code_interpreter_sessions"), json.dumps({"data": [bucket]}).encode())
    assert list(page.buckets[0].records.values()) == [(4,)]


def test_a_bucket_that_is_sent_twice_counts_once() -> None:
    page = cost_page((day(0), [("a", "1")]), (day(0), [("a", "1")]))
    (bucket,) = read_page(COSTS, as_json(page)).buckets
    assert [amount.nanos for amount in bucket.records.values()] == [10**9]


def test_two_parts_of_a_clipped_bucket_are_added() -> None:
    page = cost_page((day(0), [("a", "1")]), (day(0) + 3600, [("a", "2")]))
    (bucket,) = read_page(COSTS, as_json(page)).buckets
    assert [amount.nanos for amount in bucket.records.values()] == [3 * 10**9]


def test_a_row_without_an_amount_is_left_out_and_counted() -> None:
    page = cost_page((day(0), [("a", "1")]))
    page["data"][0]["results"].append({"object": "organization.costs.result", "amount": None})
    read = read_page(COSTS, as_json(page))
    assert len(read.buckets[0].records) == 1
    assert unrecognized(read) == {("result", "organization.costs.result without an amount"): 1}


SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.parametrize("name", ["costs", "usage_completions", "usage_embeddings", "usage_images"])
def test_the_official_examples_are_read(name: str) -> None:
    path = SAMPLES / f"{name}.json"
    stream = the(name.removeprefix("usage_"))
    page = read_page(stream, path.read_bytes())
    assert page.buckets[0].records
    assert page.unrecognized == []
    if name == "costs":
        example = json.loads(path.read_text(), parse_float=Decimal)["data"][0]["results"][0]
        ((amount,),) = [b.records.values() for b in page.buckets if b.records]
        assert amount.nanos == int(Decimal(str(example["amount"]["value"])) * 10**9)
