"""What the tables of People and keys are made of: bill, usage and directory of one dimension."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from wherespent.analytics import cost, people
from wherespent.analytics.entities import Entity, entities
from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.people import Active, Used, used_by
from wherespent.dashboard import comparison, gaps
from wherespent.dashboard.comparison import changed
from wherespent.dashboard.desk import Asked, Desk
from wherespent.domain.windows import epoch
from wherespent.errors import QuestionRefused

# Which filter narrows a dimension.
CHOICES = {
    "project_id": "project",
    "user_id": "user",
    "api_key_id": "api_key",
    "model": "model",
}
_NANOS = 10**9
# Days of every key would take longer than all the rest of a page with thousands of them.
MOST_TRENDS = 60


@dataclass(frozen=True, slots=True)
class Bill:
    """Billed cost by key. `billed` is None where it was not read, or where `refusal` says why.

    `before` is that of the compared period, None where it does not compare.
    """

    billed: Mapping[str, Decimal] | None
    before: Mapping[str, Decimal] | None
    whole: Decimal | None
    refusal: str = ""

    def of(self, key: str) -> Decimal | None:
        return None if self.billed is None else self.billed.get(key, Decimal())

    def change(self, key: str) -> Decimal | str | None:
        if self.billed is None or self.before is None:
            return None
        now, then = (bill.get(key, Decimal()) for bill in (self.billed, self.before))
        return changed(now, then) if now or then else None

    def share(self, key: str) -> Decimal | None:
        billed = self.of(key)
        return None if billed is None or not self.whole else billed / self.whole


@dataclass(frozen=True, slots=True)
class Trend:
    """A value per day of the last days; `is_money` says of what. Not of keys beyond `among`."""

    days: Mapping[str, Mapping[int, int]]
    starts: Sequence[int]
    unread: Collection[int]
    is_money: bool
    among: frozenset[str] | None = None

    @property
    def title(self) -> str:
        what = "Billed" if self.is_money else "Requests"
        return f"{what}, last {len(self.starts)} days" if len(self.starts) > 1 else what

    @property
    def about(self) -> str:
        return "" if self.among is None else f"Of the {len(self.among)} largest"

    def of(self, key: str) -> list[float | None]:
        """None where nothing was read, 0 where it was and nothing is there; [] where not asked."""
        if self.among is not None and key not in self.among:
            return []
        days = self.days.get(key, {})
        scale = _NANOS if self.is_money else 1
        return [
            None if day in self.unread and day not in days else days.get(day, 0) / scale
            for day in self.starts
        ]


@dataclass(frozen=True, slots=True)
class PeopleFacts:
    """Everything known of the keys of one dimension in the asked range."""

    dimension: str
    entities: Mapping[str, Entity]
    used: Mapping[str, Used]
    # Any day of the range: then what has no usage has none, else it is not known.
    is_usage_read: bool
    activity: Mapping[str, Active]
    bill: Bill
    trend: Trend


def people_facts(desk: Desk, asked: Asked, dimension: str) -> PeopleFacts:
    """`dimension` is one of `project_id`, `user_id`, `api_key_id`."""
    ask = desk.answers.ask
    used = used_by(ask(people.usage_cells, asked.total), dimension)
    bill = bill_of(desk, asked, dimension)
    return PeopleFacts(
        dimension,
        ask(entities, dimension),
        used,
        bool(used) or is_usage_read(desk, asked),
        ask(people.activity, dimension),
        bill,
        trend_of(desk, asked, dimension, _largest(bill, used)),
    )


def _largest(bill: Bill, used: Mapping[str, Used]) -> list[str] | None:
    """The keys that have a trend, None where all have one."""
    requests = {key: it.requests or 0 for key, it in used.items()}
    sizes: Mapping[str, Decimal | int] = requests if bill.billed is None else bill.billed
    if len(requests.keys() | sizes.keys()) <= MOST_TRENDS:
        return None
    return sorted(sizes, key=lambda key: (-abs(sizes[key]), key))[:MOST_TRENDS]


def is_usage_read(desk: Desk, asked: Asked) -> bool:
    """Whether usage of any day of the range was read."""
    streams = gaps.REQUEST_STREAMS
    return len(gaps.unread(desk, asked, streams)) < gaps.begun_days(asked, streams)


def bill_of(desk: Desk, asked: Asked, dimension: str) -> Bill:
    """The bill by a dimension, beside that of the compared period."""
    try:
        whole = desk.answers.ask(cost.cost_total, asked.total)
        billed = _billed(desk, asked.total, dimension) if whole is not None else None
        compared = comparison.before(desk, asked, gaps.COST_STREAMS, by=(dimension,))
        before = _billed(desk, compared, dimension) if compared else None
    except QuestionRefused as reason:
        return Bill(None, None, None, str(reason))
    return Bill(billed, before, whole)


def _billed(desk: Desk, filters: Filters, dimension: str) -> dict[str, Decimal]:
    return {point.key: point.billed for point in desk.answers.ask(cost.cost_by, filters, dimension)}


def trend_of(desk: Desk, asked: Asked, dimension: str, among: Sequence[str] | None = None) -> Trend:
    """The bill day by day, requests where billed cost cannot be split that way.

    Of all keys, or of those `among` them.
    """
    window = people.trend_window(asked.filters.window)
    starts = [day for day in window.days() if day <= epoch(asked.now)]
    # Every granularity has the same trend: one answer for all of them.
    filters = (asked if among is None else narrowed(asked, dimension, among)).total
    asked_of = None if among is None else frozenset(among)

    def trend(question: Callable[..., Any], streams: tuple[str, ...], *, is_money: bool) -> Trend:
        days = desk.answers.ask(question, filters, dimension)
        unread = gaps.unread(desk, asked, streams, window, by=(dimension,))
        return Trend(days, starts, unread, is_money, asked_of)

    try:
        return trend(people.billed_trends, gaps.COST_STREAMS, is_money=True)
    except QuestionRefused:
        return trend(people.request_trends, gaps.REQUEST_STREAMS, is_money=False)


def narrowed(asked: Asked, dimension: str, keys: Iterable[str]) -> Asked:
    """The same question about some keys of a dimension, whatever the bar says of it.

    The view stays as it is: links lead on with the filters of the bar only.
    """
    choice = Choice(tuple(keys))
    return replace(asked, filters=replace(asked.filters, **{CHOICES[dimension]: choice}))
