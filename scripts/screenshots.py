"""Takes pictures of every page of the demo: light and dark, wide screen and phone.

    uv run python scripts/screenshots.py                the pictures of the README, to docs/images
    uv run python scripts/screenshots.py --out FOLDER   every page, both widths, both themes

Starts `wherespent demo` on a database of its own and waits until its history is read.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PAGES = {"overview": "/", "costs": "/costs", "tokens": "/tokens", "health": "/health"}
WIDTHS = {"": 1480, "-phone": 390}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHT = 960
HISTORY_SECONDS = 180
TURN_MS, QUIET_TURNS, MOST_TURNS = 250, 5, 24
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")


@contextmanager
def demo() -> Iterator[str]:
    """The URL of a fresh demo, which ends with the block."""
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
        yield found[0]
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


def take(
    browser: Browser,
    url: str,
    path: Path,
    *,
    width: int,
    theme: Literal["light", "dark"],
    whole: bool,
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        device_scale_factor=1,
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    page = context.new_page()
    page.goto(url)
    wait_until_drawn(page)
    page.screenshot(path=path, full_page=whole)
    context.close()
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
            take_all(browser, options.url.rstrip("/"), folder, every=bool(options.out))
        else:
            with demo() as url:
                wait_for_history(browser, url)
                take_all(browser, url, folder, every=bool(options.out))
        browser.close()
    return 0


def take_all(browser: Browser, url: str, folder: Path, *, every: bool) -> None:
    pages = PAGES if every else {"overview": "/"}
    widths = WIDTHS if every else {"": WIDTHS[""]}
    for name, path in pages.items():
        for suffix, width in widths.items():
            for theme in THEMES:
                file = folder / f"{name}{suffix}-{theme}.png"
                take(browser, url + path, file, width=width, theme=theme, whole=every)


if __name__ == "__main__":
    sys.exit(main())
