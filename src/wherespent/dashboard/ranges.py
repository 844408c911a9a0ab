"""Ranges of days that have a name, and what a range is compared with."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

DEFAULT_RANGE = "30d"
CUSTOM = "custom"
RANGES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "quarter": "This quarter",
    "last-quarter": "Last quarter",
    "year": "This year",
    "all": "All time",
}
PREVIOUS = "previous"
YEAR_BEFORE = "year"
NO_COMPARISON = "none"
COMPARISONS = {
    PREVIOUS: "Period before",
    YEAR_BEFORE: "A year earlier",
    NO_COMPARISON: "Nothing",
}

# How many months a range of the calendar goes back for the period before it.
_CALENDAR_MONTHS = {"month": 1, "last-month": 1, "quarter": 3, "last-quarter": 3, "year": 12}
_WHOLE = ("last-month", "last-quarter")

# First and last day, both included.
Days = tuple[date, date]


def preset(name: str, today: date) -> Days:
    """The days of a named range; 30 days for a name that is not known, "all" included."""
    month = today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    yesterday = today - timedelta(days=1)
    spans: Mapping[str, Days] = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "7d": (today - timedelta(days=6), today),
        "90d": (today - timedelta(days=89), today),
        "month": (month, today),
        "last-month": (months_before(month, 1), month - timedelta(days=1)),
        "quarter": (quarter, today),
        "last-quarter": (months_before(quarter, 3), quarter - timedelta(days=1)),
        "year": (today.replace(month=1, day=1), today),
    }
    return spans.get(name, (today - timedelta(days=29), today))


def compared(comparison: str, name: str, days: Days) -> Days | None:
    """What days are compared with; None where nothing is.

    Ranges of the calendar are compared with the calendar: this month with as many days of the
    month before, last month with the whole month before. All others with as many days just before.
    """
    compare: Mapping[str, Callable[[], Days]] = {
        PREVIOUS: lambda: _before(name, days),
        YEAR_BEFORE: lambda: (months_before(days[0], 12), months_before(days[1], 12)),
    }
    found = compare.get(comparison)
    return found() if found else None


def _before(name: str, days: Days) -> Days:
    first, last = days
    if months := _CALENDAR_MONTHS.get(name):
        start, end = months_before(first, months), first - timedelta(days=1)
        return (start, end) if name in _WHOLE else (start, min(start + (last - first), end))
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month; its last day where it is shorter."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(years, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
