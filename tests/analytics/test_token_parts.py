"""Batch and tiers, and one other stream over time: together they are the whole."""

from dataclasses import replace

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.analytics.other_streams import StreamSplit, other_streams, stream_split
from wherespent.analytics.token_parts import BATCH, ProcessingPoint, processing_parts
from wherespent.analytics.usage import usage_totals
from wherespent.errors import QuestionRefused

ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)
JANUARY = replace(ALL, window=window("2026-01-01", "2026-01-31"), granularity=Granularity.DAY)


def parts(facts: Facts, filters: Filters = ALL) -> list[ProcessingPoint]:
    with facts.database.read() as connection:
        return processing_parts(connection, filters)


def split(facts: Facts, stream: str, filters: Filters = JANUARY) -> StreamSplit:
    with facts.database.read() as connection:
        return stream_split(connection, filters, stream)


def test_a_batch_is_a_batch_whatever_tier_it_names(organization: Facts) -> None:
    assert parts(organization) == [
        ProcessingPoint(None, NOT_REPORTED, 7, 50, None, None),
        ProcessingPoint(None, BATCH, 10, 100, None, 7),
        ProcessingPoint(None, "default", 30, 300, 90, 21),
    ]


@pytest.mark.parametrize("granularity", [Granularity.HOUR, Granularity.DAY, Granularity.MONTH])
def test_the_parts_are_all_requests_and_tokens(
    organization: Facts, granularity: Granularity
) -> None:
    found = parts(organization, replace(JANUARY, granularity=granularity))
    with organization.database.read() as connection:
        whole = usage_totals(connection, JANUARY)
    assert sum(point.requests or 0 for point in found) == whole.requests
    assert sum(point.tokens or 0 for point in found) == (whole.input_tokens or 0) + (
        whole.output_tokens or 0
    )


def test_a_tier_of_its_own_stands_apart_and_filters_apply(organization: Facts) -> None:
    flex = {"service_tier": "flex", "batch": "false", "model": "o3", "project_id": "p3"}
    organization.usage("completions", at("2026-01-05"), **flex, num_model_requests=2)
    found = parts(organization, replace(ALL, project=Choice(("p3",))))
    assert [(point.processing, point.requests, point.tokens) for point in found] == [
        ("flex", 2, None)
    ]


def test_a_stream_over_time_by_model_or_project(organization: Facts) -> None:
    day = at("2026-01-02")
    images = split(organization, "openai.usage.images")
    assert (images.dimension, images.points) == ("model", {(day, "image-1"): 3})
    organization.usage("code_interpreter_sessions", day, project_id="p1", num_sessions=4)
    sessions = split(organization, "openai.usage.code_interpreter_sessions")
    assert (sessions.dimension, sessions.points) == ("project_id", {(day, "p1"): 4})


def test_a_stock_is_one_level_a_bucket(organization: Facts) -> None:
    stores = split(organization, "openai.usage.vector_stores")
    assert stores.dimension == ""
    assert stores.points == {(at("2026-01-01"), ""): 1110, (at("2026-01-02"), ""): 1200}


def test_completions_are_none_of_the_other_streams(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match="none of the other streams"):
        split(organization, "openai.usage.completions")


def test_decisions_count_their_requests(organization: Facts) -> None:
    organization.usage(
        "decisions", at("2026-01-02"), model="gpt-5", num_model_requests=9, input_tokens=80
    )
    with organization.database.read() as connection:
        found = {it.stream: it for it in other_streams(connection, JANUARY)}
    decisions = found["openai.usage.decisions"]
    assert (decisions.measure, decisions.total, decisions.unit) == (
        "num_model_requests",
        9,
        "requests",
    )
