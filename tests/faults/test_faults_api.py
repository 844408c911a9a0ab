"""Whatever befalls the requests, the truth is read in the end, politely, without a person."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import trustme
from tests.builders import (
    KEY,
    Clock,
    Rig,
    a_client,
    assert_rollups,
    cost_page,
    day,
    dollars,
)
from tests.faults.conftest import Tally
from tests.faults.network import Pauses, WatchedNetwork, add_days, facts, quick_client, wipe

from wherespent.analytics.health import last_sync
from wherespent.analytics.stream_health import stream_health
from wherespent.demo import (
    FAULT_KINDS,
    Answer,
    Faults,
    ScriptedOrganization,
    SimulatedOrganization,
    serve,
)
from wherespent.demo.faults import FAILURES, SHAPES
from wherespent.storage.engine import Database

TIMEOUT = httpx.Timeout(0.3, connect=5)
# With refused connections (3 %) three in ten requests fail, of ten kinds.
ROW_1 = ("429_seconds", "429_date", "429_bare", "500", "502_html", "503", "504", "hang", "reset")
REFUSED, FAILING = 0.03, 0.2784
HARMLESS = {*SHAPES, "mislabelled"}
FEW = ("costs", "completions")
SAID = {
    "429_seconds": "429.*Rate limit",
    "429_date": "429.*Rate limit",
    "429_bare": "429.*Rate limit",
    "500": "answered 500",
    "502_html": "answered 502",
    "503": "answered 503",
    "504": "answered 504",
    "reset_early": "cannot be reached.*check the network",
    "reset": "cannot be reached.*check the network",
    "hang": "timed out.*check the network",
    "drip": "took too long.*check the network",
    "truncated": "not a page of buckets",
    "length_long": "without sending complete message body",
    "length_short": "not a page of buckets|cannot be reached",
    "wrong_type": "not a page of buckets",
}


@pytest.fixture
def company(database: Database) -> Iterator[Rig]:
    """Every stream of a company, sixty series."""
    organization = SimulatedOrganization(7, Clock())
    organization.quirks.usage_page_cap = 24
    made = Rig(database, organization, serve(organization), Clock())
    yield made
    made.close()


@pytest.fixture
def rig(database: Database) -> Iterator[Rig]:
    """Four days of costs and of one usage stream, several rows in every bucket."""
    clock = Clock()
    organization = ScriptedOrganization(clock)
    organization.quirks.usage_page_cap = 12
    organization.quirks.cost_page_cap = 1
    add_days(organization)
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


def test_three_in_ten_requests_fail_and_the_tables_are_those_of_a_good_day(
    company: Rig, is_full: bool, tally: Tally
) -> None:
    company.sync(since=-2)
    company.assert_exact(since=-2)
    truth, fewest = facts(company), company.client.requests
    most_seeds = 100 if company.database.is_sqlite else 10
    seeds = range(most_seeds if is_full else most_seeds // 50 + 1)
    faults = converged = most = too_early = 0
    for seed in seeds:
        wipe(company.database)
        found = Faults(
            probability=FAILING, seed=seed, kinds=ROW_1, retry_after=20, hang_seconds=0.5
        )
        company.organization.faults = found
        pauses = Pauses()
        network = WatchedNetwork(pauses, seed=seed, refused=REFUSED)
        client = quick_client(company.server.url, pauses, transport=network, timeout=TIMEOUT)
        for _ in range(3):
            if company.sync(since=-2, client=client).statuses == {"done"}:
                break
        client.close()
        assert_rollups(company.database)
        faults += sum(found.injected.values()) + network.refused
        converged += facts(company) == truth
        most = max(most, client.requests)
        too_early += network.too_early
    ratio = most / fewest
    tally(
        f"01 30 % of requests fail, by seed ({company.database.url.get_backend_name()})",
        faults=faults,
        converged=converged,
        note=f"of {len(seeds)} seeds; requests at most {ratio:.2f} x; too early {too_early}",
    )
    assert converged == len(seeds)
    assert ratio <= 3
    assert too_early == 0
    assert faults > len(seeds)


@pytest.mark.parametrize("fault", FAULT_KINDS)
def test_a_fault_says_what_is_wrong_and_leaves_no_trace(rig: Rig, fault: str, tally: Tally) -> None:
    rig.sync(*FEW, since=-1)
    before = facts(rig, *FEW)
    found = rig.organization.faults
    found.kinds, found.probability, found.drip_seconds = (fault,), 1.0, 0.01
    client = quick_client(
        rig.server.url,
        Pauses(),
        timeout=httpx.Timeout(0.1 if fault == "hang" else 5),
        max_body_seconds=0.05 if fault == "drip" else 30,
    )
    synced = rig.sync(*FEW, since=-2, client=client)
    client.close()
    if fault in HARMLESS:
        assert synced.statuses == {"done"}
        rig.assert_exact(*FEW, since=-2)
    else:
        assert synced.statuses == {"failed"}
        assert all(re.search(SAID[fault], outcome.error) for outcome in synced.outcomes.values())
        assert facts(rig, *FEW) == before
        assert_rollups(rig.database)
    found.clear()
    rig.clock.move(minutes=5)
    assert rig.sync(*FEW, since=-2).statuses == {"done"}
    backend = rig.database.url.get_backend_name()
    tally(f"02 {fault} ({backend})", faults=found.injected[fault], converged=1)
    rig.assert_exact(*FEW, since=-2)


def test_every_failure_has_its_words() -> None:
    assert set(SAID) == set(FAILURES) - HARMLESS


def test_any_mixture_of_all_faults_ends_at_the_truth(rig: Rig, is_full: bool, tally: Tally) -> None:
    seeds = range(50 if is_full else 3)
    faults = 0
    for seed in seeds:
        wipe(rig.database)
        found = Faults(probability=0.5, seed=seed, hang_seconds=0.5, drip_seconds=0.01)
        rig.organization.faults = found
        client = quick_client(rig.server.url, Pauses(), timeout=TIMEOUT, max_body_seconds=0.3)
        rig.sync(*FEW, since=-2, client=client)
        client.close()
        faults += sum(found.injected.values())
        found.clear()
        rig.sync(*FEW, since=-2)
        rig.assert_exact(*FEW, since=-2)
    tally(
        f"03 half of all requests, any fault ({rig.database.url.get_backend_name()})",
        faults=faults,
        converged=len(seeds),
    )
    assert faults > 0


# The key


def test_a_revoked_key_is_tried_once_and_shown(rig: Rig) -> None:
    rig.sync(since=-1)
    rig.forget_requests()
    rig.organization.quirks.revoked_keys.add(KEY)
    synced = rig.sync(since=-1)
    rig.organization.quirks.revoked_keys.clear()
    assert len(rig.server.requests) == 1
    assert synced.statuses == {"failed"}
    with rig.database.read() as connection:
        shown = last_sync(connection, "default")
        health = stream_health(connection, "default", rig.clock())
    assert shown.failing
    assert "OpenAI does not know this key" in shown.error
    assert {stream.state.value for stream in health} == {"failing"}
    rig.clock.move(minutes=5)
    assert rig.sync(since=-1).statuses == {"done"}
    rig.assert_exact(since=-1)


def test_a_key_without_the_scope_is_tried_once_a_stream_and_shown(rig: Rig) -> None:
    rig.organization.quirks.key_scopes = {KEY: frozenset({"api.management.read"})}
    synced = rig.sync(since=-1)
    rig.organization.quirks.key_scopes = {}
    assert len(rig.server.requests) == len(synced.outcomes) == 12
    assert synced.statuses == {"failed"}
    with rig.database.read() as connection:
        shown = last_sync(connection, "default")
    assert "lacks the scope api.usage.read" in shown.error
    assert rig.sync(since=-1).statuses == {"done"}
    rig.assert_exact(since=-1)


# Names and certificates


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://openai.invalid/v1", "resol|known|address|DNS"),
        ("https://127.0.0.1:{port}/v1", "SSL"),
    ],
)
def test_an_address_that_cannot_be_spoken_to_is_explained_and_forgotten(
    rig: Rig, address: str, reason: str
) -> None:
    port = rig.server.url.split(":")[2].removesuffix("/v1")
    transport = httpx.HTTPTransport(verify=ssl.create_default_context())
    client = quick_client(address.format(port=port), Pauses(), transport=transport)
    synced = rig.sync(*FEW, since=-1, client=client)
    client.close()
    assert synced.statuses == {"failed"}
    assert re.search(rf"({reason}).*check the network", synced["costs"].error, re.IGNORECASE)
    rig.sync(*FEW, since=-1)
    rig.assert_exact(*FEW, since=-1)


@contextlib.contextmanager
def tls_listener(certificate: trustme.LeafCert) -> Iterator[int]:
    """The port of a server that shows this certificate and never gets to say more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), connection:
                    context.wrap_socket(connection, server_side=True).close()

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        # Wakes `accept`, which closing alone does not.
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["of nobody we trust", "of another name", "expired"])
def bad_certificate(request: pytest.FixtureRequest) -> tuple[trustme.LeafCert, ssl.SSLContext]:
    """A certificate, and a client's context that refuses it for that one reason."""
    issuer, context = trustme.CA(), ssl.create_default_context()
    if request.param != "of nobody we trust":
        issuer.configure_trust(context)
    if request.param == "of another name":
        return issuer.issue_cert("elsewhere.example"), context
    if request.param == "expired":
        past = datetime.now(UTC) - timedelta(days=1)
        return issuer.issue_cert("127.0.0.1", not_after=past), context
    return issuer.issue_cert("127.0.0.1"), context


def test_a_certificate_that_is_not_good_gets_no_key(
    rig: Rig, bad_certificate: tuple[trustme.LeafCert, ssl.SSLContext]
) -> None:
    certificate, context = bad_certificate
    with tls_listener(certificate) as port:
        address = f"https://127.0.0.1:{port}/v1"
        client = quick_client(address, Pauses(), transport=httpx.HTTPTransport(verify=context))
        synced = rig.sync(*FEW, since=-1, client=client)
        client.close()
    assert synced.statuses == {"failed"}
    assert re.search("CERTIFICATE_VERIFY_FAILED.*SSL_CERT_FILE", synced["costs"].error)
    rig.sync(*FEW, since=-1)
    rig.assert_exact(*FEW, since=-1)


def test_a_bad_answer_does_not_poison_the_connection(rig: Rig) -> None:
    """What a wrong Content-Length left in the connection is not taken for the next answer."""
    rig.organization.faults.script("costs", "length_short", "length_short")
    pauses = Pauses()
    client = a_client(rig.server.url, stop=pauses, monotonic=pauses.clock)
    for _ in range(3):
        rig.sync(*FEW, since=-1, client=client)
    client.close()
    rig.assert_exact(*FEW, since=-1)


# What is sent twice


def test_a_bucket_that_is_sent_twice_replaces_itself(rig: Rig) -> None:
    page = cost_page((day(-1), [("a", "1")]), (day(-1), [("a", "2"), ("b", "3")]))
    rig.organization.faults.script("costs", Answer(200, page))
    rig.sync("costs", since=-1, until=0)
    assert sorted(rig.costs().values()) == [dollars("2"), dollars("3")]


def test_a_bucket_of_two_pages_is_that_of_the_second(rig: Rig) -> None:
    pages = [
        cost_page((day(-3), [("a", "1")]), (day(-2), [("a", "2")]), has_more=True, next_page="x"),
        cost_page((day(-2), [("b", "3")]), (day(-1), [])),
    ]
    rig.organization.faults.script("costs", *(Answer(200, page) for page in pages))
    rig.sync("costs", since=-3, until=0)
    assert {(int(cell[0]), cell[3]): nanos for cell, nanos in rig.costs().items()} == {
        (day(-3), "a"): dollars("1"),
        (day(-2), "b"): dollars("3"),
    }
