"""A small organization that a test fills, and the simulated company, each served and synced."""

from collections.abc import Iterator

import pytest
from tests.builders import Clock, Rig

from wherespent.demo import ScriptedOrganization, SimulatedOrganization, serve
from wherespent.storage.engine import Database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def organization(clock: Clock) -> ScriptedOrganization:
    return ScriptedOrganization(clock)


@pytest.fixture
def rig(database: Database, organization: ScriptedOrganization, clock: Clock) -> Iterator[Rig]:
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


@pytest.fixture
def company(database: Database, clock: Clock) -> Iterator[Rig]:
    """The simulated company: every stream, sixty series, costs still settling."""
    simulated = SimulatedOrganization(7, clock)
    made = Rig(database, simulated, serve(simulated), clock)
    yield made
    made.close()
