"""Takes pictures of every page and state of the demo: light and dark, desk, tablet and phone.

    uv run python scripts/screenshots.py                the pictures of the README, to docs/images
    uv run python scripts/screenshots.py --out FOLDER   every page and state, three widths, both
                                                        themes, and each page on paper

Starts `wherespent demo` on a database of its own: the first sync is a state to look at, then its
history is waited for. The other states are real ones of copies of that database.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from screenshot_states import take_states

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PAGES = {
    "overview": "/",
    "explore": "/explore",
    "costs": "/costs",
    "tokens": "/tokens",
    "models": "/models",
    "people": "/people",
    "live": "/live",
    "health": "/health",
}
# Links whose first one of a page is looked at as well: the pages of one model and one person.
LINKED = {
    "model": ("/models", "main td a[href^='/models/']"),
    "user": ("/people", "main td a[href^='/users/']"),
    "project": ("/people", "main a[href^='/projects/']"),
}
WIDTHS = {"": 1480, "-tablet": 768, "-phone": 390}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHT = 960
HISTORY_SECONDS = 600
TURN_MS, QUIET_TURNS, MOST_TURNS = 250, 5, 24
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")


@contextmanager
def demo() -> Iterator[tuple[str, Path]]:
    """The URL of a fresh demo and the folder of its data; it ends with the block."""
    folder = tempfile.mkdtemp(prefix="wherespent-screenshots-")
    # Settings of this machine must not get into the pictures.
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("WHERESPENT_", "OPENAI_"))}
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("wherespent")), "demo", "--port", "0"],
        cwd=folder,
        env={**plain, "XDG_DATA_HOME": folder},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        if found is None:
            sys.exit("the demo did not start; see above")
        yield found[0], Path(folder)
    finally:
        process.terminate()
        process.wait(15)
        shutil.rmtree(folder, ignore_errors=True)


def executable() -> str | None:
    """The browser: E2E_BROWSER, else the system's, else (None) Playwright's own."""
    named = os.environ.get("E2E_BROWSER")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


def wait_for_history(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    # The banner may not be there yet, so look for what comes with the last day of history.
    page.wait_for_function(
        """() => document.querySelector("#pill .ok")
               && !document.querySelector("#banners").innerText.includes("Reading history")""",
        timeout=HISTORY_SECONDS * 1000,
    )
    page.close()


def wait_until_drawn(page: Page) -> None:
    """The page has a title, and nothing in it has changed for a while."""
    page.wait_for_selector("main h1")
    page.evaluate("() => document.fonts.ready")
    size, quiet = -1, 0
    for _ in range(MOST_TURNS):
        if quiet == QUIET_TURNS:
            return
        page.wait_for_timeout(TURN_MS)
        before, size = size, page.evaluate("() => document.querySelector('main').innerHTML.length")
        quiet = quiet + 1 if size == before else 0


@contextmanager
def opened(browser: Browser, width: int, theme: Literal["light", "dark"]) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        device_scale_factor=1,
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def take(
    browser: Browser,
    url: str,
    folder: Path,
    name: str,
    *,
    widths: dict[str, int],
    whole: bool,
    after: Callable[[Page], None] | None = None,
) -> None:
    """One picture for each width and theme."""
    for suffix, width in widths.items():
        for theme in THEMES:
            with opened(browser, width, theme) as page:
                page.goto(url)
                wait_until_drawn(page)
                if after is not None:
                    after(page)
                path = folder / f"{name}{suffix}-{theme}.png"
                page.screenshot(path=path, full_page=whole)
                print(path)


def print_page(browser: Browser, url: str, path: Path) -> None:
    """As the browser prints it."""
    with opened(browser, WIDTHS[""], "dark") as page:
        page.goto(url)
        wait_until_drawn(page)
        page.pdf(path=path, format="A4", print_background=True)
        print(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="folder for the pictures of every page")
    parser.add_argument("--url", help="a running dashboard, instead of a new demo")
    options = parser.parse_args()
    folder: Path = options.out or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=CHROMIUM)
        if options.url:
            take_pages(browser, options.url.rstrip("/"), folder, every=bool(options.out))
        else:
            with demo() as (url, data):
                if options.out:
                    take_first_sync(browser, url, folder)
                wait_for_history(browser, url)
                take_pages(browser, url, folder, every=bool(options.out))
                if options.out:
                    take_broken(browser, data, folder)
        browser.close()
    return 0


def take_pages(browser: Browser, url: str, folder: Path, *, every: bool) -> None:
    if not every:
        take(browser, url, folder, "overview", widths={"": WIDTHS[""]}, whole=False)
        return
    for name, path in PAGES.items():
        take(browser, url + path, folder, name, widths=WIDTHS, whole=True)
        print_page(browser, url + path, folder / f"{name}.pdf")
    for name, (path, link) in LINKED.items():
        if found := linked(browser, url + path, link):
            take(browser, url + found, folder, name, widths=WIDTHS, whole=True)


def linked(browser: Browser, url: str, link: str) -> str | None:
    with opened(browser, WIDTHS[""], "light") as page:
        page.goto(url)
        wait_until_drawn(page)
        links = page.locator(link)
        return links.first.get_attribute("href") if links.count() else None


def take_first_sync(browser: Browser, url: str, folder: Path) -> None:
    """At once, while the first days are read: it is over in a minute."""
    widths = {"": WIDTHS[""]}
    take(browser, url, folder, "state-first-sync", widths=widths, whole=False)


def take_broken(browser: Browser, data: Path, folder: Path) -> None:
    database = next(data.rglob("*.db"))
    with tempfile.TemporaryDirectory(prefix="wherespent-states-") as copies:

        def pictures(name: str, url: str, after: Callable[[Page], None]) -> None:
            name = f"state-{name}"
            take(browser, url, folder, name, widths=WIDTHS, whole=False, after=after)

        take_states(database, Path(copies), pictures)


if __name__ == "__main__":
    sys.exit(main())
