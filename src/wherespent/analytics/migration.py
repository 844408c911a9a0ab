"""Questions about moving from one model to another: how far it is, and what it changed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.filters import EVERYTHING, Choice, Filters, Granularity
from wherespent.analytics.sources import request_streams, usage_source
from wherespent.analytics.sums import Sums, added, sums
from wherespent.analytics.zones import UTC_ZONE
from wherespent.domain.money import EXACT, from_nanos

_BY = ("model_key", "project_id")


@dataclass(frozen=True, slots=True)
class Work:
    """Requests and US dollars of one model, or of two."""

    requests: int = 0
    billed: Decimal = Decimal(0)

    def __add__(self, other: "Work") -> "Work":
        return Work(self.requests + other.requests, self.billed + other.billed)

    @property
    def per_thousand(self) -> Decimal | None:
        """US dollars per 1,000 requests; None without requests."""
        if not self.requests:
            return None
        return EXACT.divide(EXACT.multiply(self.billed, Decimal(1000)), Decimal(self.requests))


@dataclass(frozen=True, slots=True)
class Stage:
    """The two models over some time, or of one project."""

    old: Work = Work()
    new: Work = Work()

    def __add__(self, other: "Stage") -> "Stage":
        return Stage(self.old + other.old, self.new + other.new)

    @property
    def both(self) -> Work:
        return self.old + self.new

    @property
    def moved(self) -> float | None:
        """The share of the requests that go to the new model, 0 to 1; None without requests."""
        return self.new.requests / self.both.requests if self.both.requests else None


@dataclass(frozen=True, slots=True)
class ProjectMove:
    """One project; `before` and `after` are of the same time as those of the whole."""

    project: str
    before: Stage
    after: Stage

    @property
    def whole(self) -> Stage:
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Migration:
    """`buckets` are days or longer (UTC), oldest first, those with requests or cost of any of the
    two. `turned_at` is the first bucket from which on the new model has more requests than the
    old one in every bucket (None: it has not, or always had); all is `before` then, else the two
    are split there.
    """

    buckets: Mapping[int, Stage]
    turned_at: int | None
    before: Stage
    after: Stage
    projects: tuple[ProjectMove, ...]

    @property
    def whole(self) -> Stage:
        return self.before + self.after


Cells = dict[tuple[int, str], Stage]


def migration(connection: Connection, filters: Filters, old: str, new: str) -> Migration:
    """What moved from the model `old` to `new`, projects with the most requests first.

    Days are those of UTC, as in the bill. Filters by model and by line item do not apply: requests
    have no line item, and one of many would be divided by the requests of all. Raises
    QuestionRefused.
    """
    by_hour = filters.granularity is Granularity.HOUR
    grain = Granularity.DAY if by_hour else filters.granularity
    asked = replace(
        filters,
        granularity=grain,
        zone=UTC_ZONE,
        model=Choice((old, new)),
        line_item=EVERYTHING,
    )
    cells = _cells(connection, asked, old)
    buckets = _per(0, cells)
    turned_at = _turn(buckets)
    before = {key: it for key, it in cells.items() if turned_at is None or key[0] < turned_at}
    after = {key: it for key, it in cells.items() if key not in before}
    by_project = _per(1, before), _per(1, after)
    projects = [
        ProjectMove(name, *(side.get(name, Stage()) for side in by_project))
        for name in _per(1, cells)
    ]
    return Migration(
        buckets,
        turned_at,
        _sum(before),
        _sum(after),
        tuple(sorted(projects, key=lambda it: (-it.whole.both.requests, it.project))),
    )


def _cells(connection: Connection, filters: Filters, old: str) -> Cells:
    """(bucket, project) → what the two models did."""
    cells: Cells = defaultdict(Stage)
    for (start, model, project), (requests,) in _requests(connection, filters).items():
        cells[start, project] += _stage(Work(requests=requests or 0), is_old=model == old)
    bill = billed_nanos(connection, filters, *_BY)
    for (start, model, project), (nanos,) in bill.items():
        cells[start, project] += _stage(Work(billed=from_nanos(nanos)), is_old=model == old)
    return dict(sorted(cells.items()))


def _stage(work: Work, *, is_old: bool) -> Stage:
    return Stage(old=work) if is_old else Stage(new=work)


def _requests(connection: Connection, filters: Filters) -> Sums:
    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        choices = scope.filters.usage_choices
        source = usage_source(scope.account, request_streams(), (*choices, *by), hours=False)
        columns = [source.shown(name) for name in by]
        requests = added(source.facts.c.num_model_requests)
        window, grain = scope.filters.window, scope.filters.granularity
        return sums(connection, source, window, grain, choices, by=columns, measures=(requests,))

    return added_up(connection, filters, _BY, ask)


def _per(place: int, cells: Mapping[tuple[int, str], Stage]) -> dict[Any, Stage]:
    """Cells by bucket (place 0) or by project (1), in their order."""
    found: dict[Any, Stage] = {}
    for key, stage in cells.items():
        found[key[place]] = found.get(key[place], Stage()) + stage
    return found


def _sum(cells: Mapping[tuple[int, str], Stage]) -> Stage:
    whole = Stage()
    for stage in cells.values():
        whole += stage
    return whole


def _turn(buckets: Mapping[int, Stage]) -> int | None:
    """The first bucket of the newest run in which the new model leads; None where it does not
    lead at the end, or led from the beginning.
    """
    turned_at: int | None = None
    for start in sorted(buckets, reverse=True):
        stage = buckets[start]
        if stage.moved is None:
            continue
        if stage.old.requests >= stage.new.requests:
            return turned_at
        turned_at = start
    return None
