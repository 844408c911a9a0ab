"""How far the data reaches, and which days are shown, each in one line."""

from datetime import datetime, timedelta
from typing import Any

from dash import dcc, html

from wherespent.analytics.freshness import freshness
from wherespent.dashboard import formats
from wherespent.dashboard.desk import Asked, Desk
from wherespent.domain.windows import DAY, Window, utc


def line(desk: Desk, asked: Asked) -> list[Any]:
    """What was read last, what is settled, and since when there is a bill."""
    found = desk.answers.ask(freshness)
    if found.costs_read_at is None:
        return [_fact("Bill", "not read yet"), _more(asked)]
    settled = utc(desk.provisional(asked.now) - DAY).date()
    facts = [_fact("Bill", f"read {_at(found.costs_read_at, asked.now)}, settled to", settled)]
    if found.usage_read_at is not None:
        facts.append(_fact("Usage", f"read {_at(found.usage_read_at, asked.now)}"))
    if found.usage_until is not None:
        facts.append(_fact("Newest hour", f"to {_at(utc(found.usage_until), asked.now)}"))
    if found.oldest_bill is not None:
        first = utc(found.oldest_bill).date()
        facts.append(_fact("History", f"since {formats.day(first, year=True)}"))
    return [*facts, _more(asked)]


def _fact(title: str, text: str, day: Any = None) -> Any:
    words = text if day is None else f"{text} {formats.day(day)}"
    return html.Span([html.B(title), f" {words}"])


def _at(moment: datetime, now: datetime) -> str:
    """A time of today, else with its day."""
    if now - moment < timedelta(hours=20) and moment.date() == now.date():
        return f"{moment:%H:%M} UTC"
    return f"{formats.day(moment.date())}, {moment:%H:%M} UTC"


def _more(asked: Asked) -> Any:
    return dcc.Link("Data health", href="/health" + asked.view.query(), className="link")


def range_line(asked: Asked) -> list[Any]:
    """Which days the rest of the page is about, and which it compares them with."""
    shown = [days(asked.filters.window)]
    before = asked.compared
    if before is None:
        return shown
    return [*shown, html.Span(f" against {days(before.window)}", className="dim")]


def days(window: Window) -> str:
    """The days of a window as a person says them."""
    return formats.span(utc(window.start).date(), utc(window.end - DAY).date())
