"""Two accounts with the same ids: added up, told apart, filtered, exported."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert
from tests.analytics.facts import ACCOUNT, Facts, window

from wherespent.analytics import all_accounts, cost, names, usage
from wherespent.analytics.accounts import labels, only_scope
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.requests import top_requests
from wherespent.errors import QuestionRefused
from wherespent.exports.costs import export_costs
from wherespent.exports.usage import export_usage
from wherespent.storage import tables
from wherespent.storage.engine import Database

JANUARY = Filters(window("2026-01-01", "2026-02-01"), Granularity.TOTAL)
COPIED = (
    "usage_hour",
    "usage_day",
    "usage_slice_hour",
    "usage_slice_day",
    "usage_series",
    "usage_slice",
    "cost_day",
    "cost_slice_day",
    "cost_series",
    "cost_slice",
    "coverage",
    "name",
)
SERIES = {"usage_series", "usage_slice", "cost_series", "cost_slice"}
SHIFT = 1000


@pytest.fixture
def twins(organization: Facts) -> Database:
    """The organization of the other tests, and the account `twin` with the very same facts."""
    with organization.database.write() as connection:
        connection.execute(insert(tables.account).values(id=2, label="twin", version=5))
        for table in map(tables.metadata.tables.__getitem__, COPIED):
            rows = connection.execute(table.select()).mappings().all()
            connection.execute(insert(table), [_twin(table.name, dict(row)) for row in rows])
    return organization.database


def _twin(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of account 1 as that of account 2: series have numbers of their own."""
    row["account_id"] = 2
    if table in SERIES:
        row["id"] += SHIFT
    for column in ("series_id", "slice_id"):
        if column in row:
            row[column] += SHIFT
    return row


def test_all_accounts_are_added_up_and_one_is_what_it_is_alone(twins: Database) -> None:
    one = replace(JANUARY, account=Choice(("twin",)))
    with twins.read() as connection:
        assert labels(connection) == ("default", "twin")
        alone = cost.cost_total(connection, one)
        assert alone == Decimal("3.375000001")
        assert alone is not None
        assert cost.cost_total(connection, JANUARY) == 2 * alone
        assert usage.usage_totals(connection, one).requests == 37
        both = usage.usage_totals(connection, JANUARY)
        assert (both.requests, both.active_users, both.active_api_keys) == (74, 4, 4)


def test_an_account_can_be_left_out(twins: Database) -> None:
    others = replace(JANUARY, account=Choice(exclude=("default",)))
    with twins.read() as connection:
        assert cost.cost_total(connection, others) == Decimal("3.375000001")


def test_an_account_without_facts_is_unknown_and_not_zero(twins: Database) -> None:
    with twins.read() as connection:
        nobody = replace(JANUARY, account=Choice(("nobody",)))
        assert cost.cost_total(connection, nobody) is None
        assert usage.usage_totals(connection, nobody).requests is None


def test_the_account_is_a_dimension(twins: Database) -> None:
    with twins.read() as connection:
        points = cost.cost_by(connection, JANUARY, "account")
        assert {p.key: p.billed for p in points} == dict.fromkeys(
            ("default", "twin"), Decimal("3.375000001")
        )
        top = cost.top_costs(connection, JANUARY, "account", 8)
        assert {p.key for p in top.points} == {"default", "twin"}
        tokens = usage.tokens_by(connection, JANUARY, "account")
        assert {p.key: p.requests for p in tokens} == {"default": 37, "twin": 37}
        assert set(top_requests(connection, JANUARY, "account", 8).points.values()) == {37}


def test_one_id_in_two_accounts_is_two_things(twins: Database) -> None:
    with twins.read() as connection:
        billed = {p.key: p.billed for p in cost.cost_by(connection, JANUARY, "project_id")}
        assert set(billed) == {"default:p1", "default:p2", "twin:p1", "twin:p2"}
        only = replace(JANUARY, project=Choice(("twin:p1",)))
        assert cost.cost_total(connection, only) == billed["twin:p1"]
        both = replace(JANUARY, project=Choice(("p1",)))
        assert cost.cost_total(connection, both) == 2 * billed["twin:p1"]
        without = replace(JANUARY, project=Choice(exclude=("twin:p1",)))
        whole = cost.cost_total(connection, JANUARY)
        assert whole is not None
        assert cost.cost_total(connection, without) == whole - billed["twin:p1"]


def test_the_largest_keys_and_the_rest_still_add_up(twins: Database) -> None:
    with twins.read() as connection:
        for dimension in ("project_id", "user_id", "api_key_id", "model", "line_item"):
            top = cost.top_costs(connection, JANUARY, dimension, 1)
            shown = sum(point.billed for point in (*top.points, *top.others))
            assert shown == cost.cost_total(connection, JANUARY), dimension


def test_line_items_and_other_streams_are_added_up(twins: Database) -> None:
    one = replace(JANUARY, account=Choice(("default",)))
    with twins.read() as connection:
        alone = {it.line_item: it for it in cost.line_items(connection, one)}
        for item in cost.line_items(connection, JANUARY):
            assert item.billed == 2 * alone[item.line_item].billed
            assert item.share == alone[item.line_item].share
        sizes = {it.stream: it.total for it in usage.other_streams(connection, one)}
        both = {it.stream: it.total for it in usage.other_streams(connection, JANUARY)}
        assert both == {stream: 2 * total for stream, total in sizes.items()}
        hours = usage.requests_by_hour_of_week(connection, one)
        doubled = usage.requests_by_hour_of_week(connection, JANUARY)
        assert [it.requests for it in doubled] == [2 * it.requests for it in hours]


def test_users_may_stand_apart_in_one_account_only(twins: Database) -> None:
    with twins.write() as connection:
        stream = connection.scalar(
            tables.stream.select().where(tables.stream.c.name == "openai.costs")
        )
        connection.execute(
            insert(tables.refusal).values(
                account_id=2,
                stream_id=stream,
                kind="user_with_project",
                learned_at=all_time(),
            )
        )
    with twins.read() as connection:
        points = cost.cost_by(connection, JANUARY, "user_id")
    assert {point.key.split(":")[0] for point in points if point.key} == {"default"}


def all_time() -> datetime:

    return datetime(2026, 1, 1, tzinfo=UTC)


def test_names_and_options_say_which_account(twins: Database) -> None:
    with twins.read() as connection:
        known = names.all_names(connection, "project")
        assert names.display("project", "twin:p1", known) == "Web (twin)"
        offered = names.options(connection)
    assert [it.id for it in offered.accounts] == ["default", "twin"]
    assert {it.id: it.label for it in offered.projects} == {
        "default:p1": "Web (default)",
        "default:p2": "p2 (default)",
        "twin:p1": "Web (twin)",
        "twin:p2": "p2 (twin)",
    }
    assert len({it.id for it in offered.models}) == len(offered.models)


def test_with_one_account_nothing_carries_its_label(organization: Facts) -> None:
    with organization.database.read() as connection:
        points = cost.cost_by(connection, JANUARY, "project_id")
        assert {point.key for point in points} == {"p1", "p2"}
        assert names.display("project", "p1", names.all_names(connection, "project")) == "Web"
        assert {it.label for it in names.options(connection).projects} == {"Web", "p2"}


def test_exports_name_the_account_of_every_row_and_keep_raw_ids(twins: Database) -> None:
    with twins.read() as connection:
        for export in (
            export_costs(connection, JANUARY, ("project_id",)),
            export_usage(connection, JANUARY, ("project_id",), stream="completions"),
        ):
            rows = list(export.rows)
            assert "account" in [column.name for column in export.columns]
            assert {row["account"] for row in rows} == {"default", "twin"}
            assert {row["project_id"] for row in rows} == {"p1", "p2"}
            assert {row["project_name"] for row in rows} == {"Web", None}
        one = replace(JANUARY, account=Choice(("twin",)))
        assert {row["account"] for row in export_costs(connection, one, ("account",)).rows} == {
            "twin"
        }


def test_what_is_told_of_one_account_only_asks_for_it(twins: Database) -> None:
    with twins.read() as connection:
        with pytest.raises(QuestionRefused, match="choose one of default, twin"):
            only_scope(connection, JANUARY)
        chosen = replace(JANUARY, account=Choice(("twin",)))
        assert only_scope(connection, chosen).account.id == ACCOUNT + 1


def test_the_version_moves_with_any_account(twins: Database) -> None:
    with twins.read() as connection:
        before = all_accounts.data_version(connection)
    with twins.write() as connection:
        connection.execute(
            tables.account.update().where(tables.account.c.id == 2).values(version=6)
        )
    with twins.read() as connection:
        assert all_accounts.data_version(connection) == before + 1
