"""What a person made of a table: its order, filter and columns; and the rows that this leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from wherespent.dashboard.table_model import ADDED, Column, Kind, Row, Table

_MOST_TEXT = 200
_MOST_OPEN = 12
_MOST_COLUMNS = 60
_LONGEST_KEY = 400


@dataclass(frozen=True, slots=True)
class TableView:
    """What the browser keeps of a table. `sorted_by` and `columns`: None as the table has them."""

    sorted_by: str | None = None
    text: str = ""
    columns: tuple[str, ...] | None = None
    shown: int = 0
    opened: tuple[str, ...] = ()

    @classmethod
    def parse(cls, state: Any, text: Any = None) -> "TableView":
        """Read what a browser sent; what makes no sense is left out, never an error."""
        asked = cast("dict[str, Any]", state if isinstance(state, dict) else {})
        order, shown = asked.get("sorted_by"), asked.get("shown")
        return cls(
            sorted_by=order if isinstance(order, str) else None,
            text=text.strip()[:_MOST_TEXT] if isinstance(text, str) else "",
            columns=_texts(asked.get("columns"), _MOST_COLUMNS),
            shown=shown if isinstance(shown, int) and not isinstance(shown, bool) else 0,
            opened=_texts(asked.get("opened"), _MOST_OPEN) or (),
        )


@dataclass(frozen=True, slots=True)
class Arranged:
    """A table as it is seen: columns and rows in order, and the total of exactly these rows."""

    table: Table
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Mapping[str, Any] | None
    sorted_by: str

    @property
    def is_filtered(self) -> bool:
        return len(self.rows) < len(self.table.rows)


def arranged(table: Table, view: TableView) -> Arranged:
    """The rows that pass the filter, in order, and their total."""
    columns = chosen_columns(table, view)
    words = view.text.casefold().split()
    rows = [row for row in table.rows if _passes(row, table.columns, words)]
    order = table.sorted_by if view.sorted_by is None else view.sorted_by
    by = next((it for it in table.columns if it.key == order.removeprefix("-")), None)
    if by is None or by.kind is Kind.TREND:
        order = ""
    else:
        rows = in_order(rows, by.key, descending=order.startswith("-"))
    total = table.total
    if total is not None and len(rows) < len(table.rows):
        total = _total_of(rows, table)
    return Arranged(table, columns, tuple(rows), total, order)


def chosen_columns(table: Table, view: TableView) -> tuple[Column, ...]:
    """Always with the first one, which says what a row is."""
    chosen = view.columns
    if chosen is None:
        return tuple(it for it in table.columns if not it.is_hidden)
    first = table.columns[0].key if table.columns else ""
    return tuple(it for it in table.columns if it.key == first or it.key in chosen)


def in_order(rows: Sequence[Row], key: str, *, descending: bool) -> list[Row]:
    """Text without regard to case; what is unknown comes last in either direction."""
    known: list[Row] = []
    texts: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        value = row.values.get(key)
        is_text = isinstance(value, str)
        (texts if is_text else known if _is_comparable(value) else unknown).append(row)
    known.sort(key=lambda row: row.values[key], reverse=descending)
    texts.sort(key=lambda row: row.values[key].casefold(), reverse=descending)
    return [*known, *texts, *unknown]


def _is_comparable(value: Any) -> bool:
    return isinstance(value, int | float | Decimal | datetime | date)


def _passes(row: Row, columns: Sequence[Column], words: Sequence[str]) -> bool:
    if not words:
        return True
    values = [row.values.get(it.key) for it in columns if it.kind is Kind.TEXT]
    texts = [value for value in values if isinstance(value, str)]
    said = "\n".join([*texts, *row.marks.values()]).casefold()
    return all(word in said for word in words)


def _total_of(rows: Sequence[Row], table: Table) -> dict[str, Any]:
    """Of the columns that add up; a share of the rows of a filter would be a share of what?"""
    sums: dict[str, Any] = {}
    for column in table.columns:
        is_sum = column.adds and column.kind in ADDED
        if is_sum and (table.total or {}).get(column.key) is not None:
            values = [row.values.get(column.key) for row in rows]
            known = [it for it in values if isinstance(it, int | Decimal)]
            sums[column.key] = sum(known) if known else None
    return sums


def _texts(raw: Any, most: int) -> tuple[str, ...] | None:
    if not isinstance(raw, list):
        return None
    texts = [it[:_LONGEST_KEY] for it in cast("list[Any]", raw) if isinstance(it, str)]
    return tuple(dict.fromkeys(texts))[:most]
