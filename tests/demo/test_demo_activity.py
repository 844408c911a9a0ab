"""The generated usage: the same whatever is asked, exact when split, never in the future."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from wherespent.demo import SimulatedOrganization
from wherespent.demo.organization import anchor_for
from wherespent.demo.streams import STREAMS

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
TODAY = NOON.replace(hour=0, minute=0)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FLOWS = [name for name, stream in STREAMS.items() if not stream.is_stock]


def added(truths: list[dict[Any, dict[str, int]]]) -> dict[Any, dict[str, int]]:
    total: dict[Any, dict[str, int]] = {}
    for truth in truths:
        for key, measures in truth.items():
            held = total.setdefault(key, dict.fromkeys(measures, 0))
            for name, value in measures.items():
                held[name] += value
    return total


@pytest.mark.parametrize("stream", list(STREAMS))
def test_the_same_seed_gives_the_same_hours_in_any_order(stream: str) -> None:
    one, two = SimulatedOrganization(7, lambda: NOON), SimulatedOrganization(7, lambda: NOON)
    names = STREAMS[stream].dimensions
    hours = [TODAY - 3 * DAY + at * HOUR for at in range(24)]
    forward = [one.usage_truth(stream, hour, hour + HOUR, names) for hour in hours]
    backward = [two.usage_truth(stream, hour, hour + HOUR, names) for hour in reversed(hours)]
    assert forward == backward[::-1]
    assert any(forward)


def test_another_seed_gives_other_numbers() -> None:
    one, two = SimulatedOrganization(7, lambda: NOON), SimulatedOrganization(8, lambda: NOON)
    assert one.usage_truth("completions", TODAY, NOON) != two.usage_truth(
        "completions", TODAY, NOON
    )


@pytest.mark.parametrize("stream", FLOWS)
def test_hours_add_up_to_their_day(company: SimulatedOrganization, stream: str) -> None:
    names, day = STREAMS[stream].dimensions, TODAY - DAY
    hours = [
        company.usage_truth(stream, day + at * HOUR, day + (at + 1) * HOUR, names)
        for at in range(24)
    ]
    assert added(hours) == company.usage_truth(stream, day, day + DAY, names)


@pytest.mark.parametrize("stream", ["completions", "embeddings"])
def test_minutes_add_up_to_their_hour(company: SimulatedOrganization, stream: str) -> None:
    names, hour, minute = STREAMS[stream].dimensions, TODAY - DAY + 10 * HOUR, timedelta(minutes=1)
    minutes = [
        company.usage_truth(stream, hour + at * minute, hour + (at + 1) * minute, names)
        for at in range(60)
    ]
    assert added(minutes) == company.usage_truth(stream, hour, hour + HOUR, names)


@pytest.mark.parametrize("width", [timedelta(seconds=37), timedelta(minutes=1), HOUR, DAY])
@pytest.mark.parametrize("days_ago", [1, 30, 200, 360])
def test_token_identities_hold_in_every_row(
    company: SimulatedOrganization, width: timedelta, days_ago: int
) -> None:
    start = TODAY - days_ago * DAY + (timedelta() if width == DAY else 10 * HOUR)
    rows = company.usage_rows(
        "completions", int(start.timestamp()), int((start + width).timestamp())
    )
    assert rows
    for row in rows:
        m = {name: value or 0 for name, value in row.measures.items()}
        cached, written = m["input_cached_tokens"], m["input_cache_write_tokens"]
        assert m["input_tokens"] == cached + written + m["input_uncached_tokens"]
        for whole in ("input_uncached", "input_cached", "output"):
            prefix = "input" if whole == "input_uncached" else whole
            parts = [m[f"{prefix}_{kind}_tokens"] for kind in ("text", "audio", "image")]
            assert m[f"{whole}_tokens"] == sum(parts)
        assert written == m["input_cache_write_30m_tokens"] + m["input_cache_write_12h_tokens"]


def test_the_current_hour_grows_and_a_past_one_does_not(
    clock: Any, company: SimulatedOrganization
) -> None:
    seen: list[tuple[int, int]] = []
    for _ in range(30):
        grown = company.usage_truth("completions", TODAY + 12 * HOUR, TODAY + 13 * HOUR)[()]
        before = company.usage_truth("completions", TODAY + 11 * HOUR, TODAY + 12 * HOUR)[()]
        seen.append((grown["input_tokens"], before["input_tokens"]))
        clock.move(seconds=60)
    assert [grown for grown, _ in seen] == sorted({grown for grown, _ in seen})
    assert len({before for _, before in seen}) == 1


def test_nothing_lies_in_the_future(company: SimulatedOrganization) -> None:
    for stream in STREAMS:
        assert company.usage_truth(stream, NOON, NOON + 2 * DAY) == {}
        so_far = company.usage_truth(stream, TODAY, NOON)
        assert company.usage_truth(stream, TODAY, TODAY + DAY) == so_far


def test_a_stock_is_its_last_value_and_never_a_sum(company: SimulatedOrganization) -> None:
    at_end = company.usage_truth("vector_stores", TODAY - HOUR, TODAY)[()]["usage_bytes"]
    assert company.usage_truth("vector_stores", TODAY - 9 * DAY, TODAY)[()]["usage_bytes"] == at_end
    assert at_end > 10**10


def test_the_story_has_weekends_growth_a_launch_and_a_migration(
    company: SimulatedOrganization,
) -> None:
    def requests(days_ago: int, days: int = 1) -> int:
        start = TODAY - days_ago * DAY
        return company.usage_truth("completions", start, start + days * DAY)[()][
            "num_model_requests"
        ]

    assert requests(7) < 0.75 * requests(10), "a Saturday against a Wednesday"
    assert requests(35, 28) > 1.5 * requests(364, 28)
    launch = TODAY - 141 * DAY
    assert requests(141, 5) > 1.4 * requests(155, 5), launch
    models = [
        {key[0] for key in company.usage_truth("completions", day, day + DAY, ["model"])}
        for day in (TODAY - 120 * DAY, TODAY - 20 * DAY)
    ]
    assert "gpt-5.2-2025-12-11" in models[0]
    assert "gpt-5.2-2025-12-11" not in models[1]
    assert "gpt-5.6-sol" in models[1]


def test_the_company_has_the_promised_breadth(company: SimulatedOrganization) -> None:
    start = TODAY - 365 * DAY
    series = company.usage_truth("completions", start, NOON, STREAMS["completions"].dimensions)
    assert 55 <= len(series) <= 80
    assert {key[4] for key in series} == {True, False}
    assert {key[5] for key in series} == {"default", "flex", "priority"}
    assert {key[6] for key in series} == {"agents_api", "unlabeled", None}
    assert any(key[0] is None for key in series)
    assert any(key[0] is not None and key[2] is None for key in series)
    listed = {key["id"] for keys in company.directory.api_keys.values() for key in keys}
    assert {key[2] for key in series} - listed - {None}, "deleted keys stay in rows"
    assert listed - {key[2] for key in series}, "some keys were never used"


def test_the_anchor_stays_put_for_a_quarter_and_can_be_given() -> None:
    assert anchor_for(NOON) == anchor_for(NOON + 60 * DAY) == date(2026, 11, 1)
    assert anchor_for(NOON + 91 * DAY) == date(2027, 1, 31)
    later = SimulatedOrganization(7, lambda: NOON + 91 * DAY, anchor=date(2026, 11, 1))
    today = SimulatedOrganization(7, lambda: NOON)
    assert later.usage_truth("images", TODAY - DAY, TODAY) == today.usage_truth(
        "images", TODAY - DAY, TODAY
    )
