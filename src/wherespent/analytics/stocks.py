"""What is stored at a moment: a level, which adds up over keys and never over time."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.sources import Source
from wherespent.analytics.sums import Sums, floor_of, levels
from wherespent.domain.windows import DAY


def stock_levels(
    connection: Connection,
    source: Source,
    filters: Filters,
    *,
    by: Sequence[ColumnElement[str]] = (),
    measure: ColumnElement[int],
) -> Sums:
    """The levels at one moment per bucket: the last with any level, whatever is chosen.

    So the levels of all keys add up to the whole, and those of a key are the same by filter and
    by split. A key that is gone at that moment has none; its own last level would be counted for
    ever. Without `by`, what is chosen and has a level elsewhere in the window has 0 where it is
    gone.
    """
    grain = Granularity.DAY if source.width == DAY else Granularity.HOUR

    def stored(choices: Mapping[str, Choice], by: Sequence[ColumnElement[str]]) -> Sums:
        return levels(connection, source, filters.window, grain, choices, by=by, measure=measure)

    choices = filters.usage_choices
    chosen = stored(choices, by)
    everything = stored({}, ()) if chosen and choices else chosen
    floor = floor_of(filters.grain)
    last: dict[int | None, int] = {}
    for moment, *_ in everything:
        last[floor(moment)] = max(moment, last.get(floor(moment), moment))
    found = {
        (floor(moment), *key): values
        for (moment, *key), values in chosen.items()
        if last[floor(moment)] == moment
    }
    return found if by else {(bucket,): found.get((bucket,), (0,)) for bucket in last}
