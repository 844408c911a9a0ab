"""What is seen of a table, as a file: its rows in order, its columns, its total."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from wherespent.dashboard.table_model import Column, Kind, Table
from wherespent.dashboard.table_view import Arranged, TableView, arranged
from wherespent.domain.money import EXACT
from wherespent.exports.tables import Cell, Export, Type
from wherespent.exports.tables import Column as ExportColumn
from wherespent.exports.tables import Row as ExportRow
from wherespent.exports.writers import Format, write_export

EXPORT_WORDS = {
    Format.CSV: "CSV",
    Format.XLSX: "Excel (XLSX)",
    Format.JSON: "JSON",
    Format.PARQUET: "Parquet",
}
_TYPES = {
    Kind.TEXT: Type.TEXT,
    Kind.MONEY: Type.USD,
    Kind.COUNT: Type.WHOLE,
    Kind.NUMBER: Type.REAL,
    Kind.SHARE: Type.REAL,
    Kind.RATE: Type.RATE,
    Kind.CHANGE: Type.REAL,
    Kind.MOMENT: Type.TIME,
    Kind.DAY: Type.DAY,
}
# What the types of a file hold: quotients and estimates have decimals without end.
_STEPS = {Kind.MONEY: Decimal("1e-9"), Kind.RATE: Decimal("1e-18")}


def exported(table: Table, view: TableView, file_format: Format) -> bytes:
    """All rows that pass the filter, not only the first that are drawn.

    A word where a number would stand is left out: a column of a file has one type. Money is
    rounded half-even to nano-dollars, rates to 18 decimals.
    """
    seen = arranged(table, view)
    columns = [it for it in seen.columns if it.kind in _TYPES]
    rows = (_row(columns, row.values) for row in seen.rows)
    export = Export(tuple(map(_column, columns)), rows, total=_total(columns, seen))
    file = BytesIO()
    write_export(export, file_format, file)
    return file.getvalue()


def _column(column: Column) -> ExportColumn:
    unit = _unit(column)
    title = f"{column.title} ({unit})" if unit else column.title
    return ExportColumn(column.key, _TYPES[column.kind], title)


def _unit(column: Column) -> str:
    if column.kind is Kind.MONEY:
        return "USD"
    if column.kind is Kind.RATE:
        return f"USD per {column.unit or 'unit'}"
    return "UTC" if column.kind is Kind.MOMENT else column.unit


def _row(columns: Iterable[Column], values: Mapping[str, Any]) -> ExportRow:
    return {column.key: _cell(column, values.get(column.key)) for column in columns}


def _cell(column: Column, value: Any) -> Cell:
    if column.kind is Kind.TEXT or value is None:
        return None if value is None else str(value)
    if isinstance(value, Decimal):
        if _TYPES[column.kind] is Type.REAL:
            return float(value)
        step = _STEPS.get(column.kind)
        return EXACT.quantize(value, step) if step else value
    return value if isinstance(value, int | float | datetime | date) else None


def _total(columns: list[Column], seen: Arranged) -> ExportRow | None:
    if seen.total is None or not columns:
        return None
    row = _row(columns, seen.total)
    if columns[0].kind is Kind.TEXT and not row[columns[0].key]:
        row[columns[0].key] = "Total"
    return row
