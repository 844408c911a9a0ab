"""The simulated organization, read over real HTTP into a database, and the real site on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import serving
from pydantic import SecretStr

from wherespent.analytics.sources import request_streams
from wherespent.bootstrap import make_client, make_database, make_site
from wherespent.cli.demo import DEMO_PRICES
from wherespent.demo import SimulatedOrganization, serve
from wherespent.ingestion.cycle import Cycle, sync_once
from wherespent.providers import STREAMS
from wherespent.providers.openai.keys import AdminKey
from wherespent.providers.openai.names import fetch_names
from wherespent.settings import Settings, read_settings
from wherespent.storage.migrations import upgrade

NOW = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)
SINCE = datetime(2026, 10, 22, tzinfo=UTC)  # the first of the last 30 days
UNTIL = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True)
class DemoSite:
    url: str
    organization: SimulatedOrganization

    def billed(self, **only: str) -> Decimal:
        """The simulator's own truth of the last 30 days, to the nano-dollar."""
        names = tuple(only)
        sums = self.organization.cost_truth_nanos(SINCE, UNTIL, names)
        return Decimal(sums[tuple(only.values())]) / 10**9

    def used(
        self, measure: str, *, since: datetime = SINCE, until: datetime = UNTIL, **only: str
    ) -> int:
        """The same of a usage measure, over every stream that has requests of its own."""
        total = 0
        for stream in request_streams():
            found = self.organization.usage_truth(stream.short_name, since, until, tuple(only))
            total += found.get(tuple(only.values()), {}).get(measure, 0)
        return total


@contextmanager
def demo_site(folder: Path) -> Iterator[DemoSite]:
    organization = SimulatedOrganization(seed=7, now=lambda: NOW)
    running = serve(organization)
    try:
        settings = read_settings(
            env_file=None,
            openai_admin_key=SecretStr("sk-admin-demo"),
            openai_base_url=running.url,
            database_url=SecretStr(f"sqlite:///{folder / 'demo.db'}"),
            requests_per_minute=0,
            sync_enabled=False,
            backfill_days=60,
            port=0,
            prices=DEMO_PRICES,
        )
        _sync(settings)
        site = make_site(settings, demo=True, clock=lambda: NOW)
        with serving.served(site.server) as url:
            yield DemoSite(url, organization)
    finally:
        running.close()


def _sync(settings: Settings) -> None:
    database, client = make_database(settings), make_client(settings, settings.organizations[0])
    upgrade(database)
    cycle = Cycle(
        database=database,
        client=client,
        key=AdminKey(client, salt="demo", now=lambda: NOW),
        fetch_names=lambda: fetch_names(client),
        streams=tuple(STREAMS.values()),
        now=lambda: NOW,
        backfill_days=60,
        interval=timedelta(minutes=5),
    )
    first = int((SINCE - timedelta(days=32)).timestamp())
    outcomes = sync_once(
        cycle,
        since=first,
        until=int(UNTIL.timestamp()),
        is_leader=True,
        report=lambda _: None,
        with_names=True,
    )
    assert not [it for it in outcomes if it.status == "failed"]
    client.close()
    database.dispose()
