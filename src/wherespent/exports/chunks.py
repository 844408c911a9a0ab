"""Long windows a piece at a time, so that an export needs no more memory when it is longer."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.sources import Source
from wherespent.analytics.sums import Key, Sums, Values, added_values, floor_of, levels, sums
from wherespent.domain.windows import DAY, Window

# What is read at once. No bucket is cut, except where pieces are added up again.
_PIECES = {Granularity.HOUR: Granularity.DAY, Granularity.WEEK: Granularity.WEEK}
_LONG = (Granularity.QUARTER, Granularity.TOTAL)


def pieces(window: Window, grain: Granularity) -> Iterator[Window]:
    """Tile the window by days, weeks or months, oldest first."""
    floor = floor_of(_PIECES.get(grain, Granularity.MONTH))
    start = window.start
    for day in range(window.start + DAY, window.end, DAY):
        if floor(day) != floor(start):
            yield Window(start, day)
            start = day
    yield Window(start, window.end)


def streamed_sums(
    connection: Connection,
    source: Source,
    filters: Filters,
    by: Sequence[ColumnElement[str]],
    measures: Sequence[ColumnElement[Any]],
) -> Iterator[tuple[Key, Values]]:
    """What `sums` answers, by bucket and key, a piece at a time."""
    grain, choices = filters.granularity, _choices(source, filters)

    def asked(piece: Window) -> Sums:
        return sums(connection, source, piece, grain, choices, by=by, measures=measures)

    return streamed(filters, asked)


def streamed(filters: Filters, asked: Callable[[Window], Sums]) -> Iterator[tuple[Key, Values]]:
    """The sums that `asked` answers for each piece, by bucket and key."""
    grain = filters.granularity
    whole: Sums = {}
    for piece in pieces(filters.window, grain):
        found = asked(piece)
        if grain not in _LONG:
            yield from sorted(found.items())
            continue
        for key, values in found.items():
            known = whole.get(key)
            whole[key] = values if known is None else added_values(known, values)
    yield from sorted(whole.items())


def streamed_levels(
    connection: Connection,
    source: Source,
    filters: Filters,
    by: Sequence[ColumnElement[str]],
    measure: ColumnElement[Any],
) -> Iterator[tuple[Key, Values]]:
    """What `levels` answers, by bucket and key."""
    grain, window = filters.granularity, filters.window
    # A level cannot be added over time, so long buckets are read whole.
    for piece in (window,) if grain in _LONG else pieces(window, grain):
        found = levels(
            connection, source, piece, grain, _choices(source, filters), by=by, measure=measure
        )
        yield from sorted(found.items())


def _choices(source: Source, filters: Filters) -> dict[str, Choice]:
    return filters.cost_choices if source.is_cost else filters.usage_choices
