"""Models in the browser: billed and estimated cost equal the truth, and one page for each model."""

import re
import tomllib
from decimal import Decimal
from typing import Any

from demo_site import SINCE, UNTIL, DemoSite
from playwright.sync_api import Locator, Page, expect

from wherespent.cli.demo import DEMO_PRICES
from wherespent.dashboard import formats
from wherespent.domain.line_items import parse_line_item

SOL, O4 = "gpt-5.6-sol", "o4-mini-2025-04-16"
TUNED = "ft-gpt-4.1-mini-2025-04-14"
PRICES = tomllib.loads(DEMO_PRICES.read_text(), parse_float=Decimal)["price"]


def billed(company: DemoSite) -> dict[str, Decimal]:
    """The simulator's own bill by model; '' is what names none."""
    nanos = company.organization.cost_truth_nanos(SINCE, UNTIL, ("line_item",))
    found: dict[str, Decimal] = {}
    for (item,), amount in nanos.items():
        key = parse_line_item(str(item)).model_key
        found[key] = found.get(key, Decimal(0)) + Decimal(amount) / 10**9
    return found


def estimated(company: DemoSite, model: str) -> Decimal:
    """Tokens of the simulator times the prices of its file, written out."""
    total = Decimal(0)
    for stream in ("completions", "decisions"):
        by = ("model", "service_tier", "batch")
        rows = company.organization.usage_truth(stream, SINCE, UNTIL, by)
        for (name, tier, batch), used in rows.items():
            if name == model:
                word = "batch" if batch else "standard" if tier in ("default", None) else str(tier)
                total += _cost(used, _price(model, word)) / 10**6
    return total


def _price(model: str, tier: str) -> dict[str, Any]:
    (found,) = (it for it in PRICES if (it["model"], it.get("tier", "standard")) == (model, tier))
    return found


def _cost(used: dict[str, int], price: dict[str, Any]) -> Decimal:
    assert not used["input_audio_tokens"]
    image = used["input_image_tokens"]
    return (
        (used["input_uncached_tokens"] - image) * price["input"]
        + image * price.get("image_input", price["input"])
        + used["input_cached_tokens"] * price["cached_input"]
        + used["input_cache_write_tokens"] * price.get("cache_write", Decimal(0))
        + used["output_tokens"] * price["output"]
    )


def kpi(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True).locator(".value")


def test_the_table_is_the_bill_and_the_estimate(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/models")
    bill = billed(company)
    models = sum(usd for key, usd in bill.items() if key)
    expect(kpi(company_page, "Billed for models")).to_have_attribute(
        "title", formats.exact_usd(models)
    )
    table = company_page.locator("#models-table")
    whole = table.locator("tfoot")
    expect(whole.locator(f"td[title='{formats.exact_usd(models)}']")).to_be_visible()
    for model in (SOL, TUNED):
        row = table.get_by_role("row").filter(has=company_page.get_by_role("link", name=model))
        expect(row.locator(f"td[title='{formats.exact_usd(bill[model])}']")).to_be_visible()
    row = table.get_by_role("row").filter(has=company_page.get_by_role("link", name=O4))
    exact = formats.exact_usd(estimated(company, O4))
    expect(row.locator(f"td[title='{exact}']")).to_be_visible()
    expect(company_page.locator("#models-table")).to_contain_text(
        f"{formats.usd(bill[''])} of the bill names no model"
    )


def test_a_row_opens_to_its_prices_and_leads_to_its_page(
    company_page: Page, company: DemoSite
) -> None:
    company_page.goto("/models")
    row = company_page.locator("#models-table").get_by_role("row").filter(has_text=SOL)
    row.locator("button[aria-expanded]").click()
    opened = company_page.locator(".model-opened")
    # The demo pays about 5 % less than list for this model.
    expect(opened.locator(".tag.down").first).to_contain_text("5.4")
    opened.get_by_role("link", name="Open its page").click()
    expect(company_page).to_have_url(re.compile(f"/models/{SOL}$"))
    expect(company_page.get_by_role("heading", level=1)).to_have_text(SOL)
    expect(kpi(company_page, "Billed cost")).to_have_attribute(
        "title", formats.exact_usd(billed(company)[SOL])
    )
    expect(kpi(company_page, "Estimated cost")).to_have_attribute(
        "title", formats.exact_usd(estimated(company, SOL))
    )
    expect(company_page.locator("#model-listed")).to_contain_text("$1.85")
    expect(company_page.locator("#model-projects-table")).to_contain_text("Support Assistant")
    company_page.go_back()
    expect(company_page.get_by_role("heading", level=1)).to_have_text("Models")


def test_two_models_are_compared_by_the_url(company_page: Page, company: DemoSite) -> None:
    company_page.goto(f"/models?old=gpt-5.2-mini&new={O4}")
    old = company.used("num_model_requests", model="gpt-5.2-mini")
    new = company.used("num_model_requests", model=O4)
    whole = company_page.locator("#migration-projects-table tfoot")
    expect(whole.locator(f"td[title='{formats.count(old + new)}']")).to_be_visible()
    share = formats.percent(new / (old + new))
    expect(whole).to_contain_text(share)
    expect(company_page.locator("#migration-verdict")).to_contain_text("go to the new model")
    company_page.locator("#migration-new").click()
    company_page.get_by_role("option", name=SOL, exact=True).click()
    expect(company_page).to_have_url(re.compile(f"new={SOL}"))
    expect(company_page.locator("#migration-verdict")).to_contain_text(SOL)


def test_a_model_that_nobody_used_says_so(company_page: Page) -> None:
    company_page.goto("/models/gpt-%3Cb%3Enope")
    expect(company_page.locator("#model-head")).to_contain_text("This model is not known here")
    expect(company_page.locator("#model-head code")).to_have_text("gpt-<b>nope")
    expect(company_page.locator("#model-body")).to_be_hidden()
