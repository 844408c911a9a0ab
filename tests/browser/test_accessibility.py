"""WCAG 2.2 AA, as far as a program can tell: axe on every page, in both themes; and on paper."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import axe_playwright_python
import demo_site
import pytest
from playwright.sync_api import Browser, Page, expect

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATHS = ("/", "/explore", "/costs", "/tokens", "/models", "/people", "/live", "/health")


@pytest.fixture(params=THEMES)
def themed(
    request: pytest.FixtureRequest, browser: Browser, company: demo_site.DemoSite
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=company.url,
        viewport={"width": 1440, "height": 900},
        color_scheme=request.param,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def drawn(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("#pill .ok, #pill .dot").first).to_be_visible()
    # Charts are drawn one after the other; the last task of a page is theirs.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.chart:not([hidden]) .js-plotly-plot')]"
        ".every((it) => it._fullLayout)"
    )


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]


def test_no_page_has_a_violation(themed: Page) -> None:
    found: dict[str, list[str]] = {}
    for path in PATHS:
        drawn(themed, path)
        found[path] = violations(themed)
    assert found == {path: [] for path in PATHS}


def test_open_menus_and_filters_have_none_either(themed: Page) -> None:
    drawn(themed, "/costs")
    themed.locator("[data-table='costs-items'] summary", has_text="Columns").click()
    assert violations(themed) == []
    themed.locator("#filter-button").click()
    expect(themed.locator("#filter-model")).to_be_visible()
    assert violations(themed) == []


def test_who_wants_no_motion_gets_none(themed: Page) -> None:
    drawn(themed, "/")
    moving = themed.evaluate(
        "() => document.getAnimations().filter((it) => it.playState === 'running').length"
    )
    assert moving == 0


def test_on_paper_a_page_has_no_controls_and_says_its_range_and_filters(themed: Page) -> None:
    drawn(themed, "/costs?model=gpt-4.1-2025-04-14&range=7d")
    themed.emulate_media(media="print")
    for control in (".nav", "#filter-button", ".table-tools", ".chart-menu", "#refresh"):
        expect(themed.locator(control).first).to_be_hidden()
    expect(themed.locator("main h1")).to_be_visible()
    expect(themed.locator("#range-label")).to_be_visible()
    expect(themed.locator("#range-label")).to_have_text(re.compile("Nov 2026"))
    expect(themed.locator(".chip").first).to_contain_text("gpt-4.1-2025-04-14")
    white = "rgb(255, 255, 255)"
    assert themed.evaluate("getComputedStyle(document.body).backgroundColor") == white
    for box in themed.locator(".scroll").all():
        assert box.evaluate("it => getComputedStyle(it).overflowY") == "visible"
