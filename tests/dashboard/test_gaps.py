"""Unread days are looked up where the answer is read: UTC days of a zone, costs by user."""

from datetime import UTC, datetime

import pytest
from tests.analytics.facts import Facts, at

from wherespent.dashboard import comparison, drawings_cost, gaps, kpis
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import Asked, DashboardOptions, Desk
from wherespent.dashboard.people_facts import is_usage_read
from wherespent.domain.windows import DAY, utc
from wherespent.storage.engine import Database
from wherespent.storage.tables import BY_USER

NOW = datetime(2026, 11, 21, 18, 50, tzinfo=UTC)
TODAY = at("2026-11-21")
TOKYO = "tz=Asia/Tokyo"
WEEK = "?from=2026-11-14&to=2026-11-20"


@pytest.fixture
def facts(database: Database) -> Facts:
    return Facts(database)


def asking(facts: Facts, search: str) -> tuple[Desk, Asked]:
    desk = Desk(Answers(facts.database), lambda: NOW, DashboardOptions())
    return desk, desk.asked({"view": search, "path": "/"})


def read(facts: Facts, first: str, end: str, *, grouping: int = 0) -> None:
    for day in range(at(first), at(end), DAY):
        if not grouping:
            for stream in gaps.REQUEST_STREAMS:
                facts.read(stream, f"{utc(day):%Y-%m-%d}")
        facts.read("costs", f"{utc(day):%Y-%m-%d}", grouping=grouping)


def test_a_day_of_a_zone_is_unread_where_a_utc_day_of_it_is(facts: Facts) -> None:
    """Today in Tokyo, 22 November, has had its first hours: they are of UTC 21 November."""
    read(facts, "2026-11-10", "2026-11-21")
    desk, asked = asking(facts, f"?range=today&{TOKYO}")
    streams = gaps.REQUEST_STREAMS
    missing = gaps.unread(desk, asked, streams)
    assert missing == {TODAY}
    assert gaps.begun_days(asked, streams) == 1
    assert gaps.note(asked, missing, streams) == "1 of 1 UTC days not read"
    assert not is_usage_read(desk, asked)
    assert comparison.before(desk, asked, streams) is None
    assert "Not read" in str(gaps.nothing(desk, asked, streams))
    assert "1 of 1 UTC days not read" in str(kpis.used_cards(desk, asked))


def test_a_day_of_a_zone_is_read_once_its_utc_days_are(facts: Facts) -> None:
    read(facts, "2026-11-10", "2026-11-22")
    desk, asked = asking(facts, f"?range=today&{TOKYO}")
    assert gaps.unread(desk, asked, gaps.REQUEST_STREAMS) == frozenset()
    assert comparison.before(desk, asked, gaps.REQUEST_STREAMS) is not None
    assert "not read" not in str(kpis.used_cards(desk, asked))


def test_a_period_before_that_begins_in_an_unread_utc_day_is_not_compared(facts: Facts) -> None:
    """The 19th in Tokyo begins on the 18th of UTC."""
    read(facts, "2026-11-19", "2026-11-22")
    desk, asked = asking(facts, f"?from=2026-11-20&to=2026-11-20&{TOKYO}")
    assert gaps.unread(desk, asked, gaps.REQUEST_STREAMS) == frozenset()
    assert comparison.before(desk, asked, gaps.REQUEST_STREAMS) is None
    assert comparison.before(desk, asked, gaps.COST_STREAMS) is not None


def test_the_bill_of_a_utc_day_that_has_not_begun_was_not_read_as_empty(facts: Facts) -> None:
    read(facts, "2026-11-10", "2026-11-22")
    desk, asked = asking(facts, f"?range=today&{TOKYO}")
    said = str(gaps.nothing(desk, asked, gaps.COST_STREAMS))
    assert "no UTC day of this range has begun" in said
    assert "It was read" not in said


@pytest.fixture
def apart(facts: Facts) -> Facts:
    """Users stand apart in the bill, and their reading lacks the last two days of the week."""
    facts.refuse("user_with_project")
    read(facts, "2026-11-01", "2026-11-22")
    read(facts, "2026-11-01", "2026-11-19", grouping=BY_USER)
    facts.cost(
        "2026-11-15",
        "3",
        grouping=BY_USER,
        grouped_by="user_id,line_item",
        user_id="u1",
        line_item="gpt-5, input",
    )
    facts.cost("2026-11-15", "3", line_item="gpt-5, input", project_id="p1")
    return facts


UNREAD = {at("2026-11-19"), at("2026-11-20")}


def test_the_bill_of_a_user_is_unread_where_it_was_not_read_by_user(apart: Facts) -> None:
    for search, missing in ((WEEK, set[int]()), (f"{WEEK}&user=u1", UNREAD)):
        desk, asked = asking(apart, search)
        assert gaps.unread(desk, asked, gaps.COST_STREAMS) == missing
        assert gaps.unread(desk, asked, gaps.REQUEST_STREAMS) == frozenset()
        both = (*gaps.COST_STREAMS, *gaps.REQUEST_STREAMS)
        assert gaps.unread(desk, asked, both) == missing
        is_compared = comparison.before(desk, asked, gaps.COST_STREAMS) is not None
        assert is_compared is not bool(missing)


def test_a_split_by_user_is_hatched_where_it_was_not_read_by_user(apart: Facts) -> None:
    desk, asked = asking(apart, WEEK)
    for dimension, missing in (("model", set[int]()), ("user_id", UNREAD)):
        buckets = gaps.axis_of(desk, asked, asked.by_day, gaps.COST_STREAMS, by=(dimension,))
        assert buckets.blank == missing
        figure = drawings_cost.over_time(desk, asked, dimension).figure
        assert figure is not None
        hatched = [it for it in figure["data"] if it.get("yaxis") == "y2"]
        assert bool(hatched) is bool(missing)
