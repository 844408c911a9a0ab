"""Every invariant holds on what a sync wrote, and turns red with the row that breaks it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from tests.builders import NOON, Clock, Rig, at, day

from wherespent.demo import ScriptedOrganization, serve
from wherespent.demo.streams import Dimension
from wherespent.domain.windows import Window
from wherespent.errors import StorageError
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.engine import Database, open_database
from wherespent.storage.extent import extent
from wherespent.storage.proofs import (
    Found,
    Invariant,
    Offence,
    Proof,
    Scope,
    Status,
    failing_proofs,
    prove,
    stored_proofs,
)

PARTS = {
    "input_tokens": 100,
    "input_uncached_tokens": 60,
    "input_cached_tokens": 30,
    "input_cache_write_tokens": 10,
    "output_tokens": 20,
    "num_model_requests": 3,
}
NEVER = -(2**63)


@pytest.fixture
def small(database: Database, clock: Clock) -> Iterator[Rig]:
    """Four days of one project with two keys, read in one round that proves itself."""
    organization = ScriptedOrganization(clock)
    for number in range(-3, 1):
        date = at(number).date()
        for key in ("key_a", "key_b"):
            who: dict[str, Dimension] = {
                "project_id": "proj_x",
                "user_id": "user_u",
                "api_key_id": key,
                "model": "gpt-5",
            }
            for hour in (1, 7):
                organization.add_usage("completions", at(number, hour), who, **PARTS)
            billed = {"project_id": "proj_x", "user_id": "user_u", "api_key_id": key}
            organization.add_cost(date, "1.25", "gpt-5, input", **billed)
            organization.add_cost(date, "0.000000000333", "gpt-5, output", **billed)
        for hour, level in ((2, 500), (9, 900)):
            organization.add_usage(
                "vector_stores", at(number, hour), {"project_id": "proj_x"}, usage_bytes=level
            )
    made = Rig(database, organization, serve(organization), clock)
    made.round(made.cycle(invariants=INVARIANTS))
    yield made
    made.close()


def broken(rig: Rig, *statements: str) -> dict[str, Proof]:
    """Everything checked again after statements that no sync would make, by name."""
    with rig.database.write() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount >= 1, statement
    return {each.name: each for each in prove(rig.database, "default", INVARIANTS, rig.clock())}


def red(proofs: dict[str, Proof]) -> set[str]:
    return {name for name, proof in proofs.items() if proof.status is Status.FAILS}


def words(proof: Proof) -> str:
    return " | ".join(offence.text for offence in proof.offences)


def test_everything_holds_on_the_simulated_company(company: Rig) -> None:
    company.round(company.cycle(invariants=INVARIANTS))
    with company.database.read() as connection:
        proofs = {proof.name: proof for proof in stored_proofs(connection, "default")}
    assert set(proofs) == {invariant.name for invariant in INVARIANTS}
    assert {name: words(proof) for name, proof in proofs.items() if proof.failing} == {}
    # Nothing is green because nothing was looked at.
    assert {proof.status for proof in proofs.values()} == {Status.HOLDS}
    assert all(proof.checked >= 4 for proof in proofs.values())
    assert {proof.checked_at for proof in proofs.values()} == {NOON}


def test_everything_holds_where_users_are_read_apart(company: Rig) -> None:
    company.organization.quirks.refuse_user_with_project = True
    company.round(company.cycle(invariants=INVARIANTS))
    assert company.total_nanos(grouping=1) > 0
    with company.database.read() as connection:
        assert failing_proofs(connection, "default") == []
    assert red(broken(company)) == set()


def test_a_small_organization_is_proven_by_its_first_round(small: Rig) -> None:
    with small.database.read() as connection:
        proofs = {proof.name: proof for proof in stored_proofs(connection, "default")}
    assert {proof.status for proof in proofs.values()} == {Status.HOLDS}
    assert proofs["bill"].checked == 4
    assert proofs["line_items"].checked == 4
    assert proofs["tokens"].checked == 16
    assert proofs["orphans"].checked > 0


def test_line_items_that_do_not_add_up_to_their_day_are_named(small: Rig) -> None:
    proofs = broken(
        small,
        f"UPDATE cost_slice_day SET amount = amount + 7 WHERE bucket_start = {day(-2)}"
        " AND slice_id = (SELECT MIN(slice_id) FROM cost_slice_day)",
    )
    assert red(proofs) == {"line_items", "keys", "export"}
    (offence,) = proofs["line_items"].offences
    assert offence.day == day(-2)
    assert "2026-11-18" in offence.text
    assert "$2.500000001" not in offence.text
    assert "$2.500000007" in offence.text or "$2.500000008" in offence.text
    assert "proj_x" in words(proofs["keys"])
    assert "on screen" in words(proofs["export"])


def test_hours_that_do_not_add_up_to_their_day_are_named(small: Rig) -> None:
    proofs = broken(
        small,
        f"UPDATE usage_day SET input_tokens = input_tokens + 5 WHERE bucket_start = {day(-1)}"
        " AND input_tokens IS NOT NULL"
        " AND series_id = (SELECT MIN(id) FROM usage_series WHERE api_key_id = 'key_a')",
    )
    assert {"hours", "keys", "export"} <= red(proofs)
    (offence,) = proofs["hours"].offences
    assert offence.day == day(-1)
    assert offence.text.startswith("2026-11-19, completions, project proj_x")
    assert "input_tokens is 200 in the hours and 205 in the day" in offence.text


def test_an_hour_that_is_gone_is_missed(small: Rig) -> None:
    proofs = broken(small, f"DELETE FROM usage_hour WHERE bucket_start = {day(-1) + 3600}")
    assert {"hours", "keys"} <= red(proofs)
    assert proofs["hours"].failing == 2


def test_a_day_without_any_hour_is_missed(small: Rig) -> None:
    proofs = broken(
        small,
        f"DELETE FROM usage_hour WHERE bucket_start >= {day(-1)} AND bucket_start < {day(0)}",
    )
    assert proofs["hours"].failing == 3
    assert "is nothing in the hours" in words(proofs["hours"])


def test_unknown_is_not_zero(small: Rig) -> None:
    proofs = broken(
        small,
        f"UPDATE usage_day SET output_audio_tokens = 0 WHERE bucket_start = {day(0)}"
        " AND output_audio_tokens IS NULL",
    )
    assert "output_audio_tokens is nothing in the hours and 0 in the day" in words(proofs["hours"])


def test_a_stock_is_the_level_of_its_last_hour(small: Rig) -> None:
    proofs = broken(
        small,
        f"UPDATE usage_day SET usage_bytes = 1400 WHERE usage_bytes = 900"
        f" AND bucket_start = {day(-1)}",
        f"UPDATE usage_slice_day SET usage_bytes = 1400 WHERE usage_bytes = 900"
        f" AND bucket_start = {day(-1)}",
    )
    assert red(proofs) == {"hours"}
    assert "usage_bytes is 900 in the hours and 1,400 in the day" in words(proofs["hours"])


@pytest.mark.parametrize("table", ["usage_slice_day", "usage_slice_hour"])
def test_keys_that_do_not_add_up_to_their_project_are_named(small: Rig, table: str) -> None:
    proofs = broken(
        small,
        f"UPDATE {table} SET output_tokens = output_tokens - 1 WHERE output_tokens IS NOT NULL"
        f" AND bucket_start >= {day(-1)} AND bucket_start < {day(-1) + 7200}",
    )
    assert "keys" in red(proofs)
    assert "hours" not in red(proofs)
    (offence,) = proofs["keys"].offences
    assert offence.day == day(-1)
    assert "project proj_x, model gpt-5" in offence.text
    assert "in the keys" in offence.text


def test_hours_that_retention_let_go_of_are_not_missed(small: Rig) -> None:
    proofs = broken(
        small,
        f"DELETE FROM usage_hour WHERE bucket_start < {day(-1)}",
        f"DELETE FROM usage_slice_hour WHERE bucket_start < {day(-1)}",
        f"UPDATE stream_state SET pruned_before = {day(-1)}",
    )
    assert red(proofs) == set()
    assert proofs["hours"].checked > 0


def test_token_parts_that_do_not_add_up_are_named(small: Rig) -> None:
    proofs = broken(
        small,
        "UPDATE usage_hour SET input_cached_tokens = input_cached_tokens + 1"
        f" WHERE bucket_start = {day(-1) + 3600} AND input_cached_tokens IS NOT NULL",
    )
    assert "tokens" in red(proofs)
    assert proofs["tokens"].failing == 2
    assert "input_tokens is 100, its parts 101" in words(proofs["tokens"])
    assert "2026-11-19 01:00" in words(proofs["tokens"])


def test_a_day_that_was_never_read_between_two_that_were_is_missing(small: Rig) -> None:
    proofs = broken(small, f"DELETE FROM coverage WHERE bucket_start = {day(-2)} AND grouping = 0")
    assert "buckets" in red(proofs)
    assert "completions: 2026-11-18 is missing" in words(proofs["buckets"])
    assert "costs: 2026-11-18 is missing" in words(proofs["buckets"])


def test_a_day_that_was_read_only_while_it_ran_is_missing(small: Rig) -> None:
    proofs = broken(
        small, f"UPDATE coverage SET read_at = {day(-2)} WHERE bucket_start = {day(-2)}"
    )
    assert "read only before the day had ended" in words(proofs["buckets"])


def test_history_that_is_still_to_be_read_is_not_missing(small: Rig) -> None:
    proofs = broken(small, f"DELETE FROM coverage WHERE bucket_start < {day(-1)}")
    assert "buckets" not in red(proofs)


def test_what_a_process_is_just_reading_is_not_missing(small: Rig) -> None:
    until = int((small.clock() + timedelta(minutes=3)).timestamp())
    proofs = broken(
        small,
        f"DELETE FROM coverage WHERE bucket_start = {day(-2)}",
        f"UPDATE stream_state SET claimed_by = 'another', claimed_until = {until}",
    )
    assert "buckets" not in red(proofs)
    assert "completions is being read just now." in proofs["buckets"].reason


def test_a_bucket_that_begins_between_two_is_counted_twice(small: Rig) -> None:
    proofs = broken(
        small,
        "INSERT INTO cost_day (account_id, grouping, bucket_start, series_id, amount)"
        f" SELECT account_id, grouping, bucket_start + 1800, series_id, amount FROM cost_day"
        f" WHERE bucket_start = {day(-1)}",
    )
    assert "buckets" in red(proofs)
    assert "costs: the bucket of 2026-11-19 00:30 does not begin" in words(proofs["buckets"])


def test_a_bucket_that_holds_two_groupings_is_counted_twice(small: Rig) -> None:
    proofs = broken(
        small,
        "UPDATE usage_series SET grouped_by = 'project_id' WHERE id ="
        " (SELECT MIN(id) FROM usage_series WHERE api_key_id = 'key_a')",
    )
    assert red(proofs) == {"buckets"}
    assert "holds rows of two groupings" in words(proofs["buckets"])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE usage_series SET account_id = 2 WHERE api_key_id = 'key_b'",
            "belong to usage_series",
        ),
        ("DELETE FROM usage_series WHERE api_key_id = 'key_b'", "which does not exist"),
        ("DELETE FROM cost_slice", "leads to cost_slice"),
        ("UPDATE cost_series SET line_item_id = 99 WHERE id = 1", "line_item 99"),
        ("UPDATE usage_slice SET project_id = 'proj_y'", "which is not its own"),
    ],
)
def test_an_orphan_is_named(small: Rig, statement: str, said: str) -> None:
    proofs = broken(small, statement)
    assert "orphans" in red(proofs)
    assert said in words(proofs["orphans"])


def test_the_bill_that_is_not_the_providers_total_is_named(small: Rig) -> None:
    proofs = broken(
        small, f"UPDATE billed_total SET amount = amount + 10 WHERE bucket_start = {day(-3)}"
    )
    assert red(proofs) == {"bill"}
    (offence,) = proofs["bill"].offences
    assert offence.day == day(-3)
    assert "2026-11-17: 4 rows add up to $2.500000000" in offence.text
    assert "OpenAI's own total is $2.500000011" in offence.text


def test_half_a_nano_of_rounding_for_each_row_is_no_difference(small: Rig) -> None:
    # The rows are 0.333 nano too short each, and the total is 0.666 nano.
    assert small.value(f"SELECT amount FROM billed_total WHERE bucket_start = {day(0)}") % 10 == 1
    proofs = broken(
        small, f"UPDATE billed_total SET amount = amount + 1 WHERE bucket_start = {day(0)}"
    )
    assert red(proofs) == set()


def test_an_amount_that_does_not_survive_the_round_trip_is_named(small: Rig) -> None:
    proofs = broken(
        small,
        f"UPDATE cost_day SET amount = {NEVER} WHERE bucket_start = {day(-1)}"
        " AND series_id = (SELECT MIN(series_id) FROM cost_day)",
    )
    assert "money" in red(proofs)
    assert f"cost_day holds {NEVER}" in words(proofs["money"])


def test_a_fraction_of_a_nano_is_no_money(small: Rig) -> None:
    proofs = broken(small, f"UPDATE cost_day SET amount = 1.5 WHERE bucket_start = {day(-1)}")
    if small.database.is_sqlite:
        assert "cost_day holds 1.5" in words(proofs["money"])
    else:
        # Postgres keeps nothing but whole numbers in the column.
        assert "money" not in red(proofs)
        assert "line_items" in red(proofs)


def test_a_sync_checks_the_days_that_it_read_and_a_day_later_everything(small: Rig) -> None:
    small.clock.move(minutes=5)
    small.round(small.cycle(invariants=INVARIANTS))
    with small.database.read() as connection:
        recent = {proof.name: proof for proof in stored_proofs(connection, "default")}
    assert recent["hours"].since == day(-1)
    assert recent["hours"].whole_at == NOON
    small.clock.move(days=1)
    small.round(small.cycle(invariants=INVARIANTS))
    with small.database.read() as connection:
        later = {proof.name: proof for proof in stored_proofs(connection, "default")}
    assert later["hours"].since is None
    assert later["hours"].whole_at == small.clock()


def test_what_failed_long_ago_stays_red_until_it_holds(small: Rig) -> None:
    broken(small, f"UPDATE usage_day SET input_tokens = 1 WHERE bucket_start = {day(-3)}")
    small.clock.move(minutes=5)
    small.round(small.cycle(invariants=INVARIANTS))
    with small.database.read() as connection:
        proofs = {proof.name: proof for proof in stored_proofs(connection, "default")}
        assert "hours" in failing_proofs(connection, "default")
    assert proofs["hours"].since == day(-3)
    assert proofs["hours"].failing_since == NOON
    assert proofs["hours"].checked_at == small.clock()
    with small.database.write() as connection:
        connection.execute(
            text(
                "UPDATE usage_day SET input_tokens = 200"
                f" WHERE bucket_start = {day(-3)} AND input_tokens = 1 AND output_tokens > 0"
            )
        )
        connection.execute(text("UPDATE usage_day SET input_tokens = NULL WHERE input_tokens = 1"))
    small.round(small.cycle(invariants=INVARIANTS))
    with small.database.read() as connection:
        proofs = {proof.name: proof for proof in stored_proofs(connection, "default")}
    assert proofs["hours"].status is Status.HOLDS
    assert proofs["hours"].failing_since is None


def test_what_cannot_be_checked_is_not_green(database: Database) -> None:
    def refuse(*_: object) -> Found:
        raise ValueError("made up")

    invariant = Invariant("odd", "Odd", "rows", "", "", refuse)
    (proof,) = prove(database, "default", (invariant,), NOON)
    assert proof.status is Status.FAILS
    assert "could not be checked (ValueError)" in words(proof)


def test_of_many_failing_rows_the_first_twenty_are_kept(database: Database) -> None:
    def many(_: object, scope: Scope) -> Found:
        found = Found()
        for number in range(30):
            found += Found(1, 1, (Offence(scope.window.start, f"row {number}"),))
        return found

    invariant = Invariant("many", "Many", "rows", "", "", many)
    (proof,) = prove(database, "default", (invariant,), NOON)
    assert (proof.failing, len(proof.offences)) == (30, 20)
    with database.read() as connection:
        assert stored_proofs(connection, "default") == [proof]


def test_nothing_is_claimed_of_an_empty_database(database: Database) -> None:
    proofs = prove(database, "default", INVARIANTS, NOON)
    assert {proof.status for proof in proofs} == {Status.SKIPPED}


def linger(connection: Connection) -> None:
    """Takes longer than the limit of the reader below."""
    steps = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)"
    sqlite = f"{steps} SELECT COUNT(*) FROM n"
    connection.execute(
        text(sqlite if connection.dialect.name == "sqlite" else "SELECT pg_sleep(0.3)")
    )


def test_a_check_may_take_as_long_as_it_takes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_extent(connection: Connection, id_: int, today: int) -> Window:
        linger(connection)
        return extent(connection, id_, today)

    def slow(connection: Connection, _: Scope) -> Found:
        linger(connection)
        return Found(checked=1)

    monkeypatch.setattr("wherespent.storage.proofs.extent", slow_extent)
    hurried = open_database(database_url, statement_seconds=0.1)
    with pytest.raises(StorageError, match="too long"), hurried.read() as connection:
        linger(connection)
    invariant = Invariant("slow", "Slow", "rows", "", "", slow)
    (proof,) = prove(hurried, "default", (invariant,), NOON)
    hurried.dispose()
    assert proof.status is Status.HOLDS


def test_a_check_that_the_database_ends_loses_no_other(database: Database) -> None:
    def ended(*_: object) -> Found:
        raise StorageError("ended")

    def good(*_: object) -> Found:
        return Found(checked=1)

    checks = {"first": good, "ended": ended, "last": good}
    invariants = [Invariant(name, name, "rows", "", "", each) for name, each in checks.items()]
    with pytest.raises(StorageError, match="ended"):
        prove(database, "default", invariants, NOON)
    with database.read() as connection:
        assert {proof.name for proof in stored_proofs(connection, "default")} == {"first", "last"}
