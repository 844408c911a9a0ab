"""Usage by the days and hours of another time zone; billed cost stays in UTC."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.facts import Facts, at, window

from wherespent.analytics.cost import cost_total
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.requests import top_requests
from wherespent.analytics.usage import (
    requests_by_hour_of_week,
    tokens_over_time,
    usage_totals,
)
from wherespent.analytics.zones import Zone, is_zone
from wherespent.domain.windows import HOUR, Window, epoch

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
)
# New York leaves summer time on 1 November 2026 and enters it on 8 March.
NEW_YORK = Zone("America/New_York")


def used(facts: Facts, *hours: tuple[int, int], user: str = "u1") -> None:
    for start, requests in hours:
        facts.usage(
            "completions",
            start,
            project_id="p1",
            user_id=user,
            api_key_id="k1",
            model="gpt-5",
            num_model_requests=requests,
            input_tokens=requests * 10,
        )


def requests_in(facts: Facts, filters: Filters) -> dict[int | None, int | None]:
    with facts.database.read() as connection:
        found = tokens_over_time(connection, filters)
        top = top_requests(connection, filters, "model", 3)
        users = top_requests(connection, filters, "user_id", 3)
    points = {point.bucket_start: point.requests for point in found}
    assert {bucket: count for (bucket, _), count in top.points.items()} == points
    assert {bucket: count for (bucket, _), count in users.points.items()} == points
    return points


def test_hours_around_midnight_belong_to_the_days_of_the_zone(facts: Facts) -> None:
    used(
        facts,
        (at("2026-10-31", 3), 1),  # still the 30th
        (at("2026-10-31", 4), 2),  # midnight in summer time
        (at("2026-11-01", 4), 4),  # midnight of the day with 25 hours
        (at("2026-11-02", 4), 8),  # its last hour
        (at("2026-11-02", 5), 16),
        (at("2026-11-03", 4), 32),
        (at("2026-11-03", 5), 64),  # the 3rd
    )
    days = Filters(window("2026-10-31", "2026-11-03"), Granularity.DAY, zone=NEW_YORK)
    assert requests_in(facts, days) == {
        at("2026-10-31"): 2,
        at("2026-11-01"): 4 + 8,
        at("2026-11-02"): 16 + 32,
    }
    whole = replace(days, granularity=Granularity.TOTAL)
    assert requests_in(facts, whole) == {None: 62}
    with facts.database.read() as connection:
        assert usage_totals(connection, whole).requests == 62


def test_the_hour_that_comes_twice_is_one_hour_of_the_clock(facts: Facts) -> None:
    used(facts, (at("2026-11-01", 5), 1), (at("2026-11-01", 6), 2), (at("2026-11-01", 7), 4))
    day = Filters(window("2026-11-01", "2026-11-02"), Granularity.HOUR, zone=NEW_YORK)
    assert requests_in(facts, day) == {at("2026-11-01", 1): 1 + 2, at("2026-11-01", 2): 4}


def test_weeks_and_the_hours_of_the_week_are_those_of_the_zone(facts: Facts) -> None:
    used(facts, (at("2026-11-02", 3), 1), (at("2026-11-02", 6), 2))
    both = Filters(window("2026-10-26", "2026-11-09"), Granularity.WEEK, zone=NEW_YORK)
    assert requests_in(facts, both) == {at("2026-10-26"): 1, at("2026-11-02"): 2}
    with facts.database.read() as connection:
        cells = requests_by_hour_of_week(connection, both)
    assert [(cell.weekday, cell.hour, cell.requests) for cell in cells] == [(0, 1, 2), (6, 22, 1)]


def test_who_was_active_in_the_days_of_the_zone(facts: Facts) -> None:
    used(facts, (at("2026-11-01", 3), 1), user="before")
    used(facts, (at("2026-11-01", 4), 1), user="first hour")
    used(facts, (at("2026-11-01", 4), 1), (at("2026-11-02", 12), 1), user="twice")
    used(facts, (at("2026-11-02", 0), 1), user="whole day")
    used(facts, (at("2026-11-03", 4), 1), user="last hour")
    used(facts, (at("2026-11-03", 5), 1), user="after")
    days = Filters(window("2026-11-01", "2026-11-03"), Granularity.TOTAL, zone=NEW_YORK)
    with facts.database.read() as connection:
        assert usage_totals(connection, days).active_users == 4
        day = replace(days, window=window("2026-11-02", "2026-11-03"))
        assert usage_totals(connection, day).active_users == 2
        chosen = replace(days, user=Choice(exclude=("twice", "last hour")))
        assert usage_totals(connection, chosen).active_users == 2


def test_billed_days_are_utc_whatever_the_zone(facts: Facts) -> None:
    facts.cost("2026-10-31", "1", line_item="gpt-5, input", project_id="p1")
    facts.cost("2026-11-01", "2", line_item="gpt-5, input", project_id="p1")
    day = Filters(window("2026-11-01", "2026-11-02"), Granularity.DAY)
    with facts.database.read() as connection:
        assert cost_total(connection, replace(day, zone=NEW_YORK)) == 2
        assert cost_total(connection, day) == 2


def test_more_than_a_month_of_hours_is_refused() -> None:
    Filters(window("2026-10-01", "2026-11-01"), zone=NEW_YORK)
    with pytest.raises(ValueError, match="31 days"):
        Filters(window("2026-10-01", "2026-11-02"), zone=NEW_YORK)


@given(
    st.sampled_from(ZONES),
    st.dates(datetime(2020, 1, 1).date(), datetime(2030, 12, 31).date()),  # noqa: DTZ001
    st.integers(1, 31),
)
def test_the_hours_of_a_window_are_those_that_the_clock_shows_in_it(
    name: str, first: datetime, days: int
) -> None:
    zone = Zone(name)
    start = epoch(datetime(first.year, first.month, first.day, tzinfo=UTC))
    asked = Window(start, start + days * 24 * HOUR)
    hours = zone.utc_window(asked)
    around = range(asked.start - 30 * HOUR, asked.end + 30 * HOUR, HOUR)
    inside = [hour for hour in around if asked.start <= zone.wall(hour) < asked.end]
    assert inside == list(range(hours.start, hours.end, HOUR))
    # And the clock is the real one, to the nearest hour.
    for hour in inside:
        real = datetime.fromtimestamp(hour, ZoneInfo(name)).replace(tzinfo=UTC)
        assert abs(epoch(real) - zone.wall(hour)) <= HOUR / 2


def test_a_half_hour_is_rounded_and_said() -> None:
    november = window("2026-11-01", "2026-11-08")
    assert Zone("Asia/Kolkata").offset_name(november) == "UTC+6"
    assert not Zone("Asia/Kolkata").is_exact(november)
    assert Zone("Europe/Berlin").offset_name(november) == "UTC+1"
    assert Zone("Europe/Berlin").is_exact(november)


def test_today_is_that_of_the_zone() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert Zone("Pacific/Auckland").today(late) == late.date() + timedelta(days=1)
    assert Zone().today(late) == late.date()


@pytest.mark.parametrize(
    "name", ["", "Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "x" * 80]
)
def test_only_zones_of_the_database_are_zones(name: str) -> None:
    assert not is_zone(name)
    assert is_zone("UTC")


def test_a_range_of_another_zone_was_read_where_a_utc_day_of_it_was(facts: Facts) -> None:
    """22 November in Tokyo begins at 15:00 UTC on the 21st: only that day of it was read."""
    facts.read("completions", "2026-11-21")
    tokyo = Filters(window("2026-11-22", "2026-11-23"), Granularity.TOTAL, zone=Zone("Asia/Tokyo"))
    with facts.database.read() as connection:
        assert usage_totals(connection, tokyo).requests == 0
        assert usage_totals(connection, replace(tokyo, zone=Zone())).requests is None


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("UTC", ("2026-11-22", "2026-11-23")),
        ("Asia/Tokyo", ("2026-11-21", "2026-11-23")),
        ("America/New_York", ("2026-11-22", "2026-11-24")),
    ],
)
def test_the_utc_days_that_a_day_of_a_zone_touches(name: str, days: tuple[str, str]) -> None:
    assert Zone(name).utc_days(window("2026-11-22", "2026-11-23")) == window(*days)
