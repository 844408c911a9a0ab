"""Whatever a provider sends and takes back: facts, rollups and truth agree on both engines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import NOON, TODAY, assert_rollups, stored_costs, stored_usage, the

from wherespent.domain.records import CostAmount, CostBucket, UsageBucket
from wherespent.domain.windows import DAY, HOUR
from wherespent.storage.cost_writes import replace_costs
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import CostSeries, UsageSeries, account_id, stream_id
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import Written, replace_usage

COSTS, IMAGES = the("costs"), the("images")
START = TODAY - 2 * DAY
CHECKS = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

names = st.one_of(st.none(), st.sampled_from(["a", "b", "ü<&>", ""]))
counts = st.one_of(st.none(), st.integers(0, 10**12))
usage_rows = st.dictionaries(
    st.tuples(*[names] * len(IMAGES.dimensions)),
    st.tuples(*[counts] * len(IMAGES.measures)),
    max_size=4,
)
usage_buckets = st.dictionaries(
    st.integers(0, 30).map(lambda hour: START + hour * HOUR), usage_rows, min_size=1, max_size=6
)
items = st.sampled_from(["gpt-5.5-2026-04-23, input", "Vector storage", "Überraschung"])
cost_rows = st.dictionaries(
    st.tuples(names, names, items, names, names, st.sampled_from(["", "tokens"])),
    st.builds(CostAmount, st.integers(-(10**15), 10**15), st.one_of(st.none(), st.just(2.5))),
    max_size=4,
)
cost_buckets = st.dictionaries(
    st.integers(0, 2).map(lambda number: START + number * DAY), cost_rows, min_size=1
)


@dataclass
class Store:
    """Replaces buckets, each time a minute later than before."""

    database: Database
    minutes: int = 0
    series: dict[str, Any] = field(default_factory=dict[str, Any])

    def place(self, stream: str) -> Place:
        with self.database.write() as connection:
            return Place(account_id(connection, "default"), stream_id(connection, stream))

    def usage(self, buckets: dict[int, Any], *, later: timedelta | None = None) -> Written:
        place = self.place(IMAGES.name)
        with self.database.write() as connection:
            return replace_usage(
                connection,
                place,
                IMAGES,
                UsageSeries(place.account_id, place.stream_id, IMAGES),
                IMAGES.dimensions,
                [UsageBucket(start, dict(rows)) for start, rows in sorted(buckets.items())],
                settled_before=TODAY - DAY,
                now=NOON + (later or timedelta(0)),
            )

    def costs(self, buckets: dict[int, Any], *, later: timedelta | None = None) -> Written:
        place = self.place(COSTS.name)
        with self.database.write() as connection:
            return replace_costs(
                connection,
                place,
                CostSeries(place.account_id),
                COSTS.dimensions,
                [CostBucket(start, dict(rows)) for start, rows in sorted(buckets.items())],
                grouping=MAIN,
                settled_before=TODAY - DAY,
                now=NOON + (later or timedelta(0)),
            )

    def clear(self) -> None:
        with self.database.write() as connection:
            for table in ("usage_hour", "usage_day", "usage_slice_hour", "usage_slice_day"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            for table in ("cost_day", "cost_slice_day", "cost_revision", "empty_bucket"):
                connection.exec_driver_sql(f"DELETE FROM {table}")

    def contents(self) -> tuple[Any, Any]:
        with self.database.read() as connection:
            return stored_usage(connection, IMAGES), stored_costs(connection)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    return Store(database)


def as_stored(rows: dict[Any, Any]) -> set[tuple[str, ...]]:
    return {tuple(value or "" for value in dims) for dims in rows}


def unambiguous(buckets: dict[int, Any]) -> bool:
    """None and '' are stored alike, and a provider sends '' never: not both in one bucket."""
    return all(len(as_stored(rows)) == len(rows) for rows in buckets.values())


usage_answers = usage_buckets.filter(unambiguous)
cost_answers = cost_buckets.filter(unambiguous)


@CHECKS
@given(first=usage_answers, second=usage_answers)
def test_usage_is_what_was_sent_last(store: Store, first: Any, second: Any) -> None:
    store.clear()
    store.usage(first)
    store.usage(second, later=timedelta(minutes=1))
    # An empty bucket over something is doubted for an hour.
    truth = {**first, **{start: rows for start, rows in second.items() if rows}}
    found, _ = store.contents()
    assert found == {
        (str(start), *(value or "" for value in dims)): dict(
            zip(IMAGES.measures, measures, strict=True)
        )
        for start, rows in truth.items()
        for dims, measures in rows.items()
    }
    assert_rollups(store.database)


@CHECKS
@given(first=cost_answers, second=cost_answers)
def test_costs_are_what_was_sent_last_and_every_change_is_kept(
    store: Store, first: Any, second: Any
) -> None:
    store.clear()
    store.costs(first)
    store.costs(second, later=timedelta(minutes=1))
    truth = {**first, **{start: rows for start, rows in second.items() if rows}}
    sums: dict[tuple[str, ...], int] = {}
    for start, rows in truth.items():
        for dims, amount in rows.items():
            key = (str(start), *(value or "" for value in dims[:-1]))
            sums[key] = sums.get(key, 0) + amount.nanos
    _, found = store.contents()
    assert found == sums
    assert_rollups(store.database)


@CHECKS
@given(usage=usage_answers, costs=cost_answers)
def test_replacing_twice_equals_replacing_once(store: Store, usage: Any, costs: Any) -> None:
    store.clear()
    store.usage(usage)
    store.costs(costs)
    before = store.contents()
    assert store.usage(usage, later=timedelta(hours=2)).buckets_changed == 0
    assert store.costs(costs, later=timedelta(hours=2)).buckets_changed == 0
    assert store.contents() == before


@CHECKS
@given(answers=st.lists(cost_answers, min_size=2, max_size=4))
def test_revisions_lead_from_the_first_amount_to_the_last(store: Store, answers: Any) -> None:
    """For each cell, each revision begins where the one before it ended."""
    store.clear()
    for number, answer in enumerate(answers):
        store.costs(answer, later=timedelta(minutes=number))
    with store.database.read() as connection:
        revisions = connection.exec_driver_sql(
            "SELECT bucket_start, series_id, old_amount, new_amount FROM cost_revision ORDER BY id"
        ).all()
        cells = {
            (start, series): amount
            for start, series, amount in connection.exec_driver_sql(
                "SELECT bucket_start, series_id, amount FROM cost_day"
            )
        }
    last: dict[tuple[int, int], int | None] = {}
    for start, series, old, new in revisions:
        assert last.get((start, series), old) == old
        last[start, series] = new
    assert all(cells.get(key) == new for key, new in last.items())
