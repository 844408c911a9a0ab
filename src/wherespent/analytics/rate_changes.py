"""Where the rate paid for a line item moved from one level to another and stayed there.

The rule, in order:

1. A day agrees with a level where its rate differs by at most 0.5 % of the larger of the two,
   besides what rounding can explain: amounts are whole nano-dollars per series.
2. A level is at least two billed days in a row that agree with it. A day that is not part of one
   (the price moved at noon) neither makes nor hides a change.
3. Two levels in a row that do not agree are a change, from the first day after the old one.
4. A line item of which less than four fifths of the days lie on levels has no steady rate: its
   days mix several prices under one name, and no change is told of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from wherespent.domain.money import EXACT, NANOS_PER_USD, from_nanos

TOLERANCE = 0.005
LEAST_DAYS = 2
STEADY_SHARE = 0.8
# Half a nano-dollar for each of up to 200 series that a day of a line item is summed from.
_ROUNDING = 100
# Fewer days than this say nothing about how steady a rate is.
_FEW_DAYS = 4


class BilledDay(NamedTuple):
    """One UTC day of a line item: nano-dollars, and units (None: unknown, or units mix)."""

    day: int
    nanos: int
    quantity: float | None

    @property
    def rate(self) -> Decimal | None:
        """US dollars per unit; None without a quantity."""
        return rate_of(self.nanos, self.quantity)


@dataclass(frozen=True, slots=True)
class Level:
    """Days in a row with one rate: nano-dollars and units over all of them."""

    days: tuple[int, ...]
    nanos: int
    quantity: float

    @property
    def rate(self) -> Decimal:
        """US dollars per unit."""
        return _divided(self.nanos, self.quantity)

    @property
    def size(self) -> "Size":
        return Size(self.nanos, self.quantity, len(self.days))

    def agrees(self, other: "Level") -> bool:
        """Whether both were billed at the same rate."""
        return self.size.agrees(other.size)


class Size(NamedTuple):
    """Nano-dollars and units of so many days together."""

    nanos: int
    quantity: float
    days: int

    def agrees(self, other: "Size") -> bool:
        """Whether the two rates differ by no more than the tolerance and rounding."""
        own, others = self.nanos / self.quantity, other.nanos / other.quantity
        noise = _ROUNDING * (self.days / self.quantity + other.days / other.quantity)
        return abs(own - others) <= TOLERANCE * max(abs(own), abs(others)) + noise

    def plus(self, other: "Size") -> "Size":
        return Size(
            self.nanos + other.nanos, self.quantity + other.quantity, self.days + other.days
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A change from one level to the next. `day` is the first billed one after the old level,
    `until` that of the next change (None: there is none).
    """

    day: int
    until: int | None
    before: Level
    after: Level


def level_of(days: Sequence[BilledDay]) -> Level | None:
    """These days as one level, whatever their rates; None where nothing was billed by quantity."""
    known = [day for day in days if _is_telling(day)]
    quantity = sum(day.quantity or 0.0 for day in known)
    if not known:
        return None
    return Level(tuple(day.day for day in known), sum(day.nanos for day in known), quantity)


def rate_of(nanos: int, quantity: float | None) -> Decimal | None:
    """US dollars per unit as exactly as 60 digits can be; None without a quantity."""
    return _divided(nanos, quantity) if quantity else None


def _divided(nanos: int, quantity: float) -> Decimal:
    # `str` gives the shortest decimal of a double: the one that the provider sent.
    return EXACT.divide(from_nanos(nanos), Decimal(str(quantity)))


def steps(days: Sequence[BilledDay]) -> list[Step] | None:
    """Every change of the rate over these days (oldest first); None where it is not steady."""
    known = [day for day in days if _is_telling(day)]
    if _is_one_level(known):
        return []
    levels = _joined(list(_levels(known)))
    on_levels = sum(len(level.days) for level in levels)
    if len(known) >= _FEW_DAYS and on_levels < STEADY_SHARE * len(known):
        return None
    follows = dict(pairwise(day.day for day in known))
    begins = [follows[level.days[-1]] for level in levels[:-1]]
    ends = [*begins[1:], None]
    moves = zip(begins, ends, pairwise(levels), strict=False)
    return [Step(day, until, before, after) for day, until, (before, after) in moves]


def _is_telling(day: BilledDay) -> bool:
    """A refund or a credit has no rate."""
    return day.quantity is not None and day.quantity > 0 and day.nanos >= 0


def _is_one_level(days: Sequence[BilledDay]) -> bool:
    """Nearly every line item: no two of its days differ by more than the tolerance."""
    rates = [day.nanos / (day.quantity or 1.0) for day in days]
    return not rates or max(rates) - min(rates) <= TOLERANCE * max(rates)


def _levels(days: Sequence[BilledDay]) -> Iterator[Level]:
    size, first = Size(0, 0.0, 0), 0
    for at, day in enumerate(days):
        own = Size(day.nanos, day.quantity or 1.0, 1)
        if size.days and size.agrees(own):
            size = size.plus(own)
            continue
        yield from _level(days, first, size)
        size, first = own, at
    yield from _level(days, first, size)


def _level(days: Sequence[BilledDay], first: int, size: Size) -> Iterator[Level]:
    """These days, where they are enough to be a level."""
    if size.days >= LEAST_DAYS:
        starts = tuple(day.day for day in days[first : first + size.days])
        yield Level(starts, size.nanos, size.quantity)


def _joined(levels: Sequence[Level]) -> list[Level]:
    """Levels of one rate on both sides of an odd day are one."""
    joined: list[Level] = []
    for level in levels:
        last = joined[-1] if joined else None
        if last is not None and last.agrees(level):
            days = (*last.days, *level.days)
            joined[-1] = Level(days, last.nanos + level.nanos, last.quantity + level.quantity)
        else:
            joined.append(level)
    return joined


def effect(rate_before: Decimal, nanos: int, quantity: float) -> Decimal:
    """US dollars that these units cost more (less: below 0) than at the rate before."""
    at_old_rate = EXACT.multiply(rate_before, Decimal(str(quantity)))
    return EXACT.quantize(
        EXACT.subtract(from_nanos(nanos), at_old_rate), Decimal(1) / NANOS_PER_USD
    )
