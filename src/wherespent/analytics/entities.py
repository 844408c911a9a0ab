"""Projects, users, service accounts and API keys: what is known of each, listed or only used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, scopes
from wherespent.analytics.directory import (
    Remembered,
    Standing,
    archived_projects,
    occurring,
    projects_of_keys,
    remembered,
)
from wherespent.analytics.filters import Filters
from wherespent.domain.windows import DAY, Window

# How a directory row of a user says that it is no person.
SERVICE_ACCOUNT_STATUS = "service account"
_EVERY_ACCOUNT = Filters(Window(0, DAY))


class EntityKind(StrEnum):
    """A service account stands where users stand: it shares their dimension."""

    PROJECT = "project"
    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    API_KEY = "api_key"

    @property
    def dimension(self) -> str:
        return "user_id" if self is EntityKind.SERVICE_ACCOUNT else f"{self.value}_id"


DIMENSIONS = ("project_id", "user_id", "api_key_id")


@dataclass(frozen=True, slots=True)
class Entity:
    """One project, user, service account or key. Ids carry their account where there are several.

    `role` is a person's role; `hint` the part of a key that may be shown. `created_at` and
    `last_used_at` are the directory's own, None where it does not say. `first_seen_at` and
    `last_seen_at` are when we found it listed, None where it never was.
    """

    kind: EntityKind
    id: str
    account: str
    name: str
    email: str
    role: str
    standing: Standing
    owner_id: str
    project_id: str
    hint: str
    created_at: datetime | None
    last_used_at: datetime | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    is_erased: bool

    @property
    def bare_id(self) -> str:
        """The id as OpenAI has it."""
        return self.id.removeprefix(f"{self.account}:")

    @property
    def label(self) -> str:
        """What a person reads: the name, else a user's e-mail address, else the id."""
        return self.name or self.email or self.bare_id


def entities(connection: Connection, dimension: str) -> dict[str, Entity]:
    """Everything that was ever listed, used or billed under a dimension of `DIMENSIONS`, by id."""
    return {
        entity.id: entity
        for scope in scopes(connection, _EVERY_ACCOUNT)
        for entity in _of_account(connection, scope, dimension)
    }


def find(known: Mapping[str, Entity], id_: str) -> Entity | None:
    """An entity by its id; by that of OpenAI as well, where only one account has it."""
    if id_ in known:
        return known[id_]
    bare = [entity for entity in known.values() if entity.bare_id == id_]
    return bare[0] if len(bare) == 1 else None


def _of_account(connection: Connection, scope: Scope, dimension: str) -> Iterator[Entity]:
    known = remembered(connection, scope.account.id, dimension.removesuffix("_id"))
    for each in known:
        yield _entity(scope, dimension, each)
    unlisted = sorted(occurring(connection, scope.account, dimension) - {it.id for it in known})
    if not unlisted:
        return
    # Nothing below a project that was archived before the first reading is ever listed.
    is_key = dimension == "api_key_id"
    projects = projects_of_keys(connection, scope.account) if is_key else {}
    archived = archived_projects(connection, scope.account.id)
    for id_ in unlisted:
        project = projects.get(id_, "")
        standing = Standing.ARCHIVED if project in archived else Standing.UNLISTED
        yield _unlisted(scope, dimension, id_, project, standing)


def _entity(scope: Scope, dimension: str, row: Remembered) -> Entity:
    is_service = dimension == "user_id" and row.status == SERVICE_ACCOUNT_STATUS
    kind = EntityKind.SERVICE_ACCOUNT if is_service else EntityKind(dimension.removesuffix("_id"))
    return Entity(
        kind=kind,
        id=scope.qualified(dimension, row.id),
        account=scope.label,
        name=row.name,
        email=row.email,
        role=row.status if kind is EntityKind.USER else "",
        standing=row.standing,
        owner_id=scope.qualified("user_id", row.owner_id),
        project_id=scope.qualified("project_id", row.project_id),
        hint=row.hint,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        is_erased=row.erased_at is not None,
    )


def _unlisted(
    scope: Scope, dimension: str, id_: str, project_id: str, standing: Standing
) -> Entity:
    return Entity(
        kind=EntityKind(dimension.removesuffix("_id")),
        id=scope.qualified(dimension, id_),
        account=scope.label,
        name="",
        email="",
        role="",
        standing=standing,
        owner_id="",
        project_id=scope.qualified("project_id", project_id),
        hint="",
        created_at=None,
        last_used_at=None,
        first_seen_at=None,
        last_seen_at=None,
        is_erased=False,
    )
