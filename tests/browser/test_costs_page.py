"""The Costs page over the demo organization shows the simulator's own truth, to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal

from demo_site import SINCE, UNTIL, DemoSite
from playwright.sync_api import Page, expect

from wherespent.dashboard import formats

BILLED = "#costs-numbers .kpi >> nth=0 >> .value"
ITEMS = "#costs-items-table"


def opened(page: Page, query: str = "") -> None:
    page.goto(f"/costs{query}")
    expect(page.locator("#costs-months-table tfoot")).to_be_attached()


def test_the_line_items_are_the_bill_and_open_to_their_days(
    company_page: Page, company: DemoSite
) -> None:
    opened(company_page)
    total = formats.exact_usd(company.billed())
    expect(company_page.locator(BILLED)).to_have_attribute("title", total)
    expect(company_page.locator(f"{ITEMS} tfoot td >> nth=1")).to_have_attribute("title", total)
    truth = truth_by(company, "line_item")
    name, billed = max(truth.items(), key=lambda it: it[1])
    row = company_page.locator(f"{ITEMS} tbody tr").first
    expect(row.locator("td >> nth=0")).to_contain_text(name)
    expect(row.locator("td >> nth=1")).to_have_attribute("title", formats.exact_usd(billed))
    row.locator(".opener").click()
    inside = company_page.locator(f"{ITEMS} .detail-inside")
    expect(inside.locator("tfoot")).to_contain_text("All 30 billed days")
    days = inside.locator("tbody tr td:nth-child(2)").evaluate_all(
        "cells => cells.map(it => it.title || it.textContent)"
    )
    assert sum(map(dollars, days)) == billed
    expect(inside).to_contain_text("/ M tokens")


def test_a_project_narrows_every_part_to_its_own_truth(
    company_page: Page, company: DemoSite
) -> None:
    project = company.organization.directory.projects[0]
    opened(company_page, f"?project={project['id']}")
    exact = formats.exact_usd(company.billed(project_id=project["id"]))
    expect(company_page.locator(BILLED)).to_have_attribute("title", exact)
    expect(company_page.locator(f"{ITEMS} tfoot td >> nth=1")).to_have_attribute("title", exact)
    matrix = company_page.locator("#costs-matrix-table")
    expect(matrix.locator("tbody tr")).to_have_count(1)
    expect(matrix.locator("tfoot td").last).to_have_attribute("title", exact)


def test_the_matrix_and_the_months_add_up_both_ways(company_page: Page, company: DemoSite) -> None:
    opened(company_page)
    total = company_page.locator("#costs-matrix-table tfoot td").last
    expect(total).to_have_attribute("title", formats.exact_usd(company.billed()))
    button = company_page.locator("#costs-months-table button[data-copy]")
    text = button.get_attribute("data-copy") or ""
    head, *rows = [line.split("\t") for line in text.split("\n")]
    *projects, foot = [[Decimal(cell or 0) for cell in row[1:]] for row in rows]
    assert [sum(column) for column in zip(*projects, strict=True)] == foot
    assert all(sum(row[:-1]) == row[-1] for row in [*projects, foot])
    assert head[-2] == "Nov 2026 so far"
    november = company.organization.cost_truth_nanos(
        datetime(2026, 11, 1, tzinfo=UTC), UNTIL, ("project_id",)
    )
    assert foot[-2] == Decimal(sum(november.values())) / 10**9
    company_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button.click()
    expect(company_page.locator("#costs-months-table .copied")).to_have_text("Copied")
    assert company_page.evaluate("navigator.clipboard.readText()") == text


def test_rates_are_those_of_the_price_list(company_page: Page) -> None:
    opened(company_page, "?line_item=gpt-5.6-sol%2C%20output")
    cell = company_page.locator(f"{ITEMS} tbody tr td", has_text="/ M tokens")
    expect(cell).to_have_text("$14.00 / M tokens")
    expect(company_page.locator("#costs-rates .scatterlayer .trace")).to_have_count(1)
    expect(company_page.locator("#costs-rates-changed-table")).to_contain_text("No rate changed")
    # One account is nothing to stack by.
    expect(company_page.locator("#costs-by")).not_to_contain_text("Account")


def truth_by(company: DemoSite, dimension: str) -> dict[str, Decimal]:
    found = company.organization.cost_truth_nanos(SINCE, UNTIL, (dimension,))
    return {str(key or "(none)"): Decimal(nanos) / 10**9 for (key,), nanos in found.items()}


def dollars(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", ""))
