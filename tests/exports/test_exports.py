import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.analytics.facts import Facts, window

from wherespent.analytics.cost import cost_total
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.usage import usage_totals
from wherespent.errors import QuestionRefused
from wherespent.exports.costs import export_costs
from wherespent.exports.usage import export_usage
from wherespent.exports.writers import Format, write_export

TOTAL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)
DAY = replace(TOTAL, granularity=Granularity.DAY)


def costs(
    facts: Facts, filters: Filters, dimensions: Sequence[str] = (), form: Format = Format.JSON
) -> bytes:
    file = io.BytesIO()
    with facts.database.read() as connection:
        write_export(export_costs(connection, filters, dimensions), form, file)
    return file.getvalue()


def usage(
    facts: Facts,
    filters: Filters,
    dimensions: Sequence[str] = (),
    form: Format = Format.JSON,
    stream: str | None = None,
) -> bytes:
    file = io.BytesIO()
    with facts.database.read() as connection:
        write_export(export_usage(connection, filters, dimensions, stream=stream), form, file)
    return file.getvalue()


def cost_rows(facts: Facts, filters: Filters, *dimensions: str) -> list[dict[str, Any]]:
    return json.loads(costs(facts, filters, dimensions))


def usage_rows(
    facts: Facts, filters: Filters, *dimensions: str, stream: str | None = None
) -> list[dict[str, Any]]:
    return json.loads(usage(facts, filters, dimensions, stream=stream))


def test_costs_without_grouping_are_one_row_per_bucket(organization: Facts) -> None:
    rows = cost_rows(organization, DAY)
    assert rows[0] == {
        "bucket_start": "2026-01-01T00:00:00Z",
        "account": "default",
        "billed_usd": "1.000000001",
        "quantity": 200.0,
        "quantity_unit": "tokens",
    }
    assert rows[1]["billed_usd"] == "2.875000000"
    assert (rows[1]["quantity"], rows[1]["quantity_unit"]) == (None, None)
    assert [row["bucket_start"][:10] for row in rows] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
        "2026-02-03",
    ]


def test_a_total_has_no_bucket(organization: Facts) -> None:
    assert cost_rows(organization, TOTAL) == [
        {
            "account": "default",
            "billed_usd": "7.375000001",
            "quantity": None,
            "quantity_unit": None,
        }
    ]


def test_dimensions_have_their_raw_id_and_their_name(organization: Facts) -> None:
    rows = cost_rows(organization, TOTAL, "project_id", "user_id", "api_key_id", "model")
    ann = next(row for row in rows if row["model"] == "gpt-5" and row["project_id"] == "p1")
    assert ann == {
        "account": "default",
        "project_id": "p1",
        "project_name": "Web",
        "user_id": "u1",
        "user_name": "ann@example.com",
        "api_key_id": "k1",
        "api_key_name": "production",
        "model": "gpt-5",
        "billed_usd": "1.000000001",
        "quantity": 200.0,
        "quantity_unit": "tokens",
    }
    credit = next(row for row in rows if row["billed_usd"] == "-0.500000000")
    assert (credit["user_id"], credit["user_name"], credit["model"]) == (None, None, None)
    assert {row["project_name"] for row in rows if row["project_id"] == "p2"} == {None}


@pytest.mark.parametrize(
    "dimensions",
    [(), ("model",), ("line_item",), ("project_id", "api_key_id"), ("user_id", "api_source")],
)
@pytest.mark.parametrize("chosen", [{}, {"model": Choice(exclude=("o3",))}])
def test_costs_add_up_to_what_the_dashboard_shows(
    organization: Facts, dimensions: tuple[str, ...], chosen: dict[str, Choice]
) -> None:
    with organization.database.read() as connection:
        shown = cost_total(connection, replace(TOTAL, **chosen))
    for granularity in set(Granularity) - {Granularity.HOUR}:
        filters = replace(TOTAL, granularity=granularity, **chosen)
        rows = cost_rows(organization, filters, *dimensions)
        assert sum(Decimal(row["billed_usd"]) for row in rows) == shown
        keys = [tuple(row.get(name) for name in ("bucket_start", *dimensions)) for row in rows]
        assert len(set(keys)) == len(keys)


def test_hourly_costs_are_refused_with_what_is_possible(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match="use day, month or total"):
        costs(organization, replace(TOTAL, granularity=Granularity.HOUR))


@pytest.mark.parametrize("dimension", ["batch", "nonsense", "model_key"])
def test_costs_by_anything_else_are_refused(organization: Facts, dimension: str) -> None:
    with pytest.raises(QuestionRefused, match=f"'{dimension}': use model, line_item"):
        costs(organization, TOTAL, [dimension])


def test_usage_has_only_the_measures_of_its_stream(organization: Facts) -> None:
    rows = usage_rows(organization, DAY, "model", stream="images")
    assert rows == [
        {
            "bucket_start": "2026-01-02T00:00:00Z",
            "stream": "openai.usage.images",
            "account": "default",
            "model": "image-1",
            "num_model_requests": 2,
            "images": 3,
        }
    ]


def test_unknown_measures_are_null(organization: Facts) -> None:
    [row] = usage_rows(organization, TOTAL, stream="completions")
    assert row["input_tokens"] == 400
    assert row["input_audio_tokens"] is None
    assert "images" not in row


def test_all_streams_have_a_row_each(organization: Facts) -> None:
    rows = usage_rows(organization, TOTAL, "batch")
    assert {(row["stream"].rsplit(".", 1)[1], row["batch"]) for row in rows} == {
        ("completions", True),
        ("completions", False),
        ("embeddings", None),
        ("images", None),
        ("web_search_calls", None),
        ("vector_stores", None),
    }


@pytest.mark.parametrize("granularity", list(Granularity))
@pytest.mark.parametrize("dimensions", [(), ("model",), ("user_id", "service_tier")])
def test_usage_adds_up_to_what_the_dashboard_shows(
    organization: Facts, granularity: Granularity, dimensions: tuple[str, ...]
) -> None:
    filters = replace(TOTAL, granularity=granularity)
    rows = usage_rows(organization, filters, *dimensions)
    with organization.database.read() as connection:
        shown = usage_totals(connection, filters)
    assert sum(row.get("input_tokens") or 0 for row in rows) == shown.input_tokens
    requests = [row for row in rows if row["stream"] != "openai.usage.web_search_calls"]
    assert sum(row.get("num_model_requests") or 0 for row in requests) == shown.requests


@pytest.mark.parametrize(
    ("granularity", "levels"),
    [
        (Granularity.HOUR, [1000, 1110, 1200]),
        (Granularity.DAY, [1110, 1200]),
        (Granularity.WEEK, [1200]),
        (Granularity.MONTH, [1200]),
        (Granularity.QUARTER, [1200]),
        (Granularity.TOTAL, [1200]),
    ],
)
def test_bytes_are_the_last_level_of_each_bucket(
    organization: Facts, granularity: Granularity, levels: list[int]
) -> None:
    filters = replace(TOTAL, granularity=granularity)
    rows = usage_rows(organization, filters, stream="vector_stores")
    assert [row["usage_bytes"] for row in rows] == levels


def test_a_dimension_that_the_stream_lacks_is_refused(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match=r"vector_stores .* 'model': use project_id"):
        usage(organization, TOTAL, ["model"], stream="vector_stores")
    with pytest.raises(QuestionRefused, match="'line_item'"):
        usage(organization, TOTAL, ["line_item"])


@pytest.mark.parametrize("stream", ["costs", "nonsense"])
def test_an_unknown_stream_is_refused(organization: Facts, stream: str) -> None:
    with pytest.raises(QuestionRefused, match="use one of completions"):
        usage(organization, TOTAL, stream=stream)


def test_filters_apply(organization: Facts) -> None:
    chosen = replace(TOTAL, user=Choice(include=("u2",)))
    [row] = usage_rows(organization, chosen, stream="completions")
    assert row["num_model_requests"] == 10


def test_csv_defuses_formulas_and_leaves_numbers_alone(facts: Facts) -> None:
    dangerous = [
        "=1+1",
        "+1",
        "-1",
        "@A1",
        "\tx",
        "\rx",
        "\nx",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
    ]
    for item in [*dangerous, "safe", 'with "quotes", and comma']:
        facts.cost("2026-01-01", "-2.5", line_item=item, quantity=-1, unit="x")
    text = costs(facts, DAY, ["line_item"], Format.CSV).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    items = {row["line_item"] for row in rows}
    assert items == {f"'{item}" for item in dangerous} | {"safe", 'with "quotes", and comma'}
    assert {row["billed_usd"] for row in rows} == {"-2.500000000"}
    assert {row["bucket_start"] for row in rows} == {"2026-01-01T00:00:00Z"}
    raw = cost_rows(facts, DAY, "line_item")
    assert {row["line_item"] for row in raw} >= set(dangerous)


def test_csv_of_all_streams_leaves_other_measures_empty(organization: Facts) -> None:
    text = usage(organization, TOTAL, ["batch"], Format.CSV).decode()
    rows = {(r["stream"], r["batch"]): r for r in csv.DictReader(io.StringIO(text))}
    assert rows["openai.usage.images", ""]["images"] == "3"
    assert rows["openai.usage.images", ""]["input_tokens"] == ""
    assert rows["openai.usage.completions", "true"]["num_model_requests"] == "10"


def test_parquet_keeps_types_and_every_digit(organization: Facts) -> None:
    file = io.BytesIO(costs(organization, DAY, ["project_id"], Format.PARQUET))
    table = parquet.read_table(file)
    assert table.schema.field("billed_usd").type == pa.decimal128(38, 9)
    assert table.schema.field("bucket_start").type == pa.timestamp("us", tz="UTC")
    rows = table.to_pylist()
    assert sum(row["billed_usd"] for row in rows) == Decimal("7.375000001")
    assert rows[0]["bucket_start"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_parquet_of_all_streams(organization: Facts) -> None:
    file = io.BytesIO(usage(organization, TOTAL, ["batch"], Format.PARQUET))
    rows = parquet.read_table(file).to_pylist()
    assert {row["batch"] for row in rows} == {True, False, None}
    assert sum(row["images"] or 0 for row in rows) == 3


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_export_is_still_a_valid_file(facts: Facts, form: Format) -> None:
    written = costs(facts, DAY, ["project_id"], form)
    if form is Format.JSON:
        assert json.loads(written) == []
    elif form is Format.CSV:
        head = "bucket_start,account,project_id,project_name,billed_usd"
        assert written.decode().startswith(head)
    elif form is Format.XLSX:
        assert written.startswith(b"PK")  # read in test_spreadsheet
    else:
        assert parquet.read_table(io.BytesIO(written)).num_rows == 0
