"""An answer of Explore as the lines of a chart: exact sums first, drawn numbers last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wherespent.analytics.explore import Bucket, Explored, Key, Value
from wherespent.analytics.measures import Measure, Parts
from wherespent.analytics.sums import added_values
from wherespent.dashboard.colours import OTHER, PALETTE, colours
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.explore_words import Labels, in_full
from wherespent.dashboard.formats import percent
from wherespent.dashboard.links import PARAMETERS
from wherespent.dashboard.series import Axis, Series
from wherespent.dashboard.url_state import View
from wherespent.domain.money import EXACT

# A single line without a split has the first colour of all.
_ALONE = PALETTE[0]


@dataclass(frozen=True, slots=True)
class Line:
    """One key over time; `key` is None for all others as one."""

    key: Key | None
    label: str
    colour: str
    parts: Mapping[Bucket, Parts]
    total: Parts | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line as it is drawn: `values` for the picture, `words` for the hover, in full."""

    series: Series
    words: tuple[str, ...]


def lines_of(desk: Desk, found: Explored, dimensions: Sequence[str]) -> list[Line]:
    """The kept keys, largest first, then everything else as one line."""
    if not dimensions:
        return [Line((), found.measure.title, _ALONE, found.buckets, found.whole)]
    labels, hues = Labels(desk, dimensions), key_colours(desk, found.keys, dimensions)
    kept = [
        Line(
            key,
            labels.of(key),
            hues[key],
            {bucket: parts for (bucket, of), parts in found.points.items() if of == key},
            found.totals[key],
        )
        for key in found.keys
    ]
    if not found.other_keys:
        return kept
    label = f"Other ({found.other_keys:,})"
    return [*kept, Line(None, label, OTHER, found.others, found.other_total)]


def key_colours(desk: Desk, keys: Sequence[Key], dimensions: Sequence[str]) -> dict[Key, str]:
    """A key of one dimension has its colour of every page; pairs take them in order."""
    if len(dimensions) != 1:
        return {key: PALETTE[at % len(PALETTE)] for at, key in enumerate(keys)}
    known = colours([key[0] for key in keys], desk.ranked(dimensions[0]))
    return {key: known[key[0]] for key in keys}


def drawn(
    measure: Measure,
    line: Line,
    axis: Axis,
    *,
    now: int,
    cumulative: bool = False,
    shares_of: Mapping[Bucket, Parts] | None = None,
) -> Drawn:
    """A value per bucket: None where nothing was read, or lies ahead.

    `shares_of` are the sums of everything: then the values are parts of these, of one.
    """
    sums = _running(line.parts, axis) if cumulative else line.parts
    wholes = _running(shares_of, axis) if cumulative and shares_of else shares_of
    values: list[Value] = [
        _value(measure, sums.get(start), axis, start, now) for start in axis.starts
    ]
    words = [in_full(measure, value) for value in values]
    if wholes is not None:
        whole_of = [measure.value(wholes.get(start)) for start in axis.starts]
        shares = [share(part, whole) for part, whole in zip(values, whole_of, strict=True)]
        words = [f"{percent(it)} · {said}" for it, said in zip(shares, words, strict=True)]
        values = [*shares]
    total = measure.value(line.total)
    series = Series(
        None if line.key is None else series_key(line.key),
        line.label,
        line.colour,
        tuple(None if value is None else float(value) for value in values),
        float(total or 0),
    )
    return Drawn(series, tuple(words))


def series_key(key: Key) -> str:
    """One text for a key of any number of dimensions."""
    return "\x1f".join(key)


def links(view: View, keys: Iterable[Key], dimensions: Sequence[str]) -> dict[str, str]:
    """Where a key leads, by its `series_key`: the same question about it alone."""
    if not dimensions or not all(it in PARAMETERS for it in dimensions):
        return {}
    found: dict[str, str] = {}
    for key in keys:
        narrowed = view
        for dimension, value in zip(dimensions, key, strict=True):
            narrowed = narrowed.only(PARAMETERS[dimension], value)
        found[series_key(key)] = narrowed.query() or "?"
    return found


def share(part: Value, whole: Value) -> Decimal | None:
    """A part of its whole; unknown where one of them is, or the whole is 0."""
    if part is None or not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole))


def _value(measure: Measure, parts: Parts | None, axis: Axis, start: int, now: int) -> Value:
    if parts is not None:
        return measure.value(parts)
    # What was read and is not there is 0 of what adds up, and nothing of a ratio or a level.
    if not measure.is_flow or start in axis.blank or start > now:
        return None
    return 0


def _running(parts: Mapping[Bucket, Parts], axis: Axis) -> dict[Bucket, Parts]:
    """Sums up to each bucket; none yet before the first."""
    so_far: Parts | None = None
    found: dict[Bucket, Parts] = {}
    last = max((start for start in parts if start is not None), default=None)
    for start in axis.starts:
        if last is None or start > last:
            break
        if (new := parts.get(start)) is not None:
            so_far = new if so_far is None else added_values(so_far, new)
        if so_far is not None and start not in axis.blank:
            found[start] = so_far
    return found
