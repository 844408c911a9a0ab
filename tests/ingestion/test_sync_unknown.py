"""What this version does not know: the sync is green, no cent is lost, and it is all kept."""

import json
from decimal import Decimal

from tests.builders import Rig, at, dollars

from wherespent.analytics.cost import cost_by, cost_total, line_items
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.unknown import UnknownRow, unknown_data
from wherespent.analytics.usage import tokens_by
from wherespent.demo import ScriptedOrganization
from wherespent.domain.records import Unrecognized
from wherespent.domain.windows import DAY, Window, epoch
from wherespent.storage.rollups import Place
from wherespent.storage.unrecognized import record_unrecognized

WHOLE = Filters(Window(epoch(at(-3)), epoch(at(1))), Granularity.TOTAL)


def kept(rig: Rig) -> dict[tuple[str, str, str], UnknownRow]:
    with rig.database.read() as connection:
        rows = unknown_data(connection, "default")
    return {(row.stream.rsplit(".", 1)[-1], row.kind, row.name): row for row in rows}


def test_unknown_fields_are_kept_raw_and_the_sync_is_green(company: Rig) -> None:
    company.organization.quirks.unknown_fields = True
    assert company.sync("costs", "completions", since=-1).statuses == {"done"}
    company.assert_exact("costs", "completions", since=-1)
    found = kept(company)
    assert {(kind, name) for stream, kind, name in found if stream == "completions"} == {
        ("field", "page.x_trace"),
        ("field", "bucket.x_region"),
        ("field", "x_new_field"),
    }
    assert json.loads(found["costs", "field", "x_new_field"].sample) == {"depth": [1, "two"]}


def test_results_of_an_unknown_kind_are_kept_whole_and_in_no_sum(company: Rig) -> None:
    company.organization.quirks.unknown_objects = True
    assert company.sync("costs", "completions", since=-1).statuses == {"done"}
    company.assert_exact("costs", "completions", since=-1)
    row = kept(company)["costs", "result", "organization.usage.teleports.result"]
    assert json.loads(row.sample)["beams"] == 3
    assert row.seen == 2


def test_every_sync_that_sees_it_counts_it_and_renews_the_sample(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    organization.quirks.unknown_fields = True
    organization.add_cost(at(-1).date(), "1", "a, input")
    rig.sync("costs", since=-1)
    first = kept(rig)["costs", "field", "x_new_field"]
    rig.clock.move(hours=1)
    rig.sync("costs", since=-1)
    again = kept(rig)["costs", "field", "x_new_field"]
    assert (first.seen, again.seen) == (1, 2)
    assert (again.first_seen_at, again.last_seen_at) == (first.first_seen_at, rig.clock())


def test_an_answer_that_is_wholly_known_leaves_nothing(company: Rig) -> None:
    company.sync(since=-1)
    assert kept(company) == {}


def test_names_without_end_do_not_fill_the_database(rig: Rig) -> None:
    many = [Unrecognized("field", f"x{number}", "1", 1) for number in range(500)]
    with rig.database.write() as connection:
        assert record_unrecognized(connection, Place(1, 1), many, rig.clock())
        assert not record_unrecognized(connection, Place(1, 1), many, rig.clock())
    assert rig.value("SELECT COUNT(*) FROM unrecognized") == 200
    assert rig.value("SELECT MIN(seen) FROM unrecognized") == 2


# Values that are unknown, and rows without one, are shown under what they are


def test_what_is_shown_adds_up_to_what_was_sent(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    sent = {
        ("gpt-5, input", "p1"): "1.000000001",
        ("teleport beams", None): "0.333333333",
        (None, None): "0.25",
        ("quantum, entangled, output (beta)", "p2"): "-0.75",
        ("", ""): "0.000000001",
    }
    for (line_item, project), amount in sent.items():
        organization.add_cost(at(-1).date(), amount, line_item, project_id=project)
    rig.sync("costs")
    truth = sum(map(Decimal, sent.values()), Decimal())
    assert rig.total_nanos() == dollars(str(truth))
    with rig.database.read() as connection:
        assert cost_total(connection, WHOLE) == truth
        for dimension in ("line_item", "model", "project_id", "user_id", "api_key_id"):
            shown = cost_by(connection, WHOLE, dimension)
            assert sum((point.billed for point in shown), Decimal()) == truth, dimension
        bill = {row.line_item: row.billed for row in line_items(connection, WHOLE)}
        by_model = {point.key: point.billed for point in cost_by(connection, WHOLE, "model")}
    assert bill["teleport beams"] == by_model["teleport beams"] == Decimal("0.333333333")
    assert bill["quantum, entangled, output (beta)"] == Decimal("-0.75")
    assert bill[""] == Decimal("0.250000001")


def test_an_unknown_model_is_counted_under_its_own_name(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    for model, tokens in (("gpt-5", 3), ("zeta-1-unheard-of", 40), (None, 500)):
        organization.add_usage("completions", at(-1, 5), {"model": model}, input_tokens=tokens)
    rig.sync("completions")
    with rig.database.read() as connection:
        points = tokens_by(connection, WHOLE, "model")
    assert {point.key: point.input_tokens for point in points} == {
        "gpt-5": 3,
        "zeta-1-unheard-of": 40,
        "": 500,
    }
    assert WHOLE.window.seconds == 4 * DAY
