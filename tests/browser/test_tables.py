"""A table in a real browser: sorted, filtered, opened, saved; a chart as a table and as an image.

Its numbers are compared with the simulator's own.
"""

import csv
import re
from decimal import Decimal
from pathlib import Path

import demo_site
from playwright.sync_api import Locator, Page, expect

ITEMS = "[data-table='costs-items']"
# Not those of a table inside of an open row.
HEADINGS = ".table-body > .table > table > thead th"


def opened(page: Page, path: str = "/costs") -> Locator:
    page.goto(path)
    part = page.locator(ITEMS)
    expect(part.locator("tbody tr").first).to_be_visible()
    return part


def column(part: Locator, number: int) -> list[str]:
    return part.locator(f"tbody tr:not(.detail) td:nth-child({number})").all_inner_texts()


def dollars(texts: list[str]) -> list[Decimal]:
    return [Decimal(re.sub(r"[$,]", "", text).replace("−", "-")) for text in texts]


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def saved(page: Page, part: Locator, words: str, folder: Path) -> Path:
    part.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        part.get_by_role("button", name=words).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_sorted_filtered_and_saved_as_it_is_seen(
    company_page: Page, company: demo_site.DemoSite, tmp_path: Path
) -> None:
    page = company_page
    part = opened(page)
    billed = dollars(column(part, 2))
    assert billed == sorted(billed, reverse=True)

    *rows, total = lines(saved(page, part, "CSV", tmp_path))
    assert Decimal(total["Billed (USD)"]) == company.billed()
    assert sum(Decimal(row["Billed (USD)"]) for row in rows) == company.billed()

    name = part.get_by_role("button", name="Line item", exact=True)
    name.click()
    expect(part.locator("th[aria-sort='ascending']")).to_contain_text("Line item")
    items = column(part, 1)
    assert items == sorted(items, key=str.casefold)

    part.get_by_role("textbox", name=re.compile("Filter")).fill("cached")
    expect(part.locator("tfoot td").first).to_have_text(re.compile(r"^\d+ of \d+ rows$"))
    path = saved(page, part, "CSV", tmp_path)
    assert re.fullmatch(r"wherespent-costs-items-2026-10-22-to-2026-11-20\.csv", path.name)
    *rows, total = lines(path)
    assert rows
    assert all("cached" in row["Line item"] for row in rows)
    exact = sum(company.billed(line_item=row["Line item"]) for row in rows)
    assert Decimal(total["Billed (USD)"]) == exact

    assert saved(page, part, "Excel", tmp_path).read_bytes().startswith(b"PK")
    assert saved(page, part, "Parquet", tmp_path).read_bytes().startswith(b"PAR1")


def test_by_keyboard_columns_go_and_rows_open_and_a_refresh_keeps_them(company_page: Page) -> None:
    page = company_page
    part = opened(page)
    columns = part.locator(HEADINGS).count()
    part.locator("summary", has_text="Columns").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    was_shown = part.locator(".menu-item:focus").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")
    columns += -1 if was_shown else 1
    expect(part.locator(HEADINGS)).to_have_count(columns)
    page.keyboard.press("Escape")
    expect(part.locator("details[open]")).to_have_count(0)
    expect(part.locator("summary", has_text="Columns")).to_be_focused()

    part.locator(".opener").first.focus()
    page.keyboard.press("Enter")
    expect(part.locator("tr.detail")).to_have_count(1)
    page.evaluate("dash_clientside.set_props('latest', {data: 999})")
    page.wait_for_timeout(1000)
    expect(part.locator("tr.detail")).to_have_count(1)
    expect(part.locator(HEADINGS)).to_have_count(columns)


def test_a_chart_is_a_table_with_the_bill_as_its_total_and_an_image(
    company_page: Page, company: demo_site.DemoSite, tmp_path: Path
) -> None:
    page = company_page
    page.goto("/")
    chart = page.locator("[data-chart='overview-cost']")
    expect(chart.locator(".barlayer .bars").first).to_be_attached()
    options = chart.get_by_label("Options of this chart")
    options.click()
    chart.get_by_role("button", name="Show as table").click()
    total = chart.locator("tfoot td").nth(1)
    expect(total).to_have_text(f"${company.billed():,.2f}")
    expect(chart.locator(".js-plotly-plot")).to_be_hidden()
    with page.expect_download() as download:
        options.click()
        chart.get_by_role("button", name="Image (SVG)").click()
    svg = tmp_path / "chart.svg"
    download.value.save_as(svg)
    assert re.fullmatch(
        r"wherespent-overview-billed-cost-.*2026\.svg", download.value.suggested_filename
    )
    drawn = svg.read_text(encoding="utf-8")
    assert "Billed cost" in drawn
    assert "@font-face" in drawn
    options.click()
    chart.get_by_role("button", name="Show as chart").click()
    expect(chart.locator(".js-plotly-plot")).to_be_visible()
