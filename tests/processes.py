"""Real processes of the program, beside the one that tests: servers and commands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text
from tests.builders import KEY

from wherespent.storage.engine import Database

# Long enough for a loaded machine; nothing that works needs it.
LIVENESS = 180.0
PROGRAM = str(Path(sys.executable).parent / "wherespent")


def until(done: Callable[[], object], seconds: float = LIVENESS, *, every: float = 0.02) -> float:
    """Wait for what must come; how many seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() < began + seconds, "it never came to pass"
        time.sleep(every)
    return time.monotonic() - began


def environment(database_url: str, api: str, **settings: str) -> dict[str, str]:
    """What a command needs to read a served organization into a database."""
    return {
        "WHERESPENT_DATABASE_URL": database_url,
        "WHERESPENT_OPENAI_BASE_URL": api,
        "WHERESPENT_REQUESTS_PER_MINUTE": "0",
        "WHERESPENT_BACKFILL_DAYS": "3",
        "WHERESPENT_SYNC_INTERVAL": "1h",
        "OPENAI_ADMIN_KEY": KEY,
        **settings,
    }


class Server:
    """`wherespent serve` on a free port; `options` are further arguments."""

    def __init__(
        self, database_url: str, api: str, folder: Path, *options: str, **settings: str
    ) -> None:
        self.log = folder / f"server-{os.urandom(4).hex()}.log"
        with self.log.open("w") as errors:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--port", "0", *options],
                cwd=folder,
                env={**os.environ, **environment(database_url, api, **settings)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._url = ""

    @property
    def url(self) -> str:
        """Where it is, once it says so."""
        if not self._url:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert "http://" in line, self.said()
            self._url = line.split()[3]
        return self._url

    def said(self) -> str:
        return self.log.read_text()

    def leads(self) -> bool:
        return "this process syncs" in self.said()

    def end(self, number: signal.Signals = signal.SIGKILL) -> float:
        """Send the signal; how many seconds the process went on."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def count(database: Database, sql: str) -> int:
    with database.read() as connection:
        return connection.scalar(text(sql)) or 0


def covered(database: Database) -> int:
    """How many days of all readings are recorded as read."""
    return count(database, "SELECT COUNT(*) FROM coverage")
