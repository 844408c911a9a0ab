"""A window in pieces in which no list price changes.

As many questions as there are prices in the window, instead of one price for every day.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import pairwise

from wherespent.domain.pricing import utc_day
from wherespent.domain.windows import Window, epoch


def price_spans(window: Window, changes: Iterable[date]) -> Iterator[tuple[Window, date]]:
    """The pieces, oldest first, and the first day of each; `changes` are days on which prices
    begin, oldest first.
    """
    moments = (epoch(datetime.combine(day, time(), UTC)) for day in changes)
    inside = [at for at in moments if window.start < at < window.end]
    for start, end in pairwise([window.start, *inside, window.end]):
        yield Window(start, end), utc_day(start)
