"""What is remembered of an account: its organization, and how its key was received."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.accounts import Organization
from wherespent.domain.records import Name
from wherespent.storage.names import upsert_names
from wherespent.storage.tables import account, account_key, cost_slice, name, usage_slice

# `name` holds users and keys too.
_PROJECT = "project"


@dataclass(frozen=True, slots=True)
class KeyState:
    """The key that an account was last asked with. `error` is '' while it is accepted."""

    fingerprint: str
    since: datetime
    asked_at: datetime
    error_kind: str
    error: str

    @property
    def is_refused(self) -> bool:
        return bool(self.error_kind)


def key_state(connection: Connection, account_id: int) -> KeyState | None:
    """None where no key was tried yet."""
    c = account_key.c
    row = connection.execute(
        select(c.fingerprint, c.since, c.asked_at, c.error_kind, c.error).where(
            c.account_id == account_id
        )
    ).first()
    return None if row is None else KeyState(*row)


def record_key(
    connection: Connection,
    account_id: int,
    fingerprint: str,
    now: datetime,
    *,
    kind: str = "",
    error: str = "",
) -> None:
    """Remember that a key was accepted, or how it was refused."""
    known = key_state(connection, account_id)
    is_same = known is not None and known.fingerprint == fingerprint
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {
        "fingerprint": fingerprint,
        "since": known.since if known is not None and is_same else now,
        "asked_at": now,
        "error_kind": kind,
        "error": error,
    }
    connection.execute(
        dialect.insert(account_key)
        .values(account_id=account_id, **row)
        .on_conflict_do_update(index_elements=[account_key.c.account_id], set_=row)
    )


def organization_of(connection: Connection, account_id: int) -> Organization:
    """The organization that an account holds, as far as its rows and names tell."""
    known = connection.scalar(select(account.c.organization_id).where(account.c.id == account_id))
    projects = union(
        select(name.c.id).where(name.c.account_id == account_id, name.c.kind == _PROJECT),
        *(
            select(slices.c.project_id).where(slices.c.account_id == account_id)
            for slices in (usage_slice, cost_slice)
        ),
    )
    return Organization(known or "", frozenset(connection.scalars(projects)) - {""})


def other_organizations(connection: Connection, account_id: int) -> dict[str, Organization]:
    """What the other accounts hold, by label."""
    rows = connection.execute(
        select(account.c.label, account.c.id).where(account.c.id != account_id)
    ).all()
    return {label: organization_of(connection, id_) for label, id_ in rows}


def remember_organization(
    connection: Connection, account_id: int, found: Organization, now: datetime
) -> None:
    """Remember the id, and the projects where the account holds none yet.

    Until rows and names are read, only these tell another account that they are taken.
    """
    # Once any is known, a part that is seen later would make the rest look deleted.
    if not organization_of(connection, account_id).projects:
        projects = [Name(kind=_PROJECT, id=id_, name="") for id_ in sorted(found.projects)]
        upsert_names(connection, account_id, projects, now)
    # The account last, as in every transaction that moves its version: none waits in a circle.
    if found.id:
        connection.execute(
            update(account).where(account.c.id == account_id).values(organization_id=found.id)
        )
