"""What a table shows, in which order, what its filter leaves, and what its files hold."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from organization import HOSTILE
from pyarrow import parquet

from wherespent.dashboard.table_drawing import MOST_SHOWN, body, column_choices
from wherespent.dashboard.table_export import exported
from wherespent.dashboard.table_view import TableView, arranged
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.domain.money import EXACT
from wherespent.exports.writers import Format

COLUMNS = (
    Column("name", "Key"),
    Column("billed", "Billed cost", Kind.MONEY),
    Column("requests", "Requests", Kind.COUNT),
    Column("rate", "Rate paid", Kind.RATE, "token"),
    Column("share", "Share", Kind.SHARE),
    Column("seen", "Last seen", Kind.MOMENT, is_hidden=True),
    Column("since", "Since", Kind.DAY, is_hidden=True),
    Column("trend", "Trend", Kind.TREND),
)
ROWS = (
    Row(
        "k1",
        {
            "name": "beta",
            "billed": Decimal("10.000000001"),
            "requests": 5,
            "rate": Decimal("0.00000175"),
            "share": 0.25,
            "seen": datetime(2026, 11, 1, 12, tzinfo=UTC),
            "since": date(2026, 1, 2),
            "trend": [1.0, None, 2.0],
        },
        hrefs={"name": "/keys/k1"},
    ),
    Row("k2", {"name": "Alpha", "billed": Decimal(30), "requests": None, "rate": "price missing"}),
    Row("k3", {"name": "=gamma", "billed": None, "requests": 7}, marks={"name": "deleted"}),
)
TABLE = Table(
    "Keys",
    COLUMNS,
    ROWS,
    {"billed": Decimal("40.000000001"), "requests": 12, "share": 1},
    "-billed",
)


def keys(order: str, table: Table = TABLE) -> list[str]:
    return [row.key for row in arranged(table, TableView(sorted_by=order)).rows]


def test_the_order_ignores_case_and_puts_what_is_unknown_last() -> None:
    assert [row.key for row in arranged(TABLE, TableView()).rows] == ["k2", "k1", "k3"]
    assert keys("billed") == ["k1", "k2", "k3"]
    assert keys("name") == ["k3", "k2", "k1"]
    assert keys("-name") == ["k1", "k2", "k3"]
    assert keys("-requests") == ["k3", "k1", "k2"]
    # A word among numbers is no number.
    assert keys("rate") == keys("-rate") == ["k1", "k2", "k3"]


@pytest.mark.parametrize("order", ["nothing", "-trend", "", "--billed"])
def test_an_order_that_makes_no_sense_leaves_the_rows_as_they_come(order: str) -> None:
    assert keys(order) == ["k1", "k2", "k3"]


def test_the_total_of_a_filter_is_that_of_its_rows() -> None:
    everything = arranged(TABLE, TableView())
    assert everything.total is TABLE.total
    two = arranged(TABLE, TableView(text="  A  "))
    assert [row.key for row in two.rows] == ["k2", "k1", "k3"]
    one = arranged(TABLE, TableView(text="BET"))
    assert one.total == {"billed": Decimal("10.000000001"), "requests": 5}
    assert arranged(TABLE, TableView(text="alp")).total == {"billed": 30, "requests": None}
    assert [row.key for row in arranged(TABLE, TableView(text="deleted")).rows] == ["k3"]
    assert arranged(TABLE, TableView(text="beta alpha")).rows == ()


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        "x",
        {"sorted_by": 5, "columns": "name", "shown": "9", "opened": {"k1": 1}},
        {"columns": [1, None], "shown": True, "opened": [7]},
    ],
)
def test_what_a_browser_makes_up_is_left_out(state: Any) -> None:
    view = TableView.parse(state, 5)
    assert (view.sorted_by, view.text, view.shown, view.opened) == (None, "", 0, ())
    assert arranged(TABLE, view).rows


def drawn(table: Table, view: TableView | None = None, shown: int = 50) -> str:
    import orjson
    from plotly.utils import PlotlyJSONEncoder

    parts = body(table, view or TableView(), lambda key: f"details of {key}", shown)
    return orjson.dumps(json.loads(json.dumps(parts, cls=PlotlyJSONEncoder))).decode()


def test_names_are_text_and_lead_to_their_page() -> None:
    row = Row("h", {"name": HOSTILE}, hrefs={"name": "/keys/h"})
    text = drawn(Table("Keys", COLUMNS, (row,)))
    assert json.dumps(HOSTILE[:20])[1:-1] in text  # a text node: no markup is made of it
    assert '"href":"/keys/h"' in text
    assert "dangerously" not in text


def test_what_is_unknown_is_not_zero() -> None:
    text = drawn(Table("Keys", COLUMNS, ROWS[2:]))
    assert "—" in text
    assert "$0" not in text


def test_a_row_opens_to_its_details() -> None:
    assert "details of k1" not in drawn(TABLE)
    opened = drawn(TABLE, TableView(opened=("k1", "nobody")))
    assert "details of k1" in opened
    assert opened.count('"aria-expanded":"true"') == 1


def test_two_thousand_rows_are_drawn_fifty_at_a_time() -> None:
    rows = [Row(f"k{n}", {"name": f"key {n}", "billed": Decimal(n)}) for n in range(2000)]
    table = Table("Keys", COLUMNS, rows, {"billed": Decimal(1_999_000)}, "-billed")
    text = drawn(table)
    assert text.count('"data-open"') == 50
    assert "50 of 2,000 rows" in text
    assert drawn(table, TableView(shown=10**9)).count('"data-open"') == MOST_SHOWN
    assert "1,999,000" in text


def test_columns_are_chosen_and_the_first_stays() -> None:
    pressed = [it["props"]["aria-pressed"] for it in column_choices(TABLE, TableView())]
    assert pressed == ["true", "true", "true", "true", "false", "false", "true"]
    chosen = arranged(TABLE, TableView(columns=("seen",)))
    assert [column.key for column in chosen.columns] == ["name", "seen"]


VIEW = TableView(sorted_by="billed", columns=("billed", "requests", "rate", "seen", "since"))


def test_a_csv_has_what_is_seen_and_its_total() -> None:
    lines = list(csv.reader(io.StringIO(exported(TABLE, VIEW, Format.CSV).decode())))
    assert lines == [
        [
            "Key",
            "Billed cost (USD)",
            "Requests",
            "Rate paid (USD per token)",
            "Last seen (UTC)",
            "Since",
        ],
        ["beta", "10.000000001", "5", "0.000001750000000000", "2026-11-01T12:00:00Z", "2026-01-02"],
        ["Alpha", "30.000000000", "", "", "", ""],
        ["'=gamma", "", "7", "", "", ""],
        ["Total", "40.000000001", "12", "", "", ""],
    ]


def test_json_and_parquet_have_records_without_a_total() -> None:
    records = json.loads(exported(TABLE, VIEW, Format.JSON))
    assert [it["name"] for it in records] == ["beta", "Alpha", "=gamma"]
    assert records[0]["billed"] == "10.000000001"
    table = parquet.read_table(io.BytesIO(exported(TABLE, VIEW, Format.PARQUET)))
    assert table.num_rows == 3
    assert table.schema.field("billed").type == pa.decimal128(38, 9)
    assert table.column("rate")[0].as_py() == Decimal("0.00000175")
    assert table.column("since")[0].as_py() == date(2026, 1, 2)


@pytest.mark.parametrize("file_format", list(Format))
def test_money_without_an_end_of_decimals_is_rounded_to_nano_dollars(file_format: Format) -> None:
    """A price paid is a quotient of 60 digits, and an estimate a product that nobody rounded."""
    price = EXACT.divide(Decimal(20_000_000_000_000_000_000), Decimal(3))
    columns = (Column("price", "Price", Kind.MONEY), Column("rate", "Rate", Kind.RATE, "token"))
    table = Table("Prices", columns, (Row("a", {"price": price, "rate": price}),))
    file = exported(table, TableView(), file_format)
    dollars, rate = "6666666666666666666.666666667", "6666666666666666666.666666666666666667"
    if file_format is Format.PARQUET:
        (row,) = parquet.read_table(io.BytesIO(file)).to_pylist()
        assert row == {"price": Decimal(dollars), "rate": Decimal(rate)}
    elif file_format is not Format.XLSX:
        assert dollars in file.decode()
        assert rate[:29] in file.decode()


def test_a_filter_narrows_the_file_too() -> None:
    lines = exported(TABLE, TableView(text="beta"), Format.CSV).decode().splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("Total,10.000000001,5,")


def test_a_filter_adds_up_no_prices() -> None:
    columns = (
        Column("name", "Key"),
        Column("requests", "Requests", Kind.COUNT),
        Column("price", "Per 1,000", Kind.MONEY, adds=False),
    )
    rows = [
        Row(name, {"name": name, "requests": 2, "price": Decimal(3)}) for name in ("a1", "a2", "b")
    ]
    whole = {"requests": 6, "price": Decimal(3)}
    table = Table("Keys", columns, rows, whole)
    assert arranged(table, TableView()).total == whole
    assert arranged(table, TableView(text="a")).total == {"requests": 4}
