"""`wherespent demo`: a simulated organization behind the real dashboard."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_data_path
from pydantic import SecretStr

from wherespent import demo as demo_story
from wherespent.bootstrap import utc_now
from wherespent.cli.options import settings_and_logs
from wherespent.cli.serve import run_site
from wherespent.demo.organization import anchor_for
from wherespent.errors import WherespentError

DEMO_KEY = "sk-admin-demo"
DEMO_PRICES = Path(demo_story.__file__).with_name("prices.toml")


def demo(
    port: Annotated[
        int | None, typer.Option(help="Port of the dashboard; 0 = any free one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, another company.")] = 7,
    reset: Annotated[bool, typer.Option("--reset", help="Start with an empty database.")] = False,
) -> None:
    """Look around without a key: a made-up company, read over real HTTP.

    A simulated OpenAI organization with a year of history runs on this machine and goes on
    spending; wherespent reads it as it would read yours, into a database of its own.
    """
    anchor = anchor_for(utc_now())
    path = demo_database(seed, anchor)
    if reset:
        for leftover in path.parent.glob(path.name + "*"):
            leftover.unlink()
    with simulated_organization(seed, anchor) as base_url:
        settings = settings_and_logs(
            port=port,
            openai_admin_key=SecretStr(DEMO_KEY),
            openai_base_url=base_url,
            database_url=SecretStr(f"sqlite:///{path}"),
            requests_per_minute=0,
            sync_enabled=True,
            sync_interval=timedelta(minutes=1),
            backfill_days=365,
            prices=DEMO_PRICES,
        )
        run_site(settings, demo=True)


def demo_database(seed: int, anchor: date) -> Path:
    """The company's story is told from an anchor date, so each has a database of its own."""
    return user_data_path("wherespent", appauthor=False) / f"demo-{seed}-{anchor}.db"


@contextmanager
def simulated_organization(seed: int, anchor: date) -> Iterator[str]:
    """The simulator in a process of its own, which ends with this one; yields its base URL."""
    story = ["--seed", str(seed), "--anchor", str(anchor)]
    command = [sys.executable, "-m", "wherespent.demo", *story, "--with-parent"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        if not base_url:
            raise WherespentError("the simulated organization did not start; see above")
        try:
            yield base_url
        finally:
            process.terminate()
