"""Money rounds once, half-even; windows tile; line items parse for display only."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherespent.domain.line_items import LineItem, model_key, parse_line_item
from wherespent.domain.money import exact_sum, from_nanos, to_nanos
from wherespent.domain.windows import DAY, HOUR, Window, ceil_day, epoch, floor_day, joined

amounts = st.decimals(-(10**9), 10**9, places=17, allow_nan=False)
windows = st.tuples(st.integers(0, 10**10), st.integers(1, 10**7)).map(
    lambda pair: Window(pair[0], pair[0] + pair[1])
)


@given(amounts)
def test_nanos_are_rounded_half_even(usd: Decimal) -> None:
    assert to_nanos(usd) == int((usd * 10**9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("usd", "nanos"),
    [("0.0000000005", 0), ("0.0000000015", 2), ("-0.0000000005", 0), ("0.00000000050000001", 1)],
)
def test_a_tie_goes_to_the_even_nano(usd: str, nanos: int) -> None:
    assert to_nanos(Decimal(usd)) == nanos


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_nanos_and_dollars_are_the_same_thing(nanos: int) -> None:
    assert to_nanos(from_nanos(nanos)) == nanos
    assert -from_nanos(nanos).as_tuple().exponent == 9  # type: ignore[operator]


@given(st.lists(amounts, max_size=50))
def test_a_sum_loses_nothing(each: list[Decimal]) -> None:
    assert exact_sum(each) * 10**17 == sum(int(amount * 10**17) for amount in each)


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "-Infinity", "1e30"])
def test_what_is_no_amount_is_refused(usd: str) -> None:
    with pytest.raises(ValueError):
        to_nanos(Decimal(usd))


@given(windows, st.integers(HOUR, 10**6))
def test_pieces_tile_a_window_newest_first(window: Window, seconds: int) -> None:
    pieces = list(window.cut_newest_first(seconds))
    assert (pieces[0].end, pieces[-1].start) == (window.end, window.start)
    assert all(newer.start == older.end for newer, older in pairwise(pieces))
    assert all(piece.seconds <= seconds for piece in pieces)


@given(windows, st.integers(0, 10**10))
def test_before_and_since_part_a_window(window: Window, moment: int) -> None:
    parts = [part for part in (window.before(moment), window.since(moment)) if part]
    assert sum(part.seconds for part in parts) == window.seconds


@given(st.sets(st.integers(0, 400)))
def test_joined_buckets_are_the_same_buckets(numbers: set[int]) -> None:
    spans = joined(sorted(number * DAY for number in numbers), DAY)
    assert [s for span in spans for s in range(span.start, span.end, DAY)] == sorted(
        number * DAY for number in numbers
    )
    assert all(a.end < b.start for a, b in pairwise(spans))


@given(st.integers(0, 10**10))
def test_days_are_floored_and_ceiled(seconds: int) -> None:
    assert floor_day(seconds) <= seconds <= ceil_day(seconds)
    assert ceil_day(seconds) - floor_day(seconds) in (0, DAY)


def test_a_window_must_end_after_its_start() -> None:
    with pytest.raises(ValueError, match="end after its start"):
        Window(5, 5)


def test_a_naive_moment_has_no_epoch() -> None:
    with pytest.raises(ValueError, match="naive"):
        epoch(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("gpt-5.5-2026-04-23, input", LineItem("gpt-5.5-2026-04-23", direction="input")),
        (
            "gpt-5.5-2026-04-23, cached input",
            LineItem("gpt-5.5-2026-04-23", direction="cached input"),
        ),
        (
            "gpt-audio-mini-2025-12-15 audio, input",
            LineItem("gpt-audio-mini-2025-12-15", modality="audio", direction="input"),
        ),
        (
            "priority | gpt-5.6-sol, output, long context",
            LineItem("gpt-5.6-sol", tier="priority", direction="output", long_context=True),
        ),
        ("ft-gpt-4o-2024-08-06, input", LineItem("ft-gpt-4o-2024-08-06", direction="input")),
        ("ft:gpt-4o:acme:Bot:B1, output", LineItem("ft-gpt-4o", direction="output")),
        ("whisper-1, audio", LineItem("whisper-1", direction="audio")),
        ("gpt-6-astra, input_tokens", LineItem("gpt-6-astra", direction="input_tokens")),
        ("web search tool calls", LineItem()),
        ("assistants api | file search", LineItem()),
        ("Vector storage", LineItem()),
        ("Text tokens", LineItem()),
        ("GPT-4 Turbo", LineItem()),
        ("", LineItem()),
    ],
)
def test_a_line_item_is_parsed_or_stands_under_itself(name: str, parsed: LineItem) -> None:
    assert parse_line_item(name) == parsed


@given(st.text())
def test_no_line_item_breaks_the_parser(name: str) -> None:
    parse_line_item(name)


def test_usage_and_bill_share_a_key_for_a_fine_tuned_model() -> None:
    bill = parse_line_item("ft-gpt-4o-2024-08-06, input").model_key
    assert model_key("ft:gpt-4o-2024-08-06:acme::a1b2") == bill
