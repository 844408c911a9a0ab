"""One small organization and one server for all tests of the dashboard."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import organization
import serving

from wherespent.dashboard.desk import DashboardOptions
from wherespent.storage.engine import Database, open_database
from wherespent.storage.tables import metadata


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('acme') / 'acme.db'}")
    organization.build(opened, serving.NOW, days=40)
    yield opened
    opened.dispose()


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'nothing.db'}")
    metadata.create_all(opened.writer)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def url(acme: Database) -> Iterator[str]:
    with serving.served(
        serving.assembled(acme, lambda: serving.NOW, DashboardOptions())
    ) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as one:
        yield one
