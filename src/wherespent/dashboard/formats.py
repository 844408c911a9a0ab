"""Numbers, money and times as a person reads them."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

MISSING = "—"
_NARROW = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
_UNITS = {
    "1000_tokens": "thousand tokens",
    "1k_tokens": "thousand tokens",
    "byte_seconds": "byte-seconds",
    "duration_seconds": "seconds",
    "gb_days": "GB-days",
    "gb_hours": "GB-hours",
    "gibibyte_days": "GiB-days",
    "gibibyte_hours": "GiB-hours",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def usd(amount: Decimal | None) -> str:
    """Cents, and as many decimals as a smaller amount needs: never "$0.00" for money."""
    if amount is None:
        return MISSING
    sign, size = _MINUS if amount < 0 else "", abs(amount)
    if size == 0 or size >= Decimal("0.01"):
        return f"{sign}${size:,.2f}"
    # Two significant digits, wherever they are.
    decimals = min(9, 1 - size.adjusted())
    return f"{sign}${size:.{decimals}f}"


def exact_usd(amount: Decimal | None) -> str:
    """Every decimal that is known, without trailing zeros, at least cents."""
    if amount is None:
        return MISSING
    sign, text = _MINUS if amount < 0 else "", f"{abs(amount):,.9f}"
    whole, _, decimals = text.partition(".")
    return f"{sign}${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def signed_usd(amount: Decimal | None) -> str:
    """A change of money: "+" before what is more."""
    return f"+{usd(amount)}" if amount is not None and amount > 0 else usd(amount)


def about_usd(amount: Decimal) -> str:
    """An estimate: whole dollars from a hundred on, for cents would be too good to be true."""
    return usd(amount)[:-3] if abs(round(amount, 2)) >= 100 else usd(amount)


def count(number: float | None) -> str:
    """Grouped by thousands, in full."""
    if number is None:
        return MISSING
    text = f"{abs(number):,.0f}" if float(number).is_integer() else f"{abs(number):,.2f}"
    return f"{_MINUS}{text}" if number < 0 else text


def compact(number: float | None) -> str:
    """Three significant digits and a letter from ten thousand on: 9.84 B."""
    if number is None:
        return MISSING
    size = abs(number)
    if size < 10_000:
        return count(number)
    # What rounds up to a thousand belongs to the next letter.
    scale, letter = next(it for it in _SCALES if size >= it[0] * 0.9995)
    scaled = size / scale
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{_MINUS if number < 0 else ''}{scaled:.{digits}f}{_NARROW}{letter}"


def percent(share: Decimal | float | None) -> str:
    """A share of one: 33.2 %, and "<0.1 %" for what is there but small."""
    if share is None:
        return MISSING
    hundredths = float(share) * 100
    if 0 < abs(hundredths) < 0.05:
        return f"<0.1{_NARROW}%"
    text = f"{abs(hundredths):.0f}" if abs(hundredths) >= 99.95 else f"{abs(hundredths):.1f}"
    return f"{_MINUS if hundredths < 0 else ''}{text}{_NARROW}%"


def change(now: Decimal | float | None, before: Decimal | float | None) -> str:
    """How much more than before, signed; "new" from nothing, '' where nothing is known."""
    if now is None or before is None:
        return ""
    if before == 0:
        return "new" if now else ""
    ratio = float(now) / float(before) - 1
    if ratio >= 9.995:
        return f"×{ratio + 1:,.0f}"
    sign = "+" if ratio > 0 else _MINUS if ratio < 0 else ""
    return f"{sign}{abs(ratio) * 100:.1f}{_NARROW}%"


def rate(rate_paid: Decimal | None, unit_name: str) -> str:
    """US dollars per unit, per million where the unit is that small."""
    if rate_paid is None:
        return MISSING
    unit_name = unit(unit_name)
    per_million = abs(rate_paid) < Decimal("0.001")
    amount = rate_paid * 1_000_000 if per_million else rate_paid
    shown = exact_usd(amount.quantize(Decimal("0.0001")))
    return f"{shown} / {'M ' if per_million else ''}{unit_name or 'unit'}".rstrip()


def unit(name: str) -> str:
    """The API's name of a unit as a person says it."""
    return _UNITS.get(name, name.replace("_", " "))


def bytes_of(size: float) -> str:
    for scale, letter in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= scale:
            return f"{size / scale:,.2f}{_NARROW}{letter}"
    return f"{size:,.0f}{_NARROW}B"


def ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size}{_NARROW}{word} ago"
    return "just now"


def day(moment: date | int, *, year: bool = False) -> str:
    when = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment
    return f"{when.day} {when:%b %Y}" if year else f"{when.day} {when:%b}"


def span(start: date, last: date) -> str:
    """Both days included, said once where they share a part: "1 – 20 Nov 2026"."""
    if start == last:
        return day(start, year=True)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} – {day(last, year=True)}"
    return f"{day(start, year=start.year != last.year)} – {day(last, year=True)}"


def duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    return f"{seconds:.1f}{_NARROW}s" if seconds < 60 else f"{seconds / 60:.1f}{_NARROW}min"


def shortened(text: str, most: int = 48) -> str:
    """Cut in the middle: ids differ at both ends. Control and direction marks are dropped."""
    clean = _CONTROL.sub("", text)
    if len(clean) <= most:
        return clean
    tail = (most - 1) // 3
    return f"{clean[: most - 1 - tail]}…{clean[-tail:]}"
