"""The demo in the browser shows the simulator's own truth, to the last digit."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from demo_site import DemoSite
from playwright.sync_api import Browser, Page, expect

from wherespent.dashboard import formats

KPI = "#overview-kpis .kpi >> nth={} >> .value"


def shows(page: Page, card: int, exact: str) -> None:
    expect(page.locator(KPI.format(card))).to_have_attribute("title", exact)


def test_the_overview_equals_the_truth(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/")
    billed = company.billed()
    assert billed > 0
    shows(company_page, 0, formats.exact_usd(billed))
    shows(company_page, 1, formats.count(company.used("num_model_requests")))
    shows(company_page, 2, formats.count(company.used("input_tokens")))
    shows(company_page, 3, formats.count(company.used("output_tokens")))


def test_a_filter_shows_the_truth_of_one_project(company_page: Page, company: DemoSite) -> None:
    project = company.organization.directory.projects[0]
    company_page.goto("/")
    company_page.locator("#filter-button").click()
    company_page.locator("#filter-project").click()
    company_page.keyboard.type(project["name"])
    company_page.get_by_role("option", name=project["name"], exact=True).click()
    exact = formats.exact_usd(company.billed(project_id=project["id"]))
    shows(company_page, 0, exact)
    shows(
        company_page,
        1,
        formats.count(company.used("num_model_requests", project_id=project["id"])),
    )
    company_page.reload()
    shows(company_page, 0, exact)


def test_the_real_command_shows_a_dashboard_and_refreshes(browser: Browser, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "wherespent"), "demo", "--port", "0"]
    env = os.environ | {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path), "COLUMNS": "200"}
    log = tmp_path / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(command, stdout=written, stderr=written, env=env, cwd=tmp_path) as process,
    ):
        try:
            page = browser.new_page()
            page.goto(address(log))
            expect(page.locator(KPI.format(0))).to_have_text(re.compile("[1-9]"), timeout=60_000)
            page.get_by_role("button", name="Refresh now").click()
            expect(page.locator("#pill")).to_contain_text(re.compile("requested|Syncing"))
            expect(page.locator("#pill")).to_contain_text(re.compile("Syncing|Synced"))
            page.close()
        finally:
            process.terminate()


def address(log: Path) -> str:
    for _ in range(300):
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found.group()
        time.sleep(0.1)
    raise AssertionError(log.read_text())
