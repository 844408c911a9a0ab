"""Many facts as columns of integers: summed and inserted without a Python step for each row.

A page of a large organization holds 17,000 rows of 18 measures, and its rollups another third
of that.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Table

from wherespent.domain.records import Measures

Integers = NDArray[np.int64]
# Stands for NULL inside a block: the smallest 64-bit integer, which no count is near.
UNKNOWN = int(np.iinfo(np.int64).min)

# Sums of so large numbers could leave 64 bits, where numpy would wrap them without a word.
_LARGE = 2**40

# Head and end of Postgres's binary COPY format (its manual, "COPY", "Binary Format").
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Block:
    """`n` facts in the order of their key: bucket starts (n), series or slice numbers (n) and
    measures (n by m)."""

    starts: Integers
    numbers: Integers
    measures: Integers

    def only(self, starts: Iterable[int]) -> "Block":
        """The facts of these buckets."""
        chosen = np.isin(self.starts, list(starts))
        return Block(self.starts[chosen], self.numbers[chosen], self.measures[chosen])

    def last_of_each(self, width: int) -> "Block":
        """The facts of the last bucket within each slice of time of this width."""
        last = {start // width: start for start in np.unique(self.starts).tolist()}
        return self.only(last.values())

    def summed(self, width: int, slice_of: Mapping[int, int] | None = None) -> "Block":
        """Facts within one slice of time added up, by series or by the slice that it is in.

        Unknown plus a number is that number. Raises OverflowError beyond 64 bits.
        """
        starts = self.starts // width * width
        numbers = self.numbers
        if slice_of is not None:
            found = map(slice_of.__getitem__, numbers.tolist())
            numbers = np.fromiter(found, np.int64, len(numbers))
        order = np.lexsort((numbers, starts))
        starts, numbers = starts[order], numbers[order]
        is_first = np.ones(len(starts), np.bool_)
        is_first[1:] = (starts[1:] != starts[:-1]) | (numbers[1:] != numbers[:-1])
        at = np.flatnonzero(is_first)
        return Block(starts[at], numbers[at], _sums(self.measures[order], at))


def block_of(cells: Mapping[int, Mapping[int, Measures]], width: int) -> Block:
    """From bucket start → number → `width` measures."""
    keys = [(start, sorted(cells[start])) for start in sorted(cells)]
    counts = [len(numbers) for _, numbers in keys]
    total = sum(counts)
    starts = np.repeat(np.array([start for start, _ in keys], np.int64), counts)
    numbers = np.fromiter(chain.from_iterable(n for _, n in keys), np.int64, total)
    rows = [cells[start][number] for start, numbers in keys for number in numbers]
    return Block(starts, numbers, _integers(rows, width))


def _integers(rows: list[Measures], width: int) -> Integers:
    count = len(rows) * width
    try:
        flat = np.fromiter(chain.from_iterable(rows), np.int64, count)  # pyright: ignore[reportArgumentType]
    except TypeError:
        known = (UNKNOWN if value is None else value for row in rows for value in row)
        flat = np.fromiter(known, np.int64, count)
    return flat.reshape(-1, width)


def _sums(measures: Integers, at: NDArray[np.intp]) -> Integers:
    """Sums of the rows from each of `at` up to the next."""
    if not len(at):
        return measures
    known = measures != UNKNOWN
    values = measures if known.all() else np.where(known, measures, 0)
    if np.abs(values).max(initial=0) > _LARGE:
        # Python's integers do not wrap; what does not fit raises OverflowError below.
        values = values.astype(object)
    sums = np.add.reduceat(values, at, axis=0).astype(np.int64)
    if known.all():
        return sums
    return np.where(np.logical_or.reduceat(known, at, axis=0), sums, UNKNOWN)


def insert_block(
    connection: Connection,
    table: Table,
    key: tuple[int, int],
    measures: tuple[str, ...],
    block: Block,
) -> None:
    """Insert in the caller's transaction; `key` is the account and the stream of all rows."""
    if not len(block.starts):
        return
    driver = connection.connection.driver_connection
    number = table.primary_key.columns.keys()[-1]
    by_measure = zip(measures, np.ascontiguousarray(block.measures.T), strict=True)
    columns = {"bucket_start": block.starts, number: block.numbers, **dict(by_measure)}
    if connection.dialect.name == "sqlite":
        _insert_into_sqlite(driver, table, key, columns)
        return
    account, stream = (np.full(len(block.starts), value) for value in key)
    _copy_into_postgres(driver, table, {"account_id": account, "stream_id": stream, **columns})


def _insert_into_sqlite(
    driver: Any, table: Table, key: tuple[int, int], columns: dict[str, Integers]
) -> None:
    names = ", ".join(("account_id", "stream_id", *columns))
    places = ", ".join("?" * len(columns))
    driver.executemany(
        f"INSERT INTO {table.name} ({names}) VALUES ({key[0]}, {key[1]}, {places})",
        _rows(columns.values()),
    )


def _copy_into_postgres(driver: Any, table: Table, columns: dict[str, Integers]) -> None:
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor:
        if any(_has_unknown(column) for column in columns.values()):
            with cursor.copy(statement) as copy:
                for row in _rows(columns.values()):
                    copy.write_row(row)
            return
        with cursor.copy(f"{statement} (FORMAT BINARY)") as copy:
            copy.write(_COPY_HEAD + _packed(table, columns) + _COPY_END)


def _packed(table: Table, columns: dict[str, Integers]) -> bytes:
    """Each row as the number of its fields, then each field as its size and its value."""
    sizes = {n: 8 if isinstance(table.c[n].type, BigInteger) else 4 for n in columns}
    fields = [("fields", ">i2")]
    for name, size in sizes.items():
        fields += [(f"size of {name}", ">i4"), (name, f">i{size}")]
    rows = np.empty(len(columns["bucket_start"]), dtype=fields)
    rows["fields"] = len(columns)
    for name, column in columns.items():
        rows[f"size of {name}"] = sizes[name]
        rows[name] = column
    return rows.tobytes()


def _rows(columns: Iterable[Integers]) -> Iterator[tuple[int | None, ...]]:
    return zip(*map(_values, columns), strict=True)


def _values(column: Integers) -> list[int | None]:
    values: list[int | None] = column.tolist()
    return [None if v == UNKNOWN else v for v in values] if _has_unknown(column) else values


def _has_unknown(column: Integers) -> bool:
    return int(column.min()) == UNKNOWN
