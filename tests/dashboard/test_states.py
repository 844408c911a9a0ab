"""What pages say while nothing is there yet, while something fails, and when it is over."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asking
import httpx
import organization
import pytest
import serving
from serving import NOW
from sqlalchemy import insert, text

from wherespent.analytics.health import LastSync, Progress
from wherespent.dashboard import states
from wherespent.dashboard.desk import DashboardOptions
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.storage import tables
from wherespent.storage.engine import Database, open_database

IDLE = LastSync(at=None, failing=False, running=False, error="")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'acme.db'}")
    organization.build(opened, NOW, days=12)
    yield opened
    opened.dispose()


@pytest.fixture
def page(database: Database) -> Iterator[httpx.Client]:
    options = DashboardOptions(backfill_days=12)
    with (
        serving.served(serving.assembled(database, lambda: NOW, options)) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


def section(page: httpx.Client, name: str) -> str:
    answer = asking.call(page, asking.find(page, f"{name}.children"))
    assert answer.status_code == 200
    assert "incident" not in answer.text
    return str(answer.json()["response"][name]["children"])


def run(database: Database, sql: str) -> None:
    with database.write() as connection:
        connection.execute(text(sql))


# The first sync


def test_before_the_first_success_the_pill_says_that_it_is_syncing() -> None:
    said = str(states.pill(DashboardOptions(), IDLE, NOW))
    assert "Syncing…" in said
    assert "Not synced yet" in str(states.pill(DashboardOptions(sync_enabled=False), IDLE, NOW))
    failing = LastSync(at=None, failing=True, running=False, error="no")
    assert "failing" in str(states.pill(DashboardOptions(), failing, NOW))


def test_the_first_sync_shows_how_much_of_all_days_is_read() -> None:
    shown = str(states.guide(DashboardOptions(), IDLE, Progress(3, 366, 0.25)))
    assert "'width': '25%'" in shown
    assert "3 of 366 days" in shown


# Data health


def test_one_trouble_of_several_streams_is_told_once(
    page: httpx.Client, database: Database
) -> None:
    for name, path in (
        ("openai.costs", "/organization/costs"),
        ("openai.usage.completions", "/organization/usage/completions"),
    ):
        run(
            database,
            "UPDATE stream_state SET failures = 2, error_kind = 'KeyRefused',"
            f" error = 'This key may not read {path}.'"
            f" WHERE stream_id = (SELECT id FROM stream WHERE name = '{name}')",
        )
    shown = section(page, "health-streams")
    assert "2 streams are failing" in shown
    assert "costs, completions" in shown
    assert shown.count("What to do") == 1


def test_the_calendar_shows_every_state_and_has_a_table(
    page: httpx.Client, database: Database
) -> None:
    today = floor_day(epoch(NOW))
    run(database, f"DELETE FROM coverage WHERE bucket_start = {today - 9 * DAY}")
    with database.write() as connection:
        flag = {"account_id": 1, "stream_id": 1, "grouping": 0, "bucket_start": today - DAY}
        connection.execute(insert(tables.empty_bucket).values(seen_at=NOW, **flag))
    shown = section(page, "health-coverage")
    for state in ("hole", "provisional", "settled", "doubted", "not_wanted"):
        assert f"day {state}'" in shown
    assert "12 Nov 2026: missing" in shown
    assert "Coverage of every stream" in shown
    assert "1 day" in section(page, "health-streams")


def test_a_year_of_twelve_streams_is_few_elements(page: httpx.Client) -> None:
    """A day of the calendar is an element; a line of a stream is one per span."""
    shown = section(page, "health-coverage")
    assert shown.count("'type': 'I'") < 7 * 53 + 12 * 6


def test_a_bucket_in_doubt_is_listed_with_what_it_holds(
    page: httpx.Client, database: Database
) -> None:
    assert "None. A bucket" in section(page, "health-doubted")
    start = floor_day(epoch(NOW)) - DAY
    with database.write() as connection:
        flag = {"account_id": 1, "stream_id": 1, "grouping": 0, "bucket_start": start}
        seen_at = NOW - timedelta(minutes=20)
        name = connection.scalar(text("SELECT name FROM stream WHERE id = 1"))
        connection.execute(insert(tables.empty_bucket).values(seen_at=seen_at, **flag))
    shown = section(page, "health-doubted")
    assert name is not None
    assert name.rsplit(".", 1)[-1] in shown
    assert "20 Nov 2026" in shown
    assert "from 12:10 UTC on" in shown


def test_unknown_data_is_listed_as_text(page: httpx.Client, database: Database) -> None:
    assert "None: every field" in section(page, "health-unknown")
    with database.write() as connection:
        connection.execute(
            insert(tables.unrecognized).values(
                account_id=1,
                stream_id=1,
                kind="field",
                name=organization.HOSTILE[:40],
                sample='{"a": 1}',
                seen=3,
                first_seen_at=NOW,
                last_seen_at=NOW,
            )
        )
    assert '{"a": 1}' in section(page, "health-unknown")


# The database is away, and comes back


def test_a_database_that_is_away_says_what_to_do_and_that_the_page_goes_on(
    page: httpx.Client, database: Database
) -> None:
    run(database, "ALTER TABLE account RENAME TO former")
    answer = asking.call(page, asking.find(page, "overview-kpis")).json()
    card = answer["sideUpdate"]["trouble"]["children"]
    assert card["props"]["className"] == "trouble away"
    assert "this page goes on by itself" in str(card)
    run(database, "ALTER TABLE former RENAME TO account")
    watch = asking.find(page, "pill.children")
    back = asking.call(page, watch, trouble__children=card, place__data="/").json()
    assert back["sideUpdate"]["trouble"]["children"] is None
    assert back["sideUpdate"]["place"]["data"] == "/"
    calm = asking.call(page, watch, trouble__children=None, place__data="/").json()
    assert "sideUpdate" not in calm
