"""What the view is narrowed to, one chip a value that takes it away, and notes on what is shown."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dash import dcc, html

from wherespent.analytics.zones import Zone
from wherespent.dashboard import formats
from wherespent.dashboard.components import icon
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.url_state import CHOICES, DIMENSIONS, View
from wherespent.domain.windows import Window, utc

_TITLES = {**DIMENSIONS, "line_item": "Line item"}
_DIMENSIONS = {"project": "project_id", "user": "user_id", "key": "api_key_id"}
_SHOWN = 10


def chips(asked: Asked, desk: Desk) -> list[Any]:
    found = list(_values(asked, desk))
    shown = found[:_SHOWN]
    if len(found) > _SHOWN:
        shown.append(_note(f"+{len(found) - _SHOWN} more"))
    if len(found) > 1:
        nothing = asked.view.without(*CHOICES).query() or "?"
        shown.append(dcc.Link("Clear all", href=nothing, className="clear-all"))
    return [*shown, *map(_note, _notes(asked))]


def _values(asked: Asked, desk: Desk) -> Iterator[Any]:
    for name, title in _TITLES.items():
        choice = asked.view.chosen(name)
        if not choice:
            continue
        label = desk.label(_DIMENSIONS.get(name, name))
        for value in choice.include:
            yield _chip(f"{title}: {label(value)}", _less(asked.view, name, value))
        for value in choice.exclude:
            yield _chip(f"{title}: not {label(value)}", _less(asked.view, name, value))


def _less(view: View, name: str, value: str) -> str:
    """The view without one value of a filter."""
    choice = view.chosen(name)
    left = replace(
        choice,
        include=tuple(it for it in choice.include if it != value),
        exclude=tuple(it for it in choice.exclude if it != value),
    )
    return replace(view, **{name: left}).query() or "?"


def _chip(text: str, away: str) -> Any:
    link = dcc.Link(icon("close"), href=away, title=f"Remove {text}")
    return html.Span([html.Span(text, title=text), link], className="chip")


def _note(text: str) -> Any:
    return html.Span(html.Span(text, title=text), className="chip note")


def _notes(asked: Asked) -> Iterator[str]:
    if asked.hours_since:
        day = formats.day(utc(asked.hours_since).date(), year=True)
        yield f"By UTC day: hours are kept from {day} on"
    elif asked.view.tz != asked.filters.zone.name:
        yield "In UTC: other time zones up to 31 days"
    elif not asked.filters.zone.is_utc:
        yield _zone_note(asked.filters.zone, asked.filters.window)


def _zone_note(zone: Zone, window: Window) -> str:
    shown = f"{zone.name} ({zone.offset_name(window)})"
    if not zone.is_exact(window):
        shown = f"{zone.name}, to the nearest hour {zone.offset_name(window)}"
    return f"Usage in {shown}, billed days in UTC"
