"""Reads the numbers of a figure back, so that a chart can be read as a table.

A figure carries each value twice: rounded as it is drawn, and in full as the words of its hover
text (`customdata`). The words count: they are exact.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from wherespent.dashboard.figures import TELLING_APART, UNREAD_NAME, Figure
from wherespent.dashboard.table_model import ADDED, Column, Kind, Row, Table

_MONEY = re.compile(r"(−?)\$([\d,]+(?:\.\d+)?)")
_COUNT = re.compile(r"(−?)([\d,]+)(?: [a-z]+)?")
_PERCENT = re.compile(r"(−?)([\d.]+)\s%")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
_AT = "at"
_CAPTION = "The numbers of the chart"
Trace = dict[str, Any]


def table_of(figure: Figure) -> Table:
    """One row a bucket (or slice, or cell), one column a line; as exact as the hover texts."""
    traces: list[Trace] = figure.get("data", [])
    if not traces:
        return Table(_CAPTION, (), ())
    kind = traces[0].get("type", "scatter")
    if kind in ("pie", "treemap"):
        return _of_parts(traces[0])
    if kind == "heatmap":
        return _of_cells(traces[0])
    if any("base" in trace for trace in traces):
        return _of_words(traces)
    return _of_lines(figure, traces)


@dataclass(frozen=True, slots=True)
class _Line:
    """One trace as a column: its value in every place that any trace has."""

    column: Column
    values: Mapping[Any, Any]
    is_stacked: bool


def _of_lines(figure: Figure, traces: Sequence[Trace]) -> Table:
    is_flat = any(trace.get("orientation") == "h" for trace in traces)
    places = list(dict.fromkeys(at for trace in traces for at in _places(trace, is_flat=is_flat)))
    if all(isinstance(at, str) for at in places):
        places.sort()
    lines = _lines(figure, traces, places, is_flat=is_flat)
    columns = [line.column for line in lines]
    shown = _shown(places, _labels(figure) if is_flat else {})
    first = _first_column(list(shown.values()), _zone(figure))
    if first.kind is Kind.TEXT:
        shown = {at: _wall_clock(it) for at, it in shown.items()}
    rows = [
        Row(str(at), {_AT: shown[at]} | {line.column.key: line.values[at] for line in lines})
        for at in places
    ]
    summed = [it for it in lines if it.column.kind in ADDED] if _adds(figure) else []
    total = {line.column.key: _sum(line.values.values()) for line in summed}
    return Table(_CAPTION, (first, *columns), rows, total or None)


def _lines(
    figure: Figure, traces: Sequence[Trace], places: Sequence[Any], *, is_flat: bool
) -> list[_Line]:
    """A column per trace, and where they stand on each other one of their sums."""
    unread = _unread(traces)
    lines: list[_Line] = []
    for number, trace in enumerate(traces):
        words = dict(zip(_places(trace, is_flat=is_flat), _said(trace), strict=False))
        kind = _kind(list(words.values()))
        is_stacked = kind in ADDED and _is_stacked(figure, trace)
        values = {
            at: _value(words.get(at), kind, 0 if is_stacked and at not in unread else None)
            for at in places
        }
        name = html.unescape(str(trace.get("name") or "Value"))
        lines.append(_Line(Column(f"line-{number}", name, kind), values, is_stacked))
    stacked = [line for line in lines if line.is_stacked]
    if len(stacked) > 1:
        sums = {at: _sum(line.values[at] for line in stacked) for at in places}
        total = Column("total", "Total", stacked[0].column.kind)
        lines.insert(0, _Line(total, sums, is_stacked=True))
    return lines


def _shown(places: Sequence[Any], labels: Mapping[Any, str]) -> dict[Any, Any]:
    """What a row is called: all of them days, or moments, or names."""
    shown: dict[Any, Any] = {at: labels.get(at) or _moment(at) for at in places}
    if any(isinstance(it, datetime) for it in shown.values()):
        return {
            at: it if isinstance(it, datetime) else datetime(it.year, it.month, it.day, tzinfo=UTC)
            for at, it in shown.items()
        }
    return shown


def _of_parts(trace: Trace) -> Table:
    names = [_name(it) for it in trace.get("labels", ())]
    words = _said(trace)
    kind = _kind(words)
    rows = [
        Row(str(number), {_AT: name, "value": _value(said, kind, None)})
        for number, (name, said) in enumerate(zip(names, words, strict=False))
    ]
    columns = (Column(_AT, "Name"), Column("value", "Value", kind))
    total = {"value": _sum(row.values["value"] for row in rows)} if kind in ADDED else None
    return Table(_CAPTION, columns, rows, total, sorted_by="-value")


def _of_cells(trace: Trace) -> Table:
    """One row a line of the heat map, one column a place on it."""
    across = [_name(it) for it in trace.get("x", ())]
    words = cast("list[list[Any]]", trace.get("customdata") or trace.get("text") or trace["z"])
    said = [[_first(cell) for cell in line] for line in words]
    kind = _kind([cell for line in said for cell in line])
    columns = [Column(f"x-{number}", name, kind) for number, name in enumerate(across)]
    rows = [
        Row(
            str(number),
            {_AT: _name(name)}
            | {it.key: _value(cell, kind, None) for it, cell in zip(columns, line, strict=False)},
        )
        for number, (name, line) in enumerate(zip(trace.get("y", ()), said, strict=False))
    ]
    return Table(_CAPTION, (Column(_AT, "Name"), *columns), rows)


def _name(label: Any) -> str:
    """A label without what tells it apart from another one of the same name."""
    return html.unescape(str(label)).rstrip(TELLING_APART)


def _of_words(traces: Sequence[Trace]) -> Table:
    """Bars that are places and not sizes: their hover text, before and after its break."""
    words = [_first(it).partition("<br>") for trace in traces for it in trace.get("customdata", ())]
    texts = [(html.unescape(head), html.unescape(rest)) for head, _, rest in words]
    numbers = [rest.split(" ")[0] for _, rest in texts]
    kind = _kind(numbers)
    unit = "" if kind is Kind.TEXT else (texts[0][1].partition(" ")[2] if texts else "")
    rows = [
        Row(str(at), {_AT: head, "value": _value(rest.split(" ")[0] if unit else rest, kind, None)})
        for at, (head, rest) in enumerate(texts)
    ]
    columns = (Column(_AT, "When"), Column("value", unit.capitalize() or "Value", kind))
    return Table(_CAPTION, columns, rows)


def _places(trace: Trace, *, is_flat: bool) -> list[Any]:
    along = trace.get("y" if is_flat else "x")
    if along is not None:
        return list(along)
    count = len(trace.get("y", ()))
    if "x0" not in trace:
        return list(range(count))
    first = datetime.fromisoformat(str(trace["x0"])).replace(tzinfo=UTC).timestamp()
    step = trace.get("dx", 1) / 1000
    return [_written(first + number * step) for number in range(count)]


def _written(seconds: float) -> str:
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%d}" if seconds % 86_400 == 0 else f"{when:%Y-%m-%d %H:%M}"


def _said(trace: Trace) -> list[str]:
    """The exact words of each point; where there are none, the number as it is drawn."""
    words = trace.get("customdata")
    if words is not None:
        return [html.unescape(_first(it)).partition(" · ")[0] for it in words]
    numbers = trace.get("values") or trace.get("x" if trace.get("orientation") == "h" else "y", ())
    return ["" if it is None else f"{it:,}" for it in numbers]


def _first(word: Any) -> str:
    if isinstance(word, list | tuple):
        word = cast("Sequence[Any]", word)[0] if word else ""
    return "" if word is None else str(word)


def _kind(words: Sequence[str]) -> Kind:
    said = [word for word in words if word]
    for kind, form in ((Kind.MONEY, _MONEY), (Kind.COUNT, _COUNT), (Kind.SHARE, _PERCENT)):
        if said and all(form.fullmatch(word) for word in said):
            return kind
    return Kind.TEXT


def _value(word: str | None, kind: Kind, nothing: Any) -> Any:
    if not word:
        return nothing
    if kind is Kind.TEXT:
        return word
    form = {Kind.MONEY: _MONEY, Kind.COUNT: _COUNT, Kind.SHARE: _PERCENT}[kind]
    found = form.fullmatch(word)
    if found is None:
        return nothing
    size = Decimal(found[2].replace(",", ""))
    signed = -size if found[1] else size
    if kind is Kind.COUNT:
        return int(signed)
    return signed / 100 if kind is Kind.SHARE else signed


def _sum(values: Any) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _unread(traces: Sequence[Trace]) -> set[Any]:
    """Buckets of which nothing was read: no data, not zero."""
    return {
        at
        for trace in traces
        if trace.get("name") == UNREAD_NAME
        for at, words in zip(trace.get("x", ()), trace.get("customdata", ()), strict=False)
        if words == "not read"
    }


def _is_stacked(figure: Figure, trace: Trace) -> bool:
    mode = figure.get("layout", {}).get("barmode")
    return "stackgroup" in trace or (trace.get("type") == "bar" and mode in ("relative", "stack"))


def _labels(figure: Figure) -> dict[Any, str]:
    along = figure.get("layout", {}).get("yaxis", {})
    texts = [html.unescape(str(it)) for it in along.get("ticktext", ())]
    return dict(zip(along.get("tickvals", ()), texts, strict=False))


def _moment(at: Any) -> Any:
    text = html.unescape(str(at))
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if _MOMENT.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return text


def _zone(figure: Figure) -> str:
    """Of which zone the moments of the axis are: its clock, written as if it were UTC."""
    return _meta(figure).get("zone", "UTC")


def _adds(figure: Figure) -> bool:
    """Whether the values of a line have a sum: prices, ratios and running sums have none."""
    return _meta(figure).get("adds", True)


def _meta(figure: Figure) -> dict[str, Any]:
    return figure.get("layout", {}).get("meta", {})


def _wall_clock(it: Any) -> Any:
    return f"{it:%Y-%m-%d %H:%M}" if isinstance(it, datetime) else it


def _first_column(values: Sequence[Any], zone: str) -> Column:
    if any(isinstance(it, datetime) for it in values):
        # A moment of another zone would be written as one of UTC.
        return Column(_AT, "From", Kind.MOMENT if zone == "UTC" else Kind.TEXT, zone)
    if values and all(isinstance(it, date) for it in values):
        return Column(_AT, "From", Kind.DAY, zone)
    return Column(_AT, "Name")
