"""The live page in a real browser, on minutes that were read over real HTTP."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import serving
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr
from tests.browser.conftest import watch

from wherespent.bootstrap import make_site
from wherespent.dashboard import formats
from wherespent.demo import SimulatedOrganization, serve
from wherespent.demo.faults import Answer
from wherespent.demo.query import ApiError
from wherespent.domain.windows import HOUR, MINUTE, epoch, utc
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.live import LiveTail
from wherespent.providers.openai.client import AdminClient
from wherespent.providers.openai.keys import AdminKey
from wherespent.providers.openai.names import fetch_names
from wherespent.providers.openai.streams import COMPLETIONS
from wherespent.settings import read_settings
from wherespent.storage.engine import Database
from wherespent.storage.migrations import upgrade
from wherespent.storage.tables import live_tail

NOW = datetime(2026, 11, 20, 15, 20, 40, tzinfo=UTC)
KPI = "#live-kpis .kpi >> nth={} >> .value"
BARS = "#live-requests .barlayer .bars path"


class Scene:
    """A served dashboard, and what the process that syncs would do beside it."""

    def __init__(self, folder: Path) -> None:
        self.at = NOW
        self.organization = SimulatedOrganization(seed=7, now=lambda: self.at)
        self.running = serve(self.organization)
        settings = read_settings(
            env_file=None,
            openai_admin_key=SecretStr("sk-admin-demo"),
            openai_base_url=self.running.url,
            database_url=SecretStr(f"sqlite:///{folder / 'live.db'}"),
            # The schedule would follow the real clock.
            sync_enabled=False,
            backfill_days=2,
            port=0,
        )
        self.site = make_site(settings, clock=lambda: self.at)
        self.client = AdminClient(
            key=SecretStr("sk-admin-demo"),
            base_url=self.running.url,
            requests_per_minute=0,
            now=lambda: self.at,
        )
        upgrade(self.database)
        cycle = Cycle(
            database=self.database,
            client=self.client,
            key=AdminKey(self.client, salt="live", now=lambda: self.at),
            fetch_names=lambda: fetch_names(self.client),
            streams=(COMPLETIONS,),
            now=lambda: self.at,
            backfill_days=1,
            interval=timedelta(minutes=5),
        )
        cycle.run(hurry=threading.Event())
        self.tail = LiveTail(
            self.database, self.client, now=lambda: self.at, pace=timedelta(minutes=1)
        )

    @property
    def database(self) -> Database:
        return self.site.database

    def requests(self, hours: int, **only: str) -> str:
        """The simulator's own truth of the last hours, as the page shows it."""
        end = epoch(self.at) - epoch(self.at) % MINUTE
        found = self.organization.usage_truth(
            "completions", utc(end - hours * HOUR), utc(end), tuple(only)
        )
        return formats.count(found[tuple(only.values())]["num_model_requests"])

    def watched(self) -> datetime | None:
        with self.database.read() as connection:
            return connection.scalar(live_tail.select().with_only_columns(live_tail.c.watched_at))

    def close(self) -> None:
        self.client.close()
        self.running.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser, scene: Scene) -> Iterator[Page]:
    with serving.served(scene.site.server) as url:
        context = browser.new_context(base_url=url, viewport={"width": 1480, "height": 900})
        found = watch(context.new_page(), url)
        yield found.page
        context.close()
    assert found.problems == []


def shows(page: Page, requests: str) -> None:
    expect(page.locator(KPI.format(2))).to_have_attribute("title", requests)


def read_once_watched(page: Page, scene: Scene) -> None:
    """A reading, as soon as the open page has said again that somebody looks."""
    for _ in range(80):
        if scene.tail.run():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the page does not say that somebody looks")


def test_a_live_page_fills_follows_and_keeps_its_view(page: Page, scene: Scene) -> None:
    page.goto("/live")
    expect(page.locator("#live-nothing")).to_contain_text("No minutes here")
    # The page itself is what makes the process that syncs read minutes.
    assert scene.watched() == scene.at.replace(microsecond=0)
    assert scene.tail.run()
    shows(page, scene.requests(1))
    expect(page.locator(BARS).first).to_be_attached()
    expect(page.locator("#live-freshness")).to_contain_text("15:20:40 UTC")

    page.locator("#live-span").get_by_text("Last 6 hours").click()
    shows(page, scene.requests(6))
    assert page.url.endswith("/live?span=6h")
    page.reload()
    shows(page, scene.requests(6))

    scene.at += timedelta(minutes=2)
    read_once_watched(page, scene)
    shows(page, scene.requests(6))
    assert page.url.endswith("/live?span=6h")

    model = page.locator("#live-requests-below .entry").first
    name = model.inner_text()
    model.click()
    shows(page, scene.requests(6, model=name))
    assert f"model={name}" in page.url
    assert "span=6h" in page.url


def test_what_was_not_read_is_grey_and_not_zero(page: Page, scene: Scene) -> None:
    page.goto("/live")
    expect(page.locator("#live-nothing")).to_contain_text("No minutes here")
    scene.tail.run()
    scene.at += timedelta(minutes=30)
    page.reload()
    expect(page.locator("#live-requests .shapelayer path")).to_have_count(1)
    expect(page.locator("#live-requests .annotation-text")).to_have_text("not read")


def test_a_failure_is_said_above_the_minutes_that_are_known(page: Page, scene: Scene) -> None:
    page.goto("/live")
    expect(page.locator("#live-nothing")).to_contain_text("No minutes here")
    scene.tail.run()
    before = scene.requests(1)
    shows(page, before)
    refused = ApiError(403, "Missing scopes: api.usage.read")
    scene.organization.faults.script("completions", Answer(403, refused.body))
    scene.at += timedelta(seconds=70)
    read_once_watched(page, scene)
    expect(page.locator("#live-trouble")).to_contain_text("The last reading failed")
    expect(page.locator(BARS).first).to_be_attached()
