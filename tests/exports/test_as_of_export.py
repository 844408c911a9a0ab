"""Exports of what changed, and of what was known at a moment, over real syncs."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyarrow import parquet
from tests.builders import Clock, Rig, at, day

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.demo import Restatement, ScriptedOrganization, serve
from wherespent.domain.line_items import parse_line_item
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused
from wherespent.exports.costs import export_costs
from wherespent.exports.restatements import export_restatements
from wherespent.exports.tables import Export
from wherespent.exports.writers import Format, write_export
from wherespent.storage.engine import Database

SETTLED = at(-10).date()
GONE = "o3-2025-04-16, output"
ALL = Filters(Window(day(-30), day(20)))
FIRST = at(0, 12.5)


@pytest.fixture
def clock() -> Clock:
    return Clock(FIRST)


@pytest.fixture
def restated(database: Database, clock: Clock) -> Iterator[Rig]:
    """Read at FIRST; eight days later one amount had grown, one item went and one came."""
    organization = ScriptedOrganization(clock)
    rig = Rig(database, organization, serve(organization), clock)
    organization.add_cost(SETTLED, "1.000000001", "a, input", project_id="p", quantity=3)
    organization.add_cost(SETTLED, "2", GONE, project_id="p")
    organization.add_cost(at(-9).date(), "7", "a, input", project_id="q")
    rig.sync("costs", since=-20)
    organization.add_cost(SETTLED, "0.5", "a, input", project_id="p", quantity=1)
    organization.add_cost(SETTLED, "4", "c, input")
    organization.quirks.restated[SETTLED] = Restatement(drop_line_items=frozenset({GONE}))
    rig.clock.move(days=8)
    rig.sync("costs", since=-20, until=9)
    yield rig
    rig.close()


def written(export: Export, form: Format = Format.JSON) -> bytes:
    file = io.BytesIO()
    write_export(export, form, file)
    return file.getvalue()


def costs_as_of(
    rig: Rig, moment: datetime | None, *dimensions: str, filters: Filters = ALL
) -> list[dict[str, Any]]:
    with rig.database.read() as connection:
        return json.loads(written(export_costs(connection, filters, dimensions, as_of=moment)))


def test_as_of_the_first_reading_is_the_bill_before_it_was_restated(restated: Rig) -> None:
    rows = costs_as_of(restated, FIRST, "line_item")
    assert [(row["bucket_start"][:10], row["line_item"], row["billed_usd"]) for row in rows] == [
        (str(SETTLED), "a, input", "1.000000001"),
        (str(SETTLED), GONE, "2.000000000"),
        (str(at(-9).date()), "a, input", "7.000000000"),
    ]


def test_as_of_now_is_the_bill_without_its_quantities(restated: Rig) -> None:
    kept = [
        {name: value for name, value in row.items() if not name.startswith("quantity")}
        for row in costs_as_of(restated, None, "line_item", "project_id")
    ]
    assert costs_as_of(restated, restated.clock(), "line_item", "project_id") == kept


@pytest.mark.parametrize("grain", [Granularity.MONTH, Granularity.TOTAL])
def test_longer_buckets_add_the_days_up(restated: Rig, grain: Granularity) -> None:
    rows = costs_as_of(restated, FIRST, filters=replace(ALL, granularity=grain))
    assert [row["billed_usd"] for row in rows] == ["10.000000001"]


def test_filters_and_models_apply_to_the_past_as_well(restated: Rig) -> None:
    only = replace(ALL, line_item=Choice(include=(GONE,)))
    assert [row["billed_usd"] for row in costs_as_of(restated, FIRST, filters=only)] == [
        "2.000000000"
    ]
    assert costs_as_of(restated, restated.clock(), filters=only) == []
    models = {row["model"] for row in costs_as_of(restated, FIRST, "model")}
    assert models == {None, parse_line_item(GONE).model_key}
    assert {row["model"] for row in costs_as_of(restated, restated.clock(), "model")} == {None}


def test_days_that_were_not_read_yet_are_named_and_left_out(restated: Rig) -> None:
    with restated.database.read() as connection:
        at_first = export_costs(connection, ALL, as_of=FIRST)
        before = export_costs(connection, ALL, as_of=FIRST - timedelta(seconds=1))
        assert list(before.rows) == []
    assert before.unknown == (ALL.window,)
    assert at_first.unknown == (Window(day(-30), day(-20)), Window(day(1), day(20)))


def test_the_bill_of_today_has_no_unknown_days(restated: Rig) -> None:
    with restated.database.read() as connection:
        assert export_costs(connection, ALL).unknown == ()


def test_users_that_are_read_apart_have_a_past_of_their_own(
    database: Database, clock: Clock
) -> None:
    organization = ScriptedOrganization(clock)
    organization.quirks.refuse_user_with_project = True
    rig = Rig(database, organization, serve(organization), clock)
    organization.add_cost(SETTLED, "1", "a, input", project_id="p", user_id="u")
    rig.sync("costs", since=-20)
    organization.add_cost(SETTLED, "2", "a, input", project_id="p", user_id="u")
    rig.clock.move(days=8)
    rig.sync("costs", since=-20, until=9)
    rig.close()
    [by_user] = costs_as_of(rig, FIRST, "user_id")
    assert (by_user["user_id"], by_user["billed_usd"]) == ("u", "1.000000000")
    assert [row["billed_usd"] for row in costs_as_of(rig, FIRST)] == ["1.000000000"]
    with rig.database.read() as connection:
        moved = list(export_restatements(connection, ALL, ("user_id",)).rows)
        assert [row["delta_usd"] for row in moved] == [Decimal(2)]
        with pytest.raises(QuestionRefused, match="by user"):
            export_restatements(connection, ALL, ("user_id", "project_id"))


def test_restatements_are_rows_of_old_and_new(restated: Rig) -> None:
    with restated.database.read() as connection:
        export = export_restatements(connection, ALL, ("line_item",))
        text = written(export, Format.CSV).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    seen = f"{restated.clock():%Y-%m-%dT%H:%M:%SZ}"
    assert {(row["bucket_start"][:10], row["seen_at"], row["settled"]) for row in rows} == {
        (str(SETTLED), seen, "true")
    }
    assert {(r["line_item"], r["old_usd"], r["new_usd"], r["delta_usd"]) for r in rows} == {
        ("a, input", "1.000000001", "1.500000001", "0.500000000"),
        (GONE, "2.000000000", "0.000000000", "-2.000000000"),
        ("c, input", "0.000000000", "4.000000000", "4.000000000"),
    }


def test_restatements_as_parquet_are_typed(restated: Rig) -> None:
    with restated.database.read() as connection:
        content = written(export_restatements(connection, ALL, ("project_id",)), Format.PARQUET)
    table = parquet.read_table(io.BytesIO(content))
    assert table.column_names == [
        "bucket_start",
        "seen_at",
        "settled",
        "account",
        "project_id",
        "project_name",
        "old_usd",
        "new_usd",
        "delta_usd",
    ]
    assert sorted(table["delta_usd"].to_pylist()) == [Decimal("-1.5"), Decimal(4)]


def test_provisional_changes_are_rows_only_when_asked_for(restated: Rig) -> None:
    today = restated.clock().date()
    restated.organization.add_cost(today, "1", "a, input")  # type: ignore[attr-defined]
    restated.clock.move(hours=1)
    restated.sync("costs", since=-20, until=9)
    with restated.database.read() as connection:
        settled = list(export_restatements(connection, ALL).rows)
        every = list(export_restatements(connection, ALL, provisional=True).rows)
    assert [row["settled"] for row in settled] == [True]
    assert [row["settled"] for row in every] == [True, False]
