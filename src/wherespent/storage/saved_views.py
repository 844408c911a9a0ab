"""Saved views: a page with its question under a name that everybody sees, kept until deleted."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from wherespent.errors import NameRefused
from wherespent.storage.engine import Database
from wherespent.storage.tables import saved_view

MOST_VIEWS = 200
LONGEST_NAME = 60
# What a browser, a proxy and an e-mail still take.
_LONGEST_QUERY = 4000
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class SavedView:
    """`query` is '' or begins with "?"; `href` is both."""

    id: int
    name: str
    path: str
    query: str
    saved_at: datetime

    @property
    def href(self) -> str:
        return self.path + self.query


def saved_views(connection: Connection) -> list[SavedView]:
    """All of them, by name."""
    c = saved_view.c
    rows = connection.execute(
        select(c.id, c.name, c.path, c.query, c.saved_at).order_by(c.folded)
    ).all()
    return [SavedView(*row) for row in rows]


def save_view(database: Database, name: str, path: str, query: str, now: datetime) -> SavedView:
    """Keep a page with its query under a new name.

    Raises NameRefused for an empty, long or taken name and where there are too many views,
    ValueError for what is no page of ours.
    """
    kept = _kept_name(name)
    _check_address(path, query)
    with database.write() as connection:
        if (connection.scalar(select(func.count()).select_from(saved_view)) or 0) >= MOST_VIEWS:
            raise NameRefused(f"there are {MOST_VIEWS} saved views already: delete one first")
        values = {"path": path, "query": query, "saved_at": now, **_named(kept)}
        statement = insert(saved_view).values(**values).returning(saved_view.c.id)
        number = _unless_taken(connection, statement, kept).scalar_one()
    return SavedView(number, kept, path, query, now)


def rename_view(database: Database, number: int, name: str) -> str:
    """Give a view another name, which is returned as it is kept. Raises NameRefused."""
    kept = _kept_name(name)
    statement = update(saved_view).where(saved_view.c.id == number).values(**_named(kept))
    with database.write() as connection:
        if not _unless_taken(connection, statement, kept).rowcount:
            raise NameRefused("this view was deleted meanwhile: nothing was renamed")
    return kept


def delete_view(database: Database, number: int) -> None:
    """Deleting what is gone already is no error."""
    with database.write() as connection:
        connection.execute(delete(saved_view).where(saved_view.c.id == number))


def _unless_taken(connection: Connection, statement: Any, name: str) -> Any:
    try:
        return connection.execute(statement)
    except IntegrityError:
        raise NameRefused(f"a view called “{name}” is there already: choose another name") from None


def _kept_name(name: str) -> str:
    """As it is stored: what cannot be seen is left out. Raises NameRefused."""
    kept = " ".join(_UNSEEN.sub(" ", name).split())
    if not kept:
        raise NameRefused("a view needs a name")
    if len(kept) > LONGEST_NAME:
        raise NameRefused(f"a name has at most {LONGEST_NAME} characters: this one has {len(kept)}")
    return kept


def _named(name: str) -> dict[str, str]:
    return {"name": name, "folded": name.casefold()}


def _check_address(path: str, query: str) -> None:
    """The link must stay on our own pages: "//elsewhere" is another host."""
    is_path = re.fullmatch(r"/(?:[^/\\?#\s][^\\?#\s]*)?", path) is not None
    is_query = query == "" or re.fullmatch(r"\?[^#\s]*", query) is not None
    if not is_path or not is_query or len(path) + len(query) > _LONGEST_QUERY:
        raise ValueError("a saved view is a path of this application with its query string")
