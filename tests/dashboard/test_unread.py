"""No data is never drawn as zero, and a zero that was read is drawn as one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asking
import httpx
import organization
import plotly.graph_objects as go
import pytest
import serving
from serving import NOW
from sqlalchemy import text

from wherespent.analytics.filters import Granularity
from wherespent.dashboard import figures, figures_week
from wherespent.dashboard.components import spark
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.formats import count
from wherespent.dashboard.series import Series, axis, known_values
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.storage.engine import Database, open_database
from wherespent.storage.series import account_id

TODAY = floor_day(epoch(NOW))
FACTS = ("usage_hour", "usage_day", "usage_slice_hour", "usage_slice_day")


def forget(database: Database, first: int, end: int, *, coverage: bool) -> None:
    """Facts of these days are gone; without their coverage they were never read."""
    tables = (*FACTS, "cost_day", "cost_slice_day", *(["coverage"] if coverage else []))
    with database.write() as connection:
        for table in tables:
            connection.execute(
                text(f"DELETE FROM {table} WHERE bucket_start >= :first AND bucket_start < :end"),
                {"first": TODAY + first * DAY, "end": TODAY + end * DAY},
            )


@pytest.fixture(scope="module")
def holed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Forty days; the 10th to 8th before today were not read, the 5th was read and is empty."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('holed') / 'holed.db'}")
    organization.build(database, NOW, days=40)
    forget(database, -10, -7, coverage=True)
    forget(database, -5, -4, coverage=False)
    with serving.served(
        serving.assembled(database, lambda: NOW, DashboardOptions(backfill_days=40))
    ) as url:
        yield url
    database.dispose()


@pytest.fixture
def page(holed: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=holed) as client:
        yield client


def figure(page: httpx.Client, name: str, view: str) -> dict[str, Any]:
    callback = asking.find(page, f"{name}.figure")
    answer = asking.call(page, callback, ask__data={"view": view, "version": 1}).json()
    drawn = answer["response"][name]["figure"]
    go.Figure(drawn)
    return drawn


def hatched(drawn: dict[str, Any]) -> list[str]:
    return [x for trace in drawn["data"] if trace.get("yaxis") == "y2" for x in trace["x"]]


UNREAD = ["2026-11-11", "2026-11-12", "2026-11-13"]


@pytest.mark.parametrize(
    "chart", ["overview-cost", "overview-tokens", "overview-requests", "costs-over-time"]
)
def test_days_that_were_not_read_are_hatched_and_a_zero_is_not(
    page: httpx.Client, chart: str
) -> None:
    assert hatched(figure(page, chart, "?range=30d")) == UNREAD


@pytest.mark.parametrize("chart", ["tokens-kinds", "tokens-requests"])
def test_hours_of_a_day_that_was_not_read_are_hatched(page: httpx.Client, chart: str) -> None:
    view = "?from=2026-11-10&to=2026-11-12&by=hour"
    assert hatched(figure(page, chart, view)) == [
        f"{day}" if hour == 0 else f"{day} {hour:02}:00" for day in UNREAD[:2] for hour in range(24)
    ]


def test_a_week_with_unread_days_says_how_many(page: httpx.Client) -> None:
    drawn = figure(page, "overview-cost", "?range=30d&by=week")
    (trace,) = [trace for trace in drawn["data"] if trace.get("yaxis") == "y2"]
    assert trace["customdata"] == ["3 of 7 days not read"]


def test_a_chart_of_days_that_were_all_read_has_no_hatching(page: httpx.Client) -> None:
    assert hatched(figure(page, "overview-cost", "?from=2026-11-14&to=2026-11-20")) == []


def test_a_table_gives_a_zero_its_amount_and_an_unread_day_none(page: httpx.Client) -> None:
    callback = asking.find(page, "costs-over-time.figure")
    view = {"view": "?from=2026-11-13&to=2026-11-16&show=table", "version": 1}
    answer = asking.call(page, callback, ask__data=view).json()
    shown = str(answer["response"]["costs-over-time-below"]["children"])
    unread_row = shown[shown.index("13 Nov 2026 (not read)") :].split("Tr", maxsplit=1)[0]
    zero_row = shown[shown.index("16 Nov 2026") :].split("15 Nov 2026", maxsplit=1)[0]
    assert "$" not in unread_row
    assert "$0.00" in zero_row


def test_key_numbers_say_how_much_was_not_read_and_compare_with_nothing(
    page: httpx.Client,
) -> None:
    cards = asking.call(page, asking.find(page, "overview-kpis")).text
    assert "3 of 30 days not read" in cards
    assert "against the compared period" not in cards
    whole = {"view": "?from=2026-11-17&to=2026-11-18", "version": 1}
    compared = asking.call(page, asking.find(page, "overview-kpis"), ask__data=whole).text
    assert "not read" not in compared
    assert "against the compared period" in compared


def test_a_range_that_was_read_and_is_empty_is_zero_dollars(page: httpx.Client) -> None:
    asked = {"view": "?from=2026-11-16&to=2026-11-16", "version": 1}
    cards = asking.call(page, asking.find(page, "overview-kpis"), ask__data=asked).text
    assert "$0.00" in cards
    models = asking.call(page, asking.find(page, "overview-models"), ask__data=asked).text
    assert "it is empty" in models


def test_filters_that_match_nothing_say_so_instead_of_zero(page: httpx.Client) -> None:
    asked = {"view": "?model=no-such-model", "version": 1}
    cards = asking.call(page, asking.find(page, "overview-kpis"), ask__data=asked).text
    assert cards.count("nothing matches the filters") >= 5
    assert "$0.00" not in cards
    models = asking.call(page, asking.find(page, "overview-models"), ask__data=asked).text
    assert "Nothing matches the filters" in models


def test_an_account_that_has_read_nothing_yet_makes_no_day_of_the_others_unread(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'joined.db'}")
    organization.build(database, NOW, days=40)
    with database.write() as connection:
        account_id(connection, "joined")
    with (
        serving.served(serving.assembled(database, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url) as client,
    ):
        assert hatched(figure(client, "overview-cost", "?range=30d")) == []
        assert "not read" not in asking.call(client, asking.find(client, "overview-kpis")).text
        pill = asking.call(client, asking.find(client, "pill.children")).text
        assert '"Synced' in pill
    database.dispose()


# The parts


def test_an_area_is_not_drawn_across_what_was_not_read() -> None:
    window = Window(0, 10 * DAY)
    line = Series("a", "a", "#000000", (1.0,) * 10, 10.0)
    whole = figures.stacked_areas(
        [line], axis(window, Granularity.DAY), Granularity.DAY, shown=count
    )
    holed = axis(window, Granularity.DAY, {3 * DAY})
    broken = figures.stacked_areas([line], holed, Granularity.DAY, shown=count)
    assert {trace["type"] for trace in whole["data"]} == {"scatter"}
    assert {trace["type"] for trace in broken["data"]} == {"bar"}
    go.Figure(broken)


def test_a_value_is_none_where_nothing_was_read_and_zero_where_nothing_was_used() -> None:
    days = axis(Window(0, 4 * DAY), Granularity.DAY, {2 * DAY})
    assert known_values({0: 5.0}, days) == [5.0, 0.0, None, 0.0]


def test_a_small_line_breaks_at_a_gap() -> None:
    drawn = (spark([1.0, 2.0, 3.0, 4.0]), spark([1.0, None, 3.0, 4.0]))
    styles: list[Any] = [it.to_plotly_json()["props"] for it in drawn]
    assert [it["style"]["--line-shape"].count("M") for it in styles] == [1, 2]


def test_a_month_of_which_a_part_was_asked_for_is_blank_when_that_part_is() -> None:
    days = {day * DAY for day in range(20, 31)}
    found = axis(Window(20 * DAY, 40 * DAY), Granularity.MONTH, days)
    assert dict(found.gaps) == {0: "not read"}
    assert found.blank == {0}


def test_a_weekday_that_was_never_read_is_left_out_of_the_week() -> None:
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    drawn = figures_week.week({(0, 5): 3}, names, shown=count, unread={2})
    assert len(drawn["data"][0]["x"]) == 6 * 24
    assert not any(text.startswith("Wed") for text in drawn["data"][0]["customdata"])
