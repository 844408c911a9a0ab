"""Billed cost month by month and project by project, with totals both ways."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sums import floor_of
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import Window, epoch


@dataclass(frozen=True, slots=True)
class ProjectMonths:
    """US dollars of one project by the start of the month; a month without a bill is absent."""

    project: str
    billed: Mapping[int, Decimal]
    total: Decimal


@dataclass(frozen=True, slots=True)
class MonthTable:
    """`months` (starts, oldest first) begin with the first that has a bill; `rows` by what they
    cost, the most first. Rows, columns and `total` add up exactly.
    """

    months: tuple[int, ...]
    rows: tuple[ProjectMonths, ...]
    totals: Mapping[int, Decimal]
    total: Decimal


def months_before(now: datetime, count: int) -> Window:
    """The current UTC month, whole, and the `count` before it."""
    today = now.astimezone(UTC)
    last = today.year * 12 + today.month - 1
    return Window(_month(last - count), _month(last + 1))


def _month(number: int) -> int:
    """The start of a month, counted from January of the year 0."""
    return epoch(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC))


def month_table(connection: Connection, filters: Filters) -> MonthTable:
    """Every whole month of the window of `filters`, by project. Raises QuestionRefused."""
    months = _months(filters.window)
    cells: dict[str, dict[int, int]] = defaultdict(dict)
    for window in months:
        # Month by month: grouped by day and project, a year would be a hundred thousand rows.
        asked = replace(filters, window=window, granularity=Granularity.TOTAL)
        found = billed_nanos(connection, asked, "project_id")
        for (_, project), (nanos,) in found.items():
            cells[project][window.start] = nanos
    return _table(cells, [window.start for window in months])


def _months(window: Window) -> list[Window]:
    floor = floor_of(Granularity.MONTH)
    starts = sorted({start for day in window.days() if (start := floor(day)) is not None})
    ends = [*starts[1:], window.end]
    return [Window(start, end) for start, end in zip(starts, ends, strict=True)]


def _table(cells: Mapping[str, Mapping[int, int]], months: list[int]) -> MonthTable:
    by_month: dict[int, int] = defaultdict(int)
    for billed in cells.values():
        for month, nanos in billed.items():
            by_month[month] += nanos
    first = min(by_month, default=0)
    totals = {project: sum(billed.values()) for project, billed in cells.items()}
    rows = [
        ProjectMonths(
            project,
            {month: from_nanos(nanos) for month, nanos in cells[project].items()},
            from_nanos(totals[project]),
        )
        for project in sorted(totals, key=lambda key: (-abs(totals[key]), key))
    ]
    return MonthTable(
        tuple(month for month in months if by_month and month >= first),
        tuple(rows),
        {month: from_nanos(nanos) for month, nanos in by_month.items()},
        from_nanos(sum(totals.values())),
    )
