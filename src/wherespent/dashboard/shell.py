"""What surrounds every page: navigation, the bar of controls, banners and the stores."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from wherespent.dashboard.callbacks import TROUBLE
from wherespent.dashboard.components import icon, labelled, segmented
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.url_state import (
    AUTO,
    DEFAULT_RANGE,
    DIMENSIONS,
    GRANULARITIES,
    RANGES,
    PageChoice,
)

URL = "url"
PAGE = "page"
GUIDE = "guide"
ASK = "ask"
CHOICES = "choices"
LATEST = "latest"
TICK = "tick"
VISIBLE_TICK = "visible-tick"
RANGE = "range"
RANGE_LABEL = "range-label"
DATES = "dates"
GRAIN = "granularity"
FILTER_BUTTON = "filter-button"
CHIPS = "chips"
REFRESH = "refresh"
REFRESHED = "refreshed"
PILL = "pill"
BANNERS = "banners"
TITLE = "title"
ACCOUNT = "account"
SELECTS = {name: f"filter-{name}" for name in DIMENSIONS}

NAVIGATION = (
    ("", (("overview", "/", "Overview"),)),
    ("Where", (("costs", "/costs", "Costs"), ("tokens", "/tokens", "Tokens"))),
    ("Trust", (("health", "/health", "Data health"),)),
)
LINKS = {path: f"nav-{name}" for _, links in NAVIGATION for name, path, _ in links}

_THEME: Any = {
    "primaryColor": "indigo",
    "fontFamily": 'Inter, system-ui, -apple-system, "Segoe UI", sans-serif',
    "defaultRadius": "md",
    "cursorType": "pointer",
}


def layout(options: DashboardOptions, choices: Mapping[str, PageChoice]) -> Component:
    """The whole document; pages are put into PAGE by the router."""
    shell = html.Div(
        [
            html.A("Skip to content", href="#content", className="skip"),
            _navigation(options),
            html.Div([_bar(), html.Div(id=BANNERS, role="status"), _main()]),
        ],
        className="app",
    )
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            *_stores(choices),
            shell,
            html.Div(id=TROUBLE),
        ],
        theme=_THEME,
        defaultColorScheme="auto",
    )


def _stores(choices: Mapping[str, PageChoice]) -> list[Component]:
    return [
        dcc.Store(id=CHOICES, data={name: asdict(choice) for name, choice in choices.items()}),
        dcc.Store(id=ASK),
        dcc.Store(id=LATEST),
        dcc.Store(id=VISIBLE_TICK),
        dcc.Store(id=REFRESHED),
        dcc.Interval(id=TICK, interval=5_000),
    ]


def _main() -> Component:
    content = [html.Div(id=GUIDE), html.Div(id=PAGE)]
    return html.Main(content, id="content", tabIndex=-1)


def _navigation(options: DashboardOptions) -> Component:
    brand = html.Div(
        [html.Img(src="/assets/favicon.svg", alt=""), html.Span("wherespent")], className="brand"
    )
    parts: list[Component] = [brand]
    for section, links in NAVIGATION:
        if section:
            parts.append(html.Div(section, className="nav-section"))
        for name, path, text in links:
            parts.append(
                dcc.Link([icon(name), text], href=path, id=LINKS[path], className="nav-link")
            )
    foot: list[Component] = [html.Div(id=ACCOUNT)]
    if options.password_set:
        foot.append(
            html.Form(
                html.Button("Log out", className="button", type="submit"),
                action="/logout",
                method="post",
            )
        )
    if options.version:
        foot.append(html.Div(f"wherespent {options.version}"))
    parts.append(html.Div(foot, className="nav-foot"))
    return html.Nav(parts, className="nav", **labelled("Pages"))


def _bar() -> Component:
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
        id="range-button",
        **labelled("Date range"),
    )
    presets = dmc.SegmentedControl(
        id=RANGE,
        orientation="vertical",
        data=[{"value": key, "label": text} for key, text in RANGES.items()],
        value=DEFAULT_RANGE,
        **labelled("Presets"),
    )
    dates = dmc.DatePicker(
        id=DATES, type="range", allowSingleDateInRange=True, numberOfColumns=1, firstDayOfWeek=1
    )
    picker = html.Div([dates, html.P("Days are UTC.", className="dim")])
    return _popover(button, html.Div([presets, picker], className="popover"))


def _filters() -> Component:
    button = html.Button(
        [icon("filter"), html.Span("Filter")], className="button", id=FILTER_BUTTON
    )
    selects = [
        dmc.MultiSelect(
            id=SELECTS[name],
            label=label,
            placeholder="All",
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
        )
        for name, label in DIMENSIONS.items()
    ]
    return _popover(button, html.Div(html.Div(selects, className="filters"), className="popover"))


def _popover(target: Component, content: Component) -> Component:
    return dmc.Popover(
        [dmc.PopoverTarget(target), dmc.PopoverDropdown(content)],
        position="bottom-start",
        shadow="md",
        trapFocus=True,
        returnFocus=True,
        # A control that is not mounted misses what the URL sets, and shows it wrong later.
        keepMounted=True,
    )


def _theme_toggle() -> Component:
    return dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        id="theme",
        variant="default",
        size="34",
        radius=8,
        **labelled("Light or dark"),
    )
