"""The lookup endpoints: projects, users and keys, with the cursor of lists."""

from collections.abc import Mapping
from typing import Any

from wherespent.demo.query import ApiError
from wherespent.demo.source import Directory

Item = dict[str, Any]
Params = Mapping[str, list[str]]


def list_answer(directory: Directory, parts: list[str], params: Params) -> Item:
    """The answer to a path below /v1/organization, already split."""
    match parts:
        case ["projects"]:
            return _page(_projects(directory, params), params)
        case ["users"]:
            return _page(_users(directory, params), params)
        case ["admin_api_keys"]:
            keys = directory.admin_api_keys
            return _page(keys[::-1] if _last(params, "order") == "desc" else keys, params)
        case ["projects", project]:
            return _project(directory, project)
        case ["projects", project, kind] if kind in {"api_keys", "service_accounts", "users"}:
            return _page(_below_project(directory, project, kind, params), params)
        case _:
            raise ApiError(404, "Unknown request URL.", code="unknown_url")


def _projects(directory: Directory, params: Params) -> list[Item]:
    archived_too = _last(params, "include_archived") == "true"
    return [
        project for project in directory.projects if archived_too or project["status"] == "active"
    ]


def _users(directory: Directory, params: Params) -> list[Item]:
    emails = params.get("emails")
    return [user for user in directory.users if not emails or user["email"] in emails]


def _project(directory: Directory, project_id: str) -> Item:
    for project in directory.projects:
        if project["id"] == project_id:
            return project
    raise ApiError(404, f"No project found with id '{project_id}'.", code="not_found")


def _below_project(directory: Directory, project_id: str, kind: str, params: Params) -> list[Item]:
    if _project(directory, project_id)["status"] == "archived":
        raise ApiError(400, f"Project '{project_id}' is archived.", code="project_archived")
    if kind == "service_accounts":
        return directory.service_accounts.get(project_id, [])
    if kind == "users":
        return directory.project_users.get(project_id, [])
    access = _last(params, "owner_project_access")
    if access not in {None, "active", "inactive", "any"}:
        raise ApiError(
            400, f"Invalid value: '{access}'.", param="owner_project_access", code="invalid_value"
        )
    keys = directory.api_keys.get(project_id, [])
    wanted = access or "active"
    return [key for key in keys if wanted in {"any", key["owner_project_access"]}]


def _page(items: list[Item], params: Params) -> Item:
    limit = _limit(params)
    start = 0
    if (after := _last(params, "after")) is not None:
        places = [index for index, item in enumerate(items) if item["id"] == after]
        if not places:
            raise ApiError(
                400, f"No item found with id '{after}'.", param="after", code="invalid_value"
            )
        start = places[0] + 1
    page = items[start : start + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + limit < len(items),
    }


def _limit(params: Params) -> int:
    text = _last(params, "limit") or "20"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100):
        raise ApiError(
            400, f"Invalid limit provided: {text}. Limit must be between 1 and 100.", param="limit"
        )
    return int(text)


def _last(params: Params, name: str) -> str | None:
    values = params.get(name)
    return values[-1] if values else None
