"""What the directory said last of projects, users and keys, and whether it lists them still."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, Table, select

from wherespent.analytics.sources import Account
from wherespent.storage import tables

ARCHIVED_PROJECT = "archived"


class Standing(StrEnum):
    """Whether the directory lists something.

    ARCHIVED: an archived project, or what lies below one: that is not listed any more, and was
    never deleted. UNLISTED: in usage or on the bill, though the directory never named it.
    """

    LISTED = "listed"
    ARCHIVED = "archived"
    DELETED = "deleted"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Remembered:
    """One row of the directory, kept for ever. `status` is a project's status or a user's role."""

    id: str
    name: str
    email: str
    status: str
    owner_id: str
    project_id: str
    hint: str
    created_at: datetime | None
    last_used_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    erased_at: datetime | None
    standing: Standing


_FIELDS = (
    "id",
    "name",
    "email",
    "status",
    "owner_id",
    "project_id",
    "hint",
    "created_at",
    "last_used_at",
    "first_seen_at",
    "last_seen_at",
    "erased_at",
)


def remembered(connection: Connection, account_id: int, kind: str) -> list[Remembered]:
    """Everything of a kind ('project', 'user', 'api_key') that was ever listed, by id."""
    name = tables.name.c
    rows = connection.execute(
        select(*(name[field] for field in _FIELDS))
        .where(name.account_id == account_id, name.kind == kind)
        .order_by(name.id)
    ).all()
    if not rows:
        return []
    # All names of a kind are read at once, so what the newest reading did not see is gone.
    newest = max(row.last_seen_at for row in rows)
    below = _last_listed_below(rows, newest, archived_projects(connection, account_id))
    return [Remembered(*row, standing=_standing(row, kind, newest, below)) for row in rows]


def occurring(connection: Connection, account: Account, dimension: str) -> set[str]:
    """Every id of a dimension that is in usage or on the bill."""
    return _values(connection, account, tables.usage_series, dimension) | _values(
        connection, account, tables.cost_series, dimension
    )


def _values(connection: Connection, account: Account, table: Table, dimension: str) -> set[str]:
    column = table.c[dimension]
    statement = select(column).where(table.c.account_id == account.id, column != "").distinct()
    return set(connection.scalars(statement))


def projects_of_keys(connection: Connection, account: Account) -> dict[str, str]:
    """API key → the project of all of its usage and costs, where that is one."""
    found: dict[str, str] = {}
    several: set[str] = set()
    for table in (tables.usage_series, tables.cost_series):
        key, project = table.c.api_key_id, table.c.project_id
        here = (table.c.account_id == account.id, key != "", project != "")
        for one, of in connection.execute(select(key, project).where(*here).distinct()):
            if found.setdefault(one, of) != of:
                several.add(one)
    return {one: of for one, of in found.items() if one not in several}


def archived_projects(connection: Connection, account_id: int) -> frozenset[str]:
    """The ids of projects that were archived."""
    name = tables.name.c
    return frozenset(
        connection.scalars(
            select(name.id).where(
                name.account_id == account_id,
                name.kind == "project",
                name.status == ARCHIVED_PROJECT,
            )
        )
    )


def _last_listed_below(
    rows: Iterable[Row[*tuple[object, ...]]], newest: datetime, archived: frozenset[str]
) -> dict[str, datetime]:
    """Archived project → when what lies below it was last listed.

    All of that went off the list together; what was gone before had been deleted.
    """
    last: dict[str, datetime] = {}
    for row in rows:
        if row.project_id in archived and row.last_seen_at < newest:
            last[row.project_id] = max(last.get(row.project_id, row.last_seen_at), row.last_seen_at)
    return last


def _standing(
    row: Row[*tuple[object, ...]], kind: str, newest: datetime, below: dict[str, datetime]
) -> Standing:
    if row.last_seen_at >= newest:
        is_archived = kind == "project" and row.status == ARCHIVED_PROJECT
        return Standing.ARCHIVED if is_archived else Standing.LISTED
    went_with_project = row.project_id in below and row.last_seen_at >= below[row.project_id]
    return Standing.ARCHIVED if went_with_project else Standing.DELETED
