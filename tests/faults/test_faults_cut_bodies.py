"""An answer that ends too soon, at whatever byte: nothing is stored, and it is asked again."""

from collections.abc import Iterator

import pytest
from tests.builders import Clock, Rig, at, chosen, day
from tests.faults.conftest import Tally
from tests.faults.network import Facts, Pauses, facts, quick_client, wipe

from wherespent.demo import Answer, ScriptedOrganization, serve
from wherespent.demo.answers import answer
from wherespent.demo.wire import encode
from wherespent.domain.windows import Window
from wherespent.errors import MalformedAnswer
from wherespent.ingestion.groupings import Refusals
from wherespent.ingestion.sync import StreamSync
from wherespent.providers.openai.client import AdminClient
from wherespent.storage import sync_state
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import Written

WINDOW = Window(day(-2), day(0))
SHORT_STEP = 37


@pytest.fixture
def rig(database: Database) -> Iterator[Rig]:
    """Two days of costs, a page each."""
    clock = Clock()
    organization = ScriptedOrganization(clock)
    organization.quirks.cost_page_cap = 1
    for number in (-2, -1):
        for item in ("gpt-5.5-2026-04-23, input", "Überraschung"):
            organization.add_cost(at(number).date(), f"{number + 7}.123456789", item, user_id="u")
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


@pytest.fixture
def client(rig: Rig) -> Iterator[AdminClient]:
    made = quick_client(rig.server.url, Pauses())
    yield made
    made.close()


def read(rig: Rig, client: AdminClient) -> None:
    (stream,) = chosen("costs")
    with rig.database.write() as connection:
        place = Place(account_id(connection, "default"), stream_id(connection, stream.name))
        sync_state.claim(
            connection, sync_state.Reading(place, MAIN), "test", rig.clock(), steal=True
        )
    StreamSync(rig.database, client, stream, place, "test", rig.clock, Refusals()).read(
        MAIN, WINDOW, Written()
    )


def bodies(rig: Rig) -> tuple[bytes, bytes]:
    """The two pages as they were sent."""
    pages = [
        encode(answer(rig.organization, request.path, request.params, f"Bearer {request.key}"))
        for request in rig.server.requests
    ]
    assert len(pages) == 2
    return pages[0], pages[1]


def first_page_of(whole: Facts) -> Facts:
    """What the database holds once only the older day was read."""
    return {
        name: {cell: value for cell, value in cells.items() if int(cell[0]) < day(-1)}
        for name, cells in whole.items()
    }


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_cut_at_any_byte_leaves_nothing_and_is_asked_again(
    rig: Rig, client: AdminClient, page: int, is_full: bool, tally: Tally
) -> None:
    read(rig, client)
    rig.assert_exact("costs", since=-2, until=0)
    truth, body = facts(rig, "costs"), bodies(rig)[page - 1]
    kept = {name: {} for name in truth} if page == 1 else first_page_of(truth)
    assert sum(map(len, kept.values())) == (0 if page == 1 else 3)
    cuts = range(0, len(body), 1 if is_full and rig.database.is_sqlite else SHORT_STEP)
    converged = 0
    for length in cuts:
        wipe(rig.database)
        cut = Answer(200, body[:length])
        rig.organization.faults.script("costs", *["ok"] * (page - 1), *[cut] * 7)
        rig.forget_requests()
        with pytest.raises(MalformedAnswer):
            read(rig, client)
        assert len(rig.server.requests) == page + 6
        assert facts(rig, "costs") == kept
        read(rig, client)
        converged += facts(rig, "costs") == truth
    tally(
        f"02 page {page} of 2 cut at every byte ({rig.database.url.get_backend_name()})",
        faults=7 * len(cuts),
        converged=converged,
        note=f"of {len(cuts)} lengths",
    )
    assert converged == len(cuts)


def test_a_page_cut_once_is_read_at_the_second_try(rig: Rig, client: AdminClient) -> None:
    for fault in ("truncated", "length_long", "reset"):
        wipe(rig.database)
        rig.forget_requests()
        rig.organization.faults.script("costs", "ok", fault)
        read(rig, client)
        assert [request.fault for request in rig.server.requests] == [None, fault, None]
        rig.assert_exact("costs", since=-2, until=0)
