"""Memory of a backfill of the demo organization, and of `serve` at rest after drawing.

    uv run python benchmarks/memory.py

Both as processes of their own, as people start them: peak resident memory of `wherespent
sync` over 190 and over 365 days (both hold a full page of 180 cost days; flat: the second is
at most 1.15 times the first), and resident memory of `wherespent serve` ten seconds after all
four pages were drawn.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pages import PAGES, browser
from servers import show

REST_SECONDS = 10


@contextmanager
def simulator() -> Iterator[str]:
    command = [sys.executable, "-m", "wherespent.demo", "--with-parent"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def environment(base_url: str, database: Path) -> dict[str, str]:
    return os.environ | {
        "OPENAI_ADMIN_KEY": "sk-admin-benchmark",
        "WHERESPENT_OPENAI_BASE_URL": base_url,
        "WHERESPENT_DATABASE_URL": f"sqlite:///{database}",
        "WHERESPENT_REQUESTS_PER_MINUTE": "0",
    }


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "wherespent"), *arguments]


def mib(process: int, field: str) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(li.split()[1]) / 1024 for li in status.splitlines() if li.startswith(field))


def backfill(base_url: str, database: Path, days: int) -> tuple[float, float]:
    """Peak MiB and seconds of one `wherespent sync`."""
    since = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
    started, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(
        command("sync", "--since", since, "--json"),
        env=environment(base_url, database),
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None:
        with_status = Path(f"/proc/{process.pid}/status")
        if with_status.exists():
            try:
                peak = max(peak, mib(process.pid, "VmHWM"))
            except (StopIteration, OSError):
                break
        time.sleep(0.05)
    assert process.wait() == 0
    return peak, time.perf_counter() - started


def serve_at_rest(base_url: str, database: Path) -> float:
    """Resident MiB of the server after every page was drawn."""
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        env=environment(base_url, database),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" is at ")[1].split()[0]
        with browser() as opened:
            page = opened.new_page()
            for path in PAGES:
                page.goto(url + path)
                page.wait_for_timeout(4000)
            page.close()
        time.sleep(REST_SECONDS)
        return mib(process.pid, "VmRSS")
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, simulator() as base_url:
        short, _ = backfill(base_url, Path(folder) / "short.db", 190)
        whole, seconds = backfill(base_url, Path(folder) / "whole.db", 365)
        rest = serve_at_rest(base_url, Path(folder) / "whole.db")
    print("demo organization, SQLite")
    show("backfill of 365 days", seconds, "s", None, least=False)
    results = [
        show("peak memory, 365 days", whole, "MiB", 300, least=False),
        show("peak memory, 365 days / 190 days", whole / short, "x", 1.15, least=False),
        show("serve at rest after drawing", rest, "MiB", 200, least=False),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
