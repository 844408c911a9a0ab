from dataclasses import replace

import pytest
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.analytics.usage import (
    USAGE_DIMENSIONS,
    HourOfWeek,
    StreamPoint,
    StreamUsage,
    TokenPoint,
    UsageTotals,
    heat_map_window,
    other_streams,
    requests_by_hour_of_week,
    tokens_by,
    tokens_over_time,
    usage_totals,
)
from wherespent.errors import QuestionRefused

ALL = Filters(window("2026-01-01", "2026-03-01"), Granularity.TOTAL)
JANUARY = replace(ALL, window=window("2026-01-01", "2026-01-31"))


def totals(facts: Facts, filters: Filters) -> UsageTotals:
    with facts.database.read() as connection:
        return usage_totals(connection, filters)


def by(facts: Facts, filters: Filters, dimension: str) -> list[TokenPoint]:
    with facts.database.read() as connection:
        return tokens_by(connection, filters, dimension)


def other(facts: Facts, filters: Filters) -> dict[str, StreamUsage]:
    with facts.database.read() as connection:
        return {usage.stream: usage for usage in other_streams(connection, filters)}


def test_requests_leave_out_web_searches_which_repeat_completions(organization: Facts) -> None:
    assert totals(organization, ALL).requests == 10 + 10 + 10 + 10 + 5 + 2


def test_tokens_add_up(organization: Facts) -> None:
    found = totals(organization, ALL)
    assert (found.input_tokens, found.output_tokens) == (450, 28)
    # What does not report its cache counts as uncached.
    assert found.input_uncached_tokens == 3 * 60 + 100 + 50
    assert (found.input_cached_tokens, found.input_cache_write_tokens) == (90, 30)
    assert found.input_audio_tokens is None


def test_active_users_and_keys_are_distinct(organization: Facts) -> None:
    assert (totals(organization, ALL).active_users, totals(organization, ALL).active_api_keys) == (
        2,
        2,
    )
    chosen = replace(ALL, user=Choice(include=("u1",)))
    assert (
        totals(organization, chosen).active_users,
        totals(organization, chosen).active_api_keys,
    ) == (1, 1)


def test_nothing_read_is_unknown_and_nothing_used_is_zero(organization: Facts) -> None:
    never = replace(ALL, window=window("2025-01-01", "2025-01-02"))
    assert totals(organization, never).requests is None
    organization.read("completions", "2025-01-01")
    assert totals(organization, never).requests == 0
    assert totals(organization, never).input_tokens == 0


@pytest.mark.parametrize("granularity", [*Granularity])
def test_every_grouping_adds_up_to_the_total(organization: Facts, granularity: Granularity) -> None:
    whole = totals(organization, JANUARY)
    for dimension in USAGE_DIMENSIONS:
        points = by(organization, replace(JANUARY, granularity=granularity), dimension)
        assert sum(point.requests or 0 for point in points) == whole.requests
        assert sum(point.input_tokens or 0 for point in points) == whole.input_tokens
        assert sum(point.uncached or 0 for point in points) == whole.input_uncached_tokens
        assert len({(point.bucket_start, point.key) for point in points}) == len(points)


def test_streams_without_a_dimension_are_not_reported_by_it(organization: Facts) -> None:
    keys = {point.key: point.requests for point in by(organization, ALL, "batch")}
    assert keys == {"true": 10, "false": 30, NOT_REPORTED: 7}


def test_hours_of_a_day(organization: Facts) -> None:
    day = Filters(window("2026-01-01", "2026-01-02"), Granularity.HOUR)
    with organization.database.read() as connection:
        points = tokens_over_time(connection, day)
    assert [(point.bucket_start, point.requests) for point in points] == [
        (at("2026-01-01", 9), 15),
        (at("2026-01-01", 10), 10),
    ]


def test_more_hours_than_a_month_are_answered_in_days(organization: Facts) -> None:
    with organization.database.read() as connection:
        points = tokens_over_time(connection, replace(ALL, granularity=Granularity.HOUR))
    assert points[0].bucket_start == at("2026-01-01")


@pytest.mark.parametrize(
    ("chosen", "requests"),
    [
        ({"model": Choice(include=("gpt-5",))}, 20),
        ({"model": Choice(exclude=("gpt-5",))}, 27),
        ({"project": Choice(include=("p2",))}, 20),
        ({"user": Choice(include=("u2",))}, 10),
        ({"user": Choice(include=("",))}, 10),
        ({"api_key": Choice(exclude=("k1",))}, 20),
        ({"line_item": Choice(include=("gpt-5, input",))}, 47),
    ],
)
def test_filters(organization: Facts, chosen: dict[str, Choice], requests: int) -> None:
    assert totals(organization, replace(ALL, **chosen)).requests == requests


def test_the_heat_map_knows_weekday_and_hour(organization: Facts) -> None:
    with organization.database.read() as connection:
        cells = requests_by_hour_of_week(
            connection, replace(ALL, window=window("2026-01-01", "2026-01-20"))
        )
    assert cells == [HourOfWeek(3, 9, 15), HourOfWeek(3, 10, 10), HourOfWeek(4, 9, 12)]


def test_the_heat_map_reads_at_most_28_days() -> None:
    assert heat_map_window(ALL) == window("2026-02-01", "2026-03-01")


def test_bytes_are_a_level_and_never_summed_over_time(organization: Facts) -> None:
    stores = other(organization, replace(JANUARY, granularity=Granularity.DAY))[
        "openai.usage.vector_stores"
    ]
    assert stores.points == (
        StreamPoint(at("2026-01-01"), 1110),
        StreamPoint(at("2026-01-02"), 1200),
    )
    assert (stores.total, stores.unit) == (1200, "bytes")
    hours = replace(JANUARY, granularity=Granularity.HOUR)
    points = other(organization, hours)["openai.usage.vector_stores"].points
    assert [point.value for point in points] == [1000, 1110, 1200]


def test_bytes_that_are_gone_are_none_of_a_filter(organization: Facts) -> None:
    p2 = replace(JANUARY, granularity=Granularity.DAY, project=Choice(("p2",)))
    stores = other(organization, p2)["openai.usage.vector_stores"]
    assert [point.value for point in stores.points] == [10, 0]
    assert stores.total == 0
    assert "openai.usage.vector_stores" not in other(
        organization, replace(p2, project=Choice(("p9",)))
    )


def test_each_other_stream_has_its_own_unit(organization: Facts) -> None:
    found = other(organization, ALL)
    assert {(usage.measure, usage.total) for usage in found.values()} == {
        ("input_tokens", 50),
        ("images", 3),
        ("num_requests", 6),
        ("usage_bytes", 1200),
    }


def test_an_unknown_dimension_is_refused(organization: Facts) -> None:
    with pytest.raises(QuestionRefused, match="use model"):
        by(organization, ALL, "size")
