"""The projects, people and keys of the simulated company, with ids that look like the real ones."""

import hashlib
import string
from dataclasses import dataclass
from typing import Any

from wherespent.demo.source import DAY, Directory

_ALPHABET = string.digits + string.ascii_letters
Item = dict[str, Any]


def make_id(prefix: str, slug: str, length: int = 20) -> str:
    """An opaque id that is always the same for one slug."""
    number = int.from_bytes(hashlib.blake2b(f"{prefix}{slug}".encode(), digest_size=24).digest())
    letters: list[str] = []
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return prefix + "".join(letters)


def project_id(slug: str) -> str:
    """The id of a project."""
    return make_id("proj_", slug)


def key_id(slug: str) -> str:
    """The id of an API key."""
    return make_id("key_", slug, 16)


def user_id(slug: str) -> str:
    """The id of a person or of a service account."""
    return make_id("user-", slug, 24)


@dataclass(frozen=True)
class Project:
    """A project; days count from the company's anchor."""

    slug: str
    name: str
    opened: int
    archived: int | None = None


@dataclass(frozen=True)
class Key:
    """An API key and whom it belongs to."""

    slug: str
    project: str
    owner: str
    created: int
    is_listed: bool = True
    access: str = "active"
    is_used: bool = True


PROJECTS = (
    Project("support", "Support Assistant", -610),
    Project("search", "Search & Retrieval", -540),
    Project("documents", "Document Pipeline", -500),
    Project("voice", "Voice Agent", -300),
    Project("copilot", "Engineering Copilot", -420),
    Project("lab", "R&D <lab>", -580),
    Project("marketing", "Marketing Studio", -330),
    Project("agents", "Research Agents", -150),
    Project("prototype", "Chat Prototype 2025", -640, archived=-190),
    Project("hackathon", "Summer Hackathon", -128, archived=-84),
)

PEOPLE = (
    ("alice", "Alice Novak", "owner"),
    ("bruno", "Bruno Keller", "owner"),
    ("chiara", "Chiara Rossi", "reader"),
    ("deepak", "Deepak Iyer", "reader"),
    ("elena", "Elena Petrova", "reader"),
    ("farid", "Farid Haddad", "reader"),
    ("grace", "Grace Oyelaran", "reader"),
    ("hannah", "Hannah Lindqvist", "reader"),
    ("ivan", "Ivan Horvat", "reader"),
    ("julia", "Júlia Szabó", "reader"),
    ("kenji", "Kenji Watanabe", "reader"),
    ("laura", "Laura O'Brien", "reader"),
    ("mateo", "Mateo García", "reader"),
    ("nadia", "Nadia Benali", "reader"),
)
SERVICE_ACCOUNTS = (
    ("support-bot", "support", -600),
    ("search-indexer", "search", -530),
    ("documents-batch", "documents", -490),
    ("voice-gateway", "voice", -298),
    ("agent-runner", "agents", -149),
    ("ci-runner", "copilot", -400),
)

KEYS = (
    Key("support-prod-eu", "support", "support-bot", -600),
    Key("support-prod-us", "support", "support-bot", -420),
    Key("support-staging", "support", "chiara", -580),
    Key("support-old-2024", "support", "bruno", -608, is_listed=False),
    Key("search-prod", "search", "search-indexer", -530),
    Key("search-reindex", "search", "search-indexer", -260),
    Key("deepak-notebook", "search", "deepak", -410),
    Key("documents-nightly", "documents", "documents-batch", -490),
    Key("documents-online", "documents", "elena", -360),
    Key("documents-migration", "documents", "farid", -340, is_listed=False),
    Key("voice-prod", "voice", "voice-gateway", -298),
    Key("voice-pilot", "voice", "grace", -300, access="inactive"),
    Key("copilot-ci", "copilot", "ci-runner", -400),
    Key("copilot-hannah", "copilot", "hannah", -380),
    Key("copilot-ivan", "copilot", "ivan", -380),
    Key("copilot-julia", "copilot", "julia", -250),
    Key("copilot-kenji", "copilot", "kenji", -180),
    Key("lab <gpu&evals>", "lab", "kenji", -400),
    Key("lab-laura", "lab", "laura", -320),
    Key("lab-thesis", "lab", "mateo", -210),
    Key("marketing-cms", "marketing", "nadia", -325),
    Key("marketing-social", "marketing", "laura", -140),
    Key("agents-runner", "agents", "agent-runner", -149),
    Key("agents-dev", "agents", "alice", -150),
    Key("agents-spare", "agents", "alice", -60, is_used=False),
    Key("break-glass", "support", "bruno", -200, is_used=False),
    Key("prototype", "prototype", "bruno", -620),
    Key("hackathon-team-1", "hackathon", "ivan", -110, is_listed=False),
    Key("hackathon-team-2", "hackathon", "julia", -110, is_listed=False),
)


def directory(anchor: int) -> Directory:
    """The lists as the API serves them; `anchor` is the epoch second that days count from."""
    lists = Directory()
    lists.projects = [_project(each, anchor) for each in PROJECTS]
    lists.users = [_user(*person, anchor) for person in PEOPLE]
    lists.users += [
        _user(slug, slug, "reader", anchor, is_service=True) for slug, *_ in SERVICE_ACCOUNTS
    ]
    lists.admin_api_keys = [
        _admin_key("wherespent (read only)", anchor),
        _admin_key("terraform", anchor),
    ]
    for project in PROJECTS:
        here = [key for key in KEYS if key.project == project.slug and key.is_listed]
        lists.api_keys[project_id(project.slug)] = [_key(key, anchor) for key in here]
        accounts = [account for account in SERVICE_ACCOUNTS if account[1] == project.slug]
        lists.service_accounts[project_id(project.slug)] = [
            _service_account(slug, since, anchor) for slug, _, since in accounts
        ]
        lists.project_users[project_id(project.slug)] = _members(project, anchor)
    return lists


def _project(project: Project, anchor: int) -> Item:
    archived = project.archived
    return {
        "object": "organization.project",
        "id": project_id(project.slug),
        "name": project.name,
        "created_at": anchor + project.opened * DAY + 33_180,
        "archived_at": None if archived is None else anchor + archived * DAY + 50_400,
        "status": "active" if archived is None else "archived",
        "external_key_id": None,
        "residency": "GLOBAL",
    }


def _email(slug: str) -> str:
    return f"{slug}@kestrel-logistics.example"


def _user(slug: str, name: str, role: str, anchor: int, *, is_service: bool = False) -> Item:
    return {
        "object": "organization.user",
        "id": user_id(slug),
        "name": name,
        "email": None if is_service else _email(slug),
        "role": role,
        "added_at": anchor - 600 * DAY,
        "created": anchor - 601 * DAY,
        "is_default": False,
        "is_service_account": is_service,
        "is_scale_tier_authorized_purchaser": None,
        "is_scim_managed": False,
        "api_key_last_used_at": None,
        "technical_level": None,
        "developer_persona": None,
    }


def _service_account(slug: str, since: int, anchor: int) -> Item:
    return {
        "object": "organization.project.service_account",
        "id": user_id(slug),
        "name": slug,
        "role": "member",
        "created_at": anchor + since * DAY,
    }


def _members(project: Project, anchor: int) -> list[Item]:
    slugs = {"alice", *(key.owner for key in KEYS if key.project == project.slug)}
    return [
        {
            "object": "organization.project.user",
            "id": user_id(slug),
            "name": name,
            "email": _email(slug),
            "role": "owner" if slug == "alice" else "member",
            "added_at": anchor + project.opened * DAY,
        }
        for slug, name, _ in PEOPLE
        if slug in slugs
    ]


def _key(key: Key, anchor: int) -> Item:
    accounts = {slug: since for slug, _, since in SERVICE_ACCOUNTS}
    names = {slug: name for slug, name, _ in PEOPLE}
    if key.owner in accounts:
        account = _service_account(key.owner, accounts[key.owner], anchor)
        owner: Item = {"type": "service_account", "service_account": account}
    else:
        person: Item = {
            "id": user_id(key.owner),
            "name": names[key.owner],
            "email": _email(key.owner),
        }
        person |= {"role": "member", "created_at": anchor - 600 * DAY}
        owner = {"type": "user", "user": person}
    return {
        "object": "organization.project.api_key",
        "id": key_id(key.slug),
        "name": key.slug,
        "redacted_value": f"sk-proj-...{key_id(key.slug)[-4:]}",
        "created_at": anchor + key.created * DAY + 36_000,
        "last_used_at": anchor + 3_600 if key.is_used else None,
        "expires_at": None,
        "owner_project_access": key.access,
        "owner": owner,
    }


def _admin_key(name: str, anchor: int) -> Item:
    identifier = make_id("key_", f"admin {name}", 16)
    return {
        "object": "organization.admin_api_key",
        "id": identifier,
        "name": name,
        "redacted_value": f"sk-admin-...{identifier[-4:]}",
        "created_at": anchor - 90 * DAY,
        "expires_at": None,
        "last_used_at": anchor,
        "owner": {
            "type": "user",
            "object": "organization.user",
            "id": user_id("alice"),
            "name": "Alice Novak",
            "created_at": anchor - 600 * DAY,
            "role": "owner",
        },
    }
