"""Explore and saved views in the real browser, against the simulator's own truth."""

import re
from decimal import Decimal

from demo_site import DemoSite
from playwright.sync_api import Page, expect

TOTAL = "#explore-total"
WHOLE_BUNDLE = "plotly-whole"


def money(text: str | None) -> Decimal:
    return Decimal((text or "").replace("$", "").replace(",", ""))


def opened(page: Page, path: str = "/explore") -> None:
    page.goto(path)
    expect(page.locator(TOTAL)).to_have_text(re.compile(r"[1-9]"))


def choose(page: Page, control: str, option: str) -> None:
    page.locator(f"#{control}").click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_question_is_asked_step_by_step_and_its_numbers_are_the_truth(
    company_page: Page, company: DemoSite
) -> None:
    page = company_page
    opened(page)
    expect(page).to_have_title(re.compile("Billed cost by model"))
    exact = money(page.locator(TOTAL).get_attribute("title"))
    assert exact == company.billed()
    choose(page, "explore-measure", "Requests")
    expect(page.locator("#explore-question")).to_have_text("Requests by model")
    wanted = f"{company.used('num_model_requests'):,}"
    expect(page.locator(TOTAL)).to_have_attribute("title", wanted)
    choose(page, "explore-split", "Project")
    expect(page.locator("#explore-question")).to_have_text("Requests by project")
    assert "measure=requests" in page.url
    assert "split=project" in page.url
    # What cannot be asked is there, greyed, and says why.
    page.locator("#explore-split").click()
    greyed = page.get_by_role("option", name=re.compile("Line item"))
    expect(greyed).to_contain_text("on the bill alone")
    expect(greyed).to_have_attribute("data-combobox-disabled", "true")
    page.keyboard.press("Escape")
    page.go_back()
    expect(page.locator("#explore-question")).to_have_text("Requests by model")
    expect(page.locator("#explore-split")).to_have_value("Model")


def test_every_chart_draws_and_the_whole_bundle_comes_only_when_it_is_needed(
    company_page: Page,
) -> None:
    page, asked = company_page, list[str]()
    page.on("request", lambda it: asked.append(it.url) if WHOLE_BUNDLE in it.url else None)
    opened(page)
    graph = "#explore-answer .js-plotly-plot"
    drawn = {
        "Lines": ".scatterlayer .trace",
        "Area": ".scatterlayer .trace",
        "Ranking": ".barlayer .bars",
        "Donut": ".pielayer .slice",
        "Bars": ".barlayer .bars",
    }
    for name, mark in drawn.items():
        page.locator("#explore-chart").get_by_text(name, exact=True).click()
        expect(page.locator(f"{graph} {mark}").first).to_be_attached()
    assert asked == []
    page.locator("#explore-chart").get_by_text("Tree map", exact=True).click()
    expect(page.locator(f"{graph} .treemaplayer .slice").first).to_be_attached()
    page.locator("#explore-chart").get_by_text("Heat map", exact=True).click()
    expect(page.locator(f"{graph} .heatmaplayer image").first).to_be_attached()
    assert len(asked) == 1
    # And back: the chart that the whole bundle drew goes on.
    page.locator("#explore-chart").get_by_text("Bars", exact=True).click()
    expect(page.locator(f"{graph} .barlayer .bars").first).to_be_attached()
    page.locator("#explore-chart").get_by_text("Table", exact=True).click()
    expect(page.locator("#explore-buckets-table tfoot")).to_contain_text(
        page.locator(TOTAL).inner_text()
    )


def test_a_view_is_saved_opened_renamed_and_deleted(company_page: Page) -> None:
    page = company_page
    opened(page, "/explore?range=7d&split=project&chart=lines")
    page.locator("#save-view-here").click()
    name = page.locator("#save-view-name")
    expect(name).to_have_value("Billed cost by project")
    name.fill("Search team, weekly")
    name.press("Enter")
    entry = page.locator("#saved-views a")
    expect(entry).to_have_text("Search team, weekly")
    expect(entry).to_have_attribute("aria-current", "page")
    # The same name again is refused in words.
    page.locator("#save-view-here").click()
    name.fill("search TEAM, weekly")
    page.locator("#save-view-confirm").click()
    expect(page.locator("#save-view-error")).to_contain_text("there already")
    page.keyboard.press("Escape")
    page.goto("/")
    expect(entry).to_have_count(1)
    entry.click()
    expect(page.locator("#explore-question")).to_have_text("Billed cost by project")
    assert page.url.endswith("/explore?range=7d&chart=lines&split=project")
    page.locator("#manage-views-open").click()
    expect(page.locator("#manage-views-name")).to_have_value("Search team, weekly")
    page.locator("#manage-views-name").fill("Weekly")
    page.locator("#manage-views-rename").click()
    expect(entry).to_have_text("Weekly")
    page.locator("#manage-views-delete").click()
    expect(page.locator("#manage-views-sure-text")).to_contain_text("Delete “Weekly”")
    page.locator("#manage-views-delete-surely").click()
    expect(entry).to_have_count(0)
