"""The bar above every page: range, comparison, granularity, filters, freshness, theme."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard.components import icon, labelled, segmented
from wherespent.dashboard.ranges import COMPARISONS, DEFAULT_RANGE, PREVIOUS, RANGES
from wherespent.dashboard.url_state import AUTO, DIMENSIONS, GRANULARITIES

RANGE = "range"
RANGE_LABEL = "range-label"
RANGE_BUTTON = "range-button"
DATES = "dates"
ZONE = "zone"
COMPARE = "compare"
COMPARE_LABEL = "compare-label"
COMPARE_BUTTON = "compare-button"
GRAIN = "granularity"
FILTER_BUTTON = "filter-button"
CHIPS = "chips"
REFRESH = "refresh"
PILL = "pill"
SELECTS = {name: f"filter-{name}" for name in DIMENSIONS}
# Whether the values of a filter are kept or left out.
MODES = {name: f"filter-mode-{name}" for name in DIMENSIONS}
IS, IS_NOT = "is", "not"
# One filter of the popover, with its mode.
FIELDS = {name: f"filter-field-{name}" for name in DIMENSIONS}
HIDDEN = {"display": "none"}
# What is mounted only while the popover of a button is open: half of a page's first drawing.
POPOVERS = {
    RANGE_BUTTON: (RANGE, DATES, ZONE),
    COMPARE_BUTTON: (COMPARE,),
    FILTER_BUTTON: (*SELECTS.values(), *MODES.values()),
}


def bar() -> Component:
    end = [
        html.Span(id=PILL, className="pill"),
        html.Button(
            icon("refresh"),
            id=REFRESH,
            className="button square",
            title="Refresh now: ask OpenAI again",
            **labelled("Refresh now"),
        ),
        _theme_toggle(),
    ]
    return html.Header(
        [
            _dates(),
            _comparison(),
            segmented(GRAIN, GRANULARITIES, AUTO, "Granularity"),
            _filters(),
            html.Span(id=CHIPS, className="chips"),
            html.Div(end, className="bar-end"),
        ],
        className="bar",
    )


def _dates() -> Component:
    button = html.Button(
        [icon("calendar"), html.Span("Last 30 days", id=RANGE_LABEL)],
        className="button",
        id=RANGE_BUTTON,
        **labelled("Date range"),
    )
    presets = _column(RANGE, RANGES, DEFAULT_RANGE, "Presets")
    dates = dmc.DatePicker(
        id=DATES, type="range", allowSingleDateInRange=True, numberOfColumns=1, firstDayOfWeek=1
    )
    # The browser knows the viewer's zone, and offers it beside UTC.
    zone = segmented(ZONE, {UTC_ZONE.name: "UTC"}, UTC_ZONE.name, "Time zone of usage")
    about = "Usage of up to 31 days can be shown in your time zone. Billed days are UTC."
    picker = html.Div([dates, html.Div(["Hours in", zone], className="zone"), html.P(about)])
    return _popover(button, html.Div([presets, picker], className="popover ranges"))


def _comparison() -> Component:
    button = html.Button(
        html.Span(id=COMPARE_LABEL),
        className="button",
        id=COMPARE_BUTTON,
        **labelled("Compare with"),
    )
    choices = _column(COMPARE, COMPARISONS, PREVIOUS, "Compare with")
    return _popover(button, html.Div(choices, className="popover"))


def _filters() -> Component:
    button = html.Button(
        [icon("filter"), html.Span("Filter")], className="button", id=FILTER_BUTTON
    )
    fields = [_field(name, label) for name, label in DIMENSIONS.items()]
    return _popover(button, html.Div(html.Div(fields, className="filters"), className="popover"))


def _field(name: str, label: str) -> Component:
    select = dmc.MultiSelect(
        id=SELECTS[name],
        placeholder="Type to search",
        data=[],
        value=[],
        searchable=True,
        clearable=True,
        hidePickedOptions=True,
        # The rest is found by typing: 2,000 keys at once would freeze the page.
        limit=60,
        nothingFoundMessage="Nothing found",
        comboboxProps={"withinPortal": False},
        openOnFocus=False,
        size="sm",
        **labelled(label),
    )
    mode = segmented(MODES[name], {IS: "is", IS_NOT: "is not"}, IS, f"{label} is or is not")
    head = html.Div([html.Span(label, className="label"), mode], className="field-head")
    # Until it is known that there are several.
    hidden = HIDDEN if name == "account" else None
    return html.Div([head, select], className="field", id=FIELDS[name], style=hidden)


def _column(name: str, choices: dict[str, str], value: str, label: str) -> Component:
    data = [{"value": key, "label": text} for key, text in choices.items()]
    return dmc.SegmentedControl(
        id=name, orientation="vertical", data=data, value=value, **labelled(label)
    )


def _popover(target: Component, content: Component) -> Component:
    return dmc.Popover(
        [dmc.PopoverTarget(target), dmc.PopoverDropdown(content)],
        position="bottom-start",
        shadow="md",
        trapFocus=True,
        returnFocus=True,
    )


def _theme_toggle() -> Component:
    look: dict[str, Any] = labelled("Light or dark")
    return dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        id="theme",
        variant="default",
        size="34",
        radius=8,
        **look,
    )
