"""The Overview in a real browser: its numbers are the simulator's own, to the last digit."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from demo_site import NOW, SINCE, UNTIL, DemoSite
from playwright.sync_api import Page, expect

from wherespent.dashboard import formats
from wherespent.domain.forecast import Forecast, month_end
from wherespent.domain.line_items import parse_line_item

FIGURE = "#overview-month .figure >> nth={} >> .value"
BEFORE = (SINCE - timedelta(days=30), SINCE)


def billed(company: DemoSite, since: datetime, until: datetime, **only: str) -> Decimal:
    sums = company.organization.cost_truth_nanos(since, until, tuple(only))
    return Decimal(sums.get(tuple(only.values()), 0)) / 10**9


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def truth_of_the_month(company: DemoSite) -> Forecast:
    """The documented method over the simulator's own days; what was synced begins in September."""
    first = (SINCE - timedelta(days=32)).date()
    days = [first + timedelta(days=n) for n in range((NOW.date() - first).days + 1)]
    amounts = {
        day: billed(company, midnight(day), midnight(day) + timedelta(days=1)) for day in days
    }
    found = month_end(amounts, NOW.date(), NOW.date() - timedelta(days=3))
    assert found is not None
    return found


def cells(company: DemoSite, since: datetime, until: datetime) -> dict[tuple[str, str], Decimal]:
    """Project and model, or the line item where that names none → billed."""
    found: dict[tuple[str, str], Decimal] = {}
    sums = company.organization.cost_truth_nanos(since, until, ("project_id", "line_item"))
    for (project, item), nanos in sums.items():
        key = (project or "", parse_line_item(item or "").model_key or item or "")
        found[key] = found.get(key, Decimal(0)) + Decimal(nanos) / 10**9
    return found


def test_the_month_is_the_truth_and_its_projection(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/?range=7d")
    forecast = truth_of_the_month(company)
    november = datetime(2026, 11, 1, tzinfo=UTC)
    assert forecast.to_date == billed(company, november, UNTIL)
    first, projected, today = (company_page.locator(FIGURE.format(n)) for n in range(3))
    expect(first).to_have_attribute("title", formats.exact_usd(forecast.to_date))
    expect(projected).to_have_attribute("title", formats.exact_usd(forecast.expected))
    so_far = billed(company, UNTIL - timedelta(days=1), UNTIL)
    expect(today).to_have_attribute("title", formats.exact_usd(so_far))
    october = datetime(2026, 10, 1, tzinfo=UTC)
    before = billed(company, october, october + timedelta(days=20))
    expect(company_page.locator("#overview-month .figure.first")).to_contain_text(
        f"{formats.usd(before)} to 20 Oct"
    )
    about = company_page.locator("#overview-month .figure >> nth=1 >> .about")
    about.focus()
    assert "last 28 settled days" in (about.get_attribute("aria-label") or "")
    shown = about.evaluate("it => getComputedStyle(it, '::after').content")
    assert "last 28 settled days" in shown


def test_what_changed_is_the_truth(company_page: Page, company: DemoSite) -> None:
    now, before = cells(company, SINCE, UNTIL), cells(company, *BEFORE)
    keys = now.keys() | before.keys()
    changes = {key: now.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in keys}
    company_page.goto("/")
    rose = company_page.locator("#overview-movers .mover").first
    largest = max(changes, key=lambda key: changes[key])
    expect(rose.locator(".amount")).to_have_text(formats.signed_usd(changes[largest]))
    exact = f"{formats.exact_usd(now[largest])}, was {formats.exact_usd(before[largest])}"
    expect(rose.locator(".amount")).to_have_attribute("title", exact)
    expect(rose.locator(".name")).to_contain_text(largest[1])
    total = billed(company, SINCE, UNTIL) - billed(company, *BEFORE)
    expect(company_page.locator("#overview-movers-unit")).to_contain_text(formats.signed_usd(total))
    foot = company_page.locator("#overview-changes-table tfoot")
    expect(foot).to_contain_text(formats.usd(total))
    expect(foot).to_contain_text(formats.usd(billed(company, SINCE, UNTIL)))


def test_the_largest_lead_to_their_pages(company_page: Page, company: DemoSite) -> None:
    company_page.goto("/?range=30d")
    sums = company.organization.cost_truth_nanos(SINCE, UNTIL, ("project_id",))
    (project,), nanos = max(sums.items(), key=lambda each: each[1])
    row = company_page.locator("#overview-projects .leader").first
    expect(row.locator(".amount")).to_have_attribute(
        "title", formats.exact_usd(Decimal(nanos) / 10**9)
    )
    row.locator("a").click()
    company_page.wait_for_url(f"**/projects/{project}**")
