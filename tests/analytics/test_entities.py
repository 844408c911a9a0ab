"""What the directory says of projects, users, service accounts and keys, and which keys idle."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from tests.analytics.facts import Facts, at

from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity, EntityKind, entities
from wherespent.analytics.idle_keys import Idleness, idle_keys
from wherespent.analytics.people import Active
from wherespent.storage import tables

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def read(facts: Facts, dimension: str) -> dict[str, Entity]:
    with facts.database.read() as connection:
        return entities(connection, dimension)


def test_a_service_account_is_told_from_a_person(facts: Facts) -> None:
    facts.name("user", "u1", "Ann", email="ann@example.com", status="owner")
    facts.name("user", "svc", "indexer", status="service account", project_id="p1")
    users = read(facts, "user_id")
    assert (users["u1"].kind, users["u1"].role) == (EntityKind.USER, "owner")
    service = users["svc"]
    assert (service.kind, service.role) == (EntityKind.SERVICE_ACCOUNT, "")
    assert service.project_id == "p1"
    assert service.kind.dimension == users["u1"].kind.dimension == "user_id"


def test_what_was_only_used_is_there_without_a_name(organization: Facts) -> None:
    keys = read(organization, "api_key_id")
    assert keys.keys() == {"k1", "k2"}
    assert (keys["k1"].label, keys["k1"].standing) == ("production", Standing.LISTED)
    assert (keys["k2"].label, keys["k2"].standing) == ("k2", Standing.UNLISTED)
    assert keys["k2"].last_seen_at is None


def test_archived_is_told_from_deleted(facts: Facts) -> None:
    """Keys go off the list with their project; what went before that had been deleted."""
    for project, status in (("old", "archived"), ("p1", "active")):
        facts.name("project", project, project, seen=at("2026-03-01"), status=status)
    for key, project, seen in (
        ("with-project", "old", "2026-02-01"),
        ("before-it", "old", "2026-01-01"),
        ("gone", "p1", "2026-01-01"),
        ("here", "p1", "2026-03-01"),
    ):
        facts.name("api_key", key, key, seen=at(seen), project_id=project)
    assert {id_: key.standing for id_, key in read(facts, "api_key_id").items()} == {
        "with-project": Standing.ARCHIVED,
        "before-it": Standing.DELETED,
        "gone": Standing.DELETED,
        "here": Standing.LISTED,
    }
    projects = read(facts, "project_id")
    assert projects["old"].standing is Standing.ARCHIVED
    assert projects["p1"].standing is Standing.LISTED


def test_a_deleted_key_keeps_its_name_and_when_it_was_last_listed(facts: Facts) -> None:
    facts.name("api_key", "k1", "laptop", seen=at("2026-01-03"), owner_id="u1", hint="sk-...1")
    facts.name("api_key", "k2", "server", seen=at("2026-02-01"))
    gone = read(facts, "api_key_id")["k1"]
    assert (gone.label, gone.owner_id, gone.hint) == ("laptop", "u1", "sk-...1")
    assert gone.standing is Standing.DELETED
    assert gone.last_seen_at == datetime(2026, 1, 3, tzinfo=UTC)


def test_ids_of_several_accounts_carry_the_account(organization: Facts) -> None:
    organization.name("api_key", "k3", "spare", owner_id="u1", project_id="p1")
    with organization.database.write() as connection:
        connection.execute(tables.account.insert().values(id=2, label="research"))
        connection.execute(
            tables.name.insert().values(
                account_id=2,
                kind="api_key",
                id="k3",
                name="other",
                owner_id="u1",
                first_seen_at=NOW,
                last_seen_at=NOW,
            )
        )
    keys = read(organization, "api_key_id")
    assert keys.keys() == {"default:k1", "default:k2", "default:k3", "research:k3"}
    other = keys["research:k3"]
    assert (other.bare_id, other.account, other.owner_id) == ("k3", "research", "research:u1")


def test_a_forgotten_person_is_only_an_id(facts: Facts) -> None:
    facts.name("user", "u1", "")
    with facts.database.write() as connection:
        connection.execute(update(tables.name).values(erased_at=NOW))
    user = read(facts, "user_id")["u1"]
    assert (user.label, user.is_erased) == ("u1", True)


def key(name: str, *, created: int, used: int | None = None, **more: Standing) -> Entity:
    """A key that was made, and last used by the word of the directory, so many days ago."""
    facts = Entity(
        kind=EntityKind.API_KEY,
        id=name,
        account="default",
        name=name,
        email="",
        role="",
        standing=Standing.LISTED,
        owner_id="",
        project_id="",
        hint="",
        created_at=NOW - timedelta(days=created),
        last_used_at=None if used is None else NOW - timedelta(days=used),
        first_seen_at=NOW,
        last_seen_at=NOW,
        is_erased=False,
    )
    return replace(facts, **more)


def used_on(day: str) -> Active:
    return Active(at("2026-01-01"), at(day))


def test_idle_keys_by_both_kinds_of_evidence() -> None:
    keys = [
        key("never", created=60),
        key("new", created=29),
        key("in use", created=400, used=200),
        key("used where we see nothing", created=400, used=3),
        key("long", created=400, used=200),
        key("a while", created=400, used=40),
        key("deleted", created=400, standing=Standing.DELETED),
        key("archived", created=400, standing=Standing.ARCHIVED),
    ]
    activity = {"in use": used_on("2026-06-29"), "long": used_on("2026-03-31")}
    found = {it.key.id: it for it in idle_keys(keys, activity, NOW)}
    assert {name: (it.idleness, it.days) for name, it in found.items()} == {
        "never": (Idleness.NEVER, 60),
        # The day of the last usage counts up to its end: 90 days from 1 April.
        "long": (Idleness.LONG, 90),
        "a while": (Idleness.IDLE, 40),
    }
    assert found["long"].last_usage == datetime(2026, 3, 31, tzinfo=UTC)
    assert found["never"].last_usage is None
    assert [it.key.id for it in idle_keys(keys, activity, NOW)] == ["long", "never", "a while"]


def test_a_key_that_was_never_listed_belongs_to_the_project_of_its_usage(
    organization: Facts,
) -> None:
    assert read(organization, "api_key_id")["k2"].project_id == "p2"
    organization.name("project", "p2", "Old", status="archived")
    key = read(organization, "api_key_id")["k2"]
    assert (key.standing, key.last_seen_at) == (Standing.ARCHIVED, None)
