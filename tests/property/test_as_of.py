"""Whatever a provider revised, and whenever: the bill as of a moment is what was stored then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import NOON, TODAY, the

from wherespent.analytics.as_of import known_days, sums_as_of
from wherespent.analytics.filters import Granularity
from wherespent.analytics.sources import cost_source, read_account
from wherespent.domain.records import CostAmount, CostBucket
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.storage.cost_writes import replace_costs
from wherespent.storage.engine import Database
from wherespent.storage.revisions import thin_revisions
from wherespent.storage.rollups import Place
from wherespent.storage.series import CostSeries, account_id, stream_id
from wherespent.storage.sync_state import Reading, record_coverage
from wherespent.storage.tables import MAIN

COSTS = the("costs")
WINDOW = Window(TODAY, TODAY + 3 * DAY)
BY = ("project_id", "user_id", "line_item")
LAG = 2 * DAY
CHECKS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Bill = dict[tuple[Any, ...], int]

items = st.sampled_from(["gpt-5.5-2026-04-23, input", "Vector storage"])
rows = st.dictionaries(
    st.tuples(st.sampled_from(["p", "q"]), st.sampled_from(["u", "v"]), items),
    st.integers(-(10**12), 10**12),
    max_size=4,
)


@dataclass(frozen=True)
class Observation:
    """What the provider answered for one day; without users when it refuses them."""

    hours_later: int
    day: int
    with_users: bool
    rows: dict[tuple[str, str, str], int]


histories = st.lists(
    st.builds(Observation, st.integers(1, 40), st.integers(0, 2), st.booleans(), rows),
    min_size=1,
    max_size=9,
)


@dataclass
class Ledger:
    """A database that is told a history, and what was in it after each observation."""

    database: Database

    def __post_init__(self) -> None:
        with self.database.write() as connection:
            account = account_id(connection, "default")
            self.reading = Reading(Place(account, stream_id(connection, COSTS.name)), MAIN)

    def tell(self, history: list[Observation]) -> list[tuple[datetime, Bill]]:
        self._clear()
        now, told = NOON, list[tuple[datetime, Bill]]()
        for each in history:
            now += timedelta(hours=each.hours_later)
            self._observe(each, now)
            told.append((now, self._stored()))
        return told

    def as_of(self, moment: datetime) -> Bill:
        with self.database.read() as connection:
            source = cost_source(connection, read_account(connection, "default"), BY)
            known = known_days(connection, "default", source.grouping, WINDOW, moment)
            found = sums_as_of(
                connection,
                source,
                WINDOW,
                Granularity.DAY,
                {},
                by=BY,
                moment=moment,
                known=known,
            )
        return {key: nanos for key, (nanos,) in found.items()}

    def thin(self) -> int:
        with self.database.write() as connection:
            return thin_revisions(connection, self.reading.place.account_id, WINDOW.end)

    def _observe(self, each: Observation, now: datetime) -> None:
        group_by = BY if each.with_users else ("project_id", "line_item")
        bucket, place = CostBucket(TODAY + each.day * DAY), self.reading.place
        for (project, user, item), nanos in each.rows.items():
            key = (project, user if each.with_users else None, item, None, None, "")
            known = bucket.records.get(key, CostAmount(0, None))
            bucket.records[key] = CostAmount(known.nanos + nanos, None)
        with self.database.write() as connection:
            replace_costs(
                connection,
                place,
                CostSeries(place.account_id),
                group_by,
                [bucket],
                grouping=MAIN,
                settled_before=floor_day(epoch(now)) - LAG,
                now=now,
            )
            record_coverage(connection, self.reading, [bucket.start], now)

    def _stored(self) -> Bill:
        with self.database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT f.bucket_start, s.project_id, s.user_id, i.name, CAST(SUM(f.amount) AS"
                " BIGINT) FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
                " JOIN line_item i ON i.id = s.line_item_id"
                " GROUP BY f.bucket_start, s.project_id, s.user_id, i.name"
            )
            return {tuple(row[:-1]): row[-1] for row in found}

    def _clear(self) -> None:
        with self.database.write() as connection:
            for table in (
                "cost_day",
                "cost_slice_day",
                "cost_revision",
                "coverage",
                "empty_bucket",
            ):
                connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@CHECKS
@given(history=histories)
def test_as_of_each_observation_is_what_was_stored_then(ledger: Ledger, history: Any) -> None:
    for moment, stored in ledger.tell(history):
        assert ledger.as_of(moment) == stored


@CHECKS
@given(history=histories)
def test_thinning_keeps_the_end_of_every_day_of_observation(ledger: Ledger, history: Any) -> None:
    ends = {floor_day(epoch(moment)): (moment, stored) for moment, stored in ledger.tell(history)}
    ledger.thin()
    for moment, stored in ends.values():
        assert ledger.as_of(moment) == stored


@CHECKS
@given(history=histories)
def test_before_the_first_observation_nothing_is_known(ledger: Ledger, history: Any) -> None:
    ledger.tell(history)
    assert ledger.as_of(NOON) == {}
