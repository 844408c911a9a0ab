"""Saved views: names are unique to a reader, links stay here, backups carry them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wherespent.errors import NameRefused
from wherespent.storage.backup import back_up, restore
from wherespent.storage.engine import Database, open_database
from wherespent.storage.migrations import upgrade
from wherespent.storage.saved_views import (
    LONGEST_NAME,
    MOST_VIEWS,
    SavedView,
    delete_view,
    rename_view,
    save_view,
    saved_views,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def save(database: Database, name: str, path: str = "/explore", query: str = "?top=3") -> SavedView:
    return save_view(database, name, path, query, NOW)


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return [view.name for view in saved_views(connection)]


def test_a_view_comes_back_as_it_was_saved(database: Database) -> None:
    kept = save(database, "  Search team,\tweekly ")
    assert kept == SavedView(kept.id, "Search team, weekly", "/explore", "?top=3", NOW)
    with database.read() as connection:
        assert saved_views(connection) == [kept]
    assert kept.href == "/explore?top=3"


def test_views_are_listed_by_name(database: Database) -> None:
    for name in ("zoo", "Bees", "ants"):
        save(database, name)
    assert names(database) == ["ants", "Bees", "zoo"]


@pytest.mark.parametrize(
    "name", ["Weekly", "weekly", " WEEKLY ", "week\u200bly".replace("\u200b", "")]
)
def test_a_name_that_reads_the_same_is_taken(database: Database, name: str) -> None:
    save(database, "weekly")
    with pytest.raises(NameRefused, match="there already"):
        save(database, name)
    assert names(database) == ["weekly"]


@pytest.mark.parametrize("name", ["", "   ", "\u200b\n", "x" * (LONGEST_NAME + 1)])
def test_a_name_must_be_there_and_short(database: Database, name: str) -> None:
    with pytest.raises(NameRefused):
        save(database, name)
    assert names(database) == []


def test_a_view_is_renamed_unless_the_name_is_taken(database: Database) -> None:
    first, second = save(database, "first"), save(database, "second")
    assert rename_view(database, first.id, "First") == "First"
    with pytest.raises(NameRefused, match="there already"):
        rename_view(database, second.id, "fIRST")
    assert names(database) == ["First", "second"]


def test_a_view_that_is_gone_is_not_renamed_and_may_be_deleted_again(database: Database) -> None:
    view = save(database, "gone")
    delete_view(database, view.id)
    delete_view(database, view.id)
    with pytest.raises(NameRefused, match="deleted meanwhile"):
        rename_view(database, view.id, "back")
    assert names(database) == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
        ("/explore", "top=3"),
        ("/explore", "?a#b"),
        ("/explore", "?" + "x" * 5000),
    ],
)
def test_a_link_that_leads_elsewhere_is_not_kept(database: Database, path: str, query: str) -> None:
    with pytest.raises(ValueError, match="a path of this application"):
        save(database, "out", path, query)
    assert names(database) == []


def test_there_is_an_end_to_them(database: Database) -> None:
    for number in range(MOST_VIEWS):
        save(database, f"view {number}")
    with pytest.raises(NameRefused, match="delete one first"):
        save(database, "one too many")


def test_a_backup_carries_them_and_new_ones_follow(database: Database, tmp_path: Path) -> None:
    kept = save(database, "weekly")
    back_up(database, tmp_path / "backup.db")
    fresh = open_database(f"sqlite:///{tmp_path / 'fresh.db'}")
    upgrade(fresh)
    restore(fresh, tmp_path / "backup.db")
    assert save(fresh, "another").id != kept.id
    assert names(fresh) == ["another", "weekly"]
    fresh.dispose()
