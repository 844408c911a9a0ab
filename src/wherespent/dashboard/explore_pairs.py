"""Answers by two dimensions as a table: the heaviest values of each, and the rest as one."""

from collections.abc import Mapping, Sequence

from wherespent.analytics.explore import Explored, Key
from wherespent.analytics.measures import Measure, Parts, weight
from wherespent.analytics.sums import added_values
from wherespent.dashboard.explore_words import Labels

Folded = dict[tuple[str | None, str | None], Parts]


def pairs_table(
    found: Explored, most_rows: int, most_columns: int
) -> tuple[list[str | None], list[str | None], Folded]:
    """All pairs, the heaviest values of both dimensions one by one, the rest under None."""
    rows = _heaviest(found.totals, 0, most_rows)
    columns = _heaviest(found.totals, 1, most_columns)
    cells: Folded = {}
    for key, parts in found.totals.items():
        place = (key[0] if key[0] in rows else None, key[1] if key[1] in columns else None)
        known = cells.get(place)
        cells[place] = parts if known is None else added_values(known, parts)
    return _with_rest(rows, cells, 0), _with_rest(columns, cells, 1), cells


def _heaviest(totals: Mapping[Key, Parts], at: int, most: int) -> list[str | None]:
    sums: dict[str, Parts] = {}
    for key, parts in totals.items():
        known = sums.get(key[at])
        sums[key[at]] = parts if known is None else added_values(known, parts)
    ranked = sorted(sums, key=lambda value: (-weight(sums[value]), value))
    return [*(ranked if len(ranked) <= most + 1 else ranked[:most])]


def _with_rest(kept: Sequence[str | None], cells: Folded, at: int) -> list[str | None]:
    return [*kept, None] if any(place[at] is None for place in cells) else [*kept]


def value_label(labels: Labels, at: int, value: str | None, rest: str) -> str:
    """What a value is called; `rest` is the name of many as one."""
    return rest if value is None else labels.at(at, value)


def as_float(measure: Measure, parts: Parts | None) -> float | None:
    """The measure as it is drawn."""
    value = measure.value(parts)
    return None if value is None else float(value)
