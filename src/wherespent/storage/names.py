"""Names are remembered for ever: a deleted key keeps the name under which it spent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.addresses import without_addresses
from wherespent.domain.records import Name
from wherespent.domain.windows import utc
from wherespent.storage.tables import name as name_table

# What a later answer may leave out without meaning that it is gone.
_PERSONAL = ("name", "email")
_KEPT_WHEN_EMPTY = ("name", "email", "status", "owner_id", "project_id", "hint")


def upsert_names(
    connection: Connection,
    account_id: int,
    names: Iterable[Name],
    now: datetime,
    *,
    emails: bool = True,
) -> int:
    """Insert or refresh names, first and last seen included; returns how many.

    Without `emails` no address is kept, also not one that stands where a name should. Of a
    person who was erased only the id is kept.
    """
    rows = {
        (name.kind, name.id): {
            "account_id": account_id,
            "kind": name.kind,
            "id": name.id,
            "name": name.name if emails else without_addresses(name.name),
            "email": name.email if emails else "",
            "status": name.status,
            "owner_id": name.owner_id,
            "project_id": name.project_id,
            "hint": name.hint,
            "created_at": utc(name.created_at) if name.created_at else None,
            "last_used_at": utc(name.last_used_at) if name.last_used_at else None,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for name in names
        if name.id
    }
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(name_table)
    new, old = statement.excluded, name_table.c
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(name_table.primary_key.columns),
            set_={
                **{field: _known(new[field], old[field]) for field in _KEPT_WHEN_EMPTY},
                **{field: _unless_erased(new[field], old[field]) for field in _PERSONAL},
                # A project may be known by its id before it is known by its name.
                "created_at": func.coalesce(old.created_at, new.created_at),
                "last_used_at": new.last_used_at,
                "last_seen_at": new.last_seen_at,
            },
        ),
        # In one order everywhere, or two processes that write the same names could deadlock.
        [rows[key] for key in sorted(rows)],
    )
    return len(rows)


def forget_addresses(connection: Connection, account_id: int) -> int:
    """Take every address out of what was stored before; returns from how many names."""
    c, changed = name_table.c, 0
    mine = c.account_id == account_id
    rows = connection.execute(
        select(c.kind, c.id, c.name).where(mine, or_(c.email != "", c.name.contains("@")))
    ).all()
    for kind, id_, shown in rows:
        changed += connection.execute(
            update(name_table)
            .where(mine, c.kind == kind, c.id == id_)
            .where(or_(c.email != "", c.name != without_addresses(shown)))
            .values(email="", name=without_addresses(shown))
        ).rowcount
    return changed


def known_names(connection: Connection, account_id: int) -> set[tuple[str, ...]]:
    """What pages show of the names: everything but when they were seen and used."""
    c = name_table.c
    rows = connection.execute(
        select(c.kind, c.id, *(c[field] for field in _KEPT_WHEN_EMPTY)).where(
            c.account_id == account_id
        )
    )
    return {tuple(row) for row in rows}


def _unless_erased(new: ColumnElement[str], old: ColumnElement[str]) -> ColumnElement[Any]:
    return case((name_table.c.erased_at.is_not(None), ""), else_=_known(new, old))


def _known(new: ColumnElement[str], old: ColumnElement[str]) -> ColumnElement[str]:
    return func.coalesce(func.nullif(new, ""), old)
