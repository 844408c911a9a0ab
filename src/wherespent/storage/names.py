"""Names are remembered for ever: a deleted key keeps the name under which it spent."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.records import Name
from wherespent.domain.windows import utc
from wherespent.storage.tables import name as name_table

# What a later answer may leave out without meaning that it is gone.
_KEPT_WHEN_EMPTY = ("name", "email", "status", "owner_id", "project_id", "hint")


def upsert_names(
    connection: Connection, account_id: int, names: Iterable[Name], now: datetime
) -> int:
    """Insert or refresh names, first and last seen included; returns how many."""
    rows = {
        (name.kind, name.id): {
            "account_id": account_id,
            "kind": name.kind,
            "id": name.id,
            "name": name.name,
            "email": name.email,
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
                "last_used_at": new.last_used_at,
                "last_seen_at": new.last_seen_at,
            },
        ),
        list(rows.values()),
    )
    return len(rows)


def known_names(connection: Connection, account_id: int) -> set[tuple[str, ...]]:
    """What pages show of the names: everything but when they were seen and used."""
    c = name_table.c
    rows = connection.execute(
        select(c.kind, c.id, *(c[field] for field in _KEPT_WHEN_EMPTY)).where(
            c.account_id == account_id
        )
    )
    return {tuple(row) for row in rows}


def _known(new: ColumnElement[str], old: ColumnElement[str]) -> ColumnElement[str]:
    return func.coalesce(func.nullif(new, ""), old)
