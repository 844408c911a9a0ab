"""A settled day of usage that changes keeps what it was; everything else keeps nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.builders import NOON, TODAY, the

from wherespent.domain.records import UsageBucket
from wherespent.domain.windows import DAY, HOUR
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import UsageSeries, account_id, stream_id
from wherespent.storage.sync_state import Reading, record_coverage
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import replace_usage

IMAGES = the("images")
STORES = the("vector_stores")
LONG_AGO = TODAY - 20 * DAY
Hours = dict[int, dict[str, int]]


class Reader:
    """Reads settled days again and again, each time an hour later."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON

    def read(self, hours: Hours, *, stream: Any = IMAGES, settled_before: int = TODAY) -> None:
        """`hours`: start → model (or project) → number of the stream's first measure."""
        self.now += timedelta(hours=1)
        with self.database.write() as connection:
            place = Place(account_id(connection, "default"), stream_id(connection, stream.name))
            replace_usage(
                connection,
                place,
                stream,
                UsageSeries(place.account_id, place.stream_id, stream),
                stream.dimensions,
                [_bucket(stream, start, rows) for start, rows in sorted(hours.items())],
                settled_before=settled_before,
                now=self.now,
            )
            days = sorted({start - start % DAY for start in hours})
            record_coverage(connection, Reading(place, MAIN), days, self.now)

    def revisions(self) -> list[tuple[int, Any, Any]]:
        """(day, old, new) with measures as objects, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(
                text(
                    "SELECT bucket_start, old_measures, new_measures FROM usage_revision"
                    " ORDER BY id"
                )
            )
            return [(row[0], _parsed(row[1]), _parsed(row[2])) for row in rows]


def _bucket(stream: Any, start: int, rows: dict[str, int]) -> UsageBucket:
    bucket = UsageBucket(start)
    index = stream.dimensions.index("model" if "model" in stream.dimensions else "project_id")
    for name, value in rows.items():
        dims = tuple(name if i == index else None for i in range(len(stream.dimensions)))
        bucket.records[dims] = (value, *(None,) * (len(stream.measures) - 1))
    return bucket


def _parsed(kept: str | None) -> Any:
    return None if kept is None else json.loads(kept)


@pytest.fixture
def reader(database: Database) -> Reader:
    return Reader(database)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that is sent to the database by its writer."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.writer, "before_cursor_execute", note)
    yield seen
    event.remove(database.writer, "before_cursor_execute", note)


def test_a_first_reading_is_no_revision(reader: Reader) -> None:
    reader.read({LONG_AGO: {"a": 5}, LONG_AGO + HOUR: {"a": 6}})
    assert reader.revisions() == []


def test_a_changed_hour_keeps_the_day_as_it_was_by_the_measures_that_differ(
    reader: Reader,
) -> None:
    reader.read({LONG_AGO: {"a": 5, "b": 1}, LONG_AGO + HOUR: {"a": 6}})
    reader.read({LONG_AGO + HOUR: {"a": 7}})
    measure = IMAGES.measures[0]
    assert reader.revisions() == [(LONG_AGO, {measure: 11}, {measure: 12})]


def test_a_series_that_came_or_went_has_no_row_on_the_other_side(reader: Reader) -> None:
    reader.read({LONG_AGO: {"a": 5, "b": 1}})
    reader.read({LONG_AGO: {"b": 1, "c": 9}})
    measure = IMAGES.measures[0]
    assert sorted(reader.revisions(), key=repr) == sorted(
        [(LONG_AGO, {measure: 5}, None), (LONG_AGO, None, {measure: 9})], key=repr
    )


def test_a_settled_day_that_was_read_empty_and_then_not_is_revised(reader: Reader) -> None:
    reader.read({LONG_AGO: {}})
    reader.read({LONG_AGO: {"a": 3}})
    assert reader.revisions() == [(LONG_AGO, None, {IMAGES.measures[0]: 3})]


def test_a_provisional_day_keeps_no_revision(reader: Reader) -> None:
    reader.read({LONG_AGO: {"a": 5}}, settled_before=LONG_AGO)
    reader.read({LONG_AGO: {"a": 6}}, settled_before=LONG_AGO)
    assert reader.revisions() == []


def test_the_same_usage_under_other_dimensions_is_no_revision(reader: Reader) -> None:
    reader.read({LONG_AGO: {"a": 5, "b": 6}})
    reader.read({LONG_AGO: {"c": 11}})
    assert reader.revisions() == []


def test_the_day_of_a_stock_is_its_last_level(reader: Reader) -> None:
    reader.read({LONG_AGO: {"p": 100}, LONG_AGO + HOUR: {"p": 200}}, stream=STORES)
    reader.read({LONG_AGO: {"p": 150}}, stream=STORES)
    assert reader.revisions() == []
    reader.read({LONG_AGO + HOUR: {"p": 250}}, stream=STORES)
    assert reader.revisions() == [(LONG_AGO, {"usage_bytes": 200}, {"usage_bytes": 250})]


def test_days_that_did_not_settle_or_did_not_change_cost_no_statement(
    reader: Reader, statements: list[str]
) -> None:
    reader.read({LONG_AGO: {"a": 5}, TODAY: {"a": 5}})
    statements.clear()
    reader.read({LONG_AGO: {"a": 5}, TODAY: {"a": 6}})
    asked = [each for each in statements if "SELECT" in each and "usage_day" in each]
    assert asked == []
    assert not any("usage_revision" in each for each in statements)
    statements.clear()
    reader.read({LONG_AGO: {"a": 6}})
    assert any("FROM usage_day" in each for each in statements)
