"""Which days were read: spans of one state, and the days that nothing may be drawn for."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.coverage import StreamCoverage, coverage, unread_days
from wherespent.analytics.day_states import DayState, Known, holes, spans, watermark
from wherespent.analytics.doubts import doubted_buckets
from wherespent.analytics.unknown import unknown_data
from wherespent.domain.windows import DAY, Window, utc
from wherespent.storage import tables

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
COSTS, COMPLETIONS, EMBEDDINGS = (
    "openai.costs",
    "openai.usage.completions",
    "openai.usage.embeddings",
)


def covered(facts: Facts, stream: str, days: int = 10, backfill_days: int = 8) -> StreamCoverage:
    with facts.database.read() as connection:
        found = coverage(connection, "default", NOW, days, backfill_days=backfill_days)
    return next(row for row in found if row.stream == stream)


def told(row: StreamCoverage) -> list[tuple[str, str, int]]:
    return [(f"{utc(s.window.start):%d}", s.state.value, s.days) for s in row.spans]


def test_a_stream_that_was_never_read_is_waited_for(facts: Facts) -> None:
    assert told(covered(facts, COSTS)) == [("01", "not_wanted", 1), ("02", "waiting", 9)]


def test_days_of_one_state_are_one_span(facts: Facts) -> None:
    for number in (3, 4, 6, 7, 8, 9, 10):
        day = f"2026-01-{number:02}"
        facts.read("costs", day, when=at("2026-01-10", 12))
    assert told(covered(facts, COSTS)) == [
        ("01", "not_wanted", 1),
        ("02", "waiting", 1),
        ("03", "settled", 2),
        ("05", "hole", 1),
        ("06", "settled", 1),
        ("07", "provisional", 4),
    ]


def test_a_day_in_doubt_and_a_restated_one_stand_out(facts: Facts) -> None:
    for number in range(2, 11):
        facts.read("costs", f"2026-01-{number:02}", when=at("2026-01-10", 12))
    stream_id = facts.stream_id(COSTS)
    flag = {"stream_id": stream_id, "grouping": 0, "bucket_start": at("2026-01-05")}
    facts.insert(tables.empty_bucket, seen_at=NOW, **flag)
    changed = {"grouping": 0, "series_id": 1, "seen_at": NOW, "old_amount": Decimal(1)}
    facts.insert(tables.cost_revision, bucket_start=at("2026-01-03"), settled=1, **changed)
    facts.insert(tables.cost_revision, bucket_start=at("2026-01-04"), settled=0, **changed)
    states = {start: s.state for s in covered(facts, COSTS).spans for start in s.window.days()}
    assert states[at("2026-01-03")] is DayState.RESTATED
    assert states[at("2026-01-04")] is DayState.SETTLED
    assert states[at("2026-01-05")] is DayState.DOUBTED


def test_an_endpoint_that_is_not_offered_says_so(facts: Facts) -> None:
    state = {"stream_id": facts.stream_id(EMBEDDINGS), "grouping": 0}
    facts.insert(tables.stream_state, unsupported_at=NOW, **state)
    assert not covered(facts, EMBEDDINGS).is_offered
    assert covered(facts, COMPLETIONS).is_offered


readings = st.dictionaries(
    st.integers(0, 40).map(lambda number: number * DAY),
    st.integers(-2, 6).map(lambda late: late),
    max_size=40,
).map(lambda late: {day: utc(day + DAY + after * DAY // 2) for day, after in late.items()})


@given(readings, st.integers(0, 45))
def test_spans_tile_the_window_and_never_repeat_a_state(
    read: dict[int, datetime], since: int
) -> None:
    asked = Window(0, 45 * DAY)
    found = list(spans(Known(read, since * DAY, lag_days=2), asked, 44 * DAY))
    assert [span.window.start for span in found[1:]] == [span.window.end for span in found[:-1]]
    assert (found[0].window.start, found[-1].window.end) == (asked.start, asked.end)
    assert all(a.state is not b.state for a, b in pairwise(found))


@given(readings)
def test_holes_are_exactly_what_is_not_complete_before_the_watermark(
    read: dict[int, datetime],
) -> None:
    end = watermark(read)
    missing = {day for gap in holes(read) for day in gap.days()}
    complete = {day for day, when in read.items() if when >= utc(day + DAY)}
    if end is None:
        assert (missing, complete) == (set(), set())
    else:
        assert missing | complete >= set(range(min(read), end, DAY))
        assert missing.isdisjoint(complete)
        assert end - DAY in complete


# What may not be drawn


def unread(facts: Facts, *streams: str, first: str, end: str) -> list[str]:
    with facts.database.read() as connection:
        days = unread_days(
            connection, "default", streams, window(first, end), today=at("2026-01-10")
        )
    return [f"{utc(day):%d}" for day in sorted(days)]


def test_a_day_that_was_read_and_is_empty_is_not_among_the_unread(facts: Facts) -> None:
    facts.cost("2026-01-02", "1", line_item="x")
    facts.read("costs", "2026-01-03")
    assert unread(facts, COSTS, first="2026-01-01", end="2026-01-06") == ["01", "04", "05"]


def test_the_future_is_not_unread(facts: Facts) -> None:
    facts.read("costs", "2026-01-09")
    assert unread(facts, COSTS, first="2026-01-09", end="2026-02-01") == ["10"]


def test_a_day_that_one_of_the_streams_lacks_is_unread(facts: Facts) -> None:
    for day in ("2026-01-01", "2026-01-02"):
        facts.read("completions", day)
    facts.read("embeddings", "2026-01-02")
    both = (COMPLETIONS, EMBEDDINGS)
    assert unread(facts, *both, first="2026-01-01", end="2026-01-04") == ["01", "03"]


def test_a_stream_that_was_never_read_hides_nothing_of_the_others(facts: Facts) -> None:
    facts.read("completions", "2026-01-01")
    both = (COMPLETIONS, EMBEDDINGS)
    assert unread(facts, *both, first="2026-01-01", end="2026-01-03") == ["02"]
    assert unread(facts, EMBEDDINGS, first="2026-01-01", end="2026-01-03") == ["01", "02"]


# What is in doubt, and what is unknown


def test_a_bucket_in_doubt_says_what_it_holds_and_until_when(facts: Facts) -> None:
    facts.cost("2026-01-02", "1.25", line_item="x")
    facts.cost("2026-01-02", "0.000000001", line_item="y")
    facts.usage("completions", at("2026-01-02", 5), model="m", num_model_requests=7)
    for stream, start in ((COSTS, at("2026-01-02")), (COMPLETIONS, at("2026-01-02", 5))):
        key = {"stream_id": facts.stream_id(stream), "grouping": 0, "bucket_start": start}
        facts.insert(tables.empty_bucket, seen_at=NOW, **key)
    with facts.database.read() as connection:
        cost, used = doubted_buckets(connection, "default")
    assert (cost.billed, cost.amount, cost.rows) == (Decimal("1.250000001"), None, 2)
    assert (used.billed, used.amount, used.measure) == (None, 7, "num_model_requests")
    assert used.bucket == Window(at("2026-01-02", 5), at("2026-01-02", 6))
    assert used.believed_from == NOW.replace(hour=13)


def test_whole_results_come_before_fields(facts: Facts) -> None:
    seen = {"first_seen_at": NOW, "last_seen_at": NOW, "seen": 2, "sample": "{}"}
    stream_id = facts.stream_id(COSTS)
    for kind, name in (("field", "a"), ("result", "b")):
        facts.insert(tables.unrecognized, stream_id=stream_id, kind=kind, name=name, **seen)
    with facts.database.read() as connection:
        rows = unknown_data(connection, "default")
        nobody = unknown_data(connection, "nobody")
    assert [(row.stream, row.kind, row.name, row.seen) for row in rows] == [
        (COSTS, "result", "b", 2),
        (COSTS, "field", "a", 2),
    ]
    assert nobody == []
