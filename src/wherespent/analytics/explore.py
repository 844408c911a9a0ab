"""One question about any measure: over time, by up to two dimensions, the largest keys first.

What is shown adds up: the keys that are kept and all others together are the whole, exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from functools import reduce

from sqlalchemy import Connection

from wherespent.analytics.explore_rules import refuse, refused_grain, refused_minutes
from wherespent.analytics.explore_sums import measure_sums
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.measures import MEASURES, Measure, Parts, weight
from wherespent.analytics.sums import added_values
from wherespent.analytics.top import narrowed
from wherespent.domain.money import EXACT
from wherespent.domain.pricing import PriceBook
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused

# One value per dimension of the question.
Key = tuple[str, ...]
Bucket = int | None
Value = Decimal | int | None

MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Question:
    """A measure by at most two dimensions; `most` keys one by one, the rest as one.

    `minutes` is a span of the minutes that are kept: it stands in for the window of `filters`,
    and then the buckets are minutes. `prices` are those of estimated cost.
    """

    filters: Filters
    measure: str
    dimensions: Key = ()
    most: int = 8
    minutes: Window | None = None
    prices: PriceBook | None = None

    @property
    def total(self) -> "Question":
        return replace(self, filters=replace(self.filters, granularity=Granularity.TOTAL))


@dataclass(frozen=True, slots=True)
class Explored:
    """The answer, in exact sums; `Measure.value` makes a number of each.

    `keys` are kept one by one, largest first; `points` are theirs. `others` is everything else
    by bucket, `other_keys` how many keys that is. `totals` are of all keys over the whole
    window, `buckets` of all keys by bucket, `whole` of everything: None without any row.
    """

    measure: Measure
    keys: tuple[Key, ...] = ()
    points: Mapping[tuple[Bucket, Key], Parts] = field(
        default_factory=dict[tuple[Bucket, Key], Parts]
    )
    others: Mapping[Bucket, Parts] = field(default_factory=dict[Bucket, Parts])
    other_keys: int = 0
    other_total: Parts | None = None
    totals: Mapping[Key, Parts] = field(default_factory=dict[Key, Parts])
    buckets: Mapping[Bucket, Parts] = field(default_factory=dict[Bucket, Parts])
    whole: Parts | None = None

    def value(self, parts: Parts | None) -> Value:
        return self.measure.value(parts)

    @property
    def total(self) -> Value:
        """The measure of everything that was asked for; None where nothing is known."""
        return self.measure.value(self.whole)


def explore(connection: Connection, question: Question) -> Explored:
    """Raises QuestionRefused for what OpenAI does not report, in words."""
    with localcontext(EXACT):
        return _explored(connection, question)


def _explored(connection: Connection, question: Question) -> Explored:
    measure = _askable(connection, question)
    found = _asked(connection, question.total, measure, question.dimensions)
    totals = {key: parts for (_, key), parts in found.items()}
    if measure.is_stock:
        totals |= _gone(connection, question, measure, totals)
    whole = _whole(connection, question.total, measure, totals)
    if whole is None:
        return Explored(measure)
    ranked = sorted(totals, key=lambda key: (-weight(totals[key]), key))
    most = max(1, min(question.most, MOST_KEPT))
    # One key more takes no more room than an "Other (1)" would.
    kept = ranked if len(ranked) <= most + 1 else ranked[:most]
    is_all = len(kept) == len(ranked)
    points = _points(connection, question, measure, kept, is_all=is_all)
    buckets = _buckets(connection, question, measure, points, is_all=is_all)
    rest = {} if is_all else _rests(buckets, points)
    return Explored(
        measure,
        keys=tuple(kept),
        points=points,
        others=rest,
        other_keys=len(ranked) - len(kept),
        other_total=None if is_all else _without(whole, (totals[key] for key in kept)),
        totals=totals,
        buckets=buckets,
        whole=whole,
    )


def total_of(connection: Connection, question: Question) -> Value:
    """The measure over the whole window, without any split. Raises QuestionRefused."""
    measure = _askable(connection, replace(question, dimensions=()))
    return measure.value(_whole(connection, replace(question.total, dimensions=()), measure, {}))


def _askable(connection: Connection, question: Question) -> Measure:
    measure = MEASURES.get(question.measure)
    if measure is None:
        raise QuestionRefused(f"there is no measure {question.measure}: use {', '.join(MEASURES)}")
    refuse(connection, question.filters, measure, question.dimensions)
    reason = (
        refused_minutes(measure)
        if question.minutes
        else refused_grain(connection, question.filters, measure, question.filters.granularity)
    )
    if reason:
        raise QuestionRefused(reason)
    return measure


def _whole(
    connection: Connection, question: Question, measure: Measure, totals: Mapping[Key, Parts]
) -> Parts | None:
    """Everything over the window; of an amount that is the sum of its keys."""
    if question.dimensions and measure.is_additive:
        return _added(totals.values())
    return _asked(connection, question, measure, ()).get((None, ()))


def _gone(
    connection: Connection, question: Question, measure: Measure, totals: Mapping[Key, Parts]
) -> dict[Key, Parts]:
    """What was stored earlier in the window and is not at its end: there is 0 of it now."""
    found = _asked(connection, question, measure, question.dimensions)
    return {key: (0,) for _, key in found if key not in totals}


def _asked(
    connection: Connection, question: Question, measure: Measure, by: Key
) -> dict[tuple[Bucket, Key], Parts]:
    """The sums by bucket and key of what has anything known."""
    beside = tuple(it for it in question.dimensions if it == "user_id")
    found = measure_sums(
        connection,
        question.filters,
        measure,
        by,
        beside=beside,
        minutes=question.minutes,
        prices=question.prices,
    )
    if measure.is_estimate:
        return found  # what has no price is there, and says so
    return {key: parts for key, parts in found.items() if parts.count(None) < len(parts)}


def _points(
    connection: Connection,
    question: Question,
    measure: Measure,
    kept: Sequence[Key],
    *,
    is_all: bool,
) -> dict[tuple[Bucket, Key], Parts]:
    """Bucket by bucket, without reading thousands of keys that are not shown."""
    filters = question.filters
    # The last bucket of a stock is that of everything, not that of a few keys.
    if not is_all and not measure.is_stock:
        for at, dimension in enumerate(question.dimensions):
            filters = narrowed(filters, dimension, list(dict.fromkeys(key[at] for key in kept)))
    chosen = frozenset(kept)
    found = _asked(connection, replace(question, filters=filters), measure, question.dimensions)
    return {(bucket, key): parts for (bucket, key), parts in found.items() if key in chosen}


def _buckets(
    connection: Connection,
    question: Question,
    measure: Measure,
    points: Mapping[tuple[Bucket, Key], Parts],
    *,
    is_all: bool,
) -> dict[Bucket, Parts]:
    if is_all and measure.is_additive:
        return {bucket: reduce(added_values, each) for bucket, each in _by_bucket(points).items()}
    found = _asked(connection, question, measure, ())
    return {bucket: parts for (bucket, _), parts in found.items()}


def _rests(
    buckets: Mapping[Bucket, Parts], points: Mapping[tuple[Bucket, Key], Parts]
) -> dict[Bucket, Parts]:
    kept = _by_bucket(points)
    return {bucket: _without(whole, kept.get(bucket, ())) for bucket, whole in buckets.items()}


def _by_bucket(points: Mapping[tuple[Bucket, Key], Parts]) -> dict[Bucket, list[Parts]]:
    found: dict[Bucket, list[Parts]] = defaultdict(list)
    for (bucket, _), parts in points.items():
        found[bucket].append(parts)
    return found


def _added(each: Iterable[Parts]) -> Parts | None:
    rows = list(each)
    return reduce(added_values, rows) if rows else None


def _without(whole: Parts, each: Iterable[Parts]) -> Parts:
    """What is left of sums; where the whole is unknown, so is the rest."""
    known = [tuple(part or 0 for part in parts) for parts in each]
    return tuple(
        None if part is None else part - sum((row[at] for row in known), 0)
        for at, part in enumerate(whole)
    )
