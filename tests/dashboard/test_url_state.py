"""A view survives its URL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherespent.analytics.filters import Choice, Granularity
from wherespent.dashboard.ranges import COMPARISONS, CUSTOM, RANGES
from wherespent.dashboard.url_state import (
    CHOICES,
    GRANULARITIES,
    PageChoice,
    View,
)
from wherespent.domain.windows import DAY, Window, epoch, utc

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
# A view drops a NUL: no name has one.
letters = st.characters(codec="utf-8", exclude_characters="\0")
values = st.lists(
    st.text(letters, max_size=40).filter(lambda it: it != "(none)"), max_size=4, unique=True
)
choices = st.builds(Choice, values.map(tuple), values.map(tuple))
days = st.dates(date(2015, 1, 1), date(2199, 12, 31))
words = st.lists(
    st.tuples(
        st.sampled_from(["show", "split", "stack"]), st.text(letters, min_size=1, max_size=30)
    ),
    max_size=4,
)


@st.composite
def views(draw: st.DrawFn) -> View:
    chosen = {name: draw(choices) for name in CHOICES}
    view = View(
        draw(st.sampled_from(list(RANGES))),
        granularity=draw(st.sampled_from(list(GRANULARITIES))),
        compare=draw(st.sampled_from(list(COMPARISONS))),
        tz=draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])),
        words=tuple(sorted(draw(words), key=lambda pair: pair[0])),
        **chosen,  # pyright: ignore[reportArgumentType]
    )
    if draw(st.booleans()):
        since, until = sorted((draw(days), draw(days)))
        return replace(view, range=CUSTOM, since=since, until=until)
    return view


@given(views())
def test_a_view_survives_its_url(view: View) -> None:
    assert View.parse(view.query()) == view


@given(views())
def test_a_page_shows_what_it_offers_and_else_its_own_default(view: View) -> None:
    choice = PageChoice("stack", "line_item", ("line_item", "project"))
    said = view.choice("stack")
    offered = said if said in ("line_item", "project") else "line_item"
    assert choice.of(View.parse(view.query())) == offered


def test_a_control_that_takes_any_text_keeps_it() -> None:
    choice = PageChoice("from-model", "gpt-5")
    view = View().with_choice("from-model", "ft:gpt-4o/acme & söhne")
    assert choice.of(View.parse(view.query())) == "ft:gpt-4o/acme & söhne"
    assert choice.of(View()) == "gpt-5"


def test_a_control_with_several_words_keeps_their_order_and_can_say_none() -> None:
    choice = PageChoice("split", "model", ("model", "project", "user"), many=True)
    assert choice.all_of(View.parse("?split=user&split=nonsense&split=model")) == ("user", "model")
    assert choice.all_of(View.parse("?split=(none)")) == ()
    assert choice.all_of(View.parse("?split=nonsense")) == choice.all_of(View()) == ("model",)


@pytest.mark.parametrize("name", ["model", "tz", "from", "a b", "", "Stack"])
def test_a_page_cannot_take_a_name_that_the_view_needs(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        PageChoice(name)


def test_filters_of_older_urls_mean_what_they_meant() -> None:
    view = View.parse("?model=o4-mini&model=gpt-5&project=(none)&stack=project&show=table")
    assert view.model == Choice(("o4-mini", "gpt-5"))
    assert view.project == Choice(("",))
    assert (view.choice("stack"), view.choice("show")) == ("project", "table")


def test_a_sign_before_a_value_leaves_it_out() -> None:
    view = View.parse("?model=!o4-mini&key=!(none)&key=k1&user==!odd")
    assert view.model == Choice(exclude=("o4-mini",))
    assert view.key == Choice(("k1",), ("",))
    assert view.user == Choice(("!odd",))


def test_the_default_view_has_no_query() -> None:
    assert View().query() == ""
    assert View.parse("") == View.parse("?") == View.parse(None) == View()


@given(st.text(max_size=300))
def test_any_query_is_read_without_an_error(search: str) -> None:
    View.parse(search).filters(NOW)


@pytest.mark.parametrize(
    "search",
    [
        "?range=never",
        "?compare=moon&tz=Mars/Olympus&tz=../../etc/passwd",
        "?Stack=colour&=pie",
        "?from=2026-99-01&to=2026-01-01",
        "?by=second",
        "?from=9&to=8",
    ],
)
def test_nonsense_is_left_out(search: str) -> None:
    assert View.parse(search) == View()


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("today", "2026-11-21", "2026-11-21"),
        ("yesterday", "2026-11-20", "2026-11-20"),
        ("7d", "2026-11-15", "2026-11-21"),
        ("30d", "2026-10-23", "2026-11-21"),
        ("month", "2026-11-01", "2026-11-21"),
        ("last-month", "2026-10-01", "2026-10-31"),
        ("quarter", "2026-10-01", "2026-11-21"),
        ("last-quarter", "2026-07-01", "2026-09-30"),
        ("year", "2026-01-01", "2026-11-21"),
    ],
)
def test_presets(preset: str, first: str, last: str) -> None:
    window = View(range=preset).window(NOW)
    assert utc(window.start).date().isoformat() == first
    assert (utc(window.end) - timedelta(days=1)).date().isoformat() == last


def test_all_time_begins_with_the_data() -> None:
    oldest = int(NOW.timestamp()) // DAY * DAY - 400 * DAY
    window = View(range="all").window(NOW, oldest)
    assert window.start == oldest
    assert View(range="all").grain(window) is Granularity.MONTH


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("?range=7d", "2026-11-08", "2026-11-14"),
        ("?range=month", "2026-10-01", "2026-10-21"),
        ("?range=last-month", "2026-09-01", "2026-09-30"),
        ("?range=quarter", "2026-07-01", "2026-08-21"),
        ("?range=last-quarter", "2026-04-01", "2026-06-30"),
        ("?range=year", "2025-01-01", "2025-11-21"),
        ("?from=2026-03-01&to=2026-03-10", "2026-02-19", "2026-02-28"),
        ("?range=last-month&compare=year", "2025-10-01", "2025-10-31"),
        ("?from=2024-02-29&to=2024-02-29&compare=year", "2023-02-28", "2023-02-28"),
    ],
)
def test_what_a_range_is_compared_with(query: str, first: str, last: str) -> None:
    view = View.parse(query)
    window = view.compared(view.window(NOW))
    assert window is not None
    assert utc(window.start).date().isoformat() == first
    assert (utc(window.end) - timedelta(days=1)).date().isoformat() == last


def test_a_long_month_to_date_is_compared_with_a_short_month_only() -> None:
    view = View(range="month")
    window = view.compared(view.window(datetime(2026, 3, 31, 12, tzinfo=UTC)))
    assert window is not None
    assert (utc(window.start).month, window.seconds // DAY) == (2, 28)


def test_nothing_is_compared_where_nothing_is_asked() -> None:
    view = View.parse("?compare=none")
    assert view.compared(view.window(NOW)) is None


def test_today_is_that_of_the_viewer() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    for tz, day in (("UTC", 21), ("Europe/Berlin", 22), ("America/New_York", 21)):
        filters = View.parse(f"?range=today&tz={tz}").filters(late)
        assert utc(filters.window.start).day == day
        assert filters.zone.name == tz


def test_ranges_with_too_many_hours_are_utc() -> None:
    assert View.parse("?range=90d&tz=Europe/Berlin").filters(NOW).zone.is_utc


@pytest.mark.parametrize(
    ("tz", "first", "last"),
    [
        ("UTC", "2026-11-01", "2026-11-21"),
        ("Asia/Tokyo", "2026-11-01", "2026-11-22"),
        ("America/New_York", "2026-10-31", "2026-11-21"),
    ],
)
def test_all_time_has_every_hour_of_usage_in_any_zone(tz: str, first: str, last: str) -> None:
    evening = datetime(2026, 11, 21, 18, 50, tzinfo=UTC)
    oldest = at(2026, 11, 1)
    filters = View.parse(f"?range=all&tz={tz}").filters(evening, oldest)
    assert utc(filters.window.start).date().isoformat() == first
    assert (utc(filters.window.end) - timedelta(days=1)).date().isoformat() == last
    hours = filters.zone.utc_window(filters.window)
    assert hours.start <= oldest
    assert hours.end >= epoch(evening)


def test_days_that_are_too_many_in_the_zone_are_utc_even_where_they_are_fewer() -> None:
    """31 UTC days, and 32 of Tokyo: as days of Tokyo the 31 would lack the newest hours."""
    evening = datetime(2026, 10, 31, 18, 50, tzinfo=UTC)
    for view in ("?range=all&tz=Asia/Tokyo", "?range=quarter&tz=Asia/Tokyo"):
        filters = View.parse(view).filters(evening, at(2026, 10, 1))
        assert filters.window == Window(at(2026, 10, 1), at(2026, 11, 1))
        assert filters.zone.is_utc


def at(year: int, month: int, day: int) -> int:
    return epoch(datetime(year, month, day, tzinfo=UTC))
