"""Series, slices and line items: each distinct combination of dimensions once, by number."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.line_items import model_key, parse_line_item
from wherespent.domain.records import Dimensions
from wherespent.domain.streams import USAGE_DIMENSIONS, Stream
from wherespent.storage.tables import (
    account,
    cost_series,
    cost_slice,
    line_item,
    stream,
    usage_series,
    usage_slice,
)

Row = dict[str, str | int]


def account_id(connection: Connection, label: str) -> int:
    """The account's number; it is made when it is new."""
    return _id_of(connection, account, "label", label)


def stream_id(connection: Connection, name: str) -> int:
    """The stream's number; it is made when it is new."""
    return _id_of(connection, stream, "name", name)


def _id_of(connection: Connection, table: Table, column: str, value: str) -> int:
    question = select(table.c.id).where(table.c[column] == value)
    known = connection.scalar(question)
    if known is None:
        insert_missing(connection, table, [{column: value}])
        known = connection.scalar(question)
    assert known is not None
    return int(known)


def insert_missing(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert what is not there; another process may be doing the same."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    if rows:
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


class UsageSeries:
    """Numbers of the series of one usage stream, remembered within one transaction or more.

    Throw it away when its transaction is rolled back: the numbers are gone with it.
    """

    def __init__(self, account_id: int, stream_id: int, definition: Stream) -> None:
        self._account_id = account_id
        self._stream_id = stream_id
        self._definition = definition
        self._by_text: dict[tuple[str, ...], int] = {}
        # By grouping as well: null is "unattributed" in one and "not asked for" in another.
        self._by_dimensions: dict[tuple[str, ...], dict[Dimensions, int]] = {}
        self._slices: dict[int, int] = {}

    def slices(self, connection: Connection, stored: Iterable[int]) -> dict[int, int]:
        """Series → slice, of every series that has a number here or is in `stored`."""
        if any(number not in self._slices for number in stored):
            self._load(connection)
        return self._slices

    def numbers(
        self, connection: Connection, wanted: Iterable[Dimensions], group_by: tuple[str, ...]
    ) -> dict[Dimensions, int]:
        """The number of every wanted combination; new ones are made."""
        known = self._by_dimensions.setdefault(group_by, {})
        missing = {dimensions for dimensions in wanted if dimensions not in known}
        if not missing:
            return known
        texts = {dimensions: self._texts(dimensions) for dimensions in missing}
        grouped_by = ",".join(group_by)
        if any((grouped_by, *text) not in self._by_text for text in texts.values()):
            self._load_newer(connection)
        new = [t for t in texts.values() if (grouped_by, *t) not in self._by_text]
        if new:
            self._insert(connection, grouped_by, new)
            self._load_newer(connection)
        if any((grouped_by, *text) not in self._by_text for text in new):
            # Another process made it, with a number from before our newest.
            self._load(connection)
        known.update({d: self._by_text[grouped_by, *text] for d, text in texts.items()})
        return known

    def _texts(self, dimensions: Dimensions) -> tuple[str, ...]:
        values = dict(zip(self._definition.dimensions, dimensions, strict=True))
        return tuple(_text(values.get(name)) for name in USAGE_DIMENSIONS)

    def _load_newer(self, connection: Connection) -> None:
        self._load(connection, newer_than=max(self._slices, default=0))

    def _load(self, connection: Connection, *, newer_than: int = 0) -> None:
        c = usage_series.c
        texts = (c.grouped_by, *(c[name] for name in USAGE_DIMENSIONS))
        question: Select[*tuple[Any, ...]] = select(c.id, c.slice_id, *texts).where(
            c.account_id == self._account_id,
            c.stream_id == self._stream_id,
            c.id > newer_than,
        )
        rows = connection.execute(question).all()
        self._by_text |= {tuple(row[2:]): row[0] for row in rows}
        self._slices |= {row[0]: row[1] for row in rows}

    def _insert(
        self, connection: Connection, grouped_by: str, texts: list[tuple[str, ...]]
    ) -> None:
        base: Row = {"account_id": self._account_id, "stream_id": self._stream_id}
        rows: list[Row] = []
        for text in texts:
            row: Row = {**base, **dict(zip(USAGE_DIMENSIONS, text, strict=True))}
            rows.append({**row, "model_key": model_key(str(row["model"]))})
        keep = ("account_id", "stream_id", "project_id", "model", "model_key")
        insert_missing(connection, usage_slice, [{name: r[name] for name in keep} for r in rows])
        c = usage_slice.c
        slices = _pairs(
            connection,
            select(c.project_id, c.model, c.id).where(
                c.account_id == self._account_id, c.stream_id == self._stream_id
            ),
        )
        insert_missing(
            connection,
            usage_series,
            [
                {
                    **row,
                    "slice_id": slices[str(row["project_id"]), str(row["model"])],
                    "grouped_by": grouped_by,
                }
                for row in rows
            ],
        )


class CostSeries:
    """Numbers of the series of the costs stream; the same rules as `UsageSeries`."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        self._known: dict[tuple[str, ...], int] = {}

    def numbers(
        self, connection: Connection, wanted: set[Dimensions], group_by: tuple[str, ...]
    ) -> dict[Dimensions, int]:
        """Combinations end with the quantity unit, see `domain.records.CostBucket`."""
        grouped_by = ",".join(group_by)
        texts = {d: (grouped_by, *(_text(value) for value in d)) for d in wanted}
        if any(text not in self._known for text in texts.values()):
            self._load(connection)
        new = sorted(text for text in texts.values() if text not in self._known)
        if new:
            self._insert(connection, new)
            self._load(connection)
        return {dimensions: self._known[text] for dimensions, text in texts.items()}

    def _load(self, connection: Connection) -> None:
        c = cost_series.c
        rows = connection.execute(
            select(
                c.id,
                c.grouped_by,
                c.project_id,
                c.user_id,
                line_item.c.name,
                c.api_key_id,
                c.api_source,
                c.quantity_unit,
            )
            .join(line_item, line_item.c.id == c.line_item_id)
            .where(c.account_id == self._account_id)
        )
        self._known = {tuple(row[1:]): row[0] for row in rows}

    def _insert(self, connection: Connection, texts: list[tuple[str, ...]]) -> None:
        items = line_item_numbers(connection, {text[3] for text in texts})
        base: Row = {"account_id": self._account_id}
        slices: list[Row] = [
            {**base, "project_id": t[1], "line_item_id": items[t[3]], "quantity_unit": t[6]}
            for t in texts
        ]
        insert_missing(connection, cost_slice, slices)
        c = cost_slice.c
        numbers = _pairs(
            connection,
            select(c.project_id, c.line_item_id, c.quantity_unit, c.id).where(
                c.account_id == self._account_id
            ),
        )
        insert_missing(
            connection,
            cost_series,
            [
                {
                    **base,
                    "slice_id": numbers[t[1], items[t[3]], t[6]],
                    "grouped_by": t[0],
                    "project_id": t[1],
                    "user_id": t[2],
                    "line_item_id": items[t[3]],
                    "api_key_id": t[4],
                    "api_source": t[5],
                    "quantity_unit": t[6],
                }
                for t in texts
            ],
        )


def line_item_numbers(connection: Connection, names: set[str]) -> dict[str, int]:
    """The number of each line item; a new one is kept with what its name says."""
    rows: list[Row] = []
    # In one order everywhere, or two processes that insert the same names could deadlock.
    for name in sorted(names):
        parsed = parse_line_item(name)
        rows.append(
            {
                "name": name,
                "model_key": parsed.model_key,
                "tier": parsed.tier,
                "modality": parsed.modality,
                "direction": parsed.direction,
                "long_context": int(parsed.long_context),
            }
        )
    insert_missing(connection, line_item, rows)
    found = connection.execute(select(line_item.c.name, line_item.c.id))
    return {name: number for name, number in found if name in names}


def _pairs(
    connection: Connection, question: Select[*tuple[object, ...]]
) -> dict[tuple[object, ...], int]:
    return {tuple(row[:-1]): int(str(row[-1])) for row in connection.execute(question)}


def _text(value: object) -> str:
    """Null is stored as '' because nulls are distinct in a unique key; a NUL has no place."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).replace("\0", "")
