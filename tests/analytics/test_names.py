from tests.analytics.facts import Facts, at

from wherespent.analytics.filters import NOT_REPORTED
from wherespent.analytics.names import display, names, options


def test_names_are_remembered_and_the_deleted_ones_marked(organization: Facts) -> None:
    organization.name("api_key", "k9", "laptop", seen=at("2026-02-01"))
    with organization.database.read() as connection:
        known = names(connection, "default", "api_key")
    assert (known["k1"].name, known["k1"].hint, known["k1"].deleted) == (
        "production",
        "sk-...1",
        True,
    )
    assert known["k9"].deleted is False


def test_what_a_person_reads(organization: Facts) -> None:
    with organization.database.read() as connection:
        users = names(connection, "default", "user")
    assert display("user", "u1", users) == "ann@example.com"
    assert display("user", "u7", users) == "u7"
    assert display("user", "", users) == "(none)"
    assert display("user", NOT_REPORTED, users) == "(not reported)"


def test_options_are_what_occurs_in_the_data_the_largest_first(organization: Facts) -> None:
    with organization.database.read() as connection:
        found = options(connection)
    assert [option.id for option in found.models] == ["o3", "embed", "gpt-5", "image-1"]
    assert {option.id: option.label for option in found.projects} == {"p1": "Web", "p2": "p2"}
    assert {option.id for option in found.users} == {"u1", "u2"}
    assert {option.id for option in found.api_keys} == {"k1", "k2"}


def test_an_empty_database_offers_nothing(facts: Facts) -> None:
    with facts.database.read() as connection:
        assert options(connection).models == ()
        assert options(connection).users == ()


def test_a_kind_that_was_read_less_often_is_not_deleted_for_that(facts: Facts) -> None:
    facts.name("user", "u1", "Ann", seen=at("2026-01-01"))
    facts.name("project", "p1", "Web", seen=at("2026-02-01"))
    with facts.database.read() as connection:
        assert not names(connection, "default", "user")["u1"].deleted


def test_keys_of_an_archived_project_are_not_deleted_and_others_are(facts: Facts) -> None:
    """Nothing below an archived project is listed any more."""
    facts.name("project", "old", "Old", seen=at("2026-02-01"), status="archived")
    facts.name("project", "p1", "Web", seen=at("2026-02-01"), status="active")
    for key, project, seen in (
        ("archived", "old", "2026-01-01"),
        ("gone", "p1", "2026-01-01"),
        ("here", "p1", "2026-02-01"),
    ):
        facts.name("api_key", key, key, seen=at(seen), project_id=project)
    facts.name("user", "svc", "robot", seen=at("2026-01-01"), project_id="old")
    facts.name("user", "ann", "Ann", seen=at("2026-02-01"))
    with facts.database.read() as connection:
        keys = names(connection, "default", "api_key")
        users = names(connection, "default", "user")
    deleted = {id_: known.deleted for id_, known in (keys | users).items()}
    assert deleted == {
        "archived": False,
        "gone": True,
        "here": False,
        "svc": False,
        "ann": False,
    }
