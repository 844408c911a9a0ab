"""The answer of Explore as tables: every key with its share and trend, or every bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from typing import Any

from wherespent.analytics import explore as questions
from wherespent.analytics.explore import Explored, Key
from wherespent.analytics.explore_rules import DIMENSIONS
from wherespent.analytics.filters import Granularity
from wherespent.analytics.measures import Amount, Fact, Measure, Parts, weight
from wherespent.analytics.sums import added_values
from wherespent.dashboard import comparison, gaps
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_explore import answer, axis_of
from wherespent.dashboard.explore_lines import drawn, lines_of, series_key, share
from wherespent.dashboard.explore_question import Exploring, exploring
from wherespent.dashboard.explore_words import KINDS, Labels, titled, unit_of
from wherespent.dashboard.links import PARAMETERS
from wherespent.dashboard.ranges import COMPARISONS
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.domain.windows import epoch, utc

# Of more, the smallest are one row: nobody reads them, and a page must not hold them.
_MOST_ROWS = 2000
_REST = "\x1e"
_AT = "at"
_UTC = "UTC"


def breakdown(desk: Desk, asked: Asked) -> Table:
    """One row per key, largest first; without a split, one per bucket."""
    asking = exploring(desk, asked)
    found = answer(desk, asking)
    if not asking.dimensions:
        return _over_time(desk, asking, found)
    if found.whole is None:
        return Table(
            titled(asking.measure, asking.dimensions), (), (), empty=_nothing(desk, asking)
        )
    before = _before(desk, asking)
    keys = sorted(found.totals, key=lambda key: (-weight(found.totals[key]), key))
    trends = _trends(desk, asking, found)
    labels = Labels(desk, asking.dimensions)
    rows = [
        _row(asking, found, before, key, labels.parts(key), trends) for key in keys[:_MOST_ROWS]
    ]
    if rest := keys[_MOST_ROWS:]:
        parts = reduce(added_values, (found.totals[key] for key in rest))
        values = _numbers(asking.measure, found, parts, None)
        rows.append(Row(_REST, {asking.dimensions[0]: f"Other ({len(rest):,})", **values}))
    whole = _numbers(asking.measure, found, found.whole, before.whole if before else None)
    total = {asking.dimensions[0]: f"All {len(keys):,}", **whole}
    columns = _columns(asking, before is not None)
    return Table(titled(asking.measure, asking.dimensions), columns, rows, total, "-value")


def by_bucket(desk: Desk, asked: Asked) -> Table:
    """One row per bucket, one column per key: what the chart would draw, as numbers."""
    asking = exploring(desk, asked)
    if asking.chart != "table":
        return Table("", (), ())
    return _over_time(desk, asking, answer(desk, asking))


def _over_time(desk: Desk, asking: Exploring, found: Explored) -> Table:
    measure = asking.measure
    caption = f"{titled(measure, asking.dimensions)} over time"
    if found.whole is None:
        return Table(caption, (), (), empty=_nothing(desk, asking))
    axis, now = axis_of(desk, asking), epoch(asking.asked.now)
    lines = lines_of(desk, found, asking.dimensions)
    kind = KINDS[measure.unit]
    columns = [_bucket_column(asking)]
    named = {f"line-{at}": line.label for at, line in enumerate(lines)}
    if asking.dimensions:
        named["value"] = "Total" if measure.is_additive else "All"
    columns += [Column(key, title, kind, adds=measure.is_flow) for key, title in named.items()]
    rows: list[Row] = []
    for start in axis.starts:
        if start > now:
            break
        nothing = 0 if measure.is_flow and start not in axis.blank else None
        values: dict[str, Any] = {
            f"line-{at}": _value(measure, line.parts.get(start), nothing)
            for at, line in enumerate(lines)
        }
        values["value"] = _value(measure, found.buckets.get(start), nothing)
        marks = {_AT: axis.gaps[start]} if start in axis.gaps else {}
        rows.append(Row(str(start), {_AT: _moment(start, asking), **values}, marks=marks))
    total: dict[str, Any] = {
        f"line-{at}": measure.value(line.total) for at, line in enumerate(lines)
    }
    return Table(caption, columns, rows, total | {"value": found.total}, f"-{_AT}")


def _bucket_column(asking: Exploring) -> Column:
    zone = asking.question.filters.zone.name
    if _is_fine(asking):
        zone = _fine_zone(asking)
        # A moment of another zone would be written as one of UTC.
        return Column(_AT, "From", Kind.MOMENT if zone == _UTC else Kind.TEXT, zone)
    return Column(_AT, "From", Kind.DAY, _UTC if Fact.BILLED in asking.measure.facts else zone)


def _moment(start: int, asking: Exploring) -> datetime | date | str:
    if not _is_fine(asking):
        return utc(start).date()
    return utc(start) if _fine_zone(asking) == _UTC else f"{utc(start):%Y-%m-%d %H:%M}"


def _is_fine(asking: Exploring) -> bool:
    return asking.question.minutes is not None or asking.grain is Granularity.HOUR


def _fine_zone(asking: Exploring) -> str:
    """Whose clock the buckets are of: minutes are kept, and drawn, in UTC."""
    return _UTC if asking.question.minutes else asking.question.filters.zone.name


def _value(measure: Measure, parts: Parts | None, nothing: Any) -> Any:
    return nothing if parts is None else measure.value(parts)


def _columns(asking: Exploring, is_compared: bool) -> list[Column]:
    measure = asking.measure
    kind = KINDS[measure.unit]
    is_said = measure.is_money or kind is Kind.SHARE or measure.noun == measure.title.lower()
    unit = "" if is_said else unit_of(measure)
    names = [
        Column(it, DIMENSIONS[it][:1].upper() + DIMENSIONS[it][1:]) for it in asking.dimensions
    ]
    adds = measure.is_additive
    columns = [*names, Column("value", measure.title, kind, unit, about=measure.about, adds=adds)]
    if measure.is_ratio:
        columns += [
            Column(f"amount-{at}", amount.title, _kind(amount))
            for at, amount in enumerate(measure.amounts)
        ]
    else:
        columns.append(Column("share", "Share", Kind.SHARE))
    if is_compared:
        named = COMPARISONS[asking.asked.view.compare]
        columns += [
            Column("before", named, kind, adds=adds),
            Column("change", "Change", Kind.CHANGE),
        ]
    return [*columns, Column("trend", "Trend", Kind.TREND)]


def _kind(amount: Amount) -> Kind:
    return Kind.COUNT if amount.fact is Fact.USAGE else Kind.MONEY


def _row(
    asking: Exploring,
    found: Explored,
    before: Explored | None,
    key: Key,
    names: Sequence[str],
    trends: Mapping[str, Sequence[float | None]],
) -> Row:
    parts = found.totals[key]
    values: dict[str, Any] = dict(zip(asking.dimensions, names, strict=True))
    then = before.totals.get(key) if before else None
    values |= _numbers(asking.measure, found, parts, then)
    if before and then is None and asking.measure.is_flow:
        values |= {"before": 0, "change": comparison.changed(values["value"], 0)}
    values["trend"] = trends.get(series_key(key))
    hrefs = {
        dimension: asking.asked.entity(dimension, value)
        for dimension, value in zip(asking.dimensions, key, strict=True)
        if dimension in PARAMETERS
    }
    is_unpriced = asking.measure.is_estimate and values["value"] is None
    return Row(series_key(key), values, hrefs, {"value": "price missing"} if is_unpriced else {})


def _numbers(
    measure: Measure, found: Explored, parts: Parts, before: Parts | None
) -> dict[str, Any]:
    value = measure.value(parts)
    then = measure.value(before) if before else None
    numbers: dict[str, Any] = {
        "value": value,
        "share": share(value, found.total) if measure.is_additive else None,
        "before": then,
        "change": comparison.changed(value, then),
    }
    if measure.is_ratio:
        for at, (amount, part) in enumerate(zip(measure.amounts, parts, strict=True)):
            alone = Measure("", "", "", measure.unit, "", (amount,))
            numbers[f"amount-{at}"] = alone.value((part,))
    return numbers


def _trends(desk: Desk, asking: Exploring, found: Explored) -> dict[str, Sequence[float | None]]:
    """Of the largest keys: to read thousands by bucket would take long, and nobody sees them."""
    if found.other_keys:
        question = replace(asking.question, most=questions.MOST_KEPT)
        found = desk.answers.ask(questions.explore, question)
    axis, now = axis_of(desk, asking), epoch(asking.asked.now)
    return {
        series_key(line.key): drawn(asking.measure, line, axis, now=now).series.values
        for line in lines_of(desk, found, asking.dimensions)
        if line.key is not None
    }


def _before(desk: Desk, asking: Exploring) -> Explored | None:
    """The compared period, where both were read completely and the switch is on."""
    question = asking.compared
    if "compare" not in asking.switches or question is None:
        return None
    if comparison.before(desk, asking.asked, asking.measure.streams) is None:
        return None
    return desk.answers.ask(questions.explore, question.total)


def _nothing(desk: Desk, asking: Exploring) -> Any:
    return gaps.nothing(desk, asking.asked, asking.measure.streams)
