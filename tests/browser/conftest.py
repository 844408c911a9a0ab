"""A real browser and a dashboard for it to look at."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "dashboard"))

import demo_site
import organization
import serving

from wherespent.dashboard.desk import DashboardOptions
from wherespent.storage.engine import open_database

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)
expect.set_options(timeout=15_000)
NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    own = Path(playwright.chromium.executable_path).exists()
    found = os.environ.get("E2E_BROWSER") or (
        None if own else shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not own and not found:
        problem = "no browser: install chromium or set E2E_BROWSER"
        if os.environ.get("E2E_REQUIRED") == "1":
            pytest.fail(problem)
        pytest.skip(problem)
    launched = playwright.chromium.launch(executable_path=found, args=list(ARGS))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    database = open_database(f"sqlite:///{path}")
    organization.build(database, NOW, days=60)
    options = DashboardOptions(demo=True, backfill_days=60)
    with serving.served(serving.assembled(database, lambda: NOW, options)) as url:
        yield url
    database.dispose()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[demo_site.DemoSite]:
    with demo_site.demo_site(tmp_path_factory.mktemp("company")) as site:
        yield site


@dataclass
class Watched:
    """A page, and everything that it should not have done."""

    page: Page
    problems: list[str] = field(default_factory=list)


@pytest.fixture
def context(browser: Browser, demo_url: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=demo_url, viewport={"width": 1480, "height": 900}, color_scheme="light"
    )
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


def watch(page: Page, url: str) -> Watched:
    """Write down console errors, CSP violations, dialogs and foreign requests."""
    watched, own = Watched(page), urlsplit(url).netloc
    page.on(
        "console",
        lambda it: watched.problems.append(it.text) if it.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: watched.problems.append(str(error)))
    page.on("dialog", lambda dialog: (watched.problems.append("a dialog"), dialog.dismiss()))
    page.on(
        "request",
        lambda it: (
            watched.problems.append(f"foreign request {it.url}")
            if urlsplit(it.url).scheme.startswith("http") and urlsplit(it.url).netloc != own
            else None
        ),
    )
    return watched


@pytest.fixture
def watched(context: BrowserContext, demo_url: str) -> Iterator[Watched]:
    """Fails the test on what a page should not do."""
    found = watch(context.new_page(), demo_url)
    yield found
    assert found.problems == []


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture
def company_page(browser: Browser, company: demo_site.DemoSite) -> Iterator[Page]:
    context = browser.new_context(base_url=company.url, viewport={"width": 1480, "height": 900})
    found = watch(context.new_page(), company.url)
    yield found.page
    context.close()
    assert found.problems == []
