"""Numbers as a person reads them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherespent.dashboard import formats

NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "—"),
        ("0", "$0.00"),
        ("18412.37", "$18,412.37"),
        ("0.01", "$0.01"),
        ("0.0012", "$0.0012"),
        ("0.000000001", "$0.000000001"),
        ("-3.2", "−$3.20"),
        ("1234567.891", "$1,234,567.89"),
    ],
)
def test_usd(amount: str | None, text: str) -> None:
    assert formats.usd(None if amount is None else Decimal(amount)) == text


@given(st.integers(min_value=-(10**15), max_value=10**15).filter(bool))
def test_money_is_never_shown_as_nothing(nanos: int) -> None:
    shown = formats.usd(Decimal(nanos).scaleb(-9))
    assert any(digit in shown for digit in "123456789")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1.5", "$1.50"), ("0.000000001", "$0.000000001"), ("-12.345678901", "−$12.345678901")],
)
def test_exact_usd(amount: str, text: str) -> None:
    assert formats.exact_usd(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "—"),
        (0, "0"),
        (9999, "9,999"),
        (10_000, f"10.0{NARROW}K"),
        (999_999, f"1.00{NARROW}M"),
        (9_840_000_000, f"9.84{NARROW}B"),
        (612_000_000, f"612{NARROW}M"),
        (-12_300, f"−12.3{NARROW}K"),
        (3.5, "3.50"),
    ],
)
def test_compact(number: float | None, text: str) -> None:
    assert formats.compact(number) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (None, 1, ""),
        (1, None, ""),
        (5, 0, "new"),
        (0, 0, ""),
        (110, 100, f"+10.0{NARROW}%"),
        (90, 100, f"−10.0{NARROW}%"),
        (5000, 10, "×500"),
    ],
)
def test_change(now: float | None, before: float | None, text: str) -> None:
    assert formats.change(now, before) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "—"),
        (0.0001, f"<0.1{NARROW}%"),
        (0.332, f"33.2{NARROW}%"),
        (1.0, f"100{NARROW}%"),
    ],
)
def test_percent(share: float | None, text: str) -> None:
    assert formats.percent(share) == text


def test_spans_and_moments() -> None:
    assert formats.span(date(2026, 11, 1), date(2026, 11, 20)) == "1 – 20 Nov 2026"
    assert formats.span(date(2025, 12, 30), date(2026, 1, 2)) == "30 Dec 2025 – 2 Jan 2026"
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert formats.ago(now - timedelta(minutes=2), now) == f"2{NARROW}min ago"
    assert formats.ago(None, now) == "never"


def test_long_names_are_cut_in_the_middle_and_hide_nothing() -> None:
    assert formats.shortened("a" * 60 + "end", 20).endswith("end")
    assert "\u202e" not in formats.shortened("a\u202eb")


@pytest.mark.parametrize(
    ("paid", "unit", "text"),
    [("0.000014", "tokens", "$14.00 / M tokens"), ("0.01", "calls", "$0.01 / calls")],
)
def test_rate(paid: str, unit: str, text: str) -> None:
    assert formats.rate(Decimal(paid), unit) == text
