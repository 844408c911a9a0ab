"""The screen and the export give the same sums, and all invariants in the order of the page."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.cost import cost_by, cost_over_time
from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters, Granularity
from wherespent.analytics.sources import request_streams
from wherespent.analytics.usage import tokens_over_time
from wherespent.domain.windows import epoch, utc
from wherespent.exports.costs import export_costs
from wherespent.exports.tables import Cell, Export
from wherespent.exports.usage import export_usage
from wherespent.storage.invariants import INVARIANTS as STORED
from wherespent.storage.invariants.words import MEND
from wherespent.storage.proofs import Found, Invariant, Offence, Scope

# UTC day → one value per measure: US dollars, or tokens and requests.
Day = Mapping[str, Decimal | int]
_DIMENSIONS = {
    "api_key": "api_key_id",
    "project": "project_id",
    "model": "model",
    "user": "user_id",
}
# Reads every series, where the screen reads the rollup by project and model.
_FINEST = ("api_key_id",)
_USAGE = {
    "num_model_requests": "requests",
    "input_tokens": "input_tokens",
    "input_cached_tokens": "cached",
    "output_tokens": "output_tokens",
}


def _check(connection: Connection, scope: Scope) -> Found:
    found = Found()
    for words, filters in _views(connection, scope):
        found += _same(words, _billed_shown(connection, filters), _billed_out(connection, filters))
        found += _same(words, _used_shown(connection, filters), _used_out(connection, filters))
    return found


def _views(connection: Connection, scope: Scope) -> Iterator[tuple[str, Filters]]:
    """Everything, then the costliest key, project, model and user by themselves.

    A sync looks at the first two only: each view is forty questions.
    """
    everything = Filters(scope.window, Granularity.DAY, account=Choice((scope.account,)))
    yield "unfiltered", everything
    whole = replace(everything, granularity=Granularity.TOTAL)
    for name, dimension in list(_DIMENSIONS.items())[: None if scope.is_whole else 1]:
        points = cost_by(connection, whole, dimension)
        known = [point for point in points if point.key not in ("", NOT_REPORTED)]
        if known:
            key = max(known, key=lambda point: (point.billed, point.key)).key
            yield f"{dimension} {key}", replace(everything, **{name: Choice(include=(key,))})


def _billed_shown(connection: Connection, filters: Filters) -> dict[int, Day]:
    points = cost_over_time(connection, filters)
    return {point.bucket_start or 0: {"billed USD": point.billed} for point in points}


def _billed_out(connection: Connection, filters: Filters) -> dict[int, Day]:
    # Users may stand apart from keys, and then have only line items beside them.
    dimensions = ("line_item",) if filters.user else _FINEST
    return _added(export_costs(connection, filters, dimensions), {"billed_usd": "billed USD"})


def _used_shown(connection: Connection, filters: Filters) -> dict[int, Day]:
    return {
        point.bucket_start or 0: {
            name: value for name in _USAGE.values() if (value := getattr(point, name)) is not None
        }
        for point in tokens_over_time(connection, filters)
    }


def _used_out(connection: Connection, filters: Filters) -> dict[int, Day]:
    counted = frozenset(stream.name for stream in request_streams())
    return _added(export_usage(connection, filters, _FINEST), _USAGE, counted)


def _added(
    export: Export, measures: Mapping[str, str], streams: frozenset[str] = frozenset()
) -> dict[int, Day]:
    """The rows of an export added up by day; of these streams only, where there are any."""
    days: dict[int, dict[str, Decimal | int]] = defaultdict(dict)
    for row in export.rows:
        if streams and row.get("stream") not in streams:
            continue
        sums = days[_start(row["bucket_start"])]
        for column, name in measures.items():
            value = row.get(column)
            if isinstance(value, Decimal | int):
                sums[name] = sums.get(name, 0) + value
    return dict(days)


def _start(bucket: Cell) -> int:
    assert isinstance(bucket, datetime)
    return epoch(bucket)


def _same(words: str, shown: Mapping[int, Day], out: Mapping[int, Day]) -> Found:
    found = Found()
    for start in sorted({*shown, *out}):
        screen, export = shown.get(start, {}), out.get(start, {})
        if screen == export:
            found += Found(checked=1)
            continue
        names = sorted(name for name in {*screen, *export} if screen.get(name) != export.get(name))
        differing = "; ".join(
            f"{name} is {_number(screen.get(name))} on screen and"
            f" {_number(export.get(name))} in the export"
            for name in names
        )
        text = f"{utc(start):%Y-%m-%d}, {words}: {differing or 'only one side has the day'}"
        found += Found(checked=1, failing=1, offences=(Offence(start, text),))
    return found


def _number(value: Decimal | int | None) -> str:
    return "nothing" if value is None else f"{value:,}"


SCREEN_IS_EXPORT = Invariant(
    name="export",
    title="The screen is the export",
    counted="days",
    meaning="Billed cost, tokens and requests of each day as the pages ask for them, against the"
    " rows that the export writes: of everything and of the costliest key by itself; once a day"
    " also of the costliest project, model and user.",
    remedy=f"Pages and exports of these days do not say the same. {MEND}",
    check=_check,
)

INVARIANTS: tuple[Invariant, ...] = (*STORED[:4], SCREEN_IS_EXPORT, *STORED[4:])
