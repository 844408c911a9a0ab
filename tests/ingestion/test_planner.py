"""The planner: pure, so its properties hold for any history of readings."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOON, TODAY, day, the

from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, Window, epoch
from wherespent.ingestion.plan import Wanted, is_settled, plan_windows, provisional_from

COMPLETIONS, COSTS = the("completions"), the("costs")
Readings = dict[int, datetime]
streams = st.sampled_from([COMPLETIONS, COSTS])
readings = st.dictionaries(
    st.integers(-400, 1).map(day),
    st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda ago: NOON + ago),
    max_size=400,
)
wanted = st.tuples(st.integers(-400, 0), st.integers(1, 5)).map(
    lambda days: Wanted(day(days[0]), day(days[1]))
)


def days_of(windows: list[Window]) -> list[int]:
    return [start for window in windows for start in window.days()]


@given(streams, wanted, readings)
def test_windows_never_overlap_and_lie_within_what_is_wanted(
    stream: Stream, wanted: Wanted, days_read: Readings
) -> None:
    days = days_of(plan_windows(stream, wanted, days_read, now=NOON))
    assert len(days) == len(set(days))
    assert set(days) <= set(wanted.days())


@given(streams, wanted, readings)
def test_exactly_the_days_that_are_due_are_planned(
    stream: Stream, wanted: Wanted, days_read: Readings
) -> None:
    planned = set(days_of(plan_windows(stream, wanted, days_read, now=NOON)))
    settled = {d for d in wanted.days() if is_settled(d, days_read.get(d), stream.lag_days, NOON)}
    assert planned == set(wanted.days()) - settled


@given(streams, wanted, readings)
def test_windows_are_whole_utc_days_newest_first_and_not_too_long(
    stream: Stream, wanted: Wanted, days_read: Readings
) -> None:
    windows = plan_windows(stream, wanted, days_read, now=NOON)
    assert all(window.start % DAY == window.end % DAY == 0 for window in windows)
    ends = [window.end for window in windows]
    assert ends == sorted(ends, reverse=True)
    longest = 28 * DAY if stream is COMPLETIONS else 180 * DAY
    assert all(window.seconds <= longest for window in windows)


@given(streams, wanted, readings)
def test_reading_what_is_planned_leaves_only_what_is_provisional(
    stream: Stream, wanted: Wanted, days_read: Readings
) -> None:
    planned = days_of(plan_windows(stream, wanted, days_read, now=NOON))
    after = {**days_read, **dict.fromkeys(planned, NOON)}
    again = days_of(plan_windows(stream, wanted, after, now=NOON))
    assert all(start >= provisional_from(stream, NOON) for start in again)


@given(streams, wanted, readings)
def test_what_was_tried_in_this_sync_is_not_planned_again(
    stream: Stream, wanted: Wanted, days_read: Readings
) -> None:
    planned = days_of(plan_windows(stream, wanted, days_read, now=NOON))
    assert plan_windows(stream, wanted, days_read, skipped=set(planned), now=NOON) == []


@given(wanted, st.integers(-400, 1))
def test_nothing_before_the_floor_is_planned(wanted: Wanted, floor: int) -> None:
    floored = Wanted(wanted.since, wanted.until, floor=day(floor))
    days = days_of(plan_windows(COMPLETIONS, floored, {}, now=NOON))
    assert all(start >= day(floor) for start in days)


def test_a_reading_from_the_future_is_not_believed() -> None:
    assert not is_settled(day(-100), NOON + timedelta(hours=1), 1, NOON)


def test_a_day_settles_when_it_was_read_after_its_lag() -> None:
    end_of_lag = datetime.fromtimestamp(day(-3) + 2 * DAY, UTC)
    assert is_settled(day(-3), end_of_lag, 1, NOON)
    assert not is_settled(day(-3), end_of_lag - timedelta(seconds=1), 1, NOON)


def test_a_young_day_gets_a_second_look_after_a_week() -> None:
    assert is_settled(day(-20), NOON - timedelta(days=6), 1, NOON)
    assert not is_settled(day(-20), NOON - timedelta(days=7), 1, NOON)


def test_the_last_look_comes_when_a_day_is_older_than_five_weeks() -> None:
    end_of_looks = datetime.fromtimestamp(day(-100) + 36 * DAY, UTC)
    assert not is_settled(day(-100), end_of_looks - timedelta(seconds=1), 1, NOON)
    assert is_settled(day(-100), end_of_looks, 1, NOON)


def test_usage_is_provisional_for_one_day_and_costs_for_three() -> None:
    assert provisional_from(COMPLETIONS, NOON) == TODAY - DAY
    assert provisional_from(COSTS, NOON) == TODAY - 3 * DAY


def test_a_doubted_day_is_read_again_although_it_is_settled() -> None:
    days_read = dict.fromkeys(Wanted(day(-30), day(1)).days(), NOON)
    windows = plan_windows(COSTS, Wanted(day(-30), day(1)), days_read, doubted={day(-20)}, now=NOON)
    assert [(w.start, w.end) for w in windows] == [(day(-3), day(1)), (day(-20), day(-19))]


def test_an_empty_wish_plans_nothing() -> None:
    assert plan_windows(COSTS, Wanted(day(1), day(1)), {}, now=NOON) == []
    assert epoch(NOON) > TODAY
