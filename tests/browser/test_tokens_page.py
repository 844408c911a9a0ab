"""The Tokens page over the demo organization shows the simulator's own truth."""

from decimal import Decimal

from demo_site import SINCE, UNTIL, DemoSite
from playwright.sync_api import Page, expect

from wherespent.dashboard import formats

NUMBER = "#tokens-numbers .kpi >> nth={} >> .value"


def opened(page: Page, query: str = "") -> None:
    page.goto(f"/tokens{query}")
    expect(page.locator("#tokens-streams-table tbody tr").first).to_be_attached()


def test_the_numbers_and_the_totals_of_the_tables_are_the_truth(
    company_page: Page, company: DemoSite
) -> None:
    requests = company.used("num_model_requests")
    inputs, outputs = company.used("input_tokens"), company.used("output_tokens")
    cached = company.used("input_cached_tokens")
    opened(company_page)
    for at, exact in enumerate((requests, inputs, outputs)):
        shown = company_page.locator(NUMBER.format(at))
        expect(shown).to_have_attribute("title", formats.count(exact))
    share = formats.percent(Decimal(cached) / Decimal(inputs))
    expect(company_page.locator(NUMBER.format(3))).to_have_text(share)
    tiers = company_page.locator("#tokens-tiers-table tfoot td")
    expect(tiers.nth(1)).to_have_attribute("title", formats.count(requests))
    expect(tiers.nth(3)).to_have_attribute("title", formats.count(inputs + outputs))
    models = company_page.locator("#tokens-table-table tfoot td")
    expect(models.nth(1)).to_have_attribute("title", formats.count(requests))
    expect(models.nth(3)).to_have_attribute("title", formats.count(inputs))
    expect(company_page.locator("#tokens-cached .scatterlayer .trace").first).to_be_attached()


def test_batches_are_the_truth(company_page: Page, company: DemoSite) -> None:
    found = company.organization.usage_truth("completions", SINCE, UNTIL, ("batch",))
    batch = next(measures for (key,), measures in found.items() if str(key).lower() == "true")
    opened(company_page)
    row = company_page.locator("#tokens-tiers-table tbody tr", has_text="Batch")
    expect(row.locator("td >> nth=1")).to_have_attribute(
        "title", formats.count(batch["num_model_requests"])
    )


def test_each_other_stream_has_its_own_unit_and_opens_beside(
    company_page: Page, company: DemoSite
) -> None:
    images = company.organization.usage_truth("images", SINCE, UNTIL)[()]["images"]
    seconds = company.organization.usage_truth("audio_transcriptions", SINCE, UNTIL)[()]["seconds"]
    opened(company_page)
    streams = company_page.locator("#tokens-streams-table")
    for name, total, unit in (
        ("Images", images, "images"),
        ("Transcription", seconds, "seconds"),
    ):
        cells = streams.locator("tbody tr", has_text=name).locator("td")
        expect(cells.nth(1)).to_have_attribute("title", formats.count(total))
        expect(cells.nth(2)).to_have_text(unit)
    title = company_page.locator("#tokens-stream-title")
    expect(title).to_contain_text("Decisions")
    streams.get_by_role("link", name="Images").click()
    expect(title).to_have_text("Images: images by model")
    assert "stream=images" in company_page.url
    expect(company_page.locator("#tokens-stream .barlayer .bars").first).to_be_attached()
