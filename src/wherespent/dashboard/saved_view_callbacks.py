"""Callbacks of the saved views: save what is open, rename, delete after a second question."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from wherespent.dashboard import saved_view_dialogs as dialogs
from wherespent.dashboard import shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.routes import normal_path
from wherespent.dashboard.url_state import View
from wherespent.errors import NameRefused
from wherespent.storage.saved_views import (
    SavedView,
    delete_view,
    rename_view,
    save_view,
    saved_views,
)

_LIST = [
    Output(it.component_id, it.component_property, allow_duplicate=True) for it in dialogs.LIST
]
_TOO_LONG = "This view cannot be saved: its address is too long. Use fewer filters."


def register(app: Dash, desk: Desk) -> None:
    _register_browser(app)
    _register_save(app, desk)
    _register_manage(app, desk)


def views_of(desk: Desk) -> list[SavedView]:
    """They change while the data does not, so that no memory helps."""
    return desk.answers.fresh(saved_views)


def _register_browser(app: Dash) -> None:
    """What needs no server: opening a dialog, the second question, the entry that is open."""
    for button in (dialogs.SAVE_HERE, dialogs.SAVE_IN_LIST):
        app.clientside_callback(
            ClientsideFunction("explore", "opened"),
            Output(dialogs.SAVE, "opened", allow_duplicate=True),
            Output(dialogs.NAME, "value", allow_duplicate=True),
            Output(dialogs.ERROR, "children", allow_duplicate=True),
            Input(button, "n_clicks"),
            prevent_initial_call=True,
        )
    app.clientside_callback(
        ClientsideFunction("explore", "chosen"),
        Output(dialogs.NEW_NAME, "value"),
        Output(dialogs.SURE, "style"),
        Output(dialogs.SURE_TEXT, "children"),
        Input(dialogs.CHOSEN, "value"),
        Input(dialogs.CHOSEN, "data"),
        Input(dialogs.DELETE, "n_clicks"),
        Input(dialogs.KEEP, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("explore", "marked"),
        Output(shell.SAVED_VIEWS, "data-marked"),
        Input(shell.SAVED_VIEWS, "children"),
        Input(shell.VIEW, "data"),
        Input(shell.PLACE, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("explore", "titled"),
        Output(shell.SAVED_VIEWS, "data-titled"),
        Input(shell.PAGE, "children"),
    )


def _register_save(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output(dialogs.SAVE, "opened"),
        Output(dialogs.ERROR, "children"),
        *_LIST,
        Input(dialogs.CONFIRM, "n_clicks"),
        Input(dialogs.NAME, "n_submit"),
        State(dialogs.NAME, "value"),
        State(shell.URL, "pathname"),
        State(shell.URL, "search"),
        prevent_initial_call=True,
    )
    @threaded
    def save(
        clicks: int | None, submits: int | None, name: str, path: str, search: str
    ) -> list[Any]:
        if not clicks and not submits:
            raise PreventUpdate
        query = View.parse(search).query()
        try:
            save_view(desk.answers.database, name or "", normal_path(path), query, desk.clock())
        except NameRefused as reason:
            return [True, _sentence(reason), no_update, no_update]
        except ValueError:
            return [True, _TOO_LONG, no_update, no_update]
        return [False, "", *dialogs.shown(views_of(desk))]


def _register_manage(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output(dialogs.MANAGE, "opened"),
        Output(dialogs.CHOSEN, "data"),
        Output(dialogs.CHOSEN, "value"),
        Output(dialogs.MANAGE_ERROR, "children"),
        Input(dialogs.OPEN_MANAGE, "n_clicks"),
        State(shell.URL, "pathname"),
        State(shell.URL, "search"),
        prevent_initial_call=True,
    )
    @threaded
    def open_manage(clicks: int | None, path: str, search: str | None) -> list[Any]:
        """The view that is open is the one that is meant."""
        if not clicks:
            raise PreventUpdate
        views = views_of(desk)
        here = normal_path(path) + View.parse(search).query()
        meant = next((view for view in views if view.href == here), views[0] if views else None)
        return [True, dialogs.options(views), str(meant.id) if meant else None, ""]

    changed = [
        Output(dialogs.MANAGE, "opened", allow_duplicate=True),
        Output(dialogs.CHOSEN, "data", allow_duplicate=True),
        Output(dialogs.CHOSEN, "value", allow_duplicate=True),
        Output(dialogs.MANAGE_ERROR, "children", allow_duplicate=True),
        *_LIST,
    ]

    @app.callback(
        *changed,
        Input(dialogs.RENAME, "n_clicks"),
        Input(dialogs.NEW_NAME, "n_submit"),
        State(dialogs.CHOSEN, "value"),
        State(dialogs.NEW_NAME, "value"),
        prevent_initial_call=True,
    )
    @threaded
    def rename(clicks: int | None, submits: int | None, chosen: str | None, name: str) -> list[Any]:
        if not clicks and not submits:
            raise PreventUpdate
        try:
            rename_view(desk.answers.database, _number(chosen), name or "")
        except NameRefused as reason:
            return [True, no_update, no_update, _sentence(reason), no_update, no_update]
        views = views_of(desk)
        return [True, dialogs.options(views), chosen, "", *dialogs.shown(views)]

    @app.callback(
        *changed,
        Input(dialogs.DELETE_SURELY, "n_clicks"),
        State(dialogs.CHOSEN, "value"),
        prevent_initial_call=True,
    )
    @threaded
    def delete(clicks: int | None, chosen: str | None) -> list[Any]:
        if not clicks:
            raise PreventUpdate
        delete_view(desk.answers.database, _number(chosen))
        views = views_of(desk)
        left = str(views[0].id) if views else None
        return [bool(views), dialogs.options(views), left, "", *dialogs.shown(views)]


def _number(chosen: str | None) -> int:
    """No view has the number 0: what was not chosen is not there."""
    return int(chosen) if chosen and chosen.isdecimal() and len(chosen) < 10 else 0


def _sentence(reason: NameRefused) -> str:
    text = str(reason)
    return f"{text[:1].upper()}{text[1:]}."
