"""What a person does first: open, filter, share the link, refresh, go dark."""

import re
from urllib.parse import quote

from organization import HOSTILE
from playwright.sync_api import Page, Request, expect

from wherespent.dashboard.pages import overview

BARS = "#overview-cost .barlayer .bars"
BILLED = "#overview-kpis .kpi >> nth=0 >> .value"


def opened(page: Page, path: str = "/") -> None:
    page.goto(path)
    expect(page.locator(BILLED)).to_have_text(re.compile(r"\$[1-9]"))


def test_the_overview_opens_with_numbers(page: Page) -> None:
    opened(page)
    expect(page.locator(BARS).first).to_be_attached()
    for card in range(5):
        value = page.locator(f"#overview-kpis .kpi >> nth={card} >> .value")
        expect(value).to_have_text(re.compile(r"[1-9]"))
    expect(page.get_by_text("none of these numbers are real")).to_be_visible()
    expect(page.locator("#overview-models .leader")).to_have_count(7)


def test_every_page_draws(page: Page) -> None:
    opened(page)
    page.get_by_role("link", name="Costs", exact=True).click()
    expect(page.locator("#costs-over-time .barlayer .bars").first).to_be_attached()
    page.get_by_role("link", name="Tokens", exact=True).click()
    expect(page.locator("#tokens-kinds .scatterlayer .trace").first).to_be_attached()
    page.get_by_role("link", name="Data health").click()
    expect(page.locator("#health-streams tbody tr")).to_have_count(12)


def test_a_filter_changes_the_numbers_and_the_url_restores_the_view(page: Page) -> None:
    opened(page)
    everything = page.locator(BILLED).inner_text()
    page.locator("#filter-button").click()
    page.locator("#filter-model").click()
    page.keyboard.type("o4-mini")
    page.get_by_role("option", name="o4-mini").click()
    expect(page.locator(BILLED)).not_to_have_text(everything)
    narrowed = page.locator(BILLED).inner_text()
    assert "model=o4-mini" in page.url
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(BILLED)).to_have_text(narrowed)
    expect(other.locator(".chip")).to_contain_text("o4-mini")
    other.locator(".chip a").click()
    expect(other.locator(BILLED)).to_have_text(everything)
    assert "model" not in other.url


def test_a_preset_and_the_back_button(page: Page) -> None:
    opened(page)
    month = page.locator(BILLED).inner_text()
    page.locator("#range-button").click()
    page.get_by_text("Last 7 days", exact=True).click()
    expect(page.locator(BILLED)).not_to_have_text(month)
    assert "range=7d" in page.url
    page.go_back()
    expect(page.locator(BILLED)).to_have_text(month)


def test_a_table_of_the_same_numbers(page: Page) -> None:
    opened(page)
    page.locator("#overview-cost-view").get_by_text("Table").click()
    total = page.locator("#overview-cost-below tfoot td").last
    expect(total).to_have_text(page.locator(BILLED).inner_text())


def test_refresh_asks_for_a_sync(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator("#pill")).to_contain_text("Refresh requested")


def test_dark_mode_is_remembered(page: Page) -> None:
    opened(page)
    light = background(page)
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    assert background(page) != light
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_refresh_of_the_data_keeps_the_zoom(page: Page) -> None:
    opened(page)
    expect(page.locator(BARS).first).to_be_attached()
    box = page.locator("#overview-cost .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 100, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, middle, steps=5)
    page.mouse.up()
    page.wait_for_timeout(400)
    zoomed = visible_range(page)
    page.evaluate("dash_clientside.set_props('latest', {data: 999})")
    page.wait_for_timeout(1500)
    assert visible_range(page) == zoomed


def visible_range(page: Page) -> str:
    graph = "document.querySelector('#overview-cost .js-plotly-plot')"
    return page.evaluate(f"JSON.stringify([{graph}.layout.xaxis.range])")


def test_hostile_names_stay_text(page: Page) -> None:
    opened(page)
    page.locator("#overview-cost-by").get_by_text("Project").click()
    expect(page.locator("#overview-cost-below")).to_contain_text("<a href=")
    page.goto(f"/costs?project=proj_hostile&line_item={quote(HOSTILE)}")
    expect(page.locator(".chip").first).to_be_visible()
    page.locator("#costs-by").get_by_text("Project").click()
    page.wait_for_timeout(600)
    assert page.locator("a[href^='http']").count() == 0
    assert page.locator("svg a").count() == 0
    assert page.locator("img[src='x']").count() == 0


def test_a_phone_has_no_sideways_scroll(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    opened(page)
    expect(page.locator(BARS).first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_a_chart_is_stacked_by_lives_in_the_url(page: Page) -> None:
    opened(page, "/?range=7d")
    page.locator("#overview-cost-by").get_by_text("Project").click()
    expect(page.locator("#overview-cost-below")).to_contain_text("Support bot")
    page.locator("#overview-cost-view").get_by_text("Table").click()
    expect(page.locator("#overview-cost-below tfoot")).to_be_attached()
    assert page.url.endswith("/?range=7d&show=table&stack=project")
    page.reload()
    expect(page.locator("#overview-cost-below thead")).to_contain_text("Support bot")
    page.locator("#overview-cost-by").get_by_text("User").click()
    expect(page.locator("#overview-cost-below thead")).to_contain_text("Ida Berg")
    page.go_back()
    expect(page.locator("#overview-cost-below thead")).to_contain_text("Support bot")
    checked = page.locator("#overview-cost-by input:checked")
    expect(checked).to_have_value("project")


def asked_at_the_server(page: Page) -> list[str]:
    """The outputs of every callback that the browser sends from now on."""
    sent: list[str] = []

    def keep(request: Request) -> None:
        if request.url.split("?")[0].endswith("/_dash-update-component"):
            sent.append(request.post_data_json["output"])

    page.on("request", keep)
    return sent


def without_first_answers(page: Page) -> None:
    """As when they take too long: the server does not learn what page asks."""
    page.route(
        "**/_dash-layout",
        lambda route: route.fulfill(response=route.fetch(headers={"referer": ""})),
    )


def test_a_page_comes_with_its_answers_in_one_piece(page: Page) -> None:
    sent = asked_at_the_server(page)
    opened(page, "/?range=7d")
    expect(page.locator(BARS).first).to_be_attached()
    expect(page.locator("#overview-heat .barlayer .bars").first).to_be_attached()
    drawn = [it for it in sent if "overview" in it or "page.children" in it or "url.search" in it]
    assert drawn == []


def test_without_first_answers_the_browser_asks_for_each_part(page: Page) -> None:
    without_first_answers(page)
    sent = asked_at_the_server(page)
    opened(page, "/?range=7d&model=o4-mini-2025-04-16")
    expect(page.locator(BARS).first).to_be_attached()
    expect(page.locator(".chip")).to_contain_text("o4-mini")
    assert sum("overview" in it for it in sent) == len(overview.PARTS)


def test_a_referer_that_was_cut_short_shows_no_other_figures(page: Page) -> None:
    """Browsers and proxies may leave the query out: the layout is then that of the plain page."""
    opened(page, "/?range=7d")
    week = page.locator(BILLED).inner_text()
    page.route(
        "**/_dash-layout",
        lambda route: route.fulfill(
            response=route.fetch(headers={"referer": page.url.partition("?")[0]})
        ),
    )
    page.goto("/?range=7d")
    expect(page.locator(BILLED)).to_have_text(week)
    expect(page.locator("#range-label")).to_contain_text("Last 7 days")


def test_popovers_show_what_the_url_says(page: Page) -> None:
    without_first_answers(page)
    opened(page, "/?range=7d&model=o4-mini-2025-04-16")
    expect(page.locator(".chip")).to_be_visible()
    page.locator("#range-button").click()
    expect(page.locator("#range input:checked")).to_have_value("7d")
    expect(page.locator(".mantine-DatePicker-day[data-in-range]")).to_have_count(7)
    page.get_by_text("Last 90 days", exact=True).click()
    page.wait_for_url("**/?range=90d&*")
    page.keyboard.press("Escape")
    page.go_back()
    expect(page.locator("#range-label")).to_contain_text("Last 7 days")
    page.locator("#range-button").click()
    expect(page.locator("#range input:checked")).to_have_value("7d")
    page.keyboard.press("Escape")
    page.locator("#filter-button").click()
    expect(page.locator(".mantine-MultiSelect-pill")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator(".chip a").click()
    expect(page.locator(".chip")).to_have_count(0)
    page.locator("#filter-button").click()
    expect(page.locator("#filter-model")).to_be_visible()
    expect(page.locator(".mantine-MultiSelect-pill")).to_have_count(0)


def test_the_keyboard_opens_a_popover_and_comes_back(page: Page) -> None:
    opened(page)
    for button, inside in (("#range-button", "#range"), ("#filter-button", "#filter-model")):
        page.locator(button).focus()
        page.keyboard.press("Enter")
        expect(page.locator(inside)).to_be_visible()
        expect(page.locator(".mantine-Popover-dropdown :focus")).to_be_attached()
        page.keyboard.press("Escape")
        expect(page.locator(inside)).not_to_be_attached()
        expect(page.locator(button)).to_be_focused()
