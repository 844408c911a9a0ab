"""Where a month will end: what was billed, and the days that are left at their usual amount."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from wherespent.domain.money import EXACT, exact_sum

# The usual amount of a weekday is its mean over this many settled days.
USUAL_DAYS = 28
# How far the method was off is looked at for starts on each of so many past days ...
TRIED_STARTS = 120
# ... of which at least these must have enough days before and after them.
FEWEST_STARTS = 28
# The middle 80 % of what was seen.
LOW_SHARE, HIGH_SHARE = Decimal("0.1"), Decimal("0.9")

_DAY = timedelta(days=1)
_NANO = Decimal("1e-9")

Amounts = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the month may end, in US dollars: the middle 80 % of what was seen in the past.

    The bill was between `low_ratio` and `high_ratio` times what the same method gave, over as
    many days ahead, in 80 % of `starts` past starts.
    """

    low: Decimal
    high: Decimal
    low_ratio: Decimal
    high_ratio: Decimal
    starts: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """A month in US dollars. `to_date` is billed, today so far included; `expected` is its end.

    `usual` holds the usual amount of each day from today to the end of the month; `days` settled
    days stand behind it. `spread` is None where fewer than `FEWEST_STARTS` past starts could be
    tried.
    """

    to_date: Decimal
    expected: Decimal
    spread: Spread | None
    usual: tuple[tuple[date, Decimal], ...]
    days: int

    @property
    def usual_today(self) -> Decimal:
        return self.usual[0][1]


def month_end(billed: Amounts, today: date, settled_until: date) -> Forecast | None:
    """Project the month of `today`; None where too little is known.

    `billed` has an amount for every day whose bill is known (0 is known). Days from
    `settled_until` on may still change: the weekday means rest on the 28 days before it, without
    those before the first bill. Needed are each weekday at least once among those, and every day
    of the month up to today. Today counts with its usual amount, or with what is billed if that
    is more.
    """
    passed = _days(today.replace(day=1), today)
    used = _since_first_use(billed)
    usual = usual_amounts(used, settled_until)
    if usual is None or any(day not in billed for day in passed):
        return None
    left = _days(today, _next_month(today))
    amounts = [usual[day.weekday()] for day in left]
    done = exact_sum([billed[day] for day in passed])
    so_far = billed.get(today, Decimal(0))
    expected = _rounded(done + max(so_far, amounts[0]) + exact_sum(amounts[1:]))
    ratios = past_ratios(used, today, settled_until, len(left))
    return Forecast(
        to_date=done + so_far,
        expected=expected,
        spread=_spread(ratios, done, done + so_far, expected, exact_sum(amounts)),
        usual=tuple(zip(left, amounts, strict=True)),
        days=len(_known(used, settled_until)),
    )


def usual_amounts(billed: Amounts, until: date) -> dict[int, Decimal] | None:
    """Weekday (0 is Monday) → its mean over the 28 days before `until`, as far as known.

    None where a weekday is missing.
    """
    by_weekday: dict[int, list[Decimal]] = defaultdict(list)
    for day in _known(billed, until):
        by_weekday[day.weekday()].append(billed[day])
    if len(by_weekday) < 7:
        return None
    return {
        weekday: EXACT.divide(exact_sum(amounts), Decimal(len(amounts)))
        for weekday, amounts in by_weekday.items()
    }


def past_ratios(
    billed: Amounts, today: date, settled_until: date, length: int
) -> tuple[Decimal, ...]:
    """Billed / usual over `length` days, for each past start that can be tried, ascending.

    A start sees what was settled then: as many days back as today.
    """
    lag = today - settled_until
    last = settled_until - timedelta(days=length)
    found: list[Decimal] = []
    for back in range(TRIED_STARTS):
        start = last - timedelta(days=back)
        ratio = _ratio(billed, _days(start, start + timedelta(days=length)), start - lag)
        if ratio is not None:
            found.append(ratio)
    return tuple(sorted(found))


def quantile(ascending: Sequence[Decimal], share: Decimal) -> Decimal:
    """The value below which `share` of the values lie, in between two by a straight line."""
    place = share * (len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])


def _ratio(billed: Amounts, days: Sequence[date], known_until: date) -> Decimal | None:
    if any(day not in billed for day in days):
        return None
    usual = usual_amounts(billed, known_until)
    if usual is None:
        return None
    predicted = exact_sum([usual[day.weekday()] for day in days])
    actual = exact_sum([billed[day] for day in days])
    return EXACT.divide(actual, predicted) if predicted > 0 else None


def _spread(
    ratios: Sequence[Decimal], done: Decimal, to_date: Decimal, expected: Decimal, left: Decimal
) -> Spread | None:
    """`left` is the usual amount of today and of the days after it."""
    if len(ratios) < FEWEST_STARTS:
        return None
    low_ratio, high_ratio = quantile(ratios, LOW_SHARE), quantile(ratios, HIGH_SHARE)
    # What is billed already will hardly be taken back.
    low = max(_rounded(done + left * low_ratio), to_date)
    high = _rounded(done + left * high_ratio)
    return Spread(min(low, expected), max(high, expected), low_ratio, high_ratio, len(ratios))


def _since_first_use(billed: Amounts) -> Amounts:
    """Without the zeros before the first bill: they say nothing about what is usual."""
    first = min((day for day, amount in billed.items() if amount), default=None)
    return {day: amount for day, amount in billed.items() if first and day >= first}


def _known(billed: Amounts, until: date) -> list[date]:
    return [day for day in _days(until - USUAL_DAYS * _DAY, until) if day in billed]


def _days(start: date, end: date) -> list[date]:
    return list(_each(start, end))


def _each(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += _DAY


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _rounded(amount: Decimal) -> Decimal:
    return EXACT.quantize(amount, _NANO)
