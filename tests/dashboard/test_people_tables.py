"""The tables of People and keys and of the pages of one thing: sums, marks, refusals, accounts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert
from tests.analytics.facts import Facts, at
from tests.analytics.organization import _costs, _usage  # pyright: ignore[reportPrivateUsage]

from wherespent.analytics.entities import EntityKind
from wherespent.dashboard import (
    drawings_entity,
    drawings_people,
    entity_tables,
    idle_keys_table,
    people_facts,
)
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import Asked, DashboardOptions, Desk
from wherespent.dashboard.entity_subject import Subject, subject_of
from wherespent.dashboard.people_tables import table
from wherespent.dashboard.tables import Row, Table
from wherespent.storage import tables
from wherespent.storage.engine import Database
from wherespent.storage.tables import BY_USER

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JANUARY = "?from=2026-01-01&to=2026-01-31"


@pytest.fixture
def facts(nothing: Database) -> Facts:
    """Three days of usage and costs in January, and a directory."""
    made = Facts(nothing)
    _usage(made)
    _costs(made)
    listed = at("2026-01-30")
    made.name("project", "p1", "Web", seen=listed, status="active")
    made.name("project", "p2", "Old", seen=listed, status="archived")
    made.name("user", "u1", "Ann", email="ann@example.com", seen=listed, status="owner")
    made.name("user", "u2", "robot", seen=listed, status="service account", project_id="p1")
    made.name("user", "u3", "Cleo", seen=at("2026-01-05"))
    made.name("api_key", "k1", "production", seen=at("2026-01-10"), owner_id="u1", project_id="p1")
    made.name("api_key", "k3", "spare", seen=listed, owner_id="u3", project_id="p1")
    with nothing.write() as connection:
        connection.execute(
            tables.name.update().values(created_at=datetime(2025, 11, 1, tzinfo=UTC))
        )
    return made


def desk_of(facts: Facts) -> Desk:
    return Desk(Answers(facts.database), lambda: NOW, DashboardOptions())


def asked(desk: Desk, search: str = JANUARY, path: str = "/people") -> Asked:
    return desk.asked({"view": search, "path": path})


def rows_of(shown: Table) -> dict[str, Row]:
    return {row.key: row for row in shown.rows}


def columns_of(shown: Table) -> set[str]:
    return {column.key for column in shown.columns}


def total_of(shown: Table) -> dict[str, Any]:
    assert shown.total is not None
    return dict(shown.total)


@pytest.mark.parametrize("kind", [EntityKind.USER, EntityKind.PROJECT, EntityKind.API_KEY])
def test_every_list_adds_up_to_the_bill(facts: Facts, kind: EntityKind) -> None:
    desk = desk_of(facts)
    shown = table(desk, asked(desk), kind)
    billed = [row.values["billed"] for row in shown.rows]
    assert sum(billed, Decimal()) == Decimal("3.375000001") == total_of(shown)["billed"]
    assert total_of(shown)["requests"] == 37
    assert total_of(shown)["share"] == 1


def test_rows_say_what_is_known(facts: Facts) -> None:
    desk = desk_of(facts)
    users = rows_of(table(desk, asked(desk), EntityKind.USER))
    ann = users["u1"]
    assert ann.values["billed"] == Decimal("1.125000001")
    assert ann.values["per_1000"] == Decimal("41.666666704")  # 1.125000001 / 27 x 1000
    assert (ann.values["models"], ann.values["tokens"]) == ("gpt-5 +2", 264)
    assert (ann.values["first"], ann.values["last"]) == (
        date(2026, 1, 1),
        date(2026, 1, 2),
    )
    # A credit that names no user.
    assert users[""].values["billed"] == Decimal("-0.5")
    assert users["u2"].marks == {"name": "service account"}
    # Gone, and neither used nor billed.
    assert "u3" not in users


def test_what_is_gone_keeps_its_name_and_says_so(facts: Facts) -> None:
    desk = desk_of(facts)
    keys = rows_of(table(desk, asked(desk), EntityKind.API_KEY))
    assert keys["k1"].values["name"] == "production"
    assert keys["k1"].marks["name"] == "deleted, last seen 10 Jan 2026"
    # Never listed: its project was archived before.
    assert keys["k2"].marks["name"] == "project archived"
    assert keys["k2"].values["project"] == "Old"
    projects = rows_of(table(desk, asked(desk), EntityKind.PROJECT))
    assert projects["p2"].marks["name"] == "archived"


def test_service_accounts_are_a_part_of_the_bill(facts: Facts) -> None:
    desk = desk_of(facts)
    shown = table(desk, asked(desk), EntityKind.SERVICE_ACCOUNT)
    assert rows_of(shown).keys() == {"u2"}
    assert total_of(shown)["billed"] == Decimal("2.75")
    assert total_of(shown)["share"] < 1


def test_days_that_were_not_read_have_no_numbers(facts: Facts) -> None:
    """No data is not zero, and less data is not less cost."""
    desk = desk_of(facts)
    december = table(desk, asked(desk, "?from=2025-12-01&to=2025-12-05"), EntityKind.API_KEY)
    row = rows_of(december)["k3"]
    assert (row.values["requests"], row.values["billed"]) == (None, None)
    assert "change" not in columns_of(table(desk, asked(desk), EntityKind.API_KEY))


def test_users_of_a_project_have_no_money_where_it_is_refused(facts: Facts) -> None:
    facts.refuse("user_with_project")
    facts.cost(
        "2026-01-02",
        "3",
        grouping=BY_USER,
        grouped_by="user_id,line_item",
        user_id="u1",
        line_item="gpt-5, input",
    )
    desk = desk_of(facts)
    shown = table(desk, asked(desk, f"{JANUARY}&project=p1"), EntityKind.USER)
    assert not columns_of(shown) & {"billed", "share", "change", "per_1000"}
    assert shown.sorted_by == "-requests"
    assert "does not report this organization's costs by user together with project_id" in str(
        shown.note
    )
    trend = rows_of(shown)["u1"].values["trend"]
    assert sum(value or 0 for value in trend) == 2  # the images of 2 January: requests, not money
    # By user alone it is reported.
    assert "billed" in columns_of(table(desk, asked(desk), EntityKind.USER))


def test_of_many_only_the_largest_have_a_trend(
    facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_facts, "MOST_TRENDS", 1)
    desk = desk_of(facts)
    shown = table(desk, asked(desk), EntityKind.API_KEY)
    trends = {key: row.values["trend"] for key, row in rows_of(shown).items()}
    assert sum(value or 0 for value in trends["k2"]) == 2.75
    assert trends["k1"] == []
    assert next(it for it in shown.columns if it.key == "trend").about == "Of the 1 largest"


def test_an_idle_key_says_what_to_do(facts: Facts) -> None:
    desk = desk_of(facts)
    shown = idle_keys_table.idle_table(desk, asked(desk), lambda: None)
    row = rows_of(shown)["k3"]
    assert (row.values["idleness"], row.values["days"]) == ("Never used", 91)
    assert row.values["advice"] == "Its owner is deleted: revoke it, or hand it over"
    assert row.marks == {"owner": "deleted"}
    assert "read since 1 Jan 2026" in str(shown.note)
    narrowed = asked(desk, f"{JANUARY}&project=p2")
    assert idle_keys_table.idle_of(desk, narrowed) == []


def subject(desk: Desk, path: str, search: str = JANUARY) -> Subject:
    found = subject_of(desk, asked(desk, search, path))
    assert found is not None
    return found


def test_a_page_is_about_its_own_whatever_the_bar_says_of_it(facts: Facts) -> None:
    desk = desk_of(facts)
    found = subject(desk, "/keys/k2", f"{JANUARY}&key=k1")
    shown = entity_tables.models(desk, found)
    assert {key: row.values["billed"] for key, row in rows_of(shown).items()} == {
        "gpt-5": Decimal("2.5"),
        "o3": Decimal("0.25"),
    }
    assert total_of(shown)["billed"] == Decimal("2.75")
    head = drawings_entity.head(desk, asked(desk, f"{JANUARY}&key=k1", "/keys/k2"), found)
    assert "does not apply here" in str(head)


def test_what_it_is_tied_to_is_listed_used_or_not(facts: Facts) -> None:
    desk = desk_of(facts)
    found = subject(desk, "/projects/p1")
    keys = rows_of(entity_tables.connected(desk, found, EntityKind.API_KEY))
    # A credit without a key; k3 is listed below the project and was never used.
    assert keys.keys() == {"k1", "k3", ""}
    assert keys["k3"].values["requests"] == 0


def test_an_unknown_id_has_no_page(facts: Facts) -> None:
    desk = desk_of(facts)
    assert subject_of(desk, asked(desk, path="/keys/nope")) is None
    # A user is no project.
    assert subject_of(desk, asked(desk, path="/projects/u1")) is None


def test_with_several_accounts_an_id_carries_its_account(facts: Facts) -> None:
    with facts.database.write() as connection:
        connection.execute(insert(tables.account).values(id=2, label="research"))
        moment = {"first_seen_at": NOW, "last_seen_at": NOW}
        for key in ("k1", "k9"):
            row = {"account_id": 2, "kind": "api_key", "id": key, "name": f"other {key}"} | moment
            connection.execute(insert(tables.name).values(**row))
    desk = desk_of(facts)
    shown = table(desk, asked(desk), EntityKind.API_KEY)
    row = rows_of(shown)["research:k9"]
    assert (row.values["account"], row.values["id"]) == ("research", "k9")
    assert row.hrefs["name"].startswith("/keys/research%3Ak9?")
    assert "account" in columns_of(shown)
    assert subject(desk, "/keys/research%3Ak1").entity.name == "other k1"
    # An old link: only one account has that key.
    assert subject(desk, "/keys/k9").entity.id == "research:k9"
    assert subject_of(desk, asked(desk, path="/keys/k1")) is None


def test_the_chart_of_service_accounts_leads_to_the_same_in_explore(facts: Facts) -> None:
    desk = desk_of(facts)
    drawn = drawings_people.over_time(desk, asked(desk), EntityKind.SERVICE_ACCOUNT)
    assert drawn.figure is not None
    assert next(trace["name"] for trace in drawn.figure["data"]) == "robot"
    assert drawn.explore is not None
    assert "user=u2" in drawn.explore
    nobody = asked(desk, f"{JANUARY}&user=u1")
    assert drawings_people.over_time(desk, nobody, EntityKind.SERVICE_ACCOUNT).figure is None
