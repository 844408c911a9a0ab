"""Commands run in this process, against a served organization and with the settings they need."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from tests.builders import KEY

from wherespent.cli import run
from wherespent.demo import Organization, RunningServer, SimulatedOrganization, serve


@dataclass
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHERESPENT_REQUESTS_PER_MINUTE", "0")
    monkeypatch.setenv("WHERESPENT_BACKFILL_DAYS", "2")
    monkeypatch.setenv("COLUMNS", "200")
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    # The handler of a command writes to a stream that ends with the test.
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def go(*arguments: str, debug: bool = False) -> Ran:
        capsys.readouterr()
        code = run(list(arguments), debug=debug)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return go


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[RunningServer]:
    """The simulated company and an empty, migrated database, both set in the environment."""
    organization: Organization = SimulatedOrganization(7)
    with serve(organization) as server:
        monkeypatch.setenv("WHERESPENT_OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("WHERESPENT_DATABASE_URL", database_url)
        monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
        yield server
