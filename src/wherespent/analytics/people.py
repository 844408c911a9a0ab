"""Who used what: usage of every combination of project, user, key and model, read once.

Every table of People and keys is a fold of the same cells, so that they agree with each other.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, type_coerce

from wherespent.analytics.accounts import Scope, scopes
from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.sources import (
    Source,
    cost_source,
    request_streams,
    usage_source,
    usage_streams,
)
from wherespent.analytics.sums import added
from wherespent.domain.streams import STOCK_MEASURES
from wherespent.domain.windows import DAY, Window, ceil_day, floor_day
from wherespent.storage import tables

DIMENSIONS = ("project_id", "user_id", "api_key_id", "model")
# A line beside a name says how the last days went, whatever range is looked at.
TREND_DAYS = 30
# In the order of `Cell`.
_MEASURES = ("num_model_requests", "input_tokens", "input_cached_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Cell:
    """Usage of one combination in a window; None is unknown. Values as charts tell them apart:
    '' is unattributed, `NOT_REPORTED` was read without the dimension.
    """

    project_id: str
    user_id: str
    api_key_id: str
    model: str
    requests: int | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Used:
    """What one project, user, key or model used, and how many requests each of its own had."""

    requests: int | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    projects: Mapping[str, int]
    users: Mapping[str, int]
    api_keys: Mapping[str, int]
    models: Mapping[str, int]

    @property
    def tokens(self) -> int | None:
        return _plus(self.input_tokens, self.output_tokens)


@dataclass(frozen=True, slots=True)
class Active:
    """The first and the last UTC day (epoch seconds) with any usage."""

    first: int
    last: int


def usage_cells(connection: Connection, filters: Filters) -> tuple[Cell, ...]:
    """Usage of the window by project, user, key and model. Web searches repeat the requests of
    completions and are left out.
    """
    return tuple(
        cell for scope in scopes(connection, filters) for cell in _cells(connection, scope)
    )


def used_by(cells: Iterable[Cell], dimension: str) -> dict[str, Used]:
    """The cells added up by one of `DIMENSIONS`."""
    parts: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        parts[getattr(cell, dimension)].append(cell)
    return {key: used(each) for key, each in parts.items()}


def used(cells: Iterable[Cell]) -> Used:
    """The cells as one."""
    requests = input_tokens = cached = output = None
    projects, users, api_keys, models = (Counter[str]() for _ in DIMENSIONS)
    for cell in cells:
        requests = _plus(requests, cell.requests)
        input_tokens = _plus(input_tokens, cell.input_tokens)
        cached = _plus(cached, cell.cached_tokens)
        output = _plus(output, cell.output_tokens)
        size = cell.requests or 0
        projects[cell.project_id] += size
        users[cell.user_id] += size
        api_keys[cell.api_key_id] += size
        models[cell.model] += size
    return Used(requests, input_tokens, cached, output, projects, users, api_keys, models)


def activity(connection: Connection, dimension: str) -> dict[str, Active]:
    """The first and last day with usage of every key of a dimension, over all that is stored.

    What is only kept in store is no activity. One look per series at each end of an index: it
    costs the same for a month and for ten years.
    """
    found: dict[str, Active] = {}
    for scope in scopes(connection, Filters(Window(0, DAY))):
        for key, first, last in _ends(connection, scope, dimension):
            named = scope.qualified(dimension, key)
            known = found.get(named, Active(first, last))
            found[named] = Active(min(first, known.first), max(last, known.last))
    return found


def usage_known_since(connection: Connection) -> int | None:
    """The first UTC day from which on the usage of every account was read; None: of none."""
    day = tables.coverage.c
    firsts: list[int] = []
    for scope in scopes(connection, Filters(Window(0, DAY))):
        first = connection.scalar(
            select(func.min(day.bucket_start)).where(
                day.account_id == scope.account.id,
                day.stream_id.in_(scope.account.ids_of(request_streams())),
            )
        )
        if first is None:
            return None
        firsts.append(first)
    return max(firsts)


def trend_window(window: Window) -> Window:
    """The last days of a window, as many as a trend shows."""
    return Window(max(window.start, window.end - TREND_DAYS * DAY), window.end)


def billed_trends(
    connection: Connection, filters: Filters, dimension: str
) -> dict[str, dict[int, int]]:
    """Key → UTC day → nano-dollars billed, over `trend_window`. Raises QuestionRefused."""

    def source_of(scope: Scope) -> Source:
        return cost_source(connection, scope.account, (*scope.filters.cost_choices, dimension))

    return _trends(connection, filters, dimension, source_of)


def request_trends(
    connection: Connection, filters: Filters, dimension: str
) -> dict[str, dict[int, int]]:
    """Key → UTC day → requests, over `trend_window`."""

    def source_of(scope: Scope) -> Source:
        needed = (*scope.filters.usage_choices, dimension)
        return usage_source(scope.account, request_streams(), needed, hours=False)

    return _trends(connection, filters, dimension, source_of)


def _trends(
    connection: Connection,
    filters: Filters,
    dimension: str,
    source_of: Callable[[Scope], Source],
) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for scope in scopes(connection, filters):
        source = source_of(scope)
        choices = scope.filters.cost_choices if source.is_cost else scope.filters.usage_choices
        keys = _by_series(connection, scope, source, choices, (dimension,))
        measure = source.facts.c["amount" if source.is_cost else "num_model_requests"]
        # Plain rows of a rollup in the order they lie: sorting them by key would take longer.
        statement = select(source.key, source.bucket, type_coerce(measure, BigInteger))
        for where in source.wheres(connection, trend_window(filters.window), choices):
            for series, day, value in connection.execute(statement.where(where)).all():
                days = found.setdefault(keys[series][0], {})
                days[day] = days.get(day, 0) + (value or 0)
    return found


def _by_series(
    connection: Connection,
    scope: Scope,
    source: Source,
    choices: Mapping[str, Choice],
    dimensions: Sequence[str],
) -> dict[int, tuple[str, ...]]:
    """Series → its values of the dimensions, told apart between accounts."""
    shown = [source.shown(dimension) for dimension in dimensions]
    rows = connection.execute(source.chosen(choices, source.series.c.id, *shown))
    return {series: tuple(map(scope.qualified, dimensions, values)) for series, *values in rows}


def _cells(connection: Connection, scope: Scope) -> Iterator[Cell]:
    sums: dict[tuple[str, ...], list[int | None]] = {}
    for window, is_hours in _pieces(scope.filters):
        for names, values in _sums(connection, scope, window, hours=is_hours):
            known = sums.setdefault(names, [None] * len(values))
            sums[names] = [_plus(a, b) for a, b in zip(known, values, strict=True)]
    for (project, user, key, model), values in sums.items():
        yield Cell(project, user, key, model, *values)


def _pieces(filters: Filters) -> Iterator[tuple[Window, bool]]:
    """The window as UTC days, and as hours where days of another zone begin and end in a day."""
    span = filters.zone.utc_window(filters.window)
    first, last = ceil_day(span.start), floor_day(span.end)
    for start, end, is_hours in (
        (span.start, first, True),
        (first, last, False),
        (last, span.end, True),
    ):
        if start < end:
            yield Window(start, end), is_hours


def _sums(
    connection: Connection, scope: Scope, window: Window, *, hours: bool
) -> Iterator[tuple[tuple[str, ...], Sequence[int | None]]]:
    """The values of `DIMENSIONS` and the measures of a cell, series by series."""
    choices = scope.filters.usage_choices
    source = usage_source(scope.account, request_streams(), DIMENSIONS, hours=hours)
    measures = [added(source.facts.c[name]) for name in _MEASURES]
    dimensions = _by_series(connection, scope, source, choices, DIMENSIONS)
    # By number: thousands of series would take several times as long to sort by their texts.
    by = (source.facts.c.stream_id, source.key)
    for where in source.wheres(connection, window, choices):
        statement = select(source.key, *measures).where(where).group_by(*by)
        for series, *values in connection.execute(statement).all():
            yield dimensions[series], values


def _ends(connection: Connection, scope: Scope, dimension: str) -> Iterator[tuple[str, int, int]]:
    streams = [
        stream for stream in usage_streams() if not STOCK_MEASURES.issuperset(stream.measures)
    ]
    source = usage_source(scope.account, streams, (dimension, "user_id"), hours=False)
    value = source.raw(dimension)

    def end(of: Callable[[ColumnElement[int]], ColumnElement[int]]) -> ColumnElement[int]:
        return (
            select(of(source.bucket))
            .where(source.scope_of_series, source.key == source.series.c.id)
            .correlate(source.series)
            .scalar_subquery()
        )

    rows = connection.execute(
        source.chosen({}, value, end(func.min), end(func.max)).where(value != "")
    )
    for key, first, last in rows:
        if first is not None:
            yield key, first, last


def _plus(a: int | None, b: int | None) -> int | None:
    """Unknown plus a number is that number."""
    return b if a is None else a if b is None else a + b
