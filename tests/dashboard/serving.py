"""The dashboard on a real port: what tests over HTTP and the browser tests talk to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI

from wherespent.dashboard.app import create_app
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.security import install_security
from wherespent.storage.engine import Database

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


def assembled(
    database: Database,
    clock: Callable[[], datetime],
    options: DashboardOptions,
    *,
    password: str | None = None,
) -> FastAPI:
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @server.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    app = create_app(
        server=server,
        database=database,
        clock=clock,
        options=options,
        # However busy the machine is: what the tests open comes with its answers.
        patience=60,
    )
    install_security(
        server,
        app,
        allowed_hosts=("127.0.0.1", "localhost"),
        password=password or "",
        secret="s" * 32,
    )
    return server


@contextmanager
def served(server: FastAPI) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(server, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(10)
        listener.close()
