"""What a person sees: how long a real browser takes to paint a page, another page, a filter."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from servers import show

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = {"width": 1440, "height": 900}
QUERY = "range=90d"
# What takes longer, or never comes, counts as this.
LONGEST_MS = 10_000
CHART = ".js-plotly-plot .main-svg .bars path"
# Notes in the page itself when the bars of the first chart are there: Playwright looks again
# only after up to half a second.
PAINTED = """new MutationObserver(() => {
  if (window.painted || !document.querySelector(".js-plotly-plot .main-svg .bars path")) return;
  window.painted = performance.now();
}).observe(document, { childList: true, subtree: true })"""
# As a link inside the dashboard changes the address.
GO = """(to) => {
  history.pushState({}, "", to);
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
}"""
# Milliseconds until every chart that is seen was drawn anew and the frame is on the screen.
REPAINTED = """(to) => new Promise((done) => {
  const seen = [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => {
    const place = chart.getBoundingClientRect();
    return place.height > 0 && place.top < innerHeight;
  });
  const waiting = new Set(seen);
  const from = performance.now();
  setTimeout(() => done(LONGEST), LONGEST);
  for (const chart of seen) {
    chart.on("plotly_afterplot", () => {
      if (!waiting.delete(chart) || waiting.size) return;
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
    });
  }
  (GO)(to);
})""".replace("GO", GO).replace("LONGEST", str(LONGEST_MS))
# Milliseconds from the click until the other page has its title and a chart or a table with rows.
TURNED = """(link) => new Promise((done) => {
  const page = document.getElementById("page");
  const old = page.querySelector("h1");
  const from = performance.now();
  setTimeout(() => done(LONGEST), LONGEST);
  const look = new MutationObserver(() => {
    const title = page.querySelector("h1");
    if (!title || title === old) return;
    if (!page.querySelector(".main-svg path, tbody tr, .kpi .value, .blank")) return;
    look.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
  });
  look.observe(page, { childList: true, subtree: true, attributes: true });
  document.querySelector(link).click();
})""".replace("LONGEST", str(LONGEST_MS))


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = shutil.which("chromium") or shutil.which("google-chrome")
        path = os.environ.get("E2E_BROWSER") or (None if own.exists() else found)
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def seen(opened: Browser, url: str) -> bool:
    """Prints all of it; True where the goals are met."""
    return all([_first_paint(opened, url), _filter(opened, url), _navigation(opened, url)])


def _first_paint(opened: Browser, url: str) -> bool:
    """Seconds until the first chart of the Overview is drawn, cold and warm, and what it loads."""
    context = opened.new_context(base_url=url, viewport=SIZE)
    page = context.new_page()
    page.add_init_script(PAINTED)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    received = [0]
    devtools.on(
        "Network.loadingFinished",
        lambda finished: received.__setitem__(0, received[0] + finished["encodedDataLength"]),
    )
    foreign: list[str] = []
    page.on(
        "request",
        lambda r: None if r.url.startswith((url, "data:", "blob:")) else foreign.append(r.url),
    )
    cold = _painted(page)
    transferred = received[0] / 1e6
    warm = min(_painted(page) for _ in range(3))
    context.close()
    return all(
        [
            show("first paint, cold", cold, "s", 1.5, least=False),
            show("first paint, warm", warm, "s", 0.5, least=False),
            show("transferred, cold", transferred, "MB", 1.4, least=False),
            show("requests to anywhere else", len(foreign), "", 0, least=False),
        ]
    )


def _painted(page: Page) -> float:
    """Seconds from the start of the navigation, by the clock of the page."""
    page.goto("/?" + QUERY)
    page.wait_for_selector(CHART, state="attached", timeout=60_000)
    return page.evaluate("window.painted") / 1000


def _filter(opened: Browser, url: str) -> bool:
    """A model that nobody chose before, then the way back."""
    page = opened.new_page(base_url=url, viewport=SIZE)
    page.goto(f"/?{QUERY}")
    page.wait_for_selector(CHART, state="attached", timeout=60_000)
    page.wait_for_timeout(5000)
    times: list[float] = []
    for model in range(11, 16):
        times.append(page.evaluate(REPAINTED, f"/?{QUERY}&model=gpt-{model}"))
        page.wait_for_timeout(500)
        times.append(page.evaluate(REPAINTED, f"/?{QUERY}"))
        page.wait_for_timeout(500)
    page.close()
    new, back = times[2::2], times[3::2]
    return all(
        [
            show(
                "a new filter until it is repainted, median", _median(new), "ms", 300, least=False
            ),
            show("back to no filter, median", _median(back), "ms", 300, least=False),
        ]
    )


def _navigation(opened: Browser, url: str) -> bool:
    """From page to page by the links of the navigation, each page three times."""
    page = opened.new_page(base_url=url, viewport=SIZE)
    page.goto(f"/?{QUERY}")
    page.wait_for_selector(CHART, state="attached", timeout=60_000)
    page.wait_for_timeout(5000)
    links = page.eval_on_selector_all("nav a.nav-link[id]", "(all) => all.map((it) => it.id)")
    times: dict[str, list[float]] = {}
    for link in [link for _ in range(3) for link in (*links[1:], links[0])]:
        times.setdefault(link, []).append(page.evaluate(TURNED, f"#{link}"))
        page.wait_for_timeout(1500)
    page.close()
    for link, each in times.items():
        show(f"  {link}, first visit and best", each[0], f"ms, {min(each):.0f}", None, least=False)
    slowest = max(_median(each) for each in times.values())
    return show("to another page, median of the slowest", slowest, "ms", 300, least=False)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
