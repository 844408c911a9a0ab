"""Whatever happens in whatever order, the tables hold what was last read, by a plain account."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.builders import (
    Clock,
    a_client,
    as_text,
    assert_rollups,
    at,
    chosen,
    day,
    known,
    stored_costs,
    stored_usage,
)
from tests.faults.conftest import Tally
from tests.faults.network import NoNetwork, wipe

from wherespent.demo import ScriptedOrganization
from wherespent.demo.streams import STREAMS
from wherespent.domain.streams import COST_DIMENSIONS, Kind, Stream
from wherespent.domain.windows import HOUR, Window, epoch, utc
from wherespent.errors import ProviderError
from wherespent.ingestion.groupings import Refusals
from wherespent.ingestion.sync import StreamSync
from wherespent.providers.openai.client import AdminClient
from wherespent.storage import sync_state
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import Written

OLDEST = -4
ODD_SHAPES = (
    "duplicate_rows",
    "reordered_rows",
    "repeat_buckets",
    "repeat_pages",
    "overlap_pages",
    "repeat_cursor",
    "cursor_cycle",
    "fresh_cursors",
    "descending",
    "omit_empty_buckets",
    "unknown_fields",
    "unknown_objects",
)
CIRCLES = ("repeat_cursor", "cursor_cycle", "fresh_cursors")
FAULTS = ("503", "truncated", "429_bare", "wrong_type")
Cells = dict[tuple[str, ...], Any]


class Crash(Exception):
    """The process ends here."""


@dataclass
class Model:
    """What the tables of one stream must hold: whole buckets as they were when last read, but an
    empty one over a full one only when a reading an hour later agrees."""

    stream: Stream
    organization: ScriptedOrganization
    held: dict[int, Cells] = field(default_factory=dict[int, Cells])
    doubted: dict[int, float] = field(default_factory=dict[int, float])

    def learn(self, start: int, now: float) -> None:
        truth = self.truth(start)
        if truth or not self.held.get(start):
            self.held[start] = truth
            self.doubted.pop(start, None)
        elif self.doubted.setdefault(start, now) + HOUR <= now:
            self.held[start] = truth
            del self.doubted[start]

    def truth(self, start: int) -> Cells:
        end = start + self.stream.width
        if self.stream.kind is Kind.COST:
            found: Cells = dict(
                self.organization.cost_truth_nanos(utc(start), utc(end), COST_DIMENSIONS)
            )
        else:
            names = STREAMS[self.stream.short_name].dimensions
            sums = self.organization.usage_truth(
                self.stream.short_name, utc(start), utc(end), names
            )
            found = {dims: known(measures) for dims, measures in sums.items()}
        return {tuple(map(as_text, dims)): value for dims, value in found.items()}

    def cells(self) -> Cells:
        return {
            (str(start), *dims): value
            for start, cells in self.held.items()
            for dims, value in cells.items()
        }


@dataclass
class WatchedClient:
    """A client whose every committed page is told to the model; dies before a page if told to."""

    client: AdminClient
    model: Model
    crash_before: int | None = None

    @property
    def requests(self) -> int:
        return self.client.requests

    def fetch_pages(
        self, stream: Stream, window: Window, group_by: tuple[str, ...]
    ) -> Iterator[Any]:
        now = self.model.organization.now().timestamp()
        seen: set[int] = set()
        for number, page in enumerate(self.client.fetch_pages(stream, window, group_by)):
            if number == self.crash_before:
                raise Crash
            starts = [bucket.start for bucket in page.buckets]
            is_last = not page.has_more
            # Control comes back once the page is committed.
            yield page
            seen.update(starts)
            if is_last:
                begun = range(window.start, min(window.end, int(now) + 1), stream.width)
                starts += [start for start in begun if start not in seen]
            for start in dict.fromkeys(starts):
                self.model.learn(start, now)


class Ingestion(RuleBasedStateMachine):
    """Syncs, crashes, restatements and odd answers in any order."""

    database: Database
    steps = 0
    names = ("costs", "images")
    streams = st.sampled_from(names)
    ages = st.integers(OLDEST, 0)
    groups = st.sampled_from(["a", "b", "ü"])

    def __init__(self) -> None:
        super().__init__()
        wipe(self.database)
        self.clock = Clock()
        self.organization = ScriptedOrganization(self.clock)
        self.organization.faults.kinds = FAULTS
        self.organization.quirks.usage_page_cap = 16
        self.organization.quirks.cost_page_cap = 2
        self.rows: dict[tuple[str, int, str], int] = {}
        self.client = a_client(
            "http://demo/v1", transport=NoNetwork(self.organization), now=self.clock, pause=0
        )
        self.models = {s.short_name: Model(s, self.organization) for s in chosen(*self.names)}
        for number in range(OLDEST, 1):
            self._state("costs", number, "a", 5)
            self._state("images", number, "a", 5)

    def teardown(self) -> None:
        self.client.close()

    def _state(self, stream: str, number: int, group: str, amount: int | None) -> None:
        """What the organization says of one group on one day from now on; None: nothing."""
        if amount is None:
            self.rows.pop((stream, number, group), None)
        else:
            self.rows[stream, number, group] = amount
        self.organization.clear(stream)
        for (name, each, called), stated in self.rows.items():
            if name != stream:
                continue
            if stream == "costs":
                self.organization.add_cost(at(each).date(), f"{stated}.0000000005", called)
            else:
                hour = at(each, 2 + stated % 9)
                self.organization.add_usage(stream, hour, {"model": called}, images=stated)

    def _read(self, stream: str, since: int, until: int, crash_before: int | None = None) -> None:
        model = self.models[stream]
        with self.database.write() as connection:
            place = Place(
                account_id(connection, "default"), stream_id(connection, model.stream.name)
            )
            reading = sync_state.Reading(place, MAIN)
            sync_state.claim(connection, reading, "test", self.clock(), steal=True)
        client = WatchedClient(self.client, model, crash_before)
        sync = StreamSync(
            self.database, client, model.stream, place, "test", self.clock, Refusals()
        )
        with suppress(Crash, ProviderError):
            sync.read(MAIN, Window(day(since), day(until)), Written())

    @rule(stream=streams, first=ages, last=ages)
    def sync_a_window(self, stream: str, first: int, last: int) -> None:
        self._read(stream, min(first, last), max(first, last) + 1)

    @rule(stream=streams)
    def backfill(self, stream: str) -> None:
        self._read(stream, OLDEST, 1)

    @rule(stream=streams, first=ages, last=ages, page=st.integers(0, 4))
    def crash_between_pages(self, stream: str, first: int, last: int, page: int) -> None:
        self._read(stream, min(first, last), max(first, last) + 1, crash_before=page)

    @rule(stream=streams, first=ages, pages=st.integers(0, 3), fault=st.sampled_from(FAULTS))
    def fail_between_pages(self, stream: str, first: int, pages: int, fault: str) -> None:
        """The provider answers some pages, then fails for longer than the client is patient."""
        self.organization.faults.script("", *["ok"] * pages, *[fault] * 7)
        self._read(stream, first, 1)
        self.organization.faults.clear()

    @rule(is_on=st.booleans())
    def turn_random_faults_on_or_off(self, is_on: bool) -> None:
        self.organization.faults.probability = 0.4 if is_on else 0.0

    @rule(stream=streams, number=ages, group=groups, amount=st.none() | st.integers(1, 9))
    def restate(self, stream: str, number: int, group: str, amount: int | None) -> None:
        """Up, down, moved, added or removed."""
        self._state(stream, number, group, amount)

    @rule(quirk=st.sampled_from(ODD_SHAPES))
    def turn_an_odd_shape_on_or_off(self, quirk: str) -> None:
        quirks = self.organization.quirks
        setattr(quirks, quirk, not getattr(quirks, quirk))
        # A page without a bucket that leads in a circle cannot be told from the end.
        for circle in CIRCLES if quirks.omit_empty_buckets else ():
            setattr(quirks, circle, False)

    @rule(minutes=st.sampled_from([1, 20, 61, 300]))
    def time_passes(self, minutes: int) -> None:
        # Never into another day: ages are counted from today.
        if self.clock.at + (at(0, 1) - at(0)) * (minutes / 60) < at(0, 23.9):
            self.clock.move(minutes=minutes)

    @rule(stream=streams)
    def settle(self, stream: str) -> None:
        """Two full readings an hour apart reach the truth, whatever came before."""
        if self.clock.at >= at(0, 22.5):
            return
        self.organization.faults.clear()
        self._read(stream, OLDEST, 1)
        self.clock.move(minutes=61)
        self._read(stream, OLDEST, 1)
        model = self.models[stream]
        begun = range(day(OLDEST), epoch(self.clock()), model.stream.width)
        assert {s: c for s, c in model.held.items() if c} == {
            start: truth for start in begun if (truth := model.truth(start))
        }

    @invariant()
    def the_tables_hold_what_was_read(self) -> None:
        type(self).steps += 1
        with self.database.read() as connection:
            assert stored_costs(connection) == self.models["costs"].cells()
            (images,) = chosen("images")
            stored = {c: known(m) for c, m in stored_usage(connection, images).items()}
        assert stored == self.models["images"].cells()
        assert_rollups(self.database)


def test_any_order_of_events_leaves_the_tables_as_the_plain_account_has_them(
    database: Database, is_full: bool, tally: Tally
) -> None:
    class Machine(Ingestion):
        pass

    Machine.database = database
    examples = (500 if database.is_sqlite else 25) if is_full else (6 if database.is_sqlite else 2)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50 if is_full else 15,
            deadline=None,
            derandomize=not is_full,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tally(
        f"05 events in any order ({database.url.get_backend_name()})",
        faults=Machine.steps,
        converged=Machine.steps,
        note=f"steps of {examples} examples",
    )
    assert Machine.steps > examples
