"""Questions about rates: what was really paid per unit, line item by line item and day by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection

from wherespent.analytics.accounts import ACCOUNT, added_up, scopes
from wherespent.analytics.cost import bill_parts
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.rate_changes import (
    BilledDay,
    Level,
    Step,
    effect,
    level_of,
    rate_of,
    steps,
)
from wherespent.domain.money import EXACT, from_nanos
from wherespent.domain.windows import DAY, Window
from wherespent.errors import QuestionRefused

# Read besides the window, so that a change on its first days has a rate to be compared with.
LOOK_BACK_DAYS = 14


@dataclass(frozen=True, slots=True)
class RateLine:
    """One line item of one account in one unit, day by day, oldest first.

    `since` is where the window begins: older days are there to be compared with.
    """

    account: str
    line_item: str
    unit: str
    since: int
    days: tuple[BilledDay, ...]

    @property
    def inside(self) -> tuple[BilledDay, ...]:
        return tuple(day for day in self.days if day.day >= self.since)

    @property
    def billed(self) -> Decimal:
        """US dollars in the window."""
        return from_nanos(sum(day.nanos for day in self.inside))

    @property
    def rate(self) -> Decimal | None:
        """US dollars per unit over the window; None where the quantity of any day is unknown."""
        quantities = [day.quantity for day in self.inside]
        if None in quantities or not self.inside:
            return None
        nanos = sum(day.nanos for day in self.inside)
        return rate_of(nanos, sum(quantity or 0.0 for quantity in quantities))


class Cause(StrEnum):
    """Why a rate moved, as far as the bill tells."""

    PRICE = "price"
    # Each project pays what it paid before; how much each of them uses has changed.
    MIX = "mix"
    # Projects are not told beside what is asked about (users, where they stand apart).
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RateChange:
    """A rate that moved to another level on `day` and stayed there.

    `before` and `after` are US dollars per unit, over all days of the two levels. `quantity` and
    `billed` are of the days since, up to the next change or the end of the window; `effect` is
    what they cost more (less: below 0) than the same quantity at the rate before.
    """

    account: str
    line_item: str
    unit: str
    day: int
    before: Decimal
    after: Decimal
    quantity: Decimal
    billed: Decimal
    effect: Decimal
    cause: Cause

    @property
    def ratio(self) -> Decimal | None:
        """The relative change: -0.2 is a fifth less. None from a rate of 0."""
        return EXACT.divide(self.after, self.before) - 1 if self.before else None


@dataclass(frozen=True, slots=True)
class Rates:
    """`lines` by what they cost, the most first; `changes` the newest first; `unsteady` are the
    line items whose days mix several prices, so that no change can be told of them.
    """

    lines: tuple[RateLine, ...]
    changes: tuple[RateChange, ...]
    unsteady: tuple[str, ...]


def paid_rates(connection: Connection, filters: Filters, provisional: int) -> Rates:
    """Rates of every line item with a quantity in the window, and where they changed.

    Only days before `provisional` (epoch seconds) make a change; what it cost since counts all
    days. A line item in two accounts is two: they may pay differently. Raises QuestionRefused.
    """
    lines = _lines(connection, filters)
    found: list[tuple[RateLine, Step]] = []
    unsteady: dict[str, None] = {}
    for line in lines:
        moved = steps([day for day in line.days if day.day < provisional])
        if moved is None:
            unsteady[line.line_item] = None
        found += [(line, step) for step in moved or () if step.day >= line.since]
    if not found:
        return Rates(lines, (), tuple(unsteady))
    try:
        by_project = _by_project(connection, filters, {line.line_item for line, _ in found})
    except QuestionRefused:
        by_project = None
    changes = [_change(line, step, by_project) for line, step in found]
    newest_first = sorted(changes, key=lambda it: (-it.day, -abs(it.effect), it.line_item))
    return Rates(lines, tuple(newest_first), tuple(unsteady))


def line_item_days(connection: Connection, filters: Filters, line_item: str) -> list[RateLine]:
    """The days of one line item, one `RateLine` for each account and unit. Raises
    QuestionRefused.
    """
    only = replace(filters, line_item=Choice(include=(line_item,)))
    if not filters.line_item.keeps(line_item):
        return []
    found = _days(connection, only, filters.window, ())
    return [_line(key, cells, filters.window.start) for key, cells in found.items()]


Name = tuple[str, ...]


def _lines(connection: Connection, filters: Filters) -> tuple[RateLine, ...]:
    found = _days(connection, filters, _with_look_back(filters.window), ())
    lines = (_line(key, cells, filters.window.start) for key, cells in found.items())
    told = [
        line for line in lines if line.inside and any(day.quantity is not None for day in line.days)
    ]
    return tuple(sorted(told, key=lambda line: (-line.billed, line.line_item, line.account)))


def _line(key: Name, cells: Mapping[int, BilledDay], since: int) -> RateLine:
    account, item, unit = key
    return RateLine(account, item, unit, since, tuple(cells[day] for day in sorted(cells)))


def _with_look_back(window: Window) -> Window:
    return Window(window.start - LOOK_BACK_DAYS * DAY, window.end)


def _days(
    connection: Connection, filters: Filters, window: Window, more: tuple[str, ...]
) -> dict[Name, dict[int, BilledDay]]:
    """(account, line item, unit, `more`) → day → what was billed.

    A day on which a line item has several units has no quantity: amounts of one unit alone say
    nothing about a price that is told in another.
    """
    by = ("line_item", *more, "quantity_unit")
    asked, day = replace(filters, window=window), Granularity.DAY
    each = scopes(connection, asked)
    # With one account its label stands before no key: there are tens of thousands of them.
    alone = each[0].label if len(each) == 1 and each[0].is_alone else None
    found = added_up(
        connection,
        asked,
        by if alone else (ACCOUNT, *by),
        lambda scope, _: bill_parts(connection, scope, by, day),
    )
    lines: dict[Name, dict[int, BilledDay]] = defaultdict(dict)
    units: dict[Name, set[str]] = defaultdict(set)
    for (start, *key), (nanos, quantity, missing) in found.items():
        account, item, *rest, unit = (alone, *key) if alone else key
        known = None if missing else quantity
        lines[account, item, unit, *rest][start] = BilledDay(start, nanos, known)
        units[account, item, *rest].add(unit)
    for name, several in units.items():
        if len(several) > 1:
            _mix(lines, name, several)
    return lines


def _mix(lines: dict[Name, dict[int, BilledDay]], name: Name, units: Iterable[str]) -> None:
    """Days on which a line item was billed in several units become days without a quantity."""
    account, item, *rest = name
    days: dict[int, list[BilledDay]] = defaultdict(list)
    each = [lines[account, item, unit, *rest] for unit in units]
    for cells in each:
        for start, day in cells.items():
            days[start].append(day)
    for start, several in days.items():
        if len(several) > 1:
            for cells in each:
                cells.pop(start, None)
            nanos = sum(day.nanos for day in several)
            lines[account, item, "", *rest][start] = BilledDay(start, nanos, None)


ByProject = Mapping[Name, Sequence[Mapping[int, BilledDay]]]


def _by_project(connection: Connection, filters: Filters, items: Iterable[str]) -> ByProject:
    """(account, line item, unit) → the days of each of its projects."""
    only = replace(filters, line_item=Choice(include=tuple(sorted(items))))
    found = _days(connection, only, _with_look_back(filters.window), ("project_id",))
    projects: dict[Name, list[Mapping[int, BilledDay]]] = defaultdict(list)
    for (account, item, unit, _), cells in found.items():
        projects[account, item, unit].append(cells)
    return projects


def _change(line: RateLine, step: Step, by_project: ByProject | None) -> RateChange:
    since = [
        day
        for day in line.days
        if step.day <= day.day < (step.until or line.days[-1].day + DAY) and day.quantity
    ]
    nanos, quantity = sum(day.nanos for day in since), sum(day.quantity or 0.0 for day in since)
    before = step.before.rate
    return RateChange(
        line.account,
        line.line_item,
        line.unit,
        step.day,
        before,
        step.after.rate,
        Decimal(str(quantity)),
        from_nanos(nanos),
        effect(before, nanos, quantity),
        Cause.UNKNOWN
        if by_project is None
        else _cause(step, by_project.get((line.account, line.line_item, line.unit), ())),
    )


def _cause(step: Step, projects: Iterable[Mapping[int, BilledDay]]) -> Cause:
    """The mix, where each project that was billed on both levels pays the same on both."""
    levels = [
        (_level_on(cells, step.before.days), _level_on(cells, step.after.days))
        for cells in projects
    ]
    same = [
        before.agrees(after) for before, after in levels if before is not None and after is not None
    ]
    return Cause.MIX if same and all(same) else Cause.PRICE


def _level_on(cells: Mapping[int, BilledDay], days: Iterable[int]) -> Level | None:
    return level_of([cells[day] for day in days if day in cells])
