"""`python -m wherespent.demo`: serve the simulated organization until told to stop."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from wherespent.demo.faults import Faults, Quirks
from wherespent.demo.organization import SimulatedOrganization
from wherespent.demo.server import serve
from wherespent.demo.source import utc_now


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the base URL as the first line, then wait for SIGTERM, SIGINT or the parent's end."""
    options = _options().parse_args(arguments)
    given: dict[str, Any] = json.loads(options.switches.read_text()) if options.switches else {}
    quirks = Quirks.parse(given.get("quirks", {}))
    if options.settle_immediately:
        quirks.settle_immediately = True
    faults = Faults.parse(given.get("faults", {}))
    if options.fault_probability is not None:
        faults.probability = options.fault_probability
    frozen: datetime | None = options.now
    organization = SimulatedOrganization(
        options.seed,
        utc_now if frozen is None else lambda: frozen,
        quirks=quirks,
        faults=faults,
        anchor=options.anchor,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        running = serve(organization, options.host, options.port)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    with running as server:
        print(server.url, flush=True)  # noqa: T201 - the parent reads it
        if options.with_parent:
            threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()
        stop.wait()
    return 0


def _wait_for_parent(stop: threading.Event) -> None:
    # The raw descriptor: a buffered read would hold a lock that the interpreter needs to exit.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wherespent.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--anchor", type=date.fromisoformat, help="date that the story is told from (YYYY-MM-DD)"
    )
    parser.add_argument("--now", type=_instant, help="stop the clock here (ISO 8601, UTC)")
    parser.add_argument(
        "--switches", type=Path, help='JSON file: {"quirks": {...}, "faults": {...}}'
    )
    parser.add_argument(
        "--settle-immediately", action="store_true", help="costs of past days are final at once"
    )
    parser.add_argument("--fault-probability", type=float, help="share of requests that fail")
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when standard input closes"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
