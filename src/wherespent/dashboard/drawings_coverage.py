"""Which days were read: a calendar of the year, one line per stream, and the same as a table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.coverage import StreamCoverage, coverage
from wherespent.analytics.day_states import DayState, Span
from wherespent.dashboard import formats
from wherespent.dashboard.components import Element, element, labelled, table
from wherespent.dashboard.desk import Desk
from wherespent.domain.windows import DAY, Window, epoch, floor_day, utc

WEEKS = 53
# In the order of the key below the calendar.
WORDS = {
    DayState.SETTLED: "read and settled",
    DayState.PROVISIONAL: "read, may still change",
    DayState.RESTATED: "changed after it had settled",
    DayState.DOUBTED: "came back empty, kept",
    DayState.HOLE: "missing",
    DayState.WAITING: "still to be read",
    DayState.NOT_WANTED: "not kept",
}
_WORST_FIRST = list(DayState)
_NEVER_READ = {DayState.WAITING, DayState.NOT_WANTED}
_MOST_ROWS = 300
_MONTHS_APART = 3  # weeks: what is closer would overlap


def calendar(desk: Desk, now: datetime) -> Component:
    """Every UTC day of the last 53 weeks: the state that wants most attention of any stream."""
    days = (WEEKS - 1) * 7 + now.weekday() + 1
    found = desk.answers.fresh(
        coverage, desk.account, now, days, backfill_days=desk.options.backfill_days
    )
    offered = [row for row in found if row.is_offered]
    start = floor_day(epoch(now)) + DAY - days * DAY
    parts: list[Any] = [
        _months(start),
        _year(offered, start, days),
        element("Div", [_line(row) for row in found], className="spans"),
        key(),
        html.Details([html.Summary("The same as a table", className="link"), _table(found)]),
    ]
    return html.Div(parts, className="coverage")


def key() -> Component:
    entries = [
        html.Span([html.I(className=f"day {state.value}"), word]) for state, word in WORDS.items()
    ]
    return html.Div(entries, className="legend")


def _months(start: int) -> Element:
    """The name of a month above the first whole week of it."""
    weeks = [utc(start + week * 7 * DAY) for week in range(WEEKS)]
    names: list[Element] = []
    last = -_MONTHS_APART
    for week, monday in enumerate(weeks):
        if monday.day <= 7 and week - last >= _MONTHS_APART and week < WEEKS - 1:
            place = {"gridColumn": week + 1}
            names.append(element("Span", f"{monday:%b}", style=place))
            last = week
    return element("Div", names, className="months", **{"aria-hidden": "true"})


def _year(rows: Sequence[StreamCoverage], start: int, days: int) -> Element:
    """One mark per day; a stream that was never read says so on its own line."""
    begun = [row for row in rows if any(span.state not in _NEVER_READ for span in row.spans)]
    by_day = _by_day(begun or rows)
    marks = [_mark(start + number * DAY, by_day) for number in range(days)]
    missing = sum(1 for mark in marks if mark["props"]["className"].endswith(DayState.HOLE.value))
    words = f"Calendar of {days} days: {missing or 'none'} missing; the table below has every span"
    return element("Div", marks, className="year", role="img", **labelled(words))


def _by_day(rows: Iterable[StreamCoverage]) -> dict[int, dict[DayState, list[str]]]:
    found: dict[int, dict[DayState, list[str]]] = {}
    for row in rows:
        name = stream_name(row.stream, row.grouping)
        for span in row.spans:
            for day in span.window.days():
                found.setdefault(day, {}).setdefault(span.state, []).append(name)
    return found


def _mark(day: int, by_day: dict[int, dict[DayState, list[str]]]) -> Element:
    states = by_day.get(day, {})
    state = next((it for it in _WORST_FIRST if it in states), DayState.NOT_WANTED)
    where = f" ({', '.join(states[state])})" if len(states) > 1 else ""
    title = f"{formats.day(day, year=True)}: {WORDS[state]}{where}"
    return element("I", className=f"day {state.value}", title=title)


def _line(row: StreamCoverage) -> Element:
    """A stream as a line of spans: a quiet year is three of them."""
    name = stream_name(row.stream, row.grouping)
    if not row.is_offered:
        line = element("Span", "not offered to this organization", className="dim")
    else:
        marks = [_part(span) for span in row.spans]
        counted = ", ".join(_counted(row.spans))
        line = element("Div", marks, className="line", role="img", **labelled(counted))
    return element("Div", [element("Span", name, title=row.stream), line], className="row")


def _part(span: Span) -> Element:
    return element(
        "I",
        className=f"day {span.state.value}",
        style={"flexGrow": span.days},
        title=f"{days_of(span.window)}: {WORDS[span.state]}",
    )


def _counted(spans: Iterable[Span]) -> list[str]:
    days: dict[DayState, int] = {}
    for span in spans:
        days[span.state] = days.get(span.state, 0) + span.days
    return [f"{number} days {WORDS[state]}" for state, number in days.items()]


def _table(rows: Sequence[StreamCoverage]) -> Component:
    """What is missing first, the newest first."""
    spans = [(row, span) for row in rows if row.is_offered for span in row.spans]
    spans.sort(key=lambda it: (_WORST_FIRST.index(it[1].state), -it[1].window.end))
    cells: list[list[Any]] = [
        [
            stream_name(row.stream, row.grouping),
            WORDS[span.state],
            days_of(span.window),
            formats.count(span.days),
        ]
        for row, span in spans[:_MOST_ROWS]
    ]
    words = ("State", "Days (UTC)")
    caption = "Coverage of every stream"
    return table(
        ["Stream", "State", "Days (UTC)", "How many"],
        cells,
        caption=caption,
        words=words,
        tall=True,
    )


def days_of(window: Window) -> str:
    """Whole UTC days, the last one included."""
    return formats.span(utc(window.start).date(), utc(window.end - DAY).date())


def stream_name(stream: str, grouping: int = 0) -> str:
    """The short name that tables show."""
    name = stream.rsplit(".", 1)[-1].replace("_", " ")
    return name + (" (by user)" if grouping else "")
