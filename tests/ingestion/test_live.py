"""The live minutes: exact, fresh while somebody looks, pruned, and apart from every total."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import NOON, Rig, the

from wherespent.analytics import live
from wherespent.analytics.filters import Choice, Filters
from wherespent.domain.windows import DAY, HOUR, MINUTE, Window, epoch, floor_day, utc
from wherespent.ingestion.live import TAIL, LiveTail, known_after, missing
from wherespent.ingestion.schedule import Schedule
from wherespent.storage.minutes import mark_watched, prune_minutes

PACE = timedelta(minutes=1)
COMPLETIONS = the("completions")
NOW = epoch(NOON)


def a_tail(rig: Rig, **options: Any) -> LiveTail:
    given: dict[str, Any] = {"now": rig.clock, "pace": PACE, "always": True, **options}
    return LiveTail(rig.database, rig.client, **given)


def stored(rig: Rig) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """(minute, dimensions …) → requests, input and output tokens."""
    dims = ", ".join(f"s.{name}" for name in COMPLETIONS.dimensions)
    rows = rig.rows(
        f"SELECT f.bucket_start, {dims}, f.num_model_requests, f.input_tokens, f.output_tokens"
        " FROM usage_minute f JOIN usage_series s ON s.id = f.series_id"
    )
    return {(str(row[0]), *row[1:-3]): tuple(row[-3:]) for row in rows}


def truth(rig: Rig, start: int, end: int) -> dict[tuple[str, ...], tuple[int, int, int]]:
    found: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for minute in range(start, end, MINUTE):
        groups = rig.organization.usage_truth(
            "completions", utc(minute), utc(minute + MINUTE), COMPLETIONS.dimensions
        )
        for dims, m in groups.items():
            texts = (
                "" if v is None else str(v).lower() if isinstance(v, bool) else v for v in dims
            )
            measures = m["num_model_requests"], m["input_tokens"], m["output_tokens"]
            found[str(minute), *texts] = measures
    return found


def tail_row(rig: Rig) -> Any:
    return rig.rows("SELECT window_start, window_end, read_at, error FROM live_tail")[0]


# What is read


def test_the_last_six_hours_are_the_truth_minute_by_minute(company: Rig) -> None:
    assert a_tail(company).run()
    assert stored(company) == truth(company, NOW - 6 * HOUR, NOW)
    assert tuple(tail_row(company)) == (NOW - 6 * HOUR, NOW, NOW, "")


def test_the_minutes_of_an_hour_add_up_to_the_hour(company: Rig) -> None:
    company.sync("completions", since=0)
    a_tail(company).run()
    hour = NOW - NOW % HOUR - HOUR
    sums = company.rows(
        "SELECT series_id, SUM(num_model_requests), SUM(input_tokens), SUM(output_tokens)"
        " FROM usage_minute WHERE bucket_start >= :hour AND bucket_start < :end GROUP BY 1",
        hour=hour,
        end=hour + HOUR,
    )
    hours = company.rows(
        "SELECT series_id, num_model_requests, input_tokens, output_tokens"
        " FROM usage_hour WHERE bucket_start = :hour AND num_model_requests > 0",
        hour=hour,
    )
    assert sorted(map(tuple, sums)) == sorted(map(tuple, hours))
    assert len(hours) > 5


def test_minutes_change_no_total_and_no_answer_that_is_kept(company: Rig) -> None:
    company.sync()
    before, version = company.contents(), company.version()
    a_tail(company).run()
    after = company.contents()
    assert {k: v for k, v in after.items() if k != "usage_series"} == {
        k: v for k, v in before.items() if k != "usage_series"
    }
    assert company.version() == version


def test_a_later_reading_asks_for_what_is_missing_and_what_is_revised(company: Rig) -> None:
    tail = a_tail(company)
    tail.run()
    company.forget_requests()
    company.clock.move(minutes=10)
    assert tail.run()
    (asked,) = company.asked("completions")
    assert int(asked.params["start_time"][0]) == NOW - 15 * MINUTE
    assert int(asked.params["end_time"][0]) == NOW + 10 * MINUTE
    assert asked.params["bucket_width"] == ["1m"]
    assert stored(company) == truth(company, NOW + 10 * MINUTE - 6 * HOUR, NOW + 10 * MINUTE)


def test_a_revised_minute_replaces_the_old_one(company: Rig) -> None:
    tail = a_tail(company)
    tail.run()
    with company.database.write() as connection:
        connection.exec_driver_sql("UPDATE usage_minute SET input_tokens = 1")
    company.clock.move(minutes=1)
    tail.run()
    found, right = stored(company), truth(company, NOW - 15 * MINUTE, NOW + MINUTE)
    assert {k: v for k, v in found.items() if int(k[0]) >= NOW - 15 * MINUTE} == right
    assert {v[1] for k, v in found.items() if int(k[0]) < NOW - 15 * MINUTE} == {1}


def test_after_a_long_pause_only_the_last_six_hours_are_there(company: Rig) -> None:
    tail = a_tail(company)
    tail.run()
    company.clock.move(hours=9)
    tail.run()
    end = NOW + 9 * HOUR
    assert stored(company) == truth(company, end - 6 * HOUR, end)
    assert tuple(tail_row(company))[:2] == (end - 6 * HOUR, end)


# When it is read


def test_nobody_is_asked_while_nobody_looks(company: Rig) -> None:
    tail = a_tail(company, always=False)
    assert not tail.run()
    mark_watched(company.database, "default", COMPLETIONS, company.clock())
    assert tail.run()
    company.clock.move(minutes=3)
    assert not tail.run()
    mark_watched(company.database, "default", COMPLETIONS, company.clock())
    assert tail.run()
    assert len(company.asked("completions")) == 2


def test_it_is_read_once_a_pace_by_all_processes_together(company: Rig) -> None:
    first, second = a_tail(company), a_tail(company)
    ran: list[bool] = []
    for _ in range(6):
        ran += [first.run(), second.run()]
        company.clock.move(seconds=20)
    assert ran == [True, *[False] * 5, True, *[False] * 5]


def test_watching_is_one_write_in_twenty_seconds(company: Rig) -> None:
    moments: list[int] = []
    for _ in range(9):
        mark_watched(company.database, "default", COMPLETIONS, company.clock())
        moments.append(company.value("SELECT watched_at FROM live_tail"))
        company.clock.move(seconds=5)
    assert sorted(set(moments)) == [NOW, NOW + 20, NOW + 40]


# What goes wrong


def test_a_failure_keeps_the_minutes_and_waits_for_its_turn(company: Rig) -> None:
    tail = a_tail(company)
    tail.run()
    before = stored(company)
    company.organization.faults.script("completions", *["500"] * 7)
    company.clock.move(minutes=1)
    assert tail.run()
    assert not tail.run()
    assert stored(company) == before
    assert tail_row(company)[3] != ""
    assert tuple(tail_row(company))[:3] == (NOW - 6 * HOUR, NOW, NOW)
    company.clock.move(minutes=1)
    tail.run()
    assert tail_row(company)[3] == ""


def test_a_refused_dimension_is_done_without(company: Rig) -> None:
    from wherespent.demo.faults import Answer
    from wherespent.demo.query import ApiError

    refused = ApiError(400, "group_by=api_source is not available.", param="group_by")
    company.organization.faults.script("completions", Answer(400, refused.body))
    assert a_tail(company).run()
    assert tail_row(company)[3] == ""
    assert {key[-1] for key in stored(company)} == {""}


def test_old_minutes_go_when_nobody_looks_for_hours(company: Rig) -> None:
    a_tail(company).run()
    with company.database.write() as connection:
        prune_minutes(connection, 1, NOON + timedelta(hours=2) - TAIL)
    assert min(int(key[0]) for key in stored(company)) >= NOW - 4 * HOUR
    with company.database.write() as connection:
        prune_minutes(connection, 1, NOON + timedelta(hours=1))
    assert stored(company) == {}
    assert tuple(tail_row(company))[:2] == (None, None)


# The plan


def test_what_is_missing() -> None:
    now = utc(NOW + 30)
    whole = Window(NOW - 6 * HOUR, NOW)
    assert missing(None, now) == whole
    assert missing(Window(NOW - DAY, NOW - 7 * HOUR), now) == whole
    assert missing(Window(NOW, NOW + HOUR), now) == whole  # read by a clock that was wrong
    assert missing(Window(NOW - HOUR, NOW - MINUTE), now) == Window(NOW - 16 * MINUTE, NOW)
    assert missing(Window(NOW - HOUR, NOW), now) == Window(NOW - 16 * MINUTE, NOW)


@pytest.mark.parametrize("gap", [0, 1])
def test_what_is_known_afterwards_has_no_hole(gap: int) -> None:
    now = utc(NOW)
    read = Window(NOW - HOUR, NOW)
    known = Window(NOW - 3 * HOUR, NOW - HOUR - gap * MINUTE)
    assert known_after(known, read, now).start == (NOW - HOUR if gap else NOW - 3 * HOUR)


# The questions


def test_the_live_answers_add_up_and_filters_apply(company: Rig) -> None:
    a_tail(company).run()
    today = Window(floor_day(NOW), floor_day(NOW) + DAY)
    hour = Window(NOW - HOUR, NOW)
    with company.database.read() as connection:
        everything = live.minutes_by_model(connection, Filters(today), hour)
        model = max(everything, key=lambda point: point.requests).model
        one = live.minutes_by_model(connection, Filters(today, model=Choice((model,))), hour)
        tail = live.tail(connection, ("default",))
    right = truth(company, hour.start, hour.end)
    assert sum(p.requests for p in everything) == sum(m[0] for m in right.values())
    assert sum(p.tokens for p in everything) == sum(m[1] + m[2] for m in right.values())
    assert sorted(one, key=str) == sorted((p for p in everything if p.model == model), key=str)
    assert tail.window == Window(NOW - 6 * HOUR, NOW)
    assert tail.newest == NOW - MINUTE


def test_the_current_rate_ends_where_the_data_ends() -> None:
    known = Window(NOW - HOUR, NOW)
    points = [live.MinutePoint(NOW - back * MINUTE, "m", 10, 100) for back in range(4, 20)]
    late = live.current_rate(points, known, NOW - 4 * MINUTE)
    assert (late.requests, late.tokens) == (10, 100)
    assert late.window.end == NOW - 3 * MINUTE
    # A quarter of an hour without anything: nobody asks.
    assert live.current_rate(points, Window(NOW, NOW + HOUR), NOW - 4 * MINUTE).requests == 0


# Who calls it


class _Free:
    """A lock that nobody else wants."""

    def try_acquire(self) -> bool:
        return True

    def is_held(self) -> bool:
        return True

    def release(self) -> None:
        pass


def test_the_process_that_leads_reads_minutes_while_a_sync_is_under_way() -> None:
    """Also after a reading that failed in a way nobody thought of."""
    stop, readings, enough = threading.Event(), list[int](), threading.Event()

    def live() -> None:
        readings.append(1)
        if len(readings) == 1:
            raise ValueError("once")
        enough.set()

    schedule = Schedule(
        lock=_Free(),
        sync=lambda _: stop.wait(60),
        take_requests=lambda: 0,
        interval=timedelta(minutes=5),
        stop=stop,
        live=live,
    )
    schedule.start()
    assert enough.wait(30)
    schedule.close()
