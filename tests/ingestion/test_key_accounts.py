"""One organization under two accounts, and a key that does not show where it belongs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from tests.builders import Clock, Rig, a_client, at

from wherespent.demo import ScriptedOrganization, serve
from wherespent.domain.accounts import Organization
from wherespent.domain.records import Name
from wherespent.errors import ProviderError
from wherespent.ingestion.key_check import KeyCheck
from wherespent.storage.accounts import other_organizations, remember_organization
from wherespent.storage.engine import Database
from wherespent.storage.names import upsert_names
from wherespent.storage.series import account_id

ORGANIZATION = Organization("org-one", frozenset({"proj_a", "proj_b"}))


@dataclass
class Told:
    """A key that belongs to a given organization; all that ask wait for each other."""

    organization: Organization
    print: str
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))

    def take_newest(self) -> None: ...

    def fingerprint(self) -> str:
        return self.print

    def fetch_organization(self) -> Organization:
        self.together.wait(20)
        return self.organization


def spend(organization: ScriptedOrganization) -> None:
    organization.add_cost(at(-1).date(), "1.25", "a, input", project_id="proj_own")
    organization.directory.projects.append(
        {"id": "proj_own", "name": "Own", "status": "active", "object": "organization.project"}
    )


def check(database: Database, account: str, key: Told) -> KeyCheck:
    return KeyCheck(database, account, key, Clock())


def trouble(database: Database, account: str, organization: Organization) -> ProviderError | None:
    return check(database, account, Told(organization, account)).trouble(insist=False)


def test_a_key_that_shows_nothing_is_not_believed_over_stored_money(
    rig: Rig, organization: ScriptedOrganization, clock: Clock
) -> None:
    spend(organization)
    rig.round(rig.cycle("costs"))
    before = rig.contents()
    with serve(ScriptedOrganization(clock)) as empty:
        client = a_client(empty.url, now=clock, key=SecretStr("sk-admin-second"))
        for _ in range(3):
            clock.move(hours=1)
            said = rig.round(rig.cycle("costs", client=client))["costs"].error
            assert "shows no costs, no usage and no projects" in said
        client.close()
    assert rig.contents() == before


def test_a_key_that_shows_nothing_is_used_where_nothing_is_stored(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    assert rig.round(rig.cycle("costs")).statuses == {"done"}
    spend(organization)
    rig.clock.move(minutes=20)
    assert rig.round(rig.cycle("costs")).statuses == {"done"}
    assert rig.total_nanos() == 1_250_000_000


def test_of_two_new_accounts_of_one_organization_the_second_is_refused(
    database: Database,
) -> None:
    assert trouble(database, "one", ORGANIZATION) is None
    assert "counted twice" in str(trouble(database, "two", ORGANIZATION))


def test_of_two_new_accounts_that_come_at_once_one_is_refused(database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(5):
            asked = Organization("", frozenset({f"proj_{number}"}))
            together = threading.Barrier(2)
            labels = (f"a{number}", f"b{number}")
            checks = [check(database, label, Told(asked, label, together)) for label in labels]
            asking = [pool.submit(each.trouble, insist=False) for each in checks]
            found = [each.result() for each in asking]
            assert found.count(None) == 1, found


def test_two_regions_of_one_organization_are_both_read(database: Database) -> None:
    assert trouble(database, "us", ORGANIZATION) is None
    assert trouble(database, "eu", replace(ORGANIZATION, projects=frozenset({"proj_eu"}))) is None


def test_one_organization_whose_rows_name_none_is_not_read_into_two_accounts(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.organization_id = ""
    spend(organization)
    rig.round(rig.cycle("costs"))
    before = rig.contents()
    synced = rig.round(replace(rig.cycle("costs"), account="copy"))
    assert "counted twice" in synced["costs"].error
    assert rig.contents() == before


def test_another_label_for_a_stored_organization_is_told_which_label_to_keep(
    database: Database,
) -> None:
    assert trouble(database, "default", ORGANIZATION) is None
    said = str(trouble(database, "research", ORGANIZATION))
    assert "The label 'default' holds this organization's history" in said
    assert '{"label": "default", …}' in said
    assert "leave the account 'research' away" in said


@pytest.mark.parametrize("is_named_before", [True, False])
def test_projects_that_are_remembered_for_a_key_keep_and_get_their_names(
    database: Database, is_named_before: bool
) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    name = Name("project", "proj_a", "Alpha", created_at=1)
    with database.write() as connection:
        number, other = account_id(connection, "one"), account_id(connection, "two")
        if is_named_before:
            upsert_names(connection, number, [name], now)
        remember_organization(connection, number, ORGANIZATION, now)
        if not is_named_before:
            upsert_names(connection, number, [name], now)
        assert "proj_a" in other_organizations(connection, other)["one"].projects
        rows = connection.exec_driver_sql("SELECT name FROM name WHERE id = 'proj_a'").all()
        assert [tuple(row) for row in rows] == [("Alpha",)]
        made = connection.exec_driver_sql("SELECT created_at FROM name WHERE id = 'proj_a'")
        assert made.scalar() is not None
