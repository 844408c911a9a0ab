"""People and keys in the browser: every amount is the simulator's own truth."""

import re

from demo_site import DemoSite
from playwright.sync_api import Locator, Page, expect

from wherespent.dashboard import formats
from wherespent.demo.people import key_id, user_id


def row(page: Page, table: str, name: str) -> Locator:
    # By its link: a name may be part of another one.
    link = page.get_by_role("link", name=name, exact=True)
    return page.locator(f"#{table}-table tbody tr", has=link).first


def exactly(text: str) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(text)}$")


def test_users_add_up_to_the_bill(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/people")
    total = company_page.locator("#users-table tfoot")
    billed = company.billed()
    expect(total.get_by_text(exactly(formats.usd(billed)))).to_have_attribute(
        "title", formats.exact_usd(billed)
    )
    ann = user_id("laura")
    own = company.billed(user_id=ann)
    assert own > 0
    cell = row(company_page, "users", "Laura O'Brien").get_by_text(exactly(formats.usd(own)))
    expect(cell).to_have_attribute("title", formats.exact_usd(own))
    requests = company.used("num_model_requests", user_id=ann)
    cell = row(company_page, "users", "Laura O'Brien").get_by_text(
        exactly(formats.compact(requests))
    )
    expect(cell).to_have_attribute("title", formats.count(requests))
    # What OpenAI bills without a user is a row of its own.
    expect(company_page.locator("#users-table")).to_contain_text("(none)")


def test_a_list_is_chosen_opened_and_led_on_from(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/people")
    company_page.get_by_text("API keys", exact=True).first.click()
    expect(company_page).to_have_url(re.compile("who=keys"))
    key = row(company_page, "keys", "copilot-ivan")
    billed = company.billed(api_key_id=key_id("copilot-ivan"))
    expect(key.get_by_text(exactly(formats.usd(billed)))).to_have_attribute(
        "title", formats.exact_usd(billed)
    )
    expect(company_page.locator("#users-table")).to_be_hidden()
    key.get_by_role("button", name="Details").click()
    opened = company_page.locator("#keys-table tr.detail")
    expect(opened).to_contain_text("Models and other line items")
    expect(opened.locator(".strip i")).to_have_count(30)
    expect(opened.get_by_role("link", name="Ivan Horvat")).to_have_attribute(
        "href", re.compile(f"^/users/{user_id('ivan')}")
    )
    company_page.get_by_role("link", name="copilot-ivan", exact=True).first.click()
    expect(company_page).to_have_url(re.compile(f"/keys/{key_id('copilot-ivan')}"))
    expect(company_page.get_by_role("heading", name="copilot-ivan")).to_be_visible()


def test_keys_that_nobody_used_are_listed_with_what_to_do(company_page: Page) -> None:
    company_page.goto("/people")
    company_page.get_by_role("link", name="What to do").click()
    idle = row(company_page, "idle-keys", "break-glass")
    expect(idle).to_contain_text("Never used")
    expect(idle).to_contain_text("Bruno Keller")
    expect(idle).to_contain_text("revoke it")
    expect(company_page.locator("#idle-keys-table")).to_contain_text("read since")
    # It was used: a key in use is no idle key.
    expect(company_page.locator("#idle-keys-table")).not_to_contain_text("copilot-ivan")


def test_a_project_filter_leaves_its_own_people(company_page: Page, company: DemoSite) -> None:
    project = company.organization.directory.projects[0]["id"]
    company_page.goto(f"/people?project={project}")
    billed = company.billed(project_id=project)
    total = company_page.locator("#users-table tfoot")
    expect(total.get_by_text(exactly(formats.usd(billed)))).to_have_attribute(
        "title", formats.exact_usd(billed)
    )
    expect(company_page.locator("#users-table tbody")).to_contain_text("support-bot")
    expect(company_page.locator("#users-table tbody")).not_to_contain_text("Ivan Horvat")
