"""The pages of models: sums, prices that are missing, refusals, a suggestion of two models."""

import csv
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import pytest
from tests.analytics.facts import Facts, at
from tests.analytics.organization import _costs, _usage  # pyright: ignore[reportPrivateUsage]
from tests.analytics.price_lists import PRICES

from wherespent.dashboard import drawings_migration as migration
from wherespent.dashboard import drawings_model, drawings_model_prices, drawings_models
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import Asked, DashboardOptions, Desk
from wherespent.dashboard.figure_tables import table_of
from wherespent.dashboard.table_view import TableView
from wherespent.dashboard.tables import Row, Table, TablePart
from wherespent.domain.pricing import PriceBook
from wherespent.errors import QuestionRefused
from wherespent.exports.writers import Format
from wherespent.storage.engine import Database

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JANUARY = "?from=2026-01-01&to=2026-01-31"


@pytest.fixture
def facts(nothing: Database) -> Facts:
    made = Facts(nothing)
    _usage(made)
    _costs(made)
    return made


def desk_of(facts: Facts, prices: PriceBook = PRICES) -> Desk:
    return Desk(Answers(facts.database), lambda: NOW, DashboardOptions(prices=prices))


def asked(desk: Desk, search: str = JANUARY, path: str = "/models") -> Asked:
    return desk.asked({"view": search, "path": path})


def rows_of(shown: Table) -> dict[str, Row]:
    return {row.key: row for row in shown.rows}


def total_of(shown: Table) -> dict[str, Any]:
    assert shown.total is not None
    return dict(shown.total)


def test_models_and_what_names_none_are_the_bill(facts: Facts) -> None:
    desk = desk_of(facts)
    shown = drawings_models.models(desk, asked(desk))
    billed = [row.values["billed"] for row in shown.rows]
    assert sum(billed, Decimal()) == Decimal("3.750000001") == total_of(shown)["billed"]
    # 0.125 of web searches and a credit of 0.5
    assert "−$0.38 of the bill names no model" in str(shown.note)
    assert total_of(shown)["requests"] == 37
    rows = rows_of(shown)
    assert rows["gpt-5"].hrefs["name"] == "/models/gpt-5" + JANUARY
    assert rows["gpt-5"].values["estimated"] == Decimal("0.000442")
    assert rows["gpt-5"].values["in"] == Decimal("7000.000002")
    assert rows["gpt-5"].values["list_in"] == 2
    assert rows["o3"].values["first"].isoformat() == "2026-01-02"


def test_a_price_that_is_missing_is_said_and_never_zero(facts: Facts) -> None:
    desk = desk_of(facts, PriceBook())
    shown = drawings_models.models(desk, asked(desk))
    assert {row.values["estimated"] for row in shown.rows} == {"price missing"}
    assert total_of(shown)["estimated"] is None
    assert {row.values["over"] for row in shown.rows} == {None}
    cards = str(drawings_models.cards(desk, asked(desk)))
    assert "$0.00" not in cards
    without, is_empty = drawings_models.without_price(desk, asked(desk))
    assert not is_empty
    assert "The model is in no price list" in str(without)


@pytest.mark.parametrize("file_format", Format)
def test_a_price_that_is_missing_can_be_exported(facts: Facts, file_format: Format) -> None:
    desk = desk_of(facts, PriceBook())
    part = TablePart("models", drawings_models.models)
    file = part.file(desk, asked(desk), TableView(), file_format)
    content = b64decode(file["content"])
    assert content
    if file_format is Format.CSV:
        rows = csv.DictReader(content.decode().splitlines())
        # Empty is unknown, as in every export: not 0.
        assert {row["Estimated (USD)"] for row in rows} == {""}


def test_what_is_priced_in_part_says_so(facts: Facts) -> None:
    batch = {"batch": "true", "service_tier": "default", "model": "gpt-5"}
    facts.usage("completions", at("2026-01-05"), num_model_requests=1, input_tokens=9, **batch)
    desk = desk_of(facts)
    row = rows_of(drawings_models.models(desk, asked(desk)))["gpt-5"]
    assert row.values["estimated"] == Decimal("0.000442")
    assert (row.values["unpriced"], row.marks["estimated"]) == (9, "in part")


def test_without_billed_cost_usage_and_estimate_stay(facts: Facts) -> None:
    facts.refuse("user_with_project")
    desk = desk_of(facts)
    view = asked(desk, JANUARY + "&user=u1&project=p1")
    shown = drawings_models.models(desk, view)
    assert "does not report this organization" in str(shown.note)
    assert "billed" not in {column.key for column in shown.columns}
    assert rows_of(shown)["gpt-5"].values["estimated"] == Decimal("0.000442")
    assert "does not report" in str(drawings_models.cards(desk, view))
    pair = migration.Pair("gpt-5", "o3", is_suggested=False, offered=())
    assert migration.share_over_time(desk, view, pair).figure is None
    with pytest.raises(QuestionRefused):
        migration.projects(desk, view, pair)


@pytest.mark.parametrize("days", ["2025-06-01&to=2025-06-02", "2026-01-03&to=2026-01-03"])
def test_a_range_without_usage_says_so(facts: Facts, days: str) -> None:
    desk = desk_of(facts)
    view = asked(desk, f"?from={days}")
    shown = drawings_models.models(desk, view)
    assert not [row for row in shown.rows if row.values["billed"]]
    assert "$0.00" not in str(
        drawings_models.estimated_card(drawings_models.model_facts(desk, view).whole)
    )
    assert not migration.pair_of(desk, view)


def test_the_page_of_a_model_has_its_own_prices(facts: Facts) -> None:
    desk = desk_of(facts)
    subject = drawings_model.subject_of(desk, asked(desk, JANUARY, "/models/gpt-5"))
    assert subject is not None
    listed = str(drawings_model.list_prices(desk, subject))
    assert "$2.00" in listed
    assert "tests, version 1" in str(drawings_model.head(desk, subject.own, subject))
    drawing = drawings_model_prices.prices_over_time(desk, subject.own)
    assert drawing.figure is not None
    assert [trace["name"] for trace in go.Figure(drawing.figure).to_dict()["data"]][:2] == [
        "Input, paid",
        "Input, list price",
    ]
    shown = table_of(drawing.figure)
    assert shown.rows
    assert shown.total is None
    unlisted = replace(desk, options=DashboardOptions())
    assert "Price missing" in str(drawings_model.list_prices(unlisted, subject))
    assert drawings_model.subject_of(desk, asked(desk, JANUARY, "/models/none")) is None


def test_the_suggestion_is_what_moved_most(facts: Facts) -> None:
    day = {"batch": "false", "service_tier": "default", "output_tokens": 1}
    for moment, model, requests in (
        ("2026-01-10", "before-1", 50),
        ("2026-01-10", "steady-1", 50),
        ("2026-01-20", "steady-1", 50),
        ("2026-01-20", "after-1", 50),
    ):
        facts.usage("completions", at(moment), model=model, num_model_requests=requests, **day)
    desk = desk_of(facts)
    view = asked(desk, "?from=2026-01-09&to=2026-01-21")
    pair = migration.pair_of(desk, view)
    assert (pair.old, pair.new, pair.is_suggested) == ("before-1", "after-1", True)
    chosen = migration.pair_of(desk, asked(desk, "?old=steady-1&from=2026-01-09&to=2026-01-21"))
    assert (chosen.old, chosen.new) == ("steady-1", "after-1")
    drawing = migration.share_over_time(desk, view, pair)
    assert drawing.figure is not None
    go.Figure(drawing.figure)
    assert "has led since 20 Jan 2026" in str(migration.verdict(desk, view, pair))
    shown = migration.projects(desk, view, pair)
    assert total_of(shown)["moved"] == 0.5
    assert (total_of(shown)["before"], total_of(shown)["after"]) == (0, 1)
    # A filter adds up what the projects paid, never what they paid for 1,000 requests.
    assert [it.key for it in shown.columns if not it.adds] == ["old_rate", "new_rate"]
