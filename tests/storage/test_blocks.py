"""Blocks of facts: summed as Python would, stored as they are on both engines."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from wherespent.domain.records import Measures, added_measures
from wherespent.domain.windows import DAY, HOUR
from wherespent.storage.blocks import UNKNOWN, Block, block_of, insert_block
from wherespent.storage.engine import Database
from wherespent.storage.tables import usage_hour

MEASURES = ("num_model_requests", "input_tokens")
measures = st.tuples(*[st.none() | st.integers(0, 2**53)] * 2)
hours = st.dictionaries(
    st.integers(0, 60).map(lambda hour: hour * HOUR),
    st.dictionaries(st.integers(1, 9), measures, max_size=6),
    max_size=12,
)
Cells = dict[int, dict[int, Measures]]


def cells_of(block: Block) -> Cells:
    cells: Cells = {}
    columns = (block.starts.tolist(), block.numbers.tolist(), block.measures.tolist())
    for start, number, row in zip(*columns, strict=True):
        cells.setdefault(start, {})[number] = tuple(None if v == UNKNOWN else v for v in row)
    return cells


@given(hours=hours)
def test_a_sum_is_what_python_adds_up(hours: Cells) -> None:
    slice_of = {number: number % 3 for number in range(10)}
    expected: dict[int, dict[int, list[Measures]]] = {}
    for start, cells in hours.items():
        for number, row in cells.items():
            day = expected.setdefault(start // DAY * DAY, {})
            day.setdefault(slice_of[number], []).append(row)
    summed = block_of(hours, 2).summed(DAY, slice_of)
    assert cells_of(summed) == {
        day: {number: reduce(added_measures, rows) for number, rows in cells.items()}
        for day, cells in expected.items()
    }


def test_the_day_of_a_stock_is_the_last_hour_that_has_rows() -> None:
    hours: Cells = {0: {1: (5, 5)}, HOUR: {1: (7, 7), 2: (1, 1)}, 2 * HOUR: {}, DAY: {1: (3, 3)}}
    last = block_of(hours, 2).last_of_each(DAY)
    assert cells_of(last.summed(DAY)) == {0: {1: (7, 7), 2: (1, 1)}, DAY: {1: (3, 3)}}


def test_a_sum_beyond_64_bits_is_an_error_and_never_wraps() -> None:
    hours: Cells = {0: {1: (2**62, 0)}, HOUR: {1: (2**62, 0)}}
    with pytest.raises(OverflowError):
        block_of(hours, 2).summed(DAY)


@pytest.mark.parametrize(
    "rows",
    [
        {1: (0, 2**53), 2: (12, -4)},
        {1: (None, 5), 2: (7, None)},  # Postgres takes another way where something is unknown
    ],
    ids=["all known", "some unknown"],
)
def test_what_is_stored_is_what_was_given(database: Database, rows: dict[int, Measures]) -> None:
    with database.write() as connection:
        insert_block(connection, usage_hour, (3, 4), MEASURES, block_of({HOUR: rows}, 2))
        c = usage_hour.c
        stored = connection.execute(
            select(
                c.account_id, c.stream_id, c.bucket_start, c.series_id, *(c[m] for m in MEASURES)
            )
        ).all()
    assert sorted(map(tuple, stored)) == [(3, 4, HOUR, n, *row) for n, row in rows.items()]


def test_an_empty_page_inserts_nothing(database: Database) -> None:
    with database.write() as connection:
        insert_block(connection, usage_hour, (1, 1), MEASURES, block_of({0: {}}, 2).summed(DAY))
        assert connection.execute(select(usage_hour)).all() == []
