"""What a person sees at a real terminal, and what a script gets at the same time."""

import os
import pty
import subprocess
from pathlib import Path

import pytest
from tests.processes import PROGRAM, environment

from wherespent.demo import RunningServer

BAR = "━"
ESCAPE = "\x1b"


def at_a_terminal(arguments: list[str], variables: dict[str, str], folder: Path) -> tuple[str, str]:
    """Run with standard error on a terminal; what it showed there, and its standard output."""
    terminal, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **variables, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        shown = b""
        while piece := read_from(terminal):
            shown += piece
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(terminal)
    assert process.returncode == 0, shown
    return shown.decode(), printed


def read_from(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # Linux says so when the last program has closed its side.
        return b""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sync_at_a_terminal_shows_how_far_it_is_and_prints_plain_lines(
    company: RunningServer, database_url: str, tmp_path: Path
) -> None:
    # Long enough to be drawn while it runs.
    company.organization.faults.latency = 0.1
    variables = environment(database_url, company.url, WHERESPENT_BACKFILL_DAYS="2")
    shown, printed = at_a_terminal(
        ["sync", "--stream", "costs", "--stream", "completions"], variables, tmp_path
    )
    assert BAR in shown
    assert "openai.usage.completions" in shown or "openai.costs" in shown
    assert ESCAPE not in printed
    assert [line.split(":")[0] for line in printed.splitlines()] == [
        "openai.costs",
        "openai.usage.completions",
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_json_is_not_disturbed_by_a_terminal(
    company: RunningServer, database_url: str, tmp_path: Path
) -> None:
    variables = environment(database_url, company.url, WHERESPENT_BACKFILL_DAYS="1")
    shown, printed = at_a_terminal(["sync", "--stream", "images", "--json"], variables, tmp_path)
    assert BAR not in shown
    assert printed.startswith("{")
