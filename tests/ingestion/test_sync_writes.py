"""What one page writes: all of it or nothing, only what differs, and a trace of every change."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.builders import NOON, Rig, assert_rollups, at, day, dollars

from wherespent.demo import Restatement, ScriptedOrganization
from wherespent.domain.windows import DAY, epoch
from wherespent.errors import StorageError

THREE_DAYS_AGO, YESTERDAY, TODAY = at(-3).date(), at(-1).date(), at(0).date()


def revisions(rig: Rig) -> list[tuple[int, int | None, int | None, int, int]]:
    """(day, old, new, seen at, settled), oldest first."""
    rows = rig.rows(
        "SELECT bucket_start, old_amount, new_amount, seen_at, settled FROM cost_revision"
        " ORDER BY id"
    )
    return [((start - day(0)) // DAY, *rest) for start, *rest in rows]


# One transaction per page


def test_a_failure_at_the_third_page_keeps_the_first_two(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 24
    company.organization.faults.script("embeddings", "ok", "ok", *["500"] * 7)
    synced = company.sync("embeddings", since=-3)["embeddings"]
    assert synced.status == "failed"
    days = {int(cell[0]) - int(cell[0]) % DAY for cell in company.usage("embeddings")}
    assert days == {day(-1), day(0)}
    assert company.covered("embeddings") == {-1, 0}
    assert_rollups(company.database)


def test_pages_before_a_failure_stay_and_the_next_sync_finishes(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 24
    # The newest two days are one window, then history: its first two pages pass.
    company.organization.faults.script("embeddings", *["ok"] * 4, *["500"] * 7)
    assert company.sync("embeddings", since=-8)["embeddings"].status == "failed"
    assert company.covered("embeddings") == {-8, -7, -1, 0}
    assert company.sync("embeddings", since=-8)["embeddings"].status == "done"
    company.assert_exact("embeddings", since=-8)
    assert company.covered("embeddings") == set(range(-8, 1))


def test_a_day_is_covered_only_once_all_of_its_hours_were_read(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 30
    company.organization.faults.script("embeddings", "ok", *["500"] * 7)
    company.sync("embeddings", since=-1)
    assert company.covered("embeddings") == {-1}
    assert {int(cell[0]) for cell in company.usage("embeddings")} <= {
        epoch(at(-1, hour)) for hour in range(30)
    }


def test_a_page_that_cannot_be_written_leaves_nothing_of_itself(company: Rig) -> None:
    """The rollup table is in the way of the page's own transaction."""
    with company.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE usage_slice_day RENAME TO away")
    with pytest.raises(StorageError, match="db upgrade"):
        company.sync("embeddings", since=-1)
    assert company.usage("embeddings") == {}
    assert company.covered("embeddings") == set()
    with company.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO usage_slice_day")
    company.sync("embeddings", since=-1)
    company.assert_exact("embeddings", since=-1)


# Repeating


def test_repeating_a_sync_changes_nothing(company: Rig) -> None:
    company.sync()
    before, version = company.contents(), company.version()
    company.organization.now = lambda: NOON  # the provider's data stands still
    company.clock.move(hours=2)
    again = company.sync()
    assert again.changed == 0
    assert company.version() == version
    assert company.contents() == before


def test_repeating_a_whole_round_changes_nothing(company: Rig) -> None:
    cycle = company.cycle("costs", "embeddings")
    company.round(cycle)
    before, version = company.contents(), company.version()
    company.clock.move(hours=2)
    company.organization.now = lambda: NOON  # the provider's data stands still
    names = company.round(cycle)["names"]
    assert names.status == "done"
    assert company.contents() == before
    assert company.version() == version


def test_reading_again_from_nothing_gives_the_same_facts(company: Rig) -> None:
    company.sync("costs", "completions")
    before = company.contents()
    with company.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM coverage")
    assert company.sync("costs", "completions").changed == 0
    assert company.contents() == before


def test_only_changed_buckets_are_replaced(rig: Rig, organization: ScriptedOrganization) -> None:
    for hour in (1, 2, 3):
        organization.add_usage("completions", at(-1, hour), {"model": "m"}, input_tokens=hour)
    organization.add_cost(YESTERDAY, "1", "a, input")
    organization.add_cost(TODAY, "2", "a, input")
    rig.sync("costs", "completions")
    organization.add_usage("completions", at(-1, 2), {"model": "m"}, input_tokens=10)
    organization.add_cost(TODAY, "3", "b, input")
    rig.clock.move(minutes=5)
    synced = rig.sync("costs", "completions")
    assert (synced["completions"].buckets_changed, synced["costs"].buckets_changed) == (1, 1)
    rig.assert_exact("costs", "completions")


def test_the_version_moves_when_data_changes(rig: Rig, organization: ScriptedOrganization) -> None:
    organization.add_cost(TODAY, "2", "a, input")
    rig.sync("costs")
    before = rig.version()
    organization.add_cost(TODAY, "0.01", "a, input")
    rig.clock.move(minutes=5)
    rig.sync("costs")
    assert rig.version() > before


def test_a_removed_row_disappears(rig: Rig, organization: ScriptedOrganization) -> None:
    for model in ("kept", "gone"):
        organization.add_usage("completions", at(-1, 5), {"model": model}, input_tokens=4)
        organization.add_cost(YESTERDAY, "1", f"{model}, input")
    rig.sync("costs", "completions")
    change = Restatement(
        drop=lambda dims: dims.get("model") == "gone" or dims.get("line_item") == "gone, input"
    )
    organization.quirks.restated[YESTERDAY] = change
    rig.clock.move(hours=1)
    rig.sync("costs", "completions")
    assert [cell[4] for cell in rig.usage("completions")] == ["kept"]
    assert [cell[3] for cell in rig.costs()] == ["kept, input"]
    rig.assert_exact("costs", "completions")


def test_costs_that_settle_end_at_the_final_bill(company: Rig) -> None:
    company.sync("costs")
    for _ in range(4):
        company.clock.move(days=1)
        company.sync("costs", until=5)
    company.assert_exact("costs", until=5)
    assert revisions(company)


# Revisions


def test_a_changed_cost_cell_keeps_its_old_and_new_amount(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(YESTERDAY, "1.5", "a, input")
    organization.add_cost(YESTERDAY, "7", "b, input")
    rig.sync("costs")
    assert revisions(rig) == []
    organization.add_cost(YESTERDAY, "0.25", "a, input")
    rig.clock.move(hours=1)
    rig.sync("costs")
    seen = epoch(NOON + timedelta(hours=1))
    assert revisions(rig) == [(-1, dollars("1.5"), dollars("1.75"), seen, 0)]


def test_new_and_vanished_cells_are_revisions_too(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.add_cost(YESTERDAY, "1", "a, input")
    organization.add_cost(YESTERDAY, "2", "b, input")
    rig.sync("costs")
    organization.quirks.restated[YESTERDAY] = Restatement(drop_line_items=frozenset({"b, input"}))
    organization.add_cost(YESTERDAY, "3", "c, input")
    rig.clock.move(hours=1)
    rig.sync("costs")
    changes = {(old, new) for _, old, new, _, _ in revisions(rig)}
    assert changes == {(dollars("2"), None), (None, dollars("3"))}


def test_the_first_money_of_a_day_that_was_read_empty_is_a_revision(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    rig.sync("costs")
    organization.add_cost(TODAY, "1", "a, input")
    rig.clock.move(hours=1)
    rig.sync("costs")
    assert [(number, old, new) for number, old, new, _, _ in revisions(rig)] == [
        (0, None, dollars("1"))
    ]


def test_a_change_of_a_settled_day_is_a_restatement(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    long_ago = at(-20).date()
    organization.add_cost(long_ago, "1", "a, input")
    organization.add_cost(YESTERDAY, "1", "a, input")
    rig.sync("costs", since=-30)
    for changed in (long_ago, YESTERDAY):
        organization.quirks.restated[changed] = Restatement(cost_factor=Decimal(2))
    rig.clock.move(days=7, hours=1)
    rig.sync("costs", since=-30, until=9)
    assert {(number, settled) for number, _, _, _, settled in revisions(rig)} == {(-20, 1), (-1, 1)}
    rig.clock.move(minutes=5)
    organization.add_cost(at(7).date(), "1", "a, input")
    rig.sync("costs", since=-30, until=9)
    assert revisions(rig)[-1][0] == 7
    assert revisions(rig)[-1][-1] == 0


def test_an_unchanged_cell_beside_a_changed_one_is_no_revision(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for item in "abc":
        organization.add_cost(YESTERDAY, "1", f"{item}, input")
    rig.sync("costs")
    organization.add_cost(YESTERDAY, "1", "b, input")
    rig.clock.move(hours=1)
    rig.sync("costs")
    assert len(revisions(rig)) == 1


# Empty over money


@pytest.fixture
def emptied(rig: Rig, organization: ScriptedOrganization) -> Rig:
    """Yesterday was read full, then once empty."""
    organization.add_cost(YESTERDAY, "5", "a, input")
    organization.add_usage("completions", at(-1, 5), {"model": "m"}, input_tokens=4)
    rig.sync("costs", "completions")
    organization.quirks.restated[YESTERDAY] = Restatement(empty=True)
    rig.clock.move(minutes=10)
    rig.sync("costs", "completions")
    return rig


def flags(rig: Rig) -> int:
    return rig.value("SELECT COUNT(*) FROM empty_bucket")


def test_an_empty_bucket_over_money_is_kept_and_flagged(emptied: Rig) -> None:
    assert emptied.total_nanos() == dollars("5")
    assert len(emptied.usage("completions")) == 1
    assert flags(emptied) == 2


def test_it_is_not_believed_within_the_hour(emptied: Rig) -> None:
    emptied.clock.move(minutes=59)
    assert emptied.sync("costs", "completions").changed == 0
    assert emptied.total_nanos() == dollars("5")


def test_it_is_believed_when_a_run_an_hour_later_agrees(emptied: Rig) -> None:
    emptied.clock.move(minutes=60)
    emptied.sync("costs", "completions")
    assert emptied.costs() == {}
    assert emptied.usage("completions") == {}
    assert flags(emptied) == 0
    assert revisions(emptied)[-1][1:3] == (dollars("5"), None)
    assert_rollups(emptied.database)


def test_money_that_comes_back_clears_the_flag(
    emptied: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.restated.clear()
    emptied.clock.move(hours=2)
    emptied.sync("costs", "completions")
    assert flags(emptied) == 0
    emptied.assert_exact("costs", "completions")


def test_a_flag_on_a_settled_day_is_looked_at_again(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    long_ago = at(-20).date()
    organization.add_cost(long_ago, "5", "a, input")
    rig.sync("costs", since=-30)
    organization.quirks.restated[long_ago] = Restatement(empty=True)
    rig.clock.move(days=7, hours=1)
    rig.sync("costs", since=-30, until=9)
    assert rig.total_nanos() == dollars("5")
    rig.clock.move(hours=2)
    rig.sync("costs", since=-30, until=9)
    assert rig.costs() == {}


def test_a_bucket_that_was_always_empty_is_nothing_to_doubt(rig: Rig) -> None:
    rig.sync("costs", "completions")
    rig.clock.move(hours=2)
    rig.sync("costs", "completions")
    assert flags(rig) == 0
