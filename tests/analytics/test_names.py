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
        found = options(connection, "default")
    assert [option.id for option in found.models] == ["o3", "embed", "gpt-5", "image-1"]
    assert {option.id: option.label for option in found.projects} == {"p1": "Web", "p2": "p2"}
    assert {option.id for option in found.users} == {"u1", "u2"}
    assert {option.id for option in found.api_keys} == {"k1", "k2"}


def test_an_empty_database_offers_nothing(facts: Facts) -> None:
    with facts.database.read() as connection:
        assert options(connection, "default").models == ()
        assert options(connection, "nobody").users == ()
