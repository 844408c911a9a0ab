"""Writes an export as XLSX: `python -m wherespent.exports.spreadsheet`, from standard input.

Only `exports.writers` calls it, with its own pickled (columns, rows, total).
"""
# pandas and XlsxWriter are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

import pickle
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pandas as pd

from wherespent.exports.tables import Cell, Column, Row, Type
from wherespent.exports.writers import unrun

# A number of a spreadsheet is a double: this many digits are exact.
_EXACT_DIGITS = 15
_SHEET = "wherespent"
_FORMATS = {
    Type.WHOLE: "#,##0",
    Type.REAL: "#,##0.######",
    Type.USD: "#,##0.00#######",
    Type.RATE: "0.00################",
    Type.TIME: "yyyy-mm-dd hh:mm:ss",
    Type.DAY: "yyyy-mm-dd",
}
_WIDEST, _SAMPLED = 60, 200
# Text is text: no formula, no link.
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}


def spreadsheet(columns: Sequence[Column], rows: Sequence[Row], total: Row | None) -> bytes:
    """One sheet, `total` below the rows.

    Money that fits a double stands as a number, any other as text, digit by digit. Times are UTC.
    """
    listed = rows if total is None else [*rows, total]
    # As objects, or pandas would make floats of whole numbers beside what is unknown.
    frame = pd.DataFrame(
        {
            number: pd.Series([_cell(row.get(it.name)) for row in listed], dtype=object)
            for number, it in enumerate(columns)
        }
    )
    content = BytesIO()
    with pd.ExcelWriter(content, "xlsxwriter", engine_kwargs={"options": _OPTIONS}) as writer:
        headings = [unrun(column.heading) for column in columns]
        frame.to_excel(writer, sheet_name=_SHEET, index=False, header=headings)
        _dress(writer, columns, frame, len(rows), has_total=total is not None)
    return content.getvalue()


def _dress(
    writer: Any, columns: Sequence[Column], frame: pd.DataFrame, rows: int, *, has_total: bool
) -> None:
    """Formats, widths, a heading that stays, and a total that is seen as one."""
    book, sheet = writer.book, writer.sheets[_SHEET]
    for at, column in enumerate(columns):
        looks = {"num_format": _FORMATS[column.type]} if column.type in _FORMATS else {}
        sheet.set_column(at, at, _width(column, frame[at].tolist()), book.add_format(looks))
    sheet.freeze_panes(1, 0)
    if rows and columns:
        sheet.autofilter(0, 0, rows, len(columns) - 1)
    if has_total:
        sheet.set_row(rows + 1, None, book.add_format({"bold": True, "top": 1}))


def _cell(value: Cell) -> Any:
    if isinstance(value, str):
        return unrun(value)
    if isinstance(value, Decimal):
        digits = len(value.normalize().as_tuple().digits)
        return float(value) if digits <= _EXACT_DIGITS else f"{value:f}"
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**_EXACT_DIGITS else str(value)
    # A spreadsheet knows no time zones.
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _width(column: Column, values: Sequence[Any]) -> int:
    longest = max((len(str(it)) for it in values[:_SAMPLED] if it is not None), default=0)
    return min(_WIDEST, max(len(column.heading), longest) + 2)


if __name__ == "__main__":
    # From the process that started this one, which wrote it itself.
    sys.stdout.buffer.write(spreadsheet(*pickle.load(sys.stdin.buffer)))  # noqa: S301
