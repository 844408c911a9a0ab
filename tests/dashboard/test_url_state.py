"""A view survives its URL."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherespent.analytics.filters import Granularity
from wherespent.dashboard.url_state import (
    CUSTOM,
    GRANULARITIES,
    RANGES,
    STACKS,
    TABLE,
    PageChoice,
    View,
)
from wherespent.domain.windows import DAY, utc

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
values = st.lists(st.text(max_size=40), max_size=4, unique=True).map(tuple)
days = st.dates(date(2015, 1, 1), date(2199, 12, 31))


@st.composite
def views(draw: st.DrawFn) -> View:
    chosen = {
        name: draw(values.filter(lambda it: "(none)" not in it))
        for name in ("model", "project", "user", "key", "line_item")
    }
    chosen |= {"stack": draw(st.sampled_from(["", *STACKS]))}
    chosen |= {"show": draw(st.sampled_from(["", TABLE]))}
    grain = draw(st.sampled_from(list(GRANULARITIES)))
    if draw(st.booleans()):
        since, until = sorted((draw(days), draw(days)))
        return View(CUSTOM, since, until, grain, **chosen)
    return View(draw(st.sampled_from(list(RANGES))), granularity=grain, **chosen)


@given(views())
def test_a_view_survives_its_url(view: View) -> None:
    assert View.parse(view.query()) == view


@given(views())
def test_a_page_shows_what_it_offers_and_else_its_own_default(view: View) -> None:
    choice = PageChoice("stack", "line_item", ("line_item", "project"))
    offered = view.stack if view.stack in choice.words else "line_item"
    assert choice.of(View.parse(view.query())) == offered


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
        "?stack=colour&show=pie",
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
