"""Journeys through what surrounds every page: filters, clicks, zoom, search, keys, time zone."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from demo_site import DemoSite
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from wherespent.dashboard import formats

KPI = "#overview-kpis .kpi >> nth={} >> .value"
COST = "#overview-cost"


def shows(page: Page, card: int, exact: str) -> None:
    expect(page.locator(KPI.format(card))).to_have_attribute("title", exact)


def opened(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator(KPI.format(0))).to_have_text(re.compile(r"\$[1-9]"))


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def plot(page: Page, chart: str) -> FloatRect:
    """Where a drawn chart is on the screen."""
    expect(page.locator(f"{chart} .barlayer .bars path").first).to_be_attached()
    area = page.locator(f"{chart} .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    return box


def pick(page: Page, name: str, text: str) -> None:
    page.locator(f"#filter-{name}").click()
    page.keyboard.type(text)
    page.get_by_role("option", name=text, exact=True).click()


def test_what_is_left_out_is_left_out_to_the_last_digit(
    company_page: Page, company: DemoSite
) -> None:
    page = company_page
    first, second = company.organization.directory.projects[:2]
    opened(page, "/")
    page.keyboard.press("f")
    page.locator("#filter-mode-project").get_by_text("is not").click()
    pick(page, "project", first["name"])
    rest = company.billed() - company.billed(project_id=first["id"])
    shows(page, 0, formats.exact_usd(rest))
    used = company.used("num_model_requests")
    used -= company.used("num_model_requests", project_id=first["id"])
    shows(page, 1, formats.count(used))
    pick(page, "project", second["name"])
    shows(page, 0, formats.exact_usd(rest - company.billed(project_id=second["id"])))
    assert asked(page) == {"project": [f"!{first['id']}", f"!{second['id']}"]}
    page.reload()
    shows(page, 0, formats.exact_usd(rest - company.billed(project_id=second["id"])))
    # The other way round: only these two.
    page.locator("#filter-button").click()
    page.locator("#filter-mode-project").get_by_text("is", exact=True).click()
    both = [company.billed(project_id=it["id"]) for it in (first, second)]
    shows(page, 0, formats.exact_usd(both[0] + both[1]))
    page.keyboard.press("Escape")
    page.get_by_title(f"Remove Project: {second['name']}").click()
    shows(page, 0, formats.exact_usd(both[0]))
    page.goto(f"/?project=!{first['id']}&model=!none-such")
    expect(page.locator(".chip").first).to_have_text("Model: not none-such")
    page.get_by_role("link", name="Clear all").click()
    shows(page, 0, formats.exact_usd(company.billed()))
    expect(page.locator(".chip")).to_have_count(0)


def test_a_click_on_a_bar_filters_and_back_undoes(company_page: Page, company: DemoSite) -> None:
    page = company_page
    opened(page, "/?stack=project")
    plot(page, COST)
    bar = page.locator(f"{COST} .barlayer .trace").first.locator("path").nth(20).bounding_box()
    assert bar is not None
    at = bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2
    page.mouse.move(*at)
    expect(page.locator(f"{COST} .hoverlayer .legend")).to_be_visible()
    page.mouse.click(*at)
    page.wait_for_url("**project=proj_**")
    project = asked(page)["project"][0]
    shows(page, 0, formats.exact_usd(company.billed(project_id=project)))
    page.go_back()
    shows(page, 0, formats.exact_usd(company.billed()))


def drag(page: Page, box: FloatRect, start: float, end: float) -> None:
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, middle, steps=5)
    page.mouse.up()


def test_a_drag_makes_the_page_show_those_days(company_page: Page, company: DemoSite) -> None:
    page = company_page
    opened(page, "/")
    # 30 bars from 22 October on, each a thirtieth wide: the 11th to the 15th.
    drag(page, plot(page, COST), 10 / 30, 15 / 30)
    page.wait_for_url("**?from=2026-11-01&to=2026-11-05")
    days = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 6, tzinfo=UTC)
    truth = company.organization.cost_truth_nanos(*days, ())[()]
    shows(page, 0, formats.exact_usd(Decimal(truth) / 10**9))
    expect(page.locator("#range-label")).to_have_text("1 – 5 Nov 2026")
    page.go_back()
    shows(page, 0, formats.exact_usd(company.billed()))


def test_usage_by_the_days_of_the_viewer(browser: Browser, company: DemoSite) -> None:
    context = browser.new_context(base_url=company.url, timezone_id="Europe/Berlin")
    page = context.new_page()
    opened(page, "/?range=yesterday")
    utc = page.locator(KPI.format(1)).get_attribute("title")
    bill = page.locator(KPI.format(0)).get_attribute("title")
    page.locator("#range-button").click()
    page.locator("#zone").get_by_text("Berlin").click()
    expect(page.locator(".chip.note")).to_contain_text("Usage in Europe/Berlin (UTC+1)")
    expect(page.locator(".chip.note")).to_contain_text("billed days in UTC")
    since = datetime(2026, 11, 18, 23, tzinfo=UTC)
    until = datetime(2026, 11, 19, 23, tzinfo=UTC)
    truth = company.used("num_model_requests", since=since, until=until)
    shows(page, 1, formats.count(truth))
    assert utc != formats.count(truth)
    shows(page, 0, str(bill))
    assert asked(page)["tz"] == ["Europe/Berlin"]
    context.close()


def test_the_comparison_is_chosen_and_kept(company_page: Page) -> None:
    opened(company_page, "/?range=month")
    expect(company_page.locator("#compare-label")).to_have_text("vs 1 – 20 Oct 2026")
    company_page.locator("#compare-button").click()
    company_page.locator("#compare").get_by_text("A year earlier").click()
    expect(company_page.locator("#compare-label")).to_have_text("vs 1 – 20 Nov 2025")
    company_page.wait_for_url("**/?range=month&compare=year")
    company_page.locator("#compare").get_by_text("Nothing").click()
    expect(company_page.locator("#compare-label")).to_have_text("Not compared")


def test_the_search_jumps_and_keys_lead_to_pages(company_page: Page, company: DemoSite) -> None:
    page = company_page
    project = company.organization.directory.projects[0]
    opened(page, "/?range=7d")
    page.keyboard.press("/")
    expect(hits(page).first).to_have_text(re.compile("Overview"))
    page.keyboard.type(project["name"].lower())
    # At once, whether the results are there or not.
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/projects/{project['id']}?range=7d")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("main h1")).to_contain_text(project["name"])
    expect(page.locator("#nav-people")).to_have_class("nav-link on")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/costs?range=7d")
    page.keyboard.press("/")
    page.keyboard.type("data")
    expect(hits(page).first).to_contain_text("Data health")
    page.keyboard.press("ArrowDown")
    expect(hits(page).first).to_be_focused()
    page.keyboard.press("ArrowUp")
    # In a field, keys are letters.
    page.keyboard.type(" ?/gh")
    expect(page.locator("#palette-search")).to_have_value("data ?/gh")
    expect(page.locator("#palette-results")).to_contain_text("Nothing is called")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    expect(page.get_by_role("dialog").locator("dd")).to_contain_text(["Search", "Filters", "Costs"])
    page.keyboard.press("Escape")
    assert page.url.endswith("/costs?range=7d")


def hits(page: Page) -> Locator:
    return page.locator("#palette .hit")


def test_a_phone_has_a_menu(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, "/")
    expect(page.locator("#nav-health")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#nav-health")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#nav-health")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.locator("#nav-health").click()
    expect(page.locator("#health-streams")).to_be_visible()
    expect(page.locator("#nav-health")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_tab_in_the_background_asks_nothing(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.locator("#pill")).to_contain_text("Synced")
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if it.method == "POST" else None)
    with page.expect_request(lambda it: it.method == "POST" and "pill" in (it.post_data or "")):
        page.clock.run_for(6_000)
    hide(page, hidden=True)
    page.wait_for_load_state()
    page.evaluate("new Promise((done) => requestIdleCallback(done))")
    sent.clear()
    page.clock.run_for(60_000)
    assert sent == []
    hide(page, hidden=False)
    with page.expect_request(lambda it: it.method == "POST" and "pill" in (it.post_data or "")):
        page.clock.run_for(6_000)


def hide(page: Page, *, hidden: bool) -> None:
    script = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(script % str(hidden).lower())


def test_the_page_hears_of_many_new_rows_at_once(page: Page) -> None:
    """Each row alone made every component of the page look: a second of work a filter."""
    opened(page, "/")
    heard = page.evaluate(
        """async () => {
          const store = dash_stores[0];
          let last = store.getState();
          let alone = 0;
          store.subscribe(() => {
            const now = store.getState();
            const moved = Object.keys(now).filter((it) => now[it] !== last[it]);
            alone += moved.join() === "layoutHashes" ? 1 : 0;
            last = now;
          });
          const shown = () => document.querySelector("#overview-kpis .value").textContent;
          const before = shown();
          dash_clientside.set_props("url", { search: "?range=7d" });
          while (shown() === before) await new Promise((done) => setTimeout(done, 50));
          return [alone, document.querySelectorAll("main *").length];
        }"""
    )
    assert heard[0] < 50 < heard[1]
