"""Pictures of what is shown when something is missing, failing or broken: real states of a
real database, a copy of the demo's.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from playwright.sync_api import Page
from pydantic import SecretStr
from sqlalchemy import text

from wherespent.bootstrap import make_site
from wherespent.settings import read_settings
from wherespent.storage.engine import open_database

_REFUSED = "OpenAI does not know this key: it was deleted, or it is of another organization."
_AWAY = "OpenAI did not answer: 503 after 6 tries. It is tried again in 5 minutes."
# What a tick of the shell needs to notice.
_NOTICED_MS = 7_000


@dataclass(frozen=True)
class State:
    """`before` is done to the database before the page is opened, `after` once it is drawn."""

    name: str
    path: str
    before: str = ""
    after: str = ""


STATES = (
    State("empty-range", "/?from=2020-01-01&to=2020-01-31"),
    State("empty-range-costs", "/costs?from=2020-01-01&to=2020-01-31"),
    State("nothing-passes-the-filters", "/?model=no-such-model"),
    State(
        "key-refused",
        "/",
        "UPDATE stream_state SET failures = 3, error_kind = 'KeyRefused',"
        f" last_failure_at = last_success_at, error = '{_REFUSED}'",
    ),
    State(
        "sync-failing",
        "/health",
        "UPDATE stream_state SET failures = 3, error_kind = 'ProviderUnavailable',"
        f" last_failure_at = last_success_at, error = '{_AWAY}'",
    ),
    State("database-gone", "/", after="ALTER TABLE account RENAME TO former"),
    State("page-error", "/health", "UPDATE proof SET status = 'of a later version'"),
)

Take = Callable[[str, str, Callable[[Page], None]], None]


def take_states(database: Path, folder: Path, take: Take) -> None:
    """`take(name, url, opened)` makes the pictures of one state; each has a copy of its own."""
    for state in STATES:
        copy = folder / f"{state.name}.db"
        shutil.copy(database, copy)
        _run(copy, state.before)
        with served(copy) as url:
            _take_one(state, copy, url, take)
        copy.unlink(missing_ok=True)


def _take_one(state: State, copy: Path, url: str, take: Take) -> None:
    def opened(page: Page) -> None:
        if state.after:
            _run(copy, state.after)
            page.wait_for_timeout(_NOTICED_MS)
            # The next picture begins with a database that answers.
            _run(copy, "ALTER TABLE former RENAME TO account")

    take(state.name, f"{url}{state.path}", opened)


def _run(path: Path, sql: str) -> None:
    if not sql:
        return
    database = open_database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.execute(text(sql))
    database.dispose()


@contextmanager
def served(database: Path) -> Iterator[str]:
    """The real site on a database that nothing syncs."""
    settings = read_settings(
        env_file=None,
        openai_admin_key=SecretStr("sk-admin-screenshots"),
        database_url=SecretStr(f"sqlite:///{database}"),
        sync_enabled=False,
        port=0,
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    site = make_site(settings, demo=True)
    running = uvicorn.Server(uvicorn.Config(site.server, log_level="critical"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(10)
        listener.close()
