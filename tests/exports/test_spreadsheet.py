"""A spreadsheet is read back as any program would: from its XML."""

import csv
import io
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from wherespent.exports.tables import Column, Export, Row, Type
from wherespent.exports.writers import Format, write_export

_NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def written(export: Export, form: Format = Format.XLSX) -> bytes:
    file = io.BytesIO()
    write_export(export, form, file)
    return file.getvalue()


def cells(content: bytes) -> list[list[Any]]:
    """Numbers as Decimal, text as str, nothing as None; a formula is an error."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts: list[str] = []
        if "xl/sharedStrings.xml" in book.namelist():
            shared = ET.fromstring(book.read("xl/sharedStrings.xml"))
            texts = ["".join(it.itertext()) for it in shared.findall("s:si", _NS)]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert sheet.find(".//s:f", _NS) is None
    return [
        [_cell(cell, texts) for cell in row.findall("s:c", _NS)]
        for row in sheet.findall(".//s:row", _NS)
    ]


def _cell(cell: ET.Element, texts: list[str]) -> Any:
    value = cell.find("s:v", _NS)
    if value is None or value.text is None:
        return None
    return texts[int(value.text)] if cell.get("t") == "s" else Decimal(value.text)


def one_column(kind: Type, *values: Any, title: str = "") -> Export:
    return Export((Column("it", kind, title),), iter([{"it": value} for value in values]))


def test_numbers_are_numbers_and_unknown_is_an_empty_cell() -> None:
    rows: list[Row] = [
        {"name": "a", "usd": Decimal("-1.500000001"), "count": 12, "day": date(2026, 11, 1)},
        {"name": "b", "usd": None, "count": None, "day": None},
    ]
    columns = (
        Column("name", Type.TEXT, "Name"),
        Column("usd", Type.USD, "Billed cost (USD)"),
        Column("count", Type.WHOLE),
        Column("day", Type.DAY),
    )
    export = Export(columns, iter(rows), total={"name": "Total", "usd": Decimal("-1.500000001")})
    heading, first, second, total = cells(written(export))
    assert heading == ["Name", "Billed cost (USD)", "count", "day"]
    assert first[:3] == ["a", Decimal("-1.500000001"), 12]
    assert first[3] == (date(2026, 11, 1) - date(1899, 12, 30)).days
    assert second[0] == "b"
    assert not any(second[1:])
    assert total[:2] == ["Total", Decimal("-1.500000001")]


def test_what_a_double_would_round_stands_as_text() -> None:
    exact = Decimal("12345678.123456789")
    assert cells(written(one_column(Type.USD, exact, Decimal("1234567.12345678"))))[1:] == [
        ["12345678.123456789"],
        [Decimal("1234567.12345678")],
    ]
    assert cells(written(one_column(Type.WHOLE, 10**16 + 1)))[1] == ["10000000000000001"]


def test_times_are_utc() -> None:
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    days = Decimal((moment - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds()) / 86_400
    assert cells(written(one_column(Type.TIME, moment)))[1] == [days]


@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_no_text_is_a_formula_in_a_heading_a_row_or_a_total(form: Format) -> None:
    texts = [begins + '1+HYPERLINK("x")' for begins in TRIGGERS]
    columns = tuple(Column(f"it-{at}", Type.TEXT, text) for at, text in enumerate(texts))
    row: Row = {f"it-{at}": text for at, text in enumerate(texts)}
    content = written(Export(columns, iter([row]), total=row), form)
    if form is Format.XLSX:
        lines = cells(content)
    else:
        lines = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert len(lines) == 3
    for line in lines:
        assert [text[0] for text in line] == ["'"] * len(TRIGGERS)


def test_more_rows_than_a_sheet_holds_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from wherespent.errors import QuestionRefused
    from wherespent.exports import writers

    assert writers.MOST_SHEET_ROWS == 1_048_574
    monkeypatch.setattr(writers, "MOST_SHEET_ROWS", 2)
    assert len(cells(written(one_column(Type.WHOLE, 1, 2)))) == 3
    with pytest.raises(QuestionRefused, match="CSV or Parquet"):
        written(one_column(Type.WHOLE, 1, 2, 3))


def test_a_server_that_writes_one_never_holds_pandas() -> None:
    """While a thread imports it, Plotly finds half of it in every other."""
    script = (
        "import io, sys\n"
        "from wherespent.exports.tables import Column, Export, Type\n"
        "from wherespent.exports.writers import Format, write_export\n"
        "export = Export((Column('it', Type.WHOLE),), iter([{'it': 1}]))\n"
        "assert write_export(export, Format.XLSX, io.BytesIO()) == 1\n"
        "sys.exit('pandas' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
