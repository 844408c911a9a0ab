"""Saved views as they look: the list in the navigation, and two dialogs to save and change them."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Output, dcc, html, no_update
from dash.development.base_component import Component

from wherespent.dashboard.elements import icon, labelled
from wherespent.storage.saved_views import SavedView

# Where the navigation holds them.
PLACE = "saved-views"
# Every one of these buttons opens the dialog that saves what is open.
SAVE_HERE = "save-view-here"
SAVE_IN_LIST = "save-view-in-list"
SAVE = "save-view"
NAME = "save-view-name"
ERROR = "save-view-error"
CONFIRM = "save-view-confirm"
MANAGE = "manage-views"
OPEN_MANAGE = "manage-views-open"
CHOSEN = "manage-views-chosen"
NEW_NAME = "manage-views-name"
RENAME = "manage-views-rename"
DELETE = "manage-views-delete"
SURE = "manage-views-sure"
SURE_TEXT = "manage-views-sure-text"
DELETE_SURELY = "manage-views-delete-surely"
KEEP = "manage-views-keep"
MANAGE_ERROR = "manage-views-error"
HIDDEN = {"display": "none"}
# The list, and which views it is of: made anew under the pointer, it would lose a click.
LIST = (Output(PLACE, "children"), Output(PLACE, "data-version"))


def shown(views: Sequence[SavedView], known: str | None = None) -> list[Any]:
    """LIST; left as it is where it is of these views already."""
    version = "/".join(f"{view.id}:{view.name}" for view in views)
    return [no_update, no_update] if version == known else [listed(views), version]


def listed(views: Sequence[SavedView]) -> list[Component]:
    """What the navigation holds: every view, and the ways to add and to change one."""
    links = [
        dcc.Link(
            [icon("bookmark"), html.Span(view.name)],
            href=view.href,
            className="nav-link saved-view",
            title=view.name,
        )
        for view in views
    ]
    save = html.Button("Save this view", id=SAVE_IN_LIST, className="nav-act", type="button")
    manage = html.Button(
        "Manage",
        id=OPEN_MANAGE,
        className="nav-act",
        type="button",
        hidden=not views,
        **labelled("Manage saved views"),
    )
    return [
        html.Div("Saved views", className="nav-section"),
        *links,
        html.Div([save, manage], className="nav-acts"),
    ]


def options(views: Sequence[SavedView]) -> list[dict[str, Any]]:
    return [{"value": str(view.id), "label": view.name} for view in views]


def dialogs() -> list[Component]:
    """Both, closed: the shell holds them once."""
    return [_save_dialog(), _manage_dialog()]


def _save_dialog() -> Component:
    return _dialog(
        SAVE,
        "Save this view",
        [
            html.P(
                "The page with its range, filters and choices, under a name. Everybody who uses"
                " this deployment sees it.",
                className="dim",
            ),
            _name_field(NAME),
            _error(ERROR),
            html.Div(
                html.Button("Save", id=CONFIRM, className="button main", type="button"),
                className="dialog-acts",
            ),
        ],
    )


def _manage_dialog() -> Component:
    sure = html.Div(
        [
            html.P(id=SURE_TEXT),
            html.Div(
                [
                    html.Button("Keep it", id=KEEP, className="button", type="button"),
                    html.Button("Delete", id=DELETE_SURELY, className="button bad", type="button"),
                ],
                className="dialog-acts",
            ),
        ],
        id=SURE,
        className="dialog-sure",
        style=HIDDEN,
        role="alert",
    )
    return _dialog(
        MANAGE,
        "Saved views",
        [
            dmc.Select(
                id=CHOSEN,
                label="View",
                data=[],
                allowDeselect=False,
                searchable=True,
                comboboxProps={"withinPortal": False},
                nothingFoundMessage="No view is called that",
            ),
            _name_field(NEW_NAME),
            _error(MANAGE_ERROR),
            html.Div(
                [
                    html.Button("Delete…", id=DELETE, className="button", type="button"),
                    html.Button("Rename", id=RENAME, className="button main", type="button"),
                ],
                className="dialog-acts",
            ),
            sure,
        ],
    )


def _dialog(name: str, title: str, children: list[Component]) -> Component:
    close: Any = {"aria-label": "Close"}
    return dmc.Modal(
        html.Div(children, className="dialog"),
        id=name,
        title=title,
        opened=False,
        centered=True,
        size="sm",
        closeButtonProps=close,
    )


def _name_field(name: str) -> Component:
    return dmc.TextInput(id=name, label="Name", value="", n_submit=0)


def _error(name: str) -> Component:
    return html.Div(id=name, className="dialog-error", role="alert")
