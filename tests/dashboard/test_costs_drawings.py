"""Rates, months and the matrix of the Costs page as they are drawn."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import plotly.graph_objects as go
import pytest
from tests.analytics.facts import Facts

from wherespent.dashboard import (
    drawings_cost_numbers,
    drawings_line_items,
    drawings_months,
    drawings_rates,
)
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import Asked, DashboardOptions, Desk
from wherespent.storage.engine import open_database
from wherespent.storage.migrations import upgrade

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTILE = "<b>x</b>-1, input"
CUT_ON = 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """1 to 20 March: one price cut on the 8th, one tool without a quantity, one day not read."""
    path: Path = tmp_path_factory.mktemp("rates") / "rates.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    facts = Facts(database)
    for day in range(1, 21):
        if day == 15:
            continue
        rate = Decimal(2) if day < CUT_ON else Decimal("1.5")
        facts.cost(
            f"2026-03-{day:02d}",
            str(rate),
            line_item=HOSTILE,
            quantity=1_000_000,
            unit="tokens",
            project_id="=p1",
        )
        facts.cost(f"2026-03-{day:02d}", "0.01", line_item="a tool", project_id="p2")
    facts.cost("2026-02-10", "7.000000001", line_item="a tool", project_id="p2")
    yield Desk(Answers(database), lambda: NOW, DashboardOptions())
    database.dispose()


def asked(desk: Desk, view: str = "?range=month") -> Asked:
    return desk.asked({"view": view, "path": "/costs"})


def test_a_price_cut_is_marked_on_the_chart_and_listed(desk: Desk) -> None:
    drawing = drawings_rates.over_time(desk, asked(desk), drawings_rates.MAIN_UNIT)
    assert drawing.figure is not None
    go.Figure(drawing.figure)
    line, signs = drawing.figure["data"][0], drawing.figure["data"][-1]
    assert line["y"][:8] == [2.0] * 7 + [1.5]
    assert signs["x"] == ["2026-03-08"]
    assert signs["y"] == [1.5]
    assert "&lt;b&gt;" in signs["customdata"][0]
    assert "$2.00 → $1.50 / M tokens" in signs["customdata"][0]
    assert "split=line_item" in (drawing.explore or "")
    [row] = drawings_rates.changes(desk, asked(desk)).rows
    # 12 days of the 13 since were read: a million tokens each, half a dollar less.
    assert row.values["effect"] == Decimal(-6)
    assert row.values["change"] == Decimal("-0.25")
    assert row.values["moved"] == "$2.00 → $1.50 / M tokens"


def test_the_month_before_the_cut_says_that_no_rate_changed(desk: Desk) -> None:
    table = drawings_rates.changes(desk, asked(desk, "?from=2026-03-01&to=2026-03-07"))
    assert table.rows == []
    assert "No rate changed" in str(table.empty)


def test_what_was_not_read_of_the_rates_is_hatched(desk: Desk) -> None:
    figure = drawings_rates.over_time(desk, asked(desk), drawings_rates.MAIN_UNIT).figure
    assert figure is not None
    [unread] = [trace for trace in figure["data"] if trace["name"] == "Not read"]
    assert unread["x"] == ["2026-03-15"]


def test_a_line_item_opens_to_its_days(desk: Desk) -> None:
    opened = str(drawings_line_items.days(desk, asked(desk), HOSTILE))
    assert "Sun 8 Mar 2026" in opened
    assert "was $2.00 / M tokens" in opened
    assert "All 19 billed days" in opened
    assert "1 of 20 days not read" in opened
    assert "Rate paid by day" in opened


def test_the_line_items_add_up_to_the_bill(desk: Desk) -> None:
    table = drawings_line_items.table(desk, asked(desk))
    assert table.total is not None
    assert [row.values["billed"] for row in table.rows] == [Decimal(32), Decimal("0.19")]
    assert table.total["billed"] == Decimal("32.19")
    # February was not read as a whole: there is nothing to compare with.
    assert [row.values["change"] for row in table.rows] == [None, None]
    assert [row.values["rate"] for row in table.rows][1] is None


def test_months_add_up_both_ways_and_paste_in_full(desk: Desk) -> None:
    table = drawings_months.month_table(desk, asked(desk, "?range=7d"))
    assert [(it.title, it.unit) for it in table.columns] == [
        ("Project", ""),
        ("Feb 2026", "27 days not read"),
        ("Mar 2026", "so far, 1 day not read"),
        ("Total", ""),
    ]
    assert table.total is not None
    months = [it.key for it in table.columns[1:-1]]
    for row in table.rows:
        assert sum(row.values[key] or 0 for key in months) == row.values["total"]
    for key in (*months, "total"):
        assert sum(row.values[key] or 0 for row in table.rows) == table.total[key]
    # The month was not read as a whole: what it cost this project is not known to be nothing.
    assert [row.values[months[0]] for row in table.rows] == [None, Decimal("7.000000001")]
    pasted = next(it for it in table.note.children if hasattr(it, "data-copy"))
    lines = [line.split("\t") for line in getattr(pasted, "data-copy").split("\n")]
    assert lines[0] == [f"{it.title} {it.unit}".strip() for it in table.columns]
    assert lines[1][0] == "'=p1"
    assert lines[-1] == ["All 2", "7.000000001", "32.190000000", "39.190000001"]


def test_the_matrix_totals_are_the_bill(desk: Desk) -> None:
    table = drawings_months.matrix(desk, asked(desk))
    assert [it.title for it in table.columns] == ["Project", "No model", "Total"]
    assert table.total is not None
    assert table.total["total"] == Decimal("32.19")


def test_the_key_numbers_say_what_the_rates_saved(desk: Desk) -> None:
    assert "−$6.00" in str(drawings_cost_numbers.rates_card(desk, asked(desk)))
    billed, per_day, largest = drawings_cost_numbers.bill_cards(desk, asked(desk))
    assert "$32.19" in str(billed)
    # 18 of the days that were billed are over: 32.19 without the $1.51 of the 20th.
    assert "$1.70" in str(per_day)
    assert "$32.00" in str(largest)


def test_a_range_that_was_not_read_is_no_zero(desk: Desk) -> None:
    nothing = asked(desk, "?from=2020-01-01&to=2020-01-31")
    cards = drawings_cost_numbers.bill_cards(desk, nothing)
    for card in (*cards, drawings_cost_numbers.rates_card(desk, nothing)):
        assert "$0.00" not in str(card)
    assert drawings_rates.over_time(desk, nothing, "main").figure is None
    assert "not $0" in str(drawings_months.matrix(desk, nothing).empty)


def test_one_day_is_enough_to_draw(desk: Desk) -> None:
    day = asked(desk, "?range=today")
    drawing = drawings_rates.over_time(desk, day, drawings_rates.MAIN_UNIT)
    assert drawing.figure is not None
    go.Figure(drawing.figure)
