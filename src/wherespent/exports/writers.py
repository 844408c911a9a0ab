"""Writes an export as CSV, JSON or Parquet, a row (group) at a time."""

import csv
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from io import TextIOWrapper
from typing import BinaryIO

import orjson

from wherespent.exports.tables import Cell, Export


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}

# A spreadsheet runs text that begins so as a formula; OWASP's list, with its full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_export(export: Export, file_format: Format, file: BinaryIO) -> int:
    """Write all rows to a binary file, which stays open, and say how many there were."""
    return _WRITERS[file_format](export, file)


def _write_csv(export: Export, file: BinaryIO) -> int:
    names = [column.name for column in export.columns]
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([_csv_cell(name) for name in names])
    count = 0
    for row in export.rows:
        writer.writerow([_csv_cell(row.get(name)) for name in names])
        count += 1
    text.flush()
    text.detach()
    return count


def _csv_cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
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


def _write_parquet(export: Export, file: BinaryIO) -> int:
    from wherespent.exports.parquet import write_parquet  # noqa: PLC0415

    return write_parquet(export, file)


_WRITERS: dict[Format, Callable[[Export, BinaryIO], int]] = {
    Format.CSV: _write_csv,
    Format.JSON: _write_json,
    Format.PARQUET: _write_parquet,
}
