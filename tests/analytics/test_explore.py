"""Explore: every measure by every dimension that it has, the parts always the whole."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.cost import cost_total
from wherespent.analytics.explore import Explored, Question, explore, total_of
from wherespent.analytics.explore_rules import DIMENSIONS, refused_splits
from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.analytics.measures import MEASURES, Parts
from wherespent.analytics.usage import usage_totals
from wherespent.analytics.zones import Zone
from wherespent.domain.money import EXACT
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused
from wherespent.storage import tables

ALL = Filters(window("2026-01-01", "2026-03-01"))
COARSE = replace(ALL, granularity=Granularity.MONTH)


def ask(facts: Facts, measure: str, *by: str, most: int = 8, filters: Filters = ALL) -> Explored:
    with facts.database.read() as connection:
        return explore(connection, Question(filters, measure, by, most=most))


def by_key(found: Explored) -> dict[tuple[str, ...], object]:
    return {key: found.value(parts) for key, parts in found.totals.items()}


def added(each: Iterable[Parts]) -> list[Decimal]:
    """Column by column, the unknown as nothing."""
    rows = [[Decimal(part or 0) for part in parts] for parts in each]
    return [sum(column, Decimal()) for column in zip(*rows, strict=True)]


def assert_adds_up(found: Explored, asked: object) -> None:
    assert found.whole is not None
    whole = added([found.whole])
    rest = [found.other_total] if found.other_total else []
    assert added([*(found.totals[key] for key in found.keys), *rest]) == whole, asked
    assert added(found.totals.values()) == whole, asked
    for bucket, parts in found.buckets.items():
        shown = [it for (start, _), it in found.points.items() if start == bucket]
        others = [found.others[bucket]] if bucket in found.others else []
        assert added([*shown, *others]) == added([parts]), (asked, bucket)
    if found.measure.is_flow:
        assert added(found.buckets.values()) == whole, asked


# One of each nature: the others differ by their columns alone.
PAIRED = ("billed_cost", "requests", "vector_store_bytes", "searches", "cost_per_1000_requests")


def test_whatever_is_shown_adds_up_to_the_whole(organization: Facts) -> None:
    answered = 0
    with organization.database.read() as connection:
        for name, measure in MEASURES.items():
            own = [it for it in DIMENSIONS if it in measure.dimensions]
            pairs = combinations(own, 2) if name in PAIRED else ()
            for by in [(), *((it,) for it in own), *pairs]:
                question = Question(COARSE, name, by, most=1)
                found = explore(connection, question)
                if found.whole is not None:
                    assert_adds_up(found, (name, by))
                    assert found.total == total_of(connection, question), (name, by)
                    answered += 1
    assert answered > 100


def test_totals_are_those_of_the_pages(organization: Facts) -> None:
    with organization.database.read() as connection:
        usage = usage_totals(connection, ALL)
        billed = cost_total(connection, ALL)
    assert ask(organization, "billed_cost", "model").total == billed == Decimal("7.375000001")
    assert ask(organization, "requests", "user_id").total == usage.requests
    for name in ("input_tokens", "input_uncached_tokens", "input_cached_tokens", "output_tokens"):
        assert ask(organization, name, "model").total == getattr(usage, name), name


def test_a_ratio_is_that_of_exact_sums(organization: Facts) -> None:
    found = ask(organization, "tokens_per_request", "model")
    # Images have requests without tokens: they are in neither sum.
    assert found.total == EXACT.divide(Decimal(450 + 28), Decimal(45))
    assert by_key(found)["gpt-5",] == Decimal("10.7")
    cost = ask(organization, "cost_per_1000_requests", "project_id")
    assert by_key(cost)["p2",] == Decimal("6.75") / 20 * 1000
    shares = ask(organization, "cached_share", "model")
    assert by_key(shares)["gpt-5",] == Decimal("0.3")


def test_a_ratio_is_unknown_where_there_is_nothing_to_divide_by(organization: Facts) -> None:
    found = by_key(ask(organization, "cost_per_1000_requests", "model"))
    # Billed, and without a request of its own.
    assert found["web search",] is None
    assert found["credit grant",] is None
    assert by_key(ask(organization, "cached_share", "model"))["embed",] is None


def test_a_stock_is_its_last_level_and_never_a_sum(organization: Facts) -> None:
    found = ask(organization, "vector_store_bytes", "project_id")
    assert found.total == 1200
    # What was stored the day before, and is gone, adds nothing to the total.
    assert by_key(found) == {("p1",): 1200, ("p2",): 0}
    days = {bucket: found.value(parts) for bucket, parts in found.buckets.items()}
    assert days == {at("2026-01-01"): 1110, at("2026-01-02"): 1200}


def test_a_stock_is_the_same_by_filter_and_by_split(organization: Facts) -> None:
    """Of what p2 stored on the 1st nothing is left on the 2nd: its own last level is not it."""
    p2 = replace(ALL, project=Choice(("p2",)))
    found = ask(organization, "vector_store_bytes", filters=p2)
    days = {bucket: found.value(parts) for bucket, parts in found.buckets.items()}
    assert days == {at("2026-01-01"): 10, at("2026-01-02"): 0}
    assert found.total == ask(organization, "vector_store_bytes", "project_id", filters=p2).total
    assert found.total == 0
    nobody = replace(ALL, project=Choice(("p9",)))
    assert ask(organization, "vector_store_bytes", filters=nobody).total is None


def test_the_largest_keys_stand_first_and_the_rest_is_one(organization: Facts) -> None:
    found = ask(organization, "billed_cost", "line_item", most=2)
    assert [key[0] for key in found.keys] == ["o3, output", "gpt-5, input"]
    assert found.other_keys == 2
    assert found.value(found.other_total) == Decimal("-0.375")


def test_pairs_are_keys_of_their_own(organization: Facts) -> None:
    found = by_key(ask(organization, "requests", "model", "batch"))
    assert found["o3", "true"] == 10
    assert found["embed", NOT_REPORTED] == 5


def test_filters_apply_whichever_dimension_is_shown(organization: Facts) -> None:
    chosen = replace(ALL, project=Choice(exclude=("p1",)))
    assert ask(organization, "requests", "user_id", filters=chosen).total == 20
    assert ask(organization, "billed_cost", "model", filters=chosen).total == Decimal("6.75")


def test_what_costs_are_divided_by_is_of_the_same_days(organization: Facts) -> None:
    """Whatever the zone of usage is: the bill is of UTC days."""
    days = replace(ALL, window=window("2026-01-01", "2026-01-11"))
    there = replace(days, zone=Zone("Pacific/Auckland"))
    for filters in (days, there):
        assert ask(organization, "cost_per_1000_requests", filters=filters).whole is not None
    assert (
        ask(organization, "cost_per_1000_requests", filters=days).buckets
        == ask(organization, "cost_per_1000_requests", filters=there).buckets
    )


@pytest.mark.parametrize(
    ("measure", "by", "words"),
    [
        ("requests", ("line_item",), "on the bill alone"),
        ("billed_cost", ("service_tier",), "does not report billed cost by service tier"),
        ("sessions", ("model",), "does not report code interpreter sessions by model"),
        ("billed_cost", ("model", "model"), "each of them once"),
        ("dollars", (), "no measure dollars"),
    ],
)
def test_what_is_not_reported_is_refused_in_words(
    organization: Facts, measure: str, by: tuple[str, ...], words: str
) -> None:
    with pytest.raises(QuestionRefused, match=words):
        ask(organization, measure, *by)


def test_the_bill_has_neither_hours_nor_minutes(organization: Facts) -> None:
    day = replace(ALL, window=window("2026-01-01", "2026-01-02"), granularity=Granularity.HOUR)
    for measure in ("billed_cost", "cost_per_1000_requests"):
        with pytest.raises(QuestionRefused, match="no hours of it"):
            ask(organization, measure, filters=day)
    assert len(ask(organization, "requests", filters=day).buckets) == 2
    long = replace(ALL, granularity=Granularity.HOUR)
    with pytest.raises(QuestionRefused, match="at most 31 days"):
        ask(organization, "requests", filters=long)


def test_minutes_stand_in_for_the_window(organization: Facts) -> None:
    stream = organization.stream_id("openai.usage.completions")
    minute = at("2026-02-03")
    for number, start in enumerate((minute, minute + 60), 1):
        organization.insert(
            tables.usage_minute,
            stream_id=stream,
            bucket_start=start,
            series_id=1,
            num_model_requests=number,
        )
    kept = Window(minute, minute + 3600)
    with organization.database.read() as connection:
        question = Question(ALL, "requests", ("model",), minutes=kept)
        found = explore(connection, question)
        with pytest.raises(QuestionRefused, match="no minutes of it"):
            explore(connection, replace(question, measure="billed_cost"))
    assert found.total == 3
    assert {bucket: found.value(it) for bucket, it in found.buckets.items()} == {
        minute: 1,
        minute + 60: 2,
    }


def test_users_beside_projects_are_refused_where_the_organization_refuses_them(
    organization: Facts,
) -> None:
    organization.refuse("user_with_project")
    with pytest.raises(QuestionRefused, match="together with project_id"):
        ask(organization, "billed_cost", "project_id", "user_id")
    with organization.database.read() as connection:
        reasons = refused_splits(connection, ALL, MEASURES["billed_cost"], ("project_id",))
        usage = refused_splits(connection, ALL, MEASURES["requests"], ("project_id",))
    assert "together with project_id" in reasons["user_id"]
    assert "model" not in reasons
    assert "user_id" not in usage


KEYS = st.sampled_from(["", "p1", "p2", "u1", "k1", "gpt-5", "o3, output", NOT_REPORTED, "x" * 80])


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    include, exclude = (draw(st.lists(KEYS, max_size=2)) for _ in range(2))
    return Choice(tuple(include), tuple(exclude))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    start, days = draw(st.integers(0, 5)), draw(st.integers(1, 60))
    first = at("2025-12-30") + start * 86_400
    zone = draw(st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
    filters = Filters(
        Window(first, first + days * 86_400),
        draw(st.sampled_from(list(Granularity))),
        project=draw(choices()),
        model=draw(choices()),
        user=draw(choices()),
        api_key=draw(choices()),
        line_item=draw(choices()),
        zone=Zone(zone if days <= 31 else "UTC"),
    )
    by = draw(st.lists(st.sampled_from([*DIMENSIONS, "nothing"]), max_size=3))
    measure = draw(st.sampled_from([*MEASURES, "nothing"]))
    return Question(filters, measure, tuple(by), most=draw(st.integers(-1, 60)))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(question=questions())
def test_any_question_is_answered_or_refused(organization: Facts, question: Question) -> None:
    with organization.database.read() as connection:
        try:
            found = explore(connection, question)
        except QuestionRefused:
            return
    if found.whole is not None:
        assert_adds_up(found, question)
