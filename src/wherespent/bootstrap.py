"""The one place where settings become objects."""

import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import select, text

from wherespent import __version__
from wherespent.dashboard.app import create_app
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.security import install_security
from wherespent.domain.streams import Stream
from wherespent.errors import ConfigurationError, StorageError
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.schedule import Schedule
from wherespent.providers import STREAMS
from wherespent.providers.openai.client import AdminClient
from wherespent.providers.openai.names import fetch_names
from wherespent.settings import KEY_VARIABLE, Settings
from wherespent.storage.engine import Database, open_database
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import upgrade
from wherespent.storage.refresh import take_refresh_requests
from wherespent.storage.series import insert_missing
from wherespent.storage.tables import installation

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_database(settings: Settings) -> Database:
    return open_database(settings.database_url.get_secret_value())


def make_client(settings: Settings, stop: threading.Event | None = None) -> AdminClient:
    """Raises ConfigurationError without a key."""
    if settings.openai_admin_key is None:
        raise ConfigurationError(
            f"{KEY_VARIABLE} is not set. Create an admin key with the read-only scopes "
            "api.usage.read and api.management.read (platform.openai.com, Settings, "
            f"Organization, Admin keys) and set it in the environment, in .env, or through "
            f"{KEY_VARIABLE}_FILE. To look around first: wherespent demo"
        )
    return AdminClient(
        key=settings.openai_admin_key,
        base_url=settings.openai_base_url,
        requests_per_minute=settings.requests_per_minute,
        stop=stop,
        now=utc_now,
    )


def make_cycle(
    settings: Settings,
    database: Database,
    client: AdminClient,
    streams: tuple[Stream, ...] = tuple(STREAMS.values()),
) -> Cycle:
    return Cycle(
        database=database,
        client=client,
        fetch_names=lambda: fetch_names(client),
        streams=streams,
        now=utc_now,
        backfill_days=settings.backfill_days,
        interval=settings.sync_interval,
    )


def make_schedule(settings: Settings, database: Database) -> Schedule | None:
    """None where nothing is to be synced: switched off, or no key."""
    if not settings.sync_enabled or settings.openai_admin_key is None:
        return None
    stop = threading.Event()
    cycle = make_cycle(settings, database, make_client(settings, stop))
    return Schedule(
        lock=open_lock(database, LEADER_LOCK),
        sync=lambda hurry: cycle.run(hurry=hurry),
        take_requests=lambda: take_refresh_requests(database, utc_now()),
        interval=settings.sync_interval,
        stop=stop,
    )


@dataclass(frozen=True)
class Site:
    """The server, and the database that it keeps open."""

    server: FastAPI
    database: Database


def make_site(
    settings: Settings, *, demo: bool = False, clock: Callable[[], datetime] = utc_now
) -> Site:
    """The whole server: dashboard, health check, login, security, schedule.

    Migrates the database first. Raises ConfigurationError, StorageError.
    """
    settings.check_exposure()
    database = make_database(settings)
    upgrade(database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        schedule = make_schedule(settings, database)
        if schedule is not None:
            schedule.start()
        yield
        if schedule is not None:
            await anyio.to_thread.run_sync(schedule.close)
        database.dispose()

    server = FastAPI(
        title="wherespent",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    _add_health(server, database)
    _refuse_unknown_api(server)
    app = create_app(
        server=server,
        database=database,
        clock=clock,
        options=DashboardOptions(
            demo=demo,
            key_configured=settings.openai_admin_key is not None,
            backfill_days=settings.backfill_days,
            sync_enabled=settings.sync_enabled,
            password_set=settings.password is not None,
            version=__version__,
        ),
    )
    install_security(
        server,
        app,
        # Without a login, a page elsewhere could read this one through a name that it points here.
        allowed_hosts=LOOPBACK_NAMES if settings.password is None else None,
        password=settings.password.get_secret_value() if settings.password else "",
        secret=_session_secret(database),
    )
    return Site(server, database)


def _add_health(server: FastAPI, database: Database) -> None:
    @server.get("/healthz")
    def healthz() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """200 while the database answers, 503 while it does not."""
        try:
            with database.read() as connection:
                connection.execute(text("SELECT 1"))
        except StorageError:
            return JSONResponse({"status": "database unreachable"}, status_code=503)
        return JSONResponse({"status": "ok", "version": __version__})


def _refuse_unknown_api(server: FastAPI) -> None:
    """The dashboard answers any unknown path with a page; a program must get a 404."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    async def not_found() -> JSONResponse:
        return JSONResponse({"error": "there is no such endpoint"}, status_code=404)

    for prefix in ("/api", "/v1"):
        server.add_api_route(prefix, not_found, methods=methods)
        server.add_api_route(prefix + "/{rest:path}", not_found, methods=methods)


def _session_secret(database: Database) -> str:
    """What signs login cookies: made once, shared by every process of this database."""
    with database.write() as connection:
        insert_missing(
            connection, installation, [{"name": "session", "value": secrets.token_urlsafe(48)}]
        )
        found = connection.scalar(
            select(installation.c.value).where(installation.c.name == "session")
        )
    assert found is not None
    return found
