"""Writes an export as CSV, JSON or Parquet, a row (group) at a time, or as a spreadsheet."""

import csv
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from io import TextIOWrapper
from itertools import islice
from typing import BinaryIO

import orjson

from wherespent.errors import QuestionRefused
from wherespent.exports.tables import Cell, Export, Row


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}

# One sheet holds this many rows, with its heading and a total.
MOST_SHEET_ROWS = 1_048_576 - 2

# A spreadsheet runs text that begins so as a formula; OWASP's list, with its full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def unrun(text: str) -> str:
    """The same text, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_export(export: Export, file_format: Format, file: BinaryIO) -> int:
    """Write all rows to a binary file, which stays open, and say how many there were."""
    return _WRITERS[file_format](export, file)


def _write_csv(export: Export, file: BinaryIO) -> int:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([unrun(column.heading) for column in export.columns])
    count = 0
    for row in export.rows:
        writer.writerow(_csv_row(export, row))
        count += 1
    if export.total is not None:
        writer.writerow(_csv_row(export, export.total))
    text.flush()
    text.detach()
    return count


def _csv_row(export: Export, row: Row) -> list[str | int | float]:
    return [_csv_cell(row.get(column.name)) for column in export.columns]


def _csv_cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return unrun(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


def _write_json(export: Export, file: BinaryIO) -> int:
    count = 0
    file.write(b"[")
    for row in export.rows:
        file.write(b",\n" if count else b"\n")
        file.write(orjson.dumps(row, default=_nine_decimals, option=orjson.OPT_UTC_Z))
        count += 1
    file.write(b"\n]\n")
    return count


def _nine_decimals(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _write_spreadsheet(export: Export, file: BinaryIO) -> int:
    """In a process of its own: pandas would stay in the memory of a server, and while one thread
    imports it, Plotly finds half of it in the others and fails.

    Raises QuestionRefused for more rows than a sheet holds.
    """
    rows = list(islice(export.rows, MOST_SHEET_ROWS + 1))
    if len(rows) > MOST_SHEET_ROWS:
        raise QuestionRefused(
            f"a spreadsheet holds {MOST_SHEET_ROWS:,} rows: ask for fewer days or a coarser"
            " granularity, or take CSV or Parquet"
        )
    made = subprocess.run(
        [sys.executable, "-m", "wherespent.exports.spreadsheet"],
        input=pickle.dumps((export.columns, rows, export.total)),
        stdout=subprocess.PIPE,
        check=True,
    )
    file.write(made.stdout)
    return len(rows)


def _write_parquet(export: Export, file: BinaryIO) -> int:
    from wherespent.exports.parquet import write_parquet  # noqa: PLC0415

    return write_parquet(export, file)


_WRITERS: dict[Format, Callable[[Export, BinaryIO], int]] = {
    Format.CSV: _write_csv,
    Format.XLSX: _write_spreadsheet,
    Format.JSON: _write_json,
    Format.PARQUET: _write_parquet,
}
