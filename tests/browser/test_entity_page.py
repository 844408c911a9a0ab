"""The page of one project, user or key: found by its address, linked from every mention."""

import re
from typing import Any

import pytest
from demo_site import DemoSite
from playwright.sync_api import Page, expect

from wherespent.dashboard import formats
from wherespent.demo.people import key_id, project_id, user_id

KPI = "#entity-kpis .kpi >> nth={} >> .value"


@pytest.mark.parametrize(
    ("path", "dimension", "id_"),
    [
        ("projects", "project_id", project_id("copilot")),
        ("users", "user_id", user_id("kenji")),
        ("service-accounts", "user_id", user_id("support-bot")),
        ("keys", "api_key_id", key_id("search-prod")),
    ],
)
def test_its_numbers_are_its_own(
    company_page: Page, company: DemoSite, path: str, dimension: str, id_: str
) -> None:
    company_page.goto(f"/{path}/{id_}")
    only: dict[str, Any] = {dimension: id_}
    billed = company.billed(**only)
    requests = company.used("num_model_requests", **only)
    assert billed > 0
    assert requests > 0
    expect(company_page.locator(KPI.format(0))).to_have_attribute(
        "title", formats.exact_usd(billed)
    )
    expect(company_page.locator(KPI.format(1))).to_have_attribute("title", formats.count(requests))
    total = company_page.locator("#entity-models-table tfoot")
    expect(total.locator(f"td[title='{formats.exact_usd(billed)}']")).to_be_visible()
    expect(company_page.locator(".entity-id code")).to_have_text(id_)


def test_what_it_is_tied_to_leads_on_and_back(company_page: Page, company: DemoSite) -> None:
    company_page.goto(f"/users/{user_id('kenji')}?range=7d")
    keys = company_page.locator("#entity-keys-table")
    keys.get_by_role("link", name="lab <gpu&evals>").click()
    expect(company_page).to_have_url(re.compile(f"/keys/{key_id('lab <gpu&evals>')}.*range=7d"))
    expect(company_page.get_by_role("heading", level=1)).to_have_text("lab <gpu&evals>")
    expect(company_page.locator("#entity-keys-card")).to_be_hidden()
    company_page.locator(".entity-facts").get_by_role("link", name="R&D <lab>").click()
    expect(company_page.get_by_role("heading", level=1)).to_have_text("R&D <lab>")
    company_page.go_back()
    expect(company_page.get_by_role("heading", level=1)).to_have_text("lab <gpu&evals>")
    company_page.locator(".crumbs").get_by_role("link", name="API keys").click()
    expect(company_page.locator("#keys-table")).to_contain_text("copilot-kenji")


def test_an_id_that_nobody_knows_says_so(company_page: Page) -> None:
    company_page.goto("/keys/key_%3Cb%3Enope")
    expect(company_page.locator("#entity-head")).to_contain_text("API key not known here")
    expect(company_page.locator("#entity-head code")).to_have_text("key_<b>nope")
    expect(company_page.locator("#entity-body")).to_be_hidden()


def test_a_key_without_usage_says_what_to_do(company_page: Page) -> None:
    company_page.goto(f"/keys/{key_id('break-glass')}")
    head = company_page.locator("#entity-head")
    expect(head).to_contain_text("never used")
    expect(head).to_contain_text("Nothing was used or billed in this range")
    expect(company_page.locator("#entity-figures")).to_be_hidden()
    expect(company_page.locator("#entity-projects-table")).to_contain_text("Support Assistant")
