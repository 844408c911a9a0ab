"""The numbers of a chart, read back as a table: as exact as its hover texts."""

from datetime import date
from decimal import Decimal
from typing import Any

import asking
import httpx
import pytest
from serving import NOW

from wherespent.analytics import cost
from wherespent.analytics.filters import Granularity
from wherespent.dashboard import figures, figures_explore, figures_lines, figures_week
from wherespent.dashboard.chart_cards import Drawing, FigureWithTable
from wherespent.dashboard.figure_tables import table_of
from wherespent.dashboard.figures_explore import Grid
from wherespent.dashboard.formats import count, exact_usd
from wherespent.dashboard.series import Series, axis
from wherespent.dashboard.table_model import Kind, Table
from wherespent.domain.windows import DAY, Window
from wherespent.storage.engine import Database

WINDOW = Window(1_760_659_200, 1_760_659_200 + 4 * DAY)


def usd(value: float) -> str:
    return exact_usd(Decimal(f"{value:.9f}"))


def two(values: tuple[Any, ...]) -> list[Series]:
    return [
        Series("a", "a & <b>", "#000000", values, 1.0),
        Series("b", "b", "#111111", (1.0,) * len(values), 4.0),
    ]


def test_money_is_exact_to_the_nano_dollar_and_adds_up() -> None:
    buckets = axis(WINDOW, Granularity.DAY)
    lines = two((1234567.123456789, None, -0.000000001, 0.5))
    figure = figures.stacked_bars(lines, buckets, Granularity.DAY, shown=usd, money=True)
    table = table_of(figure)
    assert [it.title for it in table.columns] == ["From", "Total", "a & <b>", "b"]
    assert [it.kind for it in table.columns] == [Kind.DAY, Kind.MONEY, Kind.MONEY, Kind.MONEY]
    first = table.rows[0].values
    assert first["at"] == date(2025, 10, 17)
    assert first["line-0"] == Decimal("1234567.123456789")
    assert table.rows[2].values["line-0"] == Decimal("-0.000000001")
    assert table.rows[1].values["line-0"] == 0
    assert table.total is not None
    assert table.total["total"] == Decimal("1234571.623456788")


def test_what_was_not_read_is_no_zero() -> None:
    buckets = axis(WINDOW, Granularity.DAY, {WINDOW.start})
    figure = figures.stacked_bars(two((None, 2.0, 3.0, 4.0)), buckets, Granularity.DAY, shown=count)
    figure["data"][1]["customdata"][0] = ""
    first = table_of(figure).rows[0].values
    assert first["line-0"] is None
    assert first["total"] is None
    assert first["line-2"] == "not read"


def test_every_kind_of_figure_has_a_table() -> None:
    lines = two((3.0, 4.0))
    flat = table_of(figures.flat_bars(lines, ["one", "two"], shown=count))
    assert [row.values["at"] for row in flat.rows] == ["one", "two"]
    assert flat.rows[1].values["line-0"] == 4
    slices = table_of(figures.donut(lines, shown=count, unit="requests"))
    assert {row.values["at"]: row.values["value"] for row in slices.rows} == {"a & <b>": 1, "b": 4}
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    week = table_of(figures_week.week({(0, 5): 1300}, days, shown=count))
    assert len(week.rows) == 168
    assert week.rows[5].values == {"at": "Mon 5:00–6:00 UTC", "value": 1300}
    hours = axis(Window(WINDOW.start, WINDOW.start + DAY), Granularity.HOUR)
    some = two((1.0,) * 24)
    by_hour = table_of(figures.stacked_areas(some, hours, Granularity.HOUR, shown=count))
    assert by_hour.columns[0].kind is Kind.MOMENT
    assert table_of(figures.BLANK).rows == ()


@pytest.mark.parametrize(("adds", "total"), [(True, 10), (False, None)])
def test_lines_have_a_sum_only_where_their_values_add_up(adds: bool, total: int | None) -> None:
    buckets = axis(WINDOW, Granularity.DAY)
    one = [Series("a", "a", "#000000", (1.0, 2.0, 3.0, 4.0), 10.0)]
    table = table_of(figures_lines.lines(one, buckets, Granularity.DAY, shown=count, adds=adds))
    assert [row.values["line-0"] for row in table.rows] == [1, 2, 3, 4]
    assert (table.total or {}).get("line-0") == total


def test_keys_of_one_name_are_parts_of_their_own() -> None:
    same = [Series(f"k{n}", "Default <project>", "#000000", (), 1.0 + n) for n in range(3)]
    figure = figures.donut(same, shown=count, unit="requests")
    assert len(set(figure["data"][0]["labels"])) == 3
    slices = table_of(figure)
    assert [row.values["at"] for row in slices.rows] == ["Default <project>"] * 3
    assert slices.total == {"value": 6}
    grid = Grid(("a", "a"), ("b", "b"), ((1.0, 2.0), (3.0, 4.0)), (("1", "2"), ("3", "4")))
    figure = figures_explore.heat_map(grid)
    for names in (figure["data"][0]["x"], figure["data"][0]["y"]):
        assert len(set(names)) == 2
    cells = table_of(figure)
    assert [it.title for it in cells.columns] == ["Name", "a", "a"]
    assert [row.values["at"] for row in cells.rows] == ["b", "b"]


def test_a_table_that_is_given_goes_with_its_figure() -> None:
    table = Table("Mine", (), ())
    figure = Drawing({"data": [], "layout": {}}, table=table).outputs()[0]
    assert isinstance(figure, FigureWithTable)
    assert figure.table is table
    assert dict(figure) == {"data": [], "layout": {}}


def test_a_chart_of_a_page_is_shown_as_the_table_that_adds_up_to_the_bill(
    client: httpx.Client, acme: Database
) -> None:
    from wherespent.dashboard.url_state import View

    show = asking.find(client, "overview-cost-as-table.children")
    answer = asking.call(client, show, overview_cost_shown__data=None).json()
    assert answer["response"]["overview-cost-as-table"]["children"] is None
    values = {"overview-cost-shown.data": {"as": "table"}}
    answer = asking.call(client, show, **{k.replace(".", "__"): v for k, v in values.items()})
    with acme.read() as connection:
        billed = cost.cost_total(connection, View().filters(NOW))
    assert f"${billed:,.2f}" in answer.text
    assert answer.json()["response"]["overview-cost-part"]["className"] == "chart-part as-table"


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "parquet", "exe"])
def test_the_table_of_a_chart_is_a_file(client: httpx.Client, form: str) -> None:
    import base64

    callback = asking.find(client, "overview-cost-data-download.data")
    wanted = {"overview-cost-data-export__data": {"format": form, "presses": 1}}
    answer = asking.call(client, callback, **wanted)
    if form == "exe":
        assert answer.status_code == 204
        return
    sent = answer.json()["response"]["overview-cost-data-download"]["data"]
    assert sent["filename"] == f"wherespent-overview-cost-data-2026-10-23-to-2026-11-21.{form}"
    assert len(base64.b64decode(sent["content"])) > 1000
