"""What surrounds every page: navigation, the bar of controls, banners and the stores."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from wherespent.dashboard import palette, saved_view_dialogs
from wherespent.dashboard.callbacks import TROUBLE
from wherespent.dashboard.components import icon, labelled
from wherespent.dashboard.desk import DashboardOptions
from wherespent.dashboard.shell_controls import bar
from wherespent.dashboard.url_state import PageChoice

URL = "url"
PAGE = "page"
GUIDE = "guide"
# The path of the page that is open, and the query string that everything is drawn for.
PLACE = "place"
VIEW = "view"
# The question of the pictures: the view, and the version of the data.
ASK = "ask"
CHOICES = "choices"
LATEST = "latest"
TICK = "tick"
VISIBLE_TICK = "visible-tick"
REFRESHED = "refreshed"
BANNERS = "banners"
ACCOUNT = "account"
MENU = "menu-button"
# Filled by the saved views' own callback.
SAVED_VIEWS = saved_view_dialogs.PLACE


@dataclass(frozen=True, slots=True)
class NavLink:
    """A page in the navigation; `g` and then `letter` lead to it."""

    sign: str
    path: str
    text: str
    letter: str

    @property
    def id(self) -> str:
        return f"nav-{self.sign}"


NAVIGATION = (
    (
        "",
        (
            NavLink("overview", "/", "Overview", "o"),
            NavLink("explore", "/explore", "Explore", "e"),
        ),
    ),
    (
        "Where",
        (
            NavLink("costs", "/costs", "Costs", "c"),
            NavLink("tokens", "/tokens", "Tokens", "t"),
            NavLink("models", "/models", "Models", "m"),
            NavLink("people", "/people", "People and keys", "p"),
        ),
    ),
    ("Now", (NavLink("live", "/live", "Live", "l"),)),
    ("Trust", (NavLink("health", "/health", "Data health", "h"),)),
)
NAV_LINKS = tuple(link for _, links in NAVIGATION for link in links)
LINKS = {link.path: link.id for link in NAV_LINKS}
# Pages below these paths belong to a link of another name.
UNDER: dict[str, str] = {
    "/projects": "/people",
    "/users": "/people",
    "/keys": "/people",
    "/service-accounts": "/people",
}

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
            html.Div([bar(), html.Div(id=BANNERS, role="status"), _main()]),
        ],
        className="app",
        id="app",
    )
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            *_stores(choices),
            shell,
            palette.search_dialog(),
            palette.shortcuts_dialog([(it.letter, it.text, it.id) for it in NAV_LINKS]),
            *saved_view_dialogs.dialogs(),
            html.Div(id=TROUBLE),
        ],
        theme=_THEME,
        defaultColorScheme="auto",
    )


def _stores(choices: Mapping[str, PageChoice]) -> list[Component]:
    return [
        dcc.Store(id=CHOICES, data={name: asdict(choice) for name, choice in choices.items()}),
        dcc.Store(id=PLACE),
        dcc.Store(id=VIEW),
        dcc.Store(id=ASK),
        dcc.Store(id=LATEST),
        dcc.Store(id=VISIBLE_TICK),
        dcc.Store(id=REFRESHED),
        dcc.Store(id=palette.OPENED),
        dcc.Interval(id=TICK, interval=5_000),
    ]


def _main() -> Component:
    content = [html.Div(id=GUIDE), html.Div(id=PAGE)]
    return html.Main(content, id="content", tabIndex=-1)


def _navigation(options: DashboardOptions) -> Component:
    """A column; on a narrow screen a line, and the rest behind its button."""
    menu: dict[str, Any] = labelled("Menu") | {
        "aria-expanded": "false",
        "aria-controls": "nav-menu",
    }
    brand = html.Div(
        [
            html.Button(icon("menu"), id=MENU, className="button square", **menu),
            html.Img(src="/assets/favicon.svg", alt=""),
            html.Span("wherespent"),
        ],
        className="brand",
    )
    return html.Nav(
        [
            brand,
            palette.opener(),
            html.Div([*_links(), _foot(options)], className="nav-menu", id="nav-menu"),
        ],
        className="nav",
        **labelled("Pages"),
        **_data("under", UNDER),
    )


def _data(name: str, value: Any) -> dict[str, Any]:
    """An attribute that a script reads."""
    return {f"data-{name}": json.dumps(value)}


def _links() -> list[Component]:
    parts: list[Component] = []
    for title, links in NAVIGATION:
        if title:
            parts.append(html.Div(title, className="nav-section"))
        for link in links:
            shown = [icon(link.sign), link.text]
            parts.append(dcc.Link(shown, href=link.path, id=link.id, className="nav-link"))
    return [*parts, html.Div(id=SAVED_VIEWS)]


def _foot(options: DashboardOptions) -> Component:
    foot: list[Component] = [html.Div(id=ACCOUNT), palette.shortcuts_opener()]
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
    return html.Div(foot, className="nav-foot")
