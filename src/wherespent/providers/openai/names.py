"""Names of projects (archived ones too), users and project API keys."""

from collections.abc import Iterator
from typing import Any, cast

from wherespent.domain.records import Name
from wherespent.errors import EndpointUnsupported, KeyRefused, RequestRefused
from wherespent.providers.openai.client import AdminClient

PROJECT = "project"
USER = "user"
API_KEY = "api_key"

_PAGE = ("limit", "100")


def fetch_names(client: AdminClient) -> Iterator[Name]:
    """Everything that has a name, project by project. Raises ProviderError.

    The ids of service accounts stand where users stand, so they are users here.
    """
    projects = list(_projects(client))
    yield from projects
    yield from _users(client)
    for project in projects:
        # Reads below an archived project are rejected; its keys' names were kept before.
        if project.status != "archived":
            yield from _keys(client, project.id)


def _projects(client: AdminClient) -> Iterator[Name]:
    for item in client.fetch_list("/organization/projects", [_PAGE, ("include_archived", "true")]):
        yield Name(
            kind=PROJECT,
            id=_text(item, "id"),
            name=_text(item, "name"),
            status=_text(item, "status"),
            created_at=_moment(item, "created_at"),
        )


def _users(client: AdminClient) -> Iterator[Name]:
    for item in client.fetch_list("/organization/users", [_PAGE]):
        nested = _part(item, "user")
        yield Name(
            kind=USER,
            id=_text(item, "id"),
            name=_text(item, "name") or _text(nested, "name"),
            email=_text(item, "email") or _text(nested, "email"),
            status="service account" if item.get("is_service_account") else _text(item, "role"),
            created_at=_moment(item, "added_at"),
            last_used_at=_moment(item, "api_key_last_used_at"),
        )


def _keys(client: AdminClient, project_id: str) -> Iterator[Name]:
    path = f"/organization/projects/{project_id}/api_keys"
    try:
        # `any` lists keys that the default visibility rule hides.
        items = list(client.fetch_list(path, [_PAGE, ("owner_project_access", "any")]))
    except RequestRefused:
        items = list(client.fetch_list(path, [_PAGE]))
    except (EndpointUnsupported, KeyRefused):
        return
    for item in items:
        owner = _part(item, "owner")
        person = _part(owner, "user") or _part(owner, "service_account")
        yield Name(
            kind=API_KEY,
            id=_text(item, "id"),
            name=_text(item, "name"),
            owner_id=_text(person, "id"),
            project_id=project_id,
            hint=_text(item, "redacted_value"),
            created_at=_moment(item, "created_at"),
            last_used_at=_moment(item, "last_used_at"),
        )
        if owner.get("type") == "service_account" and _text(person, "id"):
            yield Name(
                kind=USER,
                id=_text(person, "id"),
                name=_text(person, "name"),
                status="service account",
                project_id=project_id,
                created_at=_moment(person, "created_at"),
            )


def _part(item: dict[str, Any], field: str) -> dict[str, Any]:
    value = item.get(field)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text(item: dict[str, Any], field: str) -> str:
    value = item.get(field)
    # Postgres cannot hold a NUL, and one odd name must not keep out all others.
    return value.replace("\0", "") if isinstance(value, str) else ""


def _moment(item: dict[str, Any], field: str) -> int | None:
    value = item.get(field)
    if not isinstance(value, int | float):
        return None
    # Beyond the year 9999 it is no moment in seconds.
    return int(value) if 0 < value < 253_402_300_800 else None
