"""What the live page says when there is nothing to draw, and what it does for who looks."""

from datetime import timedelta

import asking
import httpx
import organization
import plotly.graph_objects as go
import pytest
import serving
from serving import NOW

from wherespent.dashboard import formats
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.drawings_explore_tables import breakdown
from wherespent.dashboard.drawings_live import gaps
from wherespent.dashboard.table_model import Kind
from wherespent.domain.records import UsageBucket
from wherespent.domain.windows import HOUR, MINUTE, Window, epoch
from wherespent.providers.openai.streams import COMPLETIONS
from wherespent.storage.engine import Database
from wherespent.storage.minutes import live_place, record_tail_failure, replace_minutes
from wherespent.storage.series import UsageSeries
from wherespent.storage.tables import live_tail

END = epoch(NOW)
HOSTILE = "<a href=x>model</a>"


def minutes(
    database: Database, window: Window, *, requests: int = 3, label: str = "default"
) -> None:
    """The same requests in every other minute of the window."""
    place = live_place(database, label, COMPLETIONS)
    values = dict.fromkeys(COMPLETIONS.measures, 0) | {
        "num_model_requests": requests,
        "input_tokens": 700,
        "output_tokens": 50,
    }
    dims = ("proj_1", "user_1", "key_1", HOSTILE, None, None, None)
    buckets = [
        UsageBucket(start, {dims: tuple(values[name] for name in COMPLETIONS.measures)})
        for start in range(window.start, window.end, 2 * MINUTE)
    ]
    with database.write() as connection:
        series = UsageSeries(place.account_id, place.stream_id, COMPLETIONS)
        replace_minutes(
            connection,
            place,
            COMPLETIONS,
            series,
            COMPLETIONS.dimensions,
            buckets,
            window,
            window,
            now=NOW,
        )


def drawn(database: Database, options: DashboardOptions, view: str = "") -> dict[str, str]:
    """The page's answers, as text by output."""
    with (
        serving.served(serving.assembled(database, lambda: NOW, options)) as url,
        httpx.Client(base_url=url) as client,
    ):
        asked = {"view": view, "version": 1}
        found = asking.call(client, asking.find(client, "live-kpis.children"), ask__data=asked)
        looked = asking.call(client, asking.find(client, "live-freshness.children"))
    response = found.json()["response"] | looked.json()["response"]
    figure = response.get("live-requests", {}).get("figure")
    if figure:
        go.Figure(figure)
    return {name: str(value) for name, value in response.items()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (DashboardOptions(live="off"), "WHERESPENT_LIVE=watched"),
        (DashboardOptions(key_configured=False), "No admin key"),
        (DashboardOptions(sync_enabled=False), "No minutes here"),
        (DashboardOptions(), "being read"),
    ],
)
def test_without_minutes_the_page_says_why(
    nothing: Database, options: DashboardOptions, words: str
) -> None:
    answers = drawn(nothing, options)
    assert words in answers["live-nothing"]
    assert "True" in answers["live-charts"]


def test_a_first_reading_that_failed_says_what_failed(nothing: Database) -> None:
    place = live_place(nothing, "default", COMPLETIONS)
    with nothing.write() as connection:
        record_tail_failure(connection, place, "OpenAI is away")
    assert "OpenAI is away" in drawn(nothing, DashboardOptions())["live-nothing"]


def test_minutes_are_drawn_with_their_sums_and_age(nothing: Database) -> None:
    minutes(nothing, Window(END - 6 * HOUR, END))
    answers = drawn(nothing, DashboardOptions())
    assert "'90'" in answers["live-kpis"]  # requests of an hour
    assert "22,500" in answers["live-kpis"]  # its tokens
    assert "11:30:00 UTC" in answers["live-freshness"]
    assert "1 minute before" in answers["live-freshness"]
    assert "'shapes': []" in answers["live-requests"]
    assert "<a href" not in answers["live-requests"]
    six = drawn(nothing, DashboardOptions(), "?span=6h")
    assert "'540'" in six["live-kpis"]


def test_a_filter_that_nothing_passes_is_zero_where_minutes_were_read(nothing: Database) -> None:
    minutes(nothing, Window(END - 6 * HOUR, END))
    answers = drawn(nothing, DashboardOptions(), "?project=proj_other")
    assert "No requests in these minutes" in answers["live-requests-below"]
    assert "'0'" in answers["live-kpis"]


def test_a_failure_leaves_the_picture_and_is_said_above_it(nothing: Database) -> None:
    minutes(nothing, Window(END - 6 * HOUR, END))
    place = live_place(nothing, "default", COMPLETIONS)
    with nothing.write() as connection:
        record_tail_failure(connection, place, "OpenAI is away")
    answers = drawn(nothing, DashboardOptions())
    assert "OpenAI is away" in answers["live-trouble"]
    assert "'90'" in answers["live-kpis"]


def test_an_account_that_stopped_is_named_and_leaves_the_others(nothing: Database) -> None:
    minutes(nothing, Window(END - 6 * HOUR, END))
    minutes(nothing, Window(END - 9 * HOUR, END - 3 * HOUR), label="gone")
    answers = drawn(nothing, DashboardOptions())
    assert "'90'" in answers["live-kpis"]
    assert "gone to 21 Nov, 08:30 UTC" in answers["live-trouble"]


def test_an_account_that_is_not_stored_has_no_minutes_and_is_not_silent(nothing: Database) -> None:
    minutes(nothing, Window(END - 6 * HOUR, END))
    answers = drawn(nothing, DashboardOptions(), "?account=gone")
    assert "There is no such account" in answers["live-nothing"]
    assert "True" in answers["live-charts"]


def test_who_looks_is_remembered_unless_the_view_is_off(nothing: Database) -> None:
    drawn(nothing, DashboardOptions(live="off"))
    with nothing.read() as connection:
        assert connection.execute(live_tail.select()).all() == []
    drawn(nothing, DashboardOptions())
    with nothing.read() as connection:
        (row,) = connection.execute(live_tail.select()).all()
    assert abs(row.watched_at - NOW) < timedelta(seconds=1)


def test_what_was_not_read_is_a_gap_at_either_end() -> None:
    shown = Window(END - HOUR, END)
    assert gaps(shown, shown) == []
    assert gaps(shown, Window(END - 6 * HOUR, END - MINUTE)) == [Window(END - MINUTE, END)]
    assert gaps(shown, Window(END - HOUR + MINUTE, END)) == [
        Window(END - HOUR, END - HOUR + MINUTE)
    ]


def test_the_last_24_hours_stand_hour_by_hour(nothing: Database) -> None:
    """They come with every sync: no minute was ever read here."""
    organization.build(nothing, NOW, days=2)
    answers = drawn(nothing, DashboardOptions(), "?span=24h")
    hour = END - END % HOUR
    with nothing.read() as connection:
        counted = connection.exec_driver_sql(
            "SELECT SUM(f.num_model_requests) FROM usage_hour f"
            " JOIN stream s ON s.id = f.stream_id AND s.name = 'openai.usage.completions'"
            f" WHERE f.bucket_start >= {hour - 23 * HOUR}"
        ).scalar_one()
    assert f"title='{formats.count(counted)}'" in answers["live-kpis"].replace(
        "'title': ", "title="
    )
    assert "mean of 23 hours" in answers["live-kpis"]
    assert "per hour, by model" in answers["live-requests-unit"]
    assert "'hidden': False" in answers["live-charts"]


def test_hours_that_were_not_read_are_not_zero(nothing: Database) -> None:
    answers = drawn(nothing, DashboardOptions(), "?span=24h")
    assert "not zero" in answers["live-nothing"]
    assert "True" in answers["live-kpis"]


def test_minutes_are_of_utc_whatever_the_zone_of_the_page(nothing: Database) -> None:
    organization.build(nothing, NOW, days=2)
    minutes(nothing, Window(END - HOUR, END))
    desk = Desk(Answers(nothing), lambda: NOW, DashboardOptions())
    query = "?measure=requests&split=none&bucket=minute&tz=Europe/Berlin"
    shown = breakdown(desk, desk.asked({"view": query}))
    assert (shown.columns[0].kind, shown.columns[0].unit) == (Kind.MOMENT, "UTC")
    assert shown.rows[0].values["at"] == NOW - timedelta(hours=1)
