"""The one place where settings become objects."""

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import text

from wherespent import __version__
from wherespent.accounts import Account
from wherespent.dashboard.app import create_app
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.security import install_security
from wherespent.domain.streams import Stream
from wherespent.errors import ConfigurationError, StorageError
from wherespent.exports.proofs import INVARIANTS
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.key_check import KeyCheck
from wherespent.ingestion.live import LiveTail
from wherespent.ingestion.rounds import Rounds
from wherespent.ingestion.schedule import Schedule
from wherespent.prices import list_prices
from wherespent.providers import STREAMS
from wherespent.providers.openai.budget import Budget
from wherespent.providers.openai.client import AdminClient
from wherespent.providers.openai.keys import AdminKey
from wherespent.providers.openai.names import fetch_names
from wherespent.settings import KEY_VARIABLE, Settings
from wherespent.storage.engine import Database, open_database
from wherespent.storage.installation import KEY_SALT, SESSION_SECRET, own_secret
from wherespent.storage.locks import LEADER_LOCK, open_lock
from wherespent.storage.migrations import upgrade
from wherespent.storage.refresh import take_refresh_requests
from wherespent.storage.room import trouble_ahead

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_database(settings: Settings) -> Database:
    return open_database(settings.database_url.get_secret_value())


def accounts_of(settings: Settings) -> tuple[Account, ...]:
    """Raises ConfigurationError without a key."""
    if settings.organizations:
        return settings.organizations
    raise ConfigurationError(
        f"{KEY_VARIABLE} is not set. Create an admin key with the read-only scopes "
        "api.usage.read and api.management.read (platform.openai.com, Settings, "
        f"Organization, Admin keys) and set it in the environment, in .env, or through "
        f"{KEY_VARIABLE}_FILE. To look around first: wherespent demo"
    )


def make_client(
    settings: Settings,
    account: Account,
    stop: threading.Event | None = None,
    budget: Budget | None = None,
) -> AdminClient:
    """A client of one account, with a budget of its own where none is given."""
    return AdminClient(
        key=account.key,
        base_url=account.base_url,
        requests_per_minute=settings.requests_per_minute,
        budget=budget,
        stop=stop,
        now=utc_now,
    )


def make_key(
    settings: Settings, database: Database, account: Account, client: AdminClient
) -> AdminKey:
    return AdminKey(
        client,
        salt=own_secret(database, KEY_SALT),
        now=utc_now,
        newest=lambda: settings.key_now(account.label),
    )


def make_cycle(
    settings: Settings,
    database: Database,
    account: Account,
    client: AdminClient,
    key: AdminKey,
    streams: tuple[Stream, ...] = tuple(STREAMS.values()),
) -> Cycle:
    return Cycle(
        database=database,
        client=client,
        key=key,
        fetch_names=lambda: fetch_names(client),
        streams=streams,
        now=utc_now,
        backfill_days=settings.backfill_days,
        interval=settings.sync_interval,
        account=account.label,
        retention_days=settings.retention_days,
        store_emails=settings.store_emails,
        invariants=INVARIANTS,
    )


def make_schedule(settings: Settings, database: Database) -> Schedule | None:
    """None where nothing is to be synced: switched off, or no key."""
    if not settings.sync_enabled or not settings.organizations:
        return None
    stop = threading.Event()
    keys: list[AdminKey] = []
    rounds: dict[str, Callable[[threading.Event], Any]] = {}
    budgets = {
        account.label: Budget(settings.requests_per_minute) for account in settings.organizations
    }
    for account in settings.organizations:
        client = make_client(settings, account, stop, budgets[account.label])
        keys.append(make_key(settings, database, account, client))
        cycle = make_cycle(settings, database, account, client, keys[-1])
        rounds[account.label] = _round_of(replace(cycle, leads=lambda: schedule.leads))
    schedule = Schedule(
        lock=open_lock(database, LEADER_LOCK),
        sync=Rounds(rounds, patience=settings.sync_interval.total_seconds()).run,
        # A key that was replaced in its file is tried at once, like a request to refresh.
        take_requests=lambda: (
            take_refresh_requests(database, utc_now()) + sum(key.is_news() for key in keys)
        ),
        interval=settings.sync_interval,
        stop=stop,
        live=make_live(settings, database, stop, budgets),
    )
    return schedule


def _round_of(cycle: Cycle) -> Callable[[threading.Event], Any]:
    return lambda hurry: cycle.run(hurry=hurry)


def make_live(
    settings: Settings, database: Database, stop: threading.Event, budgets: Mapping[str, Budget]
) -> Callable[[], Any] | None:
    """What keeps the live minutes fresh, with clients of its own: a sync may hold the others.

    What OpenAI allows an account is one for both: `budgets` are those of the sync, by label.
    """
    if settings.live == "off":
        return None
    tails = {
        account.label: _tail_of(settings, database, account, stop, budgets[account.label])
        for account in settings.organizations
    }
    tails_side_by_side = Rounds(tails, patience=settings.live_interval.total_seconds())
    return lambda: tails_side_by_side.run(threading.Event())


def _tail_of(
    settings: Settings,
    database: Database,
    account: Account,
    stop: threading.Event,
    budget: Budget,
) -> Callable[[threading.Event], Any]:
    client = make_client(settings, account, stop, budget)
    check = KeyCheck(
        database, account.label, make_key(settings, database, account, client), utc_now
    )
    tail = LiveTail(
        database=database,
        client=client,
        now=utc_now,
        pace=settings.live_interval,
        always=settings.live == "always",
        account=account.label,
    )
    # With a key that the sync has found to be good, and no other.
    return lambda _: check.is_accepted() and tail.run()


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
    prices = list_prices(settings.prices)
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
            key_configured=bool(settings.organizations),
            backfill_days=settings.backfill_days,
            sync_enabled=settings.sync_enabled,
            live=settings.live,
            password_set=settings.password is not None,
            version=__version__,
            prices=prices,
        ),
    )
    install_security(
        server,
        app,
        # Without a login, a page elsewhere could read this one through a name that it points here.
        allowed_hosts=LOOPBACK_NAMES if settings.password is None else None,
        password=settings.password.get_secret_value() if settings.password else "",
        secret=own_secret(database, SESSION_SECRET),
    )
    return Site(server, database)


def _add_health(server: FastAPI, database: Database) -> None:
    @server.get("/healthz")
    def healthz() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """200 while the database answers, 503 while it does not.

        `storage` says why nothing new can be stored, where that is known.
        """
        try:
            with database.read() as connection:
                connection.execute(text("SELECT 1"))
        except StorageError:
            return JSONResponse({"status": "database unreachable"}, status_code=503)
        ahead = trouble_ahead(database.url)
        storage = {"storage": ahead} if ahead else {}
        return JSONResponse({"status": "ok", "version": __version__, **storage})


def _refuse_unknown_api(server: FastAPI) -> None:
    """The dashboard answers any unknown path with a page; a program must get a 404."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    async def not_found() -> JSONResponse:
        return JSONResponse({"error": "there is no such endpoint"}, status_code=404)

    for prefix in ("/api", "/v1"):
        server.add_api_route(prefix, not_found, methods=methods)
        server.add_api_route(prefix + "/{rest:path}", not_found, methods=methods)
