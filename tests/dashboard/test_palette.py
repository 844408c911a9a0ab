"""The search finds what it should, best first, in a real database."""

from datetime import UTC, datetime

import organization
import pytest

from wherespent.dashboard import palette
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.palette import Hit, page_hit
from wherespent.dashboard.url_state import View
from wherespent.storage.engine import Database

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
PAGES = [page_hit("Costs", "costs", "/costs"), page_hit("People and keys", "people", "/people")]


@pytest.fixture
def desk(database: Database) -> Desk:
    organization.build(database, NOW, days=3)
    return Desk(Answers(database), lambda: NOW, DashboardOptions())


def found(desk: Desk, text: str, query: str = "") -> list[Hit]:
    return palette.search(desk, PAGES, text, View.parse(query))


def test_nothing_typed_offers_the_pages(desk: Desk) -> None:
    assert [hit.label for hit in found(desk, " ")] == ["Costs", "People and keys"]


def test_a_name_an_id_an_address_and_a_page_are_found(desk: Desk) -> None:
    for text, kind in (
        ("support bot", "Project"),
        ("ida", "User"),
        ("O4-MINI", "Model"),
        ("costs", "Page"),
    ):
        first = found(desk, text)[0]
        assert (first.kind, text.casefold() in first.words) == (kind, True)
    project = found(desk, "support bot")[0]
    by_id = found(desk, project.href.split("/")[-1])
    assert [hit.href for hit in by_id] == [project.href]


def test_what_begins_with_the_text_comes_before_what_holds_it(desk: Desk) -> None:
    hits = found(desk, "co")
    assert hits[0].label == "Costs"
    starts = [hit.label.casefold().startswith("co") for hit in hits]
    assert starts == sorted(starts, reverse=True)


def test_a_result_keeps_the_view_and_the_list_is_short(desk: Desk) -> None:
    hits = found(desk, "e", "?range=7d&model=!o3")
    assert 0 < len(hits) <= palette.MOST
    assert all(hit.href.endswith("?range=7d&model=%21o3") for hit in hits if hit.kind != "Page")


def test_what_nobody_has_is_said_to_be_nothing(desk: Desk) -> None:
    assert found(desk, "zzz no such thing") == []
    shown = str(palette.results([], "<b>zzz</b>").to_plotly_json())
    assert "Nothing is called" in shown
