"""`python -m wherespent.demo`: serve the simulated organization until told to stop."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from wherespent.demo.faults import FAILURES, FAULT_KINDS, SHAPES, Faults
from wherespent.demo.organization import SimulatedOrganization
from wherespent.demo.quirks import QUIRKS, Quirks
from wherespent.demo.server import serve
from wherespent.demo.source import utc_now


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the base URL as the first line, then wait for SIGTERM, SIGINT or the parent's end."""
    options = _options().parse_args(arguments)
    given: dict[str, Any] = json.loads(options.switches.read_text()) if options.switches else {}
    quirks = Quirks.parse(given.get("quirks", {}) | _chosen_quirks(options))
    faults = Faults.parse(given.get("faults", {}) | _chosen_faults(options))
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


def _chosen_quirks(options: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = dict.fromkeys(options.quirk, True)
    if options.settle_immediately:
        chosen["settle_immediately"] = True
    if options.skew_hours is not None:
        chosen["clock_skew"] = options.skew_hours * 3600
    return chosen


def _chosen_faults(options: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if options.fault:
        chosen |= {"kinds": options.fault, "probability": 1.0}
    if options.fault_probability is not None:
        chosen["probability"] = options.fault_probability
    if options.fault_seed is not None:
        chosen["seed"] = options.fault_seed
    return chosen


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _listed(title: str, described: Mapping[str, str]) -> str:
    width = max(map(len, described))
    return "\n".join([title, *(f"  {name:{width}}  {what}" for name, what in described.items())])


_CONTROL = """\
GET /control tells what was injected, POST /control/clear ends all faults, and
GET /control/truth?since=YYYY-MM-DD&until=YYYY-MM-DD is what a client must hold."""


def _epilog() -> str:
    shapes = {fault: QUIRKS[quirk] for fault, quirk in SHAPES.items()}
    return "\n\n".join(
        [
            _listed("faults that befall a request (--fault):", FAILURES),
            _listed("faults of one answer's shape, each right in itself (--fault):", shapes),
            _listed("quirks that hold for all answers (--quirk):", QUIRKS),
            _CONTROL,
        ]
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wherespent.demo",
        description=__doc__,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--seed", type=int, default=7, help="another number, another company")
    parser.add_argument(
        "--anchor", type=date.fromisoformat, help="date that the story is told from (YYYY-MM-DD)"
    )
    parser.add_argument("--now", type=_instant, help="stop the clock here (ISO 8601, UTC)")
    parser.add_argument(
        "--skew-hours", type=float, help="how far the organization's clock is ahead"
    )
    parser.add_argument(
        "--switches", type=Path, help='JSON file: {"quirks": {...}, "faults": {...}}'
    )
    parser.add_argument(
        "--settle-immediately", action="store_true", help="costs of past days are final at once"
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        choices=FAULT_KINDS,
        action="append",
        default=[],
        help="this fault at every request; several: one of them",
    )
    parser.add_argument(
        "--fault-probability",
        metavar="SHARE",
        type=_share,
        help="share of requests that suffer a fault (0 to 1), of any kind but for --fault",
    )
    parser.add_argument("--fault-seed", type=int, help="another number, other requests fail")
    parser.add_argument(
        "--quirk", metavar="NAME", choices=QUIRKS, action="append", default=[], help="see below"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when standard input closes"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
