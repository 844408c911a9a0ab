"""What the fault tests share: how much of each row is run, and what it reports.

The suite runs a short form of every row; `python3 scripts/run.py faults` runs all of it
(`FAULTS=full`) and prints the table that docs/reliability.md holds.
"""

import os
from collections.abc import Callable
from typing import Protocol

import pytest


class Tally(Protocol):
    """Reports one row: how many faults were made, how often the truth was reached again."""

    def __call__(self, row: str, *, faults: int, converged: int, note: str = "") -> None: ...


@pytest.fixture
def is_full() -> bool:
    """Whether the row is run in full, by hand, or in its short form, in every test run."""
    return os.environ.get("FAULTS") == "full"


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Call at the end of a test, before its last assertion."""

    def report(row: str, *, faults: int, converged: int, note: str = "") -> None:
        record_property("fault", (row, faults, converged, note))

    return report
