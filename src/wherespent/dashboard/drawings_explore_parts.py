"""Charts of Explore that show keys and not time: rankings, donuts, tree maps, heat maps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from dash.development.base_component import Component

from wherespent.analytics.explore import Explored
from wherespent.analytics.measures import Measure, Parts
from wherespent.analytics.sums import added_values
from wherespent.dashboard import figures, figures_explore, formats
from wherespent.dashboard.colours import OTHER, PALETTE, colours
from wherespent.dashboard.components import Drawing, blank, legend
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_explore_notes import below
from wherespent.dashboard.explore_lines import Line, lines_of, links, series_key
from wherespent.dashboard.explore_pairs import as_float, pairs_table, value_label
from wherespent.dashboard.explore_question import Exploring
from wherespent.dashboard.explore_words import Labels, in_full, in_short, unit_of
from wherespent.dashboard.figures_explore import Bar, Tile
from wherespent.dashboard.ranges import COMPARISONS
from wherespent.dashboard.series import Series

_MOST_INSIDE = 12


def ranking(desk: Desk, asking: Exploring, found: Explored, before: Explored | None) -> Drawing:
    """One bar per key, largest first; of two dimensions the second divides the bars."""
    measure = asking.measure
    if len(asking.dimensions) > 1 and measure.is_additive:
        return _divided(desk, asking, found)
    lines = lines_of(desk, found, asking.dimensions)
    hrefs = links(asking.asked.view, found.keys, asking.dimensions)
    bars = [_bar(measure, line, before, _href(hrefs, line)) for line in lines]
    if not measure.is_additive:
        bars.sort(key=lambda bar: -(bar.value or 0))
    figure = figures_explore.ranking(
        bars,
        before=COMPARISONS[asking.asked.view.compare] if before else "",
        money=measure.is_money,
        log="log" in asking.switches,
    )
    if not measure.is_additive:
        figure = figures_explore.without_sums(figure)
    return Drawing(
        figure,
        below(
            f"{unit_of(measure)}, largest first"
            if measure.is_additive
            else f"{unit_of(measure)}; the keys with the most {measure.amounts[-1].title.lower()}"
        ),
    )


def _href(hrefs: Mapping[str, str], line: Line) -> str | None:
    return None if line.key is None else hrefs.get(series_key(line.key))


def _bar(measure: Measure, line: Line, before: Explored | None, href: str | None) -> Bar:
    value = measure.value(line.total)
    then = measure.value(before.totals.get(line.key)) if before and line.key is not None else None
    return Bar(
        line.label,
        line.colour,
        None if value is None else float(value),
        in_full(measure, value),
        in_short(measure, value),
        None if then is None else float(then),
        in_full(measure, then),
        href,
    )


def _divided(desk: Desk, asking: Exploring, found: Explored) -> Drawing:
    rows, columns, cells = pairs_table(found, asking.question.most, _MOST_INSIDE)
    labels = Labels(desk, asking.dimensions)
    hues = _hues(desk, columns, asking.dimensions[1])
    series = [
        Series(
            column,
            value_label(labels, 1, column, "Other"),
            hues[column],
            tuple(as_float(asking.measure, cells.get((row, column))) for row in rows),
            sum(as_float(asking.measure, cells.get((row, column))) or 0.0 for row in rows),
        )
        for column in columns
    ]
    said = [
        [in_full(asking.measure, asking.measure.value(cells.get((row, column)))) for row in rows]
        for column in columns
    ]
    names = [value_label(labels, 0, row, "Other") for row in rows]
    figure = figures.flat_bars(series, names, shown=formats.count)
    figure = figures_explore.with_words(
        figure, [(it.values, told) for it, told in zip(series, said, strict=True)]
    )
    hrefs = _pair_links(asking, rows, columns)
    figure = figures_explore.with_links(
        figure, [[hrefs.get((row, column)) for row in rows] for column in columns]
    )
    if asking.measure.is_money:
        figure = figures_explore.with_money_along(figure)
    return Drawing(figure, legend(series))


def _pair_links(
    asking: Exploring, rows: Sequence[str | None], columns: Sequence[str | None]
) -> dict[tuple[str | None, str | None], str]:
    """Where the cells of a table of pairs lead; what is many keys as one leads nowhere."""
    pairs = [(row, it) for row in rows for it in columns if row is not None and it is not None]
    hrefs = links(asking.asked.view, pairs, asking.dimensions)
    return {(row, it): hrefs[series_key((row, it))] for row, it in pairs} if hrefs else {}


def donut(desk: Desk, asking: Exploring, found: Explored) -> Drawing:
    """Shares of the whole, with the total in the middle."""
    measure = asking.measure
    every = lines_of(desk, found, asking.dimensions)
    lines = [
        Series(
            None if line.key is None else series_key(line.key),
            line.label,
            line.colour,
            (),
            float(measure.value(line.total) or 0),
        )
        for line in every
    ]
    if not any(line.total > 0 for line in lines):
        return Drawing(None, _negative())
    figure = figures.donut(lines, shown=formats.compact, unit=unit_of(measure))
    figure["layout"]["annotations"][0]["text"] = (
        f"<b>{figures.escaped(in_short(measure, found.total))}</b>"
        f"<br>{figures.escaped(unit_of(measure))}"
    )
    # By place and not by name, as two keys may be called the same: those that have a slice.
    sliced = [line for line, series in zip(every, lines, strict=True) if series.total > 0]
    hrefs = links(asking.asked.view, found.keys, asking.dimensions)
    trace = figure["data"][0]
    trace["customdata"] = [in_full(measure, measure.value(line.total)) for line in sliced]
    trace["meta"] = [_href(hrefs, line) for line in sliced]
    whole = sum(line.total for line in lines) or 1
    told = [
        Series(it.key, f"{it.label} {formats.percent(it.total / whole)}", it.colour, (), it.total)
        for it in lines
    ]
    return Drawing(figure, legend(told, hrefs))


def tree_map(desk: Desk, asking: Exploring, found: Explored) -> Drawing:
    """Areas in proportion: the first dimension outside, the second within it."""
    if len(asking.dimensions) > 1:
        tiles = list(_nested(desk, asking, found))
    else:
        hrefs = links(asking.asked.view, found.keys, asking.dimensions)
        tiles = [
            replace(
                _tile(asking.measure, f"{at}", line.label, "", line.total, line.colour),
                href=_href(hrefs, line),
            )
            for at, line in enumerate(lines_of(desk, found, asking.dimensions))
        ]
    kept = [tile for tile in tiles if tile.value > 0]
    if not kept:
        return Drawing(None, _negative())
    note = (
        below("Amounts below zero have no area: they are in the table.")
        if len(kept) < len(tiles)
        else None
    )
    return Drawing(figures_explore.tree_map(kept), note)


def _nested(desk: Desk, asking: Exploring, found: Explored) -> Iterable[Tile]:
    rows, columns, cells = pairs_table(found, asking.question.most, _MOST_INSIDE)
    labels = Labels(desk, asking.dimensions)
    hues, hrefs = _hues(desk, rows, asking.dimensions[0]), _pair_links(asking, rows, columns)
    for row in rows:
        name = value_label(labels, 0, row, "Other")
        inside = [cells[row, column] for column in columns if (row, column) in cells]
        key = f"{row}\x1f" if row is not None else "\x1f"
        yield _tile(asking.measure, key, name, "", reduce(added_values, inside), hues[row])
        for column in columns:
            parts = cells.get((row, column))
            if parts is not None:
                tile = _tile(
                    asking.measure,
                    f"{key}{column}" if column is not None else f"{key}\x1f",
                    value_label(labels, 1, column, "Other"),
                    key,
                    parts,
                    hues[row],
                )
                yield replace(tile, href=hrefs.get((row, column)))


def _tile(
    measure: Measure, key: str, label: str, parent: str, parts: Parts | None, colour: str
) -> Tile:
    value = measure.value(parts)
    return Tile(key, label, parent, float(value or 0), in_short(measure, value), colour)


def _hues(desk: Desk, values: Sequence[str | None], dimension: str) -> dict[str | None, str]:
    known = [value for value in values if value is not None]
    ranked = desk.ranked(dimension)
    if ranked:
        return {**colours(known, ranked), None: OTHER}
    return {**{value: PALETTE[at % len(PALETTE)] for at, value in enumerate(known)}, None: OTHER}


def _negative() -> Component:
    return blank("No part is above zero", "Credits have no area and no slice: see the table.")
