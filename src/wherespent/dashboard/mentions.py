"""How a project, user or key is mentioned: its name, where it leads, whether it is still there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity, EntityKind
from wherespent.analytics.filters import NOT_REPORTED
from wherespent.dashboard import formats
from wherespent.dashboard.desk import Asked, Desk


@dataclass(frozen=True, slots=True)
class Names:
    """What a person reads for ids: looked up once for a table of thousands."""

    project: Callable[[str], str]
    user: Callable[[str], str]
    model: Callable[[str], str]

    @classmethod
    def of(cls, desk: Desk) -> "Names":
        return cls(desk.label("project_id"), desk.label("user_id"), desk.label("model"))


def directory_values(names: Names, entity: Entity) -> dict[str, Any]:
    """What the directory says, as values of a row; None is not known."""
    return {
        "name": entity.label,
        "account": entity.account,
        "owner": names.user(entity.owner_id) if entity.owner_id else None,
        "project": names.project(entity.project_id) if entity.project_id else None,
        "created": entity.created_at.date() if entity.created_at else None,
        "last_used": entity.last_used_at,
        "role": entity.role or None,
        "email": entity.email or None,
        "hint": entity.hint or None,
        "id": entity.bare_id,
    }


@dataclass(frozen=True, slots=True)
class EntityLinks(Mapping[str, str]):
    """Where the cells of a row lead: to the entity, its owner and its project.

    Written when a row is drawn: of thousands, fifty are.
    """

    asked: Asked
    entity: Entity

    def __getitem__(self, column: str) -> str:
        entity = self.entity
        if column == "name":
            return entity_page(self.asked, entity)
        if column == "owner" and entity.owner_id:
            return self.asked.entity("user_id", entity.owner_id)
        if column == "project" and entity.project_id:
            return self.asked.entity("project_id", entity.project_id)
        raise KeyError(column)

    def __iter__(self) -> Iterator[str]:
        return (column for column in ("name", "owner", "project") if column in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def entity_page(asked: Asked, entity: Entity) -> str:
    return asked.entity(f"{entity.kind.value}_id", entity.id)


def mark_of(entity: Entity, *, is_among: EntityKind | None = None) -> str:
    """What stands beside a name: what it is among others, and whether it is still there."""
    words: list[str] = []
    if entity.kind is EntityKind.SERVICE_ACCOUNT and is_among is EntityKind.USER:
        words.append("service account")
    if standing := standing_of(entity):
        words.append(standing)
    return ", ".join(words)


def standing_of(entity: Entity) -> str:
    """In words, '' where it is listed as usual."""
    if entity.is_erased:
        return "forgotten"
    if entity.standing is Standing.DELETED and entity.last_seen_at:
        return f"deleted, last seen {formats.day(entity.last_seen_at.date(), year=True)}"
    if entity.standing is Standing.ARCHIVED:
        return "archived" if entity.kind is EntityKind.PROJECT else "project archived"
    return "not in the directory" if entity.standing is Standing.UNLISTED else ""


def is_named(key: str) -> bool:
    """Whether a key of a dimension is an id, and not what stands for none."""
    return key not in ("", NOT_REPORTED)
