"""What is asked for first, what is left alone, and what keeps out of whose way."""

import threading
from datetime import timedelta

import pytest
from tests.builders import TODAY, Rig, a_client, at, day

from wherespent.demo import ScriptedOrganization
from wherespent.domain.streams import Kind
from wherespent.domain.windows import DAY, Window
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.plan import Wanted
from wherespent.providers import STREAMS
from wherespent.storage import sync_state
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.sync_state import Reading
from wherespent.storage.tables import MAIN


def windows_asked(rig: Rig) -> list[tuple[str, int, int]]:
    """(stream, first day, end day) of every first page, in order."""
    return [
        (
            request.path.rsplit("/", 1)[-1],
            (int(request.params["start_time"][0]) - TODAY) // DAY,
            (int(request.params["end_time"][0]) - TODAY) // DAY,
        )
        for request in rig.server.requests
        if "page" not in request.params and "start_time" in request.params
    ]


def test_today_of_every_stream_comes_before_any_history(rig: Rig) -> None:
    rig.sync(since=-60)
    asked = windows_asked(rig)
    newest = asked[: len(STREAMS)]
    assert {name for name, _, _ in newest} == {stream.short_name for stream in STREAMS.values()}
    assert {end for _, _, end in newest} == {1}
    assert all(end < 1 for _, _, end in asked[len(STREAMS) :])


def test_history_is_read_newest_first(rig: Rig) -> None:
    rig.sync("completions", since=-120)
    ends = [end for _, _, end in windows_asked(rig)]
    assert ends == sorted(ends, reverse=True)
    rig.assert_exact("completions", since=-1)
    assert rig.covered("completions") == set(range(-120, 1))


def known(cycle: Cycle, rig: Rig, organization: ScriptedOrganization) -> Cycle:
    """The cycle once its key is known to belong to the organization, which costs requests once."""
    organization.add_cost(at(0).date(), "1", "a, input")
    assert cycle.key_check.trouble(insist=False) is None
    rig.forget_requests()
    return cycle


def test_in_a_round_the_last_week_and_the_names_come_before_history(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    rig.round(known(rig.cycle(backfill_days=60), rig, organization))
    paths = [request.path.rsplit("/", 1)[-1] for request in rig.server.requests]
    starts = [int(r.params.get("start_time", ["0"])[0]) for r in rig.server.requests]
    names_at = paths.index("projects")
    assert all(start >= day(-7) for start in starts[:names_at])
    assert any(0 < start < day(-7) for start in starts[names_at:])


def test_what_is_covered_and_settled_is_not_read_again(rig: Rig) -> None:
    rig.sync("costs", "completions", since=-20)
    rig.forget_requests()
    rig.clock.move(minutes=5)
    rig.sync("costs", "completions", since=-20)
    assert {(name, start) for name, start, _ in windows_asked(rig)} == {
        ("costs", -3),
        ("completions", -1),
    }


def test_a_day_is_read_again_each_week_until_it_was_five_weeks_old(rig: Rig) -> None:
    rig.sync("completions", since=-60)
    rig.clock.move(days=7)
    rig.forget_requests()
    rig.sync("completions", since=-60, until=8)
    assert min(start for _, start, _ in windows_asked(rig)) == -35
    rig.forget_requests()
    rig.clock.move(days=1)
    rig.sync("completions", since=-60, until=9)
    assert min(start for _, start, _ in windows_asked(rig)) == 6


def test_costs_and_names_keep_a_pace_of_their_own(
    rig: Rig, organization: ScriptedOrganization
) -> None:
    cycle = known(rig.cycle("costs", "completions"), rig, organization)

    def asked_after(**later: float) -> set[str]:
        rig.forget_requests()
        rig.clock.move(**later)
        rig.round(cycle)
        return {request.path.rsplit("/", 1)[-1] for request in rig.server.requests}

    assert asked_after() == {"costs", "completions", "projects", "users"}
    assert asked_after(minutes=5) == {"completions"}
    assert asked_after(minutes=10) == {"completions", "costs"}
    assert asked_after(minutes=45) == {"completions", "costs", "projects", "users"}


def test_whoever_asks_for_a_refresh_gets_costs_and_names_at_once(rig: Rig) -> None:
    cycle = rig.cycle("costs", "completions")
    rig.round(cycle)
    rig.forget_requests()
    rig.clock.move(minutes=1)
    hurry = threading.Event()
    hurry.set()
    cycle.run(hurry=hurry)
    asked = {request.path.rsplit("/", 1)[-1] for request in rig.server.requests}
    assert asked == {"costs", "completions", "projects", "users"}
    assert not hurry.is_set()


def test_history_makes_way_for_the_newest_data_when_the_time_is_up(rig: Rig) -> None:
    rig.round(rig.cycle("completions", backfill_days=60, interval=timedelta(0)))
    assert rig.covered("completions") == set(range(-7, 1))
    rig.round(rig.cycle("completions", backfill_days=60))
    assert rig.covered("completions") == set(range(-60, 1))


def test_days_away_are_made_up_for(rig: Rig, organization: ScriptedOrganization) -> None:
    rig.sync("costs", "completions")
    rig.clock.move(days=12)
    for number in range(1, 13):
        organization.add_cost(at(number).date(), f"{number}", "a, input")
        organization.add_usage("completions", at(number, 4), {"model": "m"}, input_tokens=number)
    rig.sync("costs", "completions", until=13)
    rig.assert_exact("costs", "completions", until=13)
    assert rig.covered("costs") == rig.covered("completions") == set(range(-3, 13))


def test_a_clock_that_was_in_the_future_heals(rig: Rig, organization: ScriptedOrganization) -> None:
    rig.clock.move(days=100)
    rig.sync("completions", since=-3, until=1)
    rig.clock.move(days=-100)
    organization.add_usage("completions", at(-3, 4), {"model": "m"}, input_tokens=9)
    rig.sync("completions")
    rig.assert_exact("completions")


@pytest.mark.parametrize("failing", ["costs", "completions", "vector_stores"])
def test_a_failing_stream_never_blocks_another(company: Rig, failing: str) -> None:
    company.organization.faults.script(failing, "wrong_type", times=500)
    synced = company.sync(since=-1)
    assert [n for n, o in synced.outcomes.items() if o.status != "done"] == [synced[failing].stream]
    others = {stream.short_name for stream in STREAMS.values()} - {failing}
    company.assert_exact(*others, since=-1)


# Claims


def a_reading(rig: Rig, stream: str = "openai.costs") -> Reading:
    with rig.database.write() as connection:
        place = Place(account_id(connection, "default"), stream_id(connection, stream))
    return Reading(place, MAIN)


def claim_for(rig: Rig, claimant: str, *, steal: bool = False) -> bool:
    reading = a_reading(rig)
    with rig.database.write() as connection:
        return sync_state.claim(connection, reading, claimant, rig.clock(), steal=steal)


def test_exactly_one_of_many_gets_a_claim(rig: Rig) -> None:
    reading, gate = a_reading(rig), threading.Barrier(6)
    with rig.database.write() as connection:
        sync_state.ensure_state(connection, reading)
    won: list[str] = []

    def try_it(name: str) -> None:
        gate.wait()
        with rig.database.write() as connection:
            if sync_state.claim(connection, reading, name, rig.clock(), steal=False):
                won.append(name)

    threads = [threading.Thread(target=try_it, args=(f"p{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_claimed_stream_is_left_to_its_claimant(rig: Rig) -> None:
    assert claim_for(rig, "somebody else")
    synced = rig.sync("costs", "completions", is_leader=False)
    assert (synced["costs"].status, synced["completions"].status) == ("busy", "done")
    assert rig.asked("costs") == []


def test_a_claim_of_a_dead_process_runs_out(rig: Rig) -> None:
    claim_for(rig, "dead")
    rig.clock.move(minutes=3)
    assert rig.sync("costs", is_leader=False)["costs"].status == "done"


def test_the_leader_takes_a_dead_process_s_claim_at_once(rig: Rig) -> None:
    claim_for(rig, "dead")
    assert rig.sync("costs", is_leader=True)["costs"].status == "done"


def test_a_lost_claim_writes_nothing(company: Rig) -> None:
    company.organization.quirks.usage_page_cap = 24
    pages = 0
    whole = company.client.fetch_pages

    class Robbed:
        """A client during whose second page another process takes the claim."""

        requests = 0

        def fetch_pages(self, *question: object) -> object:
            nonlocal pages
            for page in whole(*question):  # type: ignore[arg-type]
                pages += 1
                if pages == 2:
                    reading = a_reading(company, "openai.usage.embeddings")
                    with company.database.write() as connection:
                        sync_state.claim(connection, reading, "robber", company.clock(), steal=True)
                yield page

    robbed: object = Robbed()
    synced = company.sync("embeddings", since=-1, client=robbed)  # type: ignore[arg-type]
    assert synced["embeddings"].status == "busy"
    assert company.covered("embeddings") == {-1}
    assert company.rows("SELECT claimed_by FROM stream_state") == [("robber",)]


def test_two_syncs_at_once_write_every_bucket_once(company: Rig) -> None:
    """As two `wherespent sync` do: each starts over while the other is reading."""
    streams = ("costs", "completions", "embeddings", "images")
    failures: list[BaseException] = []

    def keep_syncing(name: str) -> None:
        client = a_client(company.server.url, now=company.clock)
        try:
            while True:
                options = {"claimant": name, "is_leader": False}
                synced = company.sync(*streams, since=-9, client=client, **options)
                if "busy" not in synced.statuses:
                    break
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=keep_syncing, args=(f"p{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    company.assert_exact(*streams, since=-9)
    assert company.rows("SELECT * FROM cost_revision") == []
    buckets = company.value(
        "SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT stream_id, bucket_start FROM usage_hour) a)"
        " + (SELECT COUNT(*) FROM (SELECT DISTINCT bucket_start FROM cost_day) b)"
    )
    assert company.value("SELECT SUM(buckets_changed) FROM sync_run") == buckets


def test_a_stopped_sync_keeps_what_it_wrote_and_frees_its_claim(company: Rig) -> None:
    stop = threading.Event()
    client = a_client(company.server.url, now=company.clock, stop=stop)
    sync = company.account_sync("costs", "completions", client=client)
    sync.report = lambda progress: stop.set()
    outcomes = sync.run(dict.fromkeys(Kind, Wanted(day(-3), day(1))))
    assert {o.status for o in outcomes} == {"done", "stopped"}
    assert company.covered("costs") == set(range(-3, 1))
    assert {row[0] for row in company.rows("SELECT claimed_by FROM stream_state")} == {""}
    company.sync("costs", "completions")
    company.assert_exact("costs", "completions")
    client.close()


def test_progress_counts_days_up_to_what_is_wanted(rig: Rig) -> None:
    reports = []
    sync = rig.account_sync("costs", "completions", report=reports.append)
    sync.run(dict.fromkeys(Kind, Wanted(day(-9), day(1))))
    assert [r.done_days for r in reports] == sorted(r.done_days for r in reports)
    assert reports[-1].done_days == reports[-1].wanted_days == 20
    assert Window(day(-9), day(1)).seconds // DAY == 10
