"""The order that colours hang on only grows: what was there keeps its place."""

from datetime import UTC, datetime

import pytest
from tests.analytics.facts import Facts

from wherespent.analytics.appearance import in_order_of_appearance, in_order_seen

TODAY = datetime(2026, 1, 21, tzinfo=UTC)


def order(facts: Facts, today: datetime = TODAY) -> list[str]:
    with facts.database.read() as connection:
        return in_order_of_appearance(connection, today, "project_id")


@pytest.mark.parametrize("later", ["1", "1000"])
def test_who_overtakes_another_keeps_its_place(facts: Facts, later: str) -> None:
    assert order(facts) == []
    facts.cost("2026-01-05", "300", project_id="old", line_item="a")
    facts.cost("2026-01-05", "200", project_id="small", line_item="a")
    assert order(facts) == ["old", "small"]
    facts.cost("2026-01-13", later, project_id="small", line_item="a")
    facts.cost("2026-01-13", "900", project_id="new", line_item="a")
    assert order(facts) == ["old", "small", "new"]


def test_names_come_as_they_were_first_listed(facts: Facts) -> None:
    facts.name("user", "b", "Bea", seen=2)
    facts.name("user", "z", "Zoe", seen=1)
    facts.name("user", "a", "Ann", seen=2)
    with facts.database.read() as connection:
        assert in_order_seen(connection, "user") == ["z", "a", "b"]
