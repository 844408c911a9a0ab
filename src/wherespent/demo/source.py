"""An organization as the server sees it: rows, names, a clock, and their truth."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple, Self

from wherespent.demo.faults import Faults
from wherespent.demo.quirks import Quirks, Restatement
from wherespent.demo.streams import COST_DIMENSIONS, STREAMS, Dimension, Measures, add_measures

DAY = 86_400
HOUR = 3_600
NANOS = Decimal(10) ** 9
FINEST_AMOUNT = Decimal("1e-17")
Clock = Callable[[], datetime]
Group = tuple[Dimension, ...]
Item = dict[str, Any]


class UsageRow(NamedTuple):
    """One usage record; `dims` in the order of its stream's dimensions."""

    dims: Group
    measures: Measures


class CostRow(NamedTuple):
    """One cost record of a day; `dims` in the order of COST_DIMENSIONS."""

    dims: Group
    amount: Decimal
    quantity: Decimal | None = None
    quantity_unit: str | None = None


@dataclass
class Directory:
    """The lists of section 5, as the JSON objects that are served."""

    projects: list[Item] = field(default_factory=list[Item])
    users: list[Item] = field(default_factory=list[Item])
    admin_api_keys: list[Item] = field(default_factory=list[Item])
    api_keys: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])
    """By project; a deleted key is not here although rows name it."""
    service_accounts: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])
    project_users: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def utc_day(second: int) -> date:
    """The UTC date that an epoch second falls on."""
    return datetime.fromtimestamp(second, UTC).date()


def day_start(day: date) -> int:
    """The epoch second at which a UTC date begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


class Organization(ABC):
    """Anything that can be served: subclasses supply rows, this applies clock and restatements."""

    organization_id = "org-Kestrel7Demo"
    organization_name = "Kestrel Logistics"

    def __init__(
        self, now: Clock = utc_now, quirks: Quirks | None = None, faults: Faults | None = None
    ) -> None:
        self.now = now
        self.quirks = quirks or Quirks()
        self.faults = faults or Faults()
        self.directory = Directory()

    @abstractmethod
    def _usage(self, stream: str, start: int, end: int) -> Iterable[UsageRow]:
        """Rows of a window inside one UTC day and not after now; a stock as of the window's end."""

    @abstractmethod
    def _costs(self, day: int, now: int) -> Iterable[CostRow]:
        """Rows of the UTC day that starts at `day`, as billed by `now`."""

    def clock(self) -> int:
        """Now as this organization believes it to be, in whole epoch seconds."""
        return int(self.now().timestamp() + self.quirks.clock_skew)

    def with_quirks(self, **changed: Any) -> Self:
        """The same organization with some quirks changed; this one stays as it is."""
        other = copy(self)
        other.quirks = replace(self.quirks, **changed)
        return other

    def usage_rows(self, stream: str, start: int, end: int) -> list[UsageRow]:
        """Full-dimension rows in [start, end) up to now; for a stock those of its last moment."""
        end = min(end, self.clock())
        if STREAMS[stream].is_stock:
            start = max(start, (end - 1) // DAY * DAY)
        rows: list[UsageRow] = []
        while start < end:
            until = min(end, (start // DAY + 1) * DAY)
            rows.extend(self._stated_usage(stream, start, until))
            start = until
        return rows

    def cost_rows(self, day: int) -> list[CostRow]:
        """Full-dimension rows of one UTC day (its first second), none if it has not begun."""
        now = self.clock()
        if day >= now:
            return []
        rows: Iterable[CostRow] = self._costs(day, now)
        change = self.quirks.restated.get(utc_day(day))
        if change and change.touches("costs"):
            rows = _restate_costs(rows, change)
        rows = self._without_nulled(rows)
        return (
            [row._replace(quantity_unit="photons") for row in rows]
            if self.quirks.unknown_unit
            else list(rows)
        )

    def usage_truth(
        self, stream: str, start: datetime, end: datetime, group_by: Sequence[str] = ()
    ) -> dict[Group, dict[str, int]]:
        """What a client must hold for [start, end): sums per group (a stock: its last value)."""
        rows = self.usage_rows(stream, int(start.timestamp()), int(end.timestamp()))
        groups = grouped_usage(rows, STREAMS[stream].dimensions, group_by)
        return {
            key: {name: value or 0 for name, value in total.items()}
            for key, total in groups.items()
        }

    def cost_truth(
        self, start: datetime, end: datetime, group_by: Sequence[str] = ()
    ) -> dict[Group, Decimal]:
        """Exact sums of the amounts of every UTC day that touches [start, end)."""
        sums: dict[Group, Decimal] = {}
        for day in _days(start, end):
            for key, (amount, *_) in grouped_costs(self.cost_rows(day), group_by).items():
                sums[key] = sums.get(key, Decimal(0)) + amount
        return sums

    def cost_truth_nanos(
        self,
        start: datetime,
        end: datetime,
        group_by: Sequence[str] = (),
        *,
        read_by: Sequence[str] = COST_DIMENSIONS,
    ) -> dict[Group, int]:
        """The same in nano-dollars, rounded row by row as a client that reads by `read_by` does."""
        places = [tuple(read_by).index(name) for name in group_by]
        sums: dict[Group, int] = {}
        for day in _days(start, end):
            for dims, (amount, *_) in grouped_costs(self.cost_rows(day), read_by).items():
                key = tuple(dims[place] for place in places)
                sums[key] = sums.get(key, 0) + nanos(amount)
        return sums

    def _stated_usage(self, stream: str, start: int, end: int) -> Iterator[UsageRow]:
        change = self.quirks.restated.get(utc_day(start))
        names = STREAMS[stream].dimensions
        blank = [name in self.quirks.null_dimensions for name in names]
        for dims, measures in self._usage(stream, start, end):
            stated = measures
            if change and change.touches(stream):
                if change.empty or (
                    change.drop and change.drop(dict(zip(names, dims, strict=True)))
                ):
                    continue
                stated = _times(measures, change.usage_factor)
            yield UsageRow(_nulled(dims, blank) if any(blank) else dims, stated)

    def _without_nulled(self, rows: Iterable[CostRow]) -> Iterable[CostRow]:
        blank = [name in self.quirks.null_dimensions for name in COST_DIMENSIONS]
        if not any(blank):
            return rows
        return (row._replace(dims=_nulled(row.dims, blank)) for row in rows)


def nanos(amount: Decimal) -> int:
    """Whole nano-dollars, half-even."""
    return int((amount * NANOS).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def grouped_usage(
    rows: Iterable[UsageRow], names: Sequence[str], group_by: Sequence[str]
) -> dict[Group, Measures]:
    """Rows summed over the dimensions that are not asked for, in order of first appearance."""
    places = [names.index(name) for name in group_by]
    groups: dict[Group, Measures] = {}
    for dims, measures in rows:
        key = tuple([dims[place] for place in places])
        total = groups.get(key)
        if total is None:
            groups[key] = dict(measures)
        else:
            add_measures(total, measures)
    return groups


def grouped_costs(
    rows: Iterable[CostRow], group_by: Sequence[str]
) -> dict[Group, tuple[Decimal, Decimal | None, str | None]]:
    """Amount, quantity and unit per group; a quantity only where every row has the same unit."""
    places = [COST_DIMENSIONS.index(name) for name in group_by]
    groups: dict[Group, tuple[Decimal, Decimal | None, str | None]] = {}
    for dims, amount, quantity, unit in rows:
        key = tuple([dims[place] for place in places])
        if (held := groups.get(key)) is None:
            groups[key] = (amount, quantity, unit)
            continue
        same = held[2] == unit and held[1] is not None and quantity is not None
        total = (
            held[1] + quantity if same and held[1] is not None and quantity is not None else None
        )
        groups[key] = (held[0] + amount, total, unit if same else None)
    return groups


def _days(start: datetime, end: datetime) -> range:
    return range(int(start.timestamp()) // DAY * DAY, int(end.timestamp()), DAY)


def _nulled(dims: Group, blank: Sequence[bool]) -> Group:
    return tuple(None if gone else value for gone, value in zip(blank, dims, strict=True))


def _times(measures: Measures, factor: int) -> Measures:
    return {name: None if value is None else value * factor for name, value in measures.items()}


def _restate_costs(rows: Iterable[CostRow], change: Restatement) -> Iterator[CostRow]:
    if change.empty:
        return
    for row in rows:
        named: dict[str, Dimension] = dict(zip(COST_DIMENSIONS, row.dims, strict=True))
        if named["line_item"] in change.drop_line_items or (change.drop and change.drop(named)):
            continue
        amount = (
            row.amount
            if change.cost_factor == 1
            else (row.amount * change.cost_factor).quantize(FINEST_AMOUNT)
        )
        yield row._replace(amount=amount)
