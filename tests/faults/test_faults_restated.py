"""What the provider restates, however late, is believed at the next reading and remembered."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.builders import Clock, Rig, at, dollars
from tests.faults.conftest import Tally

from wherespent.demo import Restatement, ScriptedOrganization, serve
from wherespent.domain.windows import DAY, epoch
from wherespent.storage.engine import Database

SECOND_LOOK = 35
FEW_AGES = (0, 1, 3, 4, 17, 34, 35)
ITEMS = ("a, input", "b, input", "Überraschung")
CHANGES = {
    "up": Restatement(cost_factor=Decimal("1.5"), usage_factor=3),
    "down": Restatement(cost_factor=Decimal("0.5"), usage_factor=0),
    "removed": Restatement(
        drop=lambda row: row.get("line_item") == "b, input" or row.get("model") == "b"
    ),
    "all removed": Restatement(empty=True),
}


@pytest.fixture
def rig(database: Database) -> Iterator[Rig]:
    """Forty days of three line items and two models, no two amounts alike."""
    clock = Clock()
    organization = ScriptedOrganization(clock)
    for number in range(-40, 1):
        for place, item in enumerate(ITEMS):
            organization.add_cost(at(number).date(), f"{number + 60}.{place + 1}0000002", item)
        for model in ("a", "b"):
            organization.add_usage(
                "images", at(number, 5), {"model": model}, images=number + 60, num_model_requests=1
            )
    made = Rig(database, organization, serve(organization), clock)
    yield made
    made.close()


def sync(rig: Rig) -> None:
    assert rig.sync("costs", "images", since=-40).statuses == {"done"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_day_restated_at_any_age_is_right_after_its_next_reading(
    rig: Rig, change: str, is_full: bool, tally: Tally
) -> None:
    """One restated day of every age; whoever reads on sees each within a week."""
    ages = range(SECOND_LOOK + 1) if is_full else FEW_AGES
    sync(rig)
    before = rig.costs()
    seen_from = epoch(rig.clock())
    for age in ages:
        rig.organization.quirks.restated[at(-age).date()] = CHANGES[change]
    rig.clock.move(minutes=20)
    sync(rig)
    rig.clock.move(minutes=61)  # an empty day is believed when a later reading agrees
    sync(rig)
    truth = rig.organization.cost_truth_nanos(at(-3), at(1))
    assert sum(
        nanos for (start, *_), nanos in rig.costs().items() if int(start) >= epoch(at(-3))
    ) == truth.get((), 0)
    step = 1 if is_full else 4
    for _ in range(0, 8, step):
        rig.clock.move(days=step)
        sync(rig)
    rig.clock.move(minutes=61)
    sync(rig)
    expected = expected_revisions(rig, before, ages)
    kept = revisions(rig, seen_from)
    tally(
        f"06 restated: {change} ({rig.database.url.get_backend_name()})",
        faults=len(ages),
        converged=sum(set(expected[age]) == set(kept.get(age, ())) for age in ages),
        note=f"ages of 0 to {max(ages)} days, {sum(map(len, expected.values()))} cells",
    )
    rig.assert_exact("costs", "images", since=-40)
    assert {age: sorted(map(str, cells)) for age, cells in kept.items()} == {
        age: sorted(map(str, cells)) for age, cells in expected.items()
    }


Change = tuple[str, int | None, int | None]


def expected_revisions(
    rig: Rig, before: dict[tuple[str, ...], int], ages: range | tuple[int, ...]
) -> dict[int, list[Change]]:
    """Age → (line item, old, new) of every cell that differs from what was stored before."""
    found: dict[int, list[Change]] = {}
    for age in ages:
        after = {
            dims[0]: nanos
            for dims, nanos in rig.organization.cost_truth_nanos(
                at(-age), at(1 - age), ("line_item",)
            ).items()
        }
        start = str(epoch(at(-age)))
        old = {cell[3]: nanos for cell, nanos in before.items() if cell[0] == start}
        found[age] = [
            (item, old[item], after.get(item)) for item in ITEMS if old[item] != after.get(item)
        ]
    return found


def revisions(rig: Rig, since: int) -> dict[int, list[Change]]:
    rows = rig.rows(
        "SELECT r.bucket_start, i.name, r.old_amount, r.new_amount FROM cost_revision r"
        " JOIN cost_series s ON s.id = r.series_id JOIN line_item i ON i.id = s.line_item_id"
        " WHERE r.seen_at > :since ORDER BY r.id",
        since=since,
    )
    found: dict[int, list[Change]] = {}
    for start, item, old, new in rows:
        found.setdefault((epoch(at(0)) - start) // DAY, []).append((item, old, new))
    return found


def test_a_day_within_the_lag_is_right_after_the_very_next_sync(rig: Rig) -> None:
    sync(rig)
    for age in range(4):
        rig.organization.quirks.restated[at(-age).date()] = CHANGES["up"]
    rig.clock.move(minutes=16)
    sync(rig)
    rig.assert_exact("costs", since=-40)


def test_a_day_restated_on_the_last_day_of_looks_is_still_seen(rig: Rig) -> None:
    """Read a day before, so that the next look would come when it is older than 35 days."""
    sync(rig)
    rig.clock.move(days=7, hours=-12)
    sync(rig)
    rig.organization.quirks.restated[at(-28).date()] = CHANGES["down"]
    rig.clock.move(days=7, hours=12)
    sync(rig)
    rig.assert_exact("costs", since=-40)
    assert revisions(rig, epoch(at(0)))[28] == [
        ("a, input", dollars("32.10000002"), dollars("16.05000001")),
        ("b, input", dollars("32.20000002"), dollars("16.10000001")),
        ("Überraschung", dollars("32.30000002"), dollars("16.15000001")),
    ]
    assert timedelta(days=7) < rig.clock() - at(-28)
