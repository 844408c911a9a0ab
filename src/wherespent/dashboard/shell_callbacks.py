"""Callbacks of the shell: URL and controls agree, the page follows, the data stays fresh.

None of them runs when the page is opened: the first layout holds what they would answer. Where
it does not, PLACE and VIEW are empty in it, and the browser fills them as after a click.
"""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false, reportUnknownVariableType=false
# Dash does not type its decorators; the callbacks are used by being registered.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from wherespent.analytics import names
from wherespent.analytics.accounts import ACCOUNT
from wherespent.analytics.filters import Choice
from wherespent.analytics.names import NONE_LABEL, Option
from wherespent.dashboard import formats, palette, shell, shell_answers, states
from wherespent.dashboard import shell_controls as controls
from wherespent.dashboard.callbacks import TROUBLE, go_on, threaded
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.ranges import CUSTOM
from wherespent.dashboard.routes import normal_path, page_of
from wherespent.dashboard.several_accounts import laid_out
from wherespent.dashboard.url_state import PageChoice, View


def register(
    app: Dash,
    desk: Desk,
    pages: Mapping[str, Any],
    choices: Mapping[str, PageChoice],
    request_refresh: Callable[[], None],
) -> None:
    _register_view(app, desk)
    _register_popovers(app)
    _register_question(app)
    _register_choices(app, choices)
    _register_router(app, desk, pages)
    _register_freshness(app, desk)
    _register_refresh(app, request_refresh)
    _register_options(app, desk)
    _register_search(app, desk)


def _register_view(app: Dash, desk: Desk) -> None:
    names_of_controls = shell_answers.CONTROLS

    @app.callback(
        Output(shell.URL, "search"),
        *shell_answers.SETTLED,
        Input(shell.VIEW, "data"),
        *[Input(control, "value") for control in names_of_controls],
        State(shell.URL, "search"),
        State(shell.PLACE, "data"),
        prevent_initial_call=True,
    )
    @threaded
    def settle_view(_: str | None, *given: Any) -> list[Any]:
        """The URL is the truth; a control that was moved rewrites it."""
        *values, search, path = given
        said = dict(zip(names_of_controls, values, strict=True))
        modes = {name: said[place] for name, place in controls.MODES.items()}
        view = View.parse(search)
        asked = desk.asked({"view": view.query(), "path": path})
        moved = str(ctx.triggered_id)  # pyright: ignore[reportUnknownArgumentType]
        if moved in said:
            shown = shell_answers.settled(desk, asked, modes)
            if said[moved] == shown[names_of_controls.index(moved)]:
                raise PreventUpdate  # a popover that opened repeats what it shows
            view = _moved(view, moved, said)
            asked = desk.asked({"view": view.query(), "path": path})
        settled = [view.query(), *shell_answers.settled(desk, asked, modes)]
        labels = len(shell_answers.LABELS)
        return [
            *[
                no_update if old == new else new
                for old, new in zip([search or "", *values], settled, strict=False)
            ],
            *settled[-labels:],
        ]


def _register_popovers(app: Dash) -> None:
    """A control that was not mounted when its value changed would come up with the old one."""
    for button, inside in controls.POPOVERS.items():
        app.clientside_callback(
            ClientsideFunction("shell", "repeat"),
            [Output(control, "value", allow_duplicate=True) for control in inside],
            Input(button, "n_clicks"),
            *[State(control, "value") for control in inside],
            prevent_initial_call=True,
        )
    app.clientside_callback(
        ClientsideFunction("shell", "zones"),
        Output(controls.ZONE, "data"),
        Input(controls.RANGE_BUTTON, "n_clicks"),
        State(controls.ZONE, "value"),
        prevent_initial_call=True,
    )


def _register_question(app: Dash) -> None:
    """In the browser, and by `href`, which no callback writes: the pictures would wait for the
    callback that settles the URL.
    """
    app.clientside_callback(
        ClientsideFunction("shell", "place"),
        Output(shell.PLACE, "data"),
        Output(shell.VIEW, "data"),
        Input(shell.URL, "href"),
        State(shell.PLACE, "data"),
        State(shell.VIEW, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "ask"),
        Output(shell.ASK, "data"),
        Input(shell.VIEW, "data"),
        Input(shell.PAGE, "children"),
        State(shell.ASK, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "ask_again"),
        Output(shell.ASK, "data", allow_duplicate=True),
        Input(shell.LATEST, "data"),
        State(shell.ASK, "data"),
        prevent_initial_call=True,
    )


def _register_choices(app: Dash, choices: Mapping[str, PageChoice]) -> None:
    """Both only call `set_props`, so CHOICES is left as it is."""
    app.clientside_callback(
        ClientsideFunction("shell", "follow"),
        Output(shell.CHOICES, "data"),
        Input(shell.VIEW, "data"),
        State(shell.CHOICES, "data"),
        prevent_initial_call=True,
    )
    for control in choices:
        app.clientside_callback(
            ClientsideFunction("shell", "choose"),
            Output(shell.CHOICES, "data", allow_duplicate=True),
            Input(control, "value"),
            State(control, "id"),
            State(shell.URL, "search"),
            State(shell.CHOICES, "data"),
            prevent_initial_call=True,
        )


def _moved(view: View, control: str, said: Mapping[str, Any]) -> View:
    value = said[control]
    if control == controls.DATES:
        if not value or None in value:
            raise PreventUpdate  # the first of two clicks
        since, until = (date.fromisoformat(day) for day in value)
        return replace(view, range=CUSTOM, since=since, until=until)
    if control == controls.RANGE:
        return replace(view, range=value, since=None, until=None)
    if control in _PLAIN:
        return replace(view, **{_PLAIN[control]: value})
    for name, place in controls.MODES.items():
        choice = view.chosen(name)
        if control == place:
            return replace(view, **{name: Choice(choice.exclude, choice.include)})
        if control == controls.SELECTS[name]:
            return replace(view, **{name: _picked(choice, value, said[place])})
    raise PreventUpdate


# Controls whose value is a field of the view.
_PLAIN = {controls.GRAIN: "granularity", controls.COMPARE: "compare", controls.ZONE: "tz"}


def _picked(choice: Choice, values: Sequence[str] | None, mode: str) -> Choice:
    """The values of a filter as the ones to keep, or to leave out; the others stay."""
    picked = tuple("" if it == NONE_LABEL else it for it in values or ())
    if mode == controls.IS_NOT:
        return Choice(tuple(it for it in choice.include if it not in picked), picked)
    return Choice(picked, tuple(it for it in choice.exclude if it not in picked))


def _register_router(app: Dash, desk: Desk, pages: Mapping[str, Any]) -> None:
    @app.callback(
        Output(shell.PAGE, "children"),
        Input(shell.PLACE, "data"),
        State(shell.URL, "search"),
        prevent_initial_call=True,
    )
    @threaded
    def show_page(path: str | None, search: str | None) -> Any:
        page = page_of(pages, path)
        return laid_out(page, View.parse(search), desk) if page else states.not_found()

    app.clientside_callback(
        ClientsideFunction("shell", "navigation"),
        *shell_answers.NAVIGATION,
        Input(shell.PLACE, "data"),
        Input(shell.VIEW, "data"),
        *[State(link, "href") for link in shell.LINKS.values()],
        prevent_initial_call=True,
    )


def _register_freshness(app: Dash, desk: Desk) -> None:
    app.clientside_callback(
        ClientsideFunction("shell", "visible"),
        Output(shell.VISIBLE_TICK, "data"),
        Input(shell.TICK, "n_intervals"),
        prevent_initial_call=True,
    )

    @app.callback(
        *shell_answers.STATE,
        Input(shell.VISIBLE_TICK, "data"),
        Input(shell.PLACE, "data"),
        State(TROUBLE, "children"),
        State(shell.SAVED_VIEWS, "data-version"),
        prevent_initial_call=True,
    )
    @threaded
    def watch(_: int | None, path: str | None, trouble: Any, views: str | None) -> list[Any]:
        """Pages ask again when the version of the data moved, or when the database is back."""
        with desk.answers.at():
            answers = shell_answers.state(desk, normal_path(path), views)
        go_on(trouble, **{shell.PLACE: path})
        return answers


def _register_refresh(app: Dash, request_refresh: Callable[[], None]) -> None:
    @app.callback(
        Output(shell.REFRESHED, "data"),
        Output(controls.PILL, "children", allow_duplicate=True),
        Input(controls.REFRESH, "n_clicks"),
        prevent_initial_call=True,
    )
    @threaded
    def refresh(clicks: int | None) -> list[Any]:
        if not clicks:
            raise PreventUpdate
        request_refresh()
        return [clicks, states.asking()]


def _register_options(app: Dash, desk: Desk) -> None:
    @app.callback(
        *[Output(select, "data") for select in controls.SELECTS.values()],
        Input(controls.FILTER_BUTTON, "n_clicks"),
        *[State(select, "value") for select in controls.SELECTS.values()],
        prevent_initial_call=True,
    )
    @threaded
    def offer(clicks: int | None, *chosen: Sequence[str] | None) -> list[list[dict[str, str]]]:
        """Loaded when the filters are opened: 2,000 keys are no part of the first paint."""
        if not clicks:
            raise PreventUpdate
        offered = desk.answers.lately(names.options)
        lists = (
            offered.accounts,
            offered.models,
            offered.projects,
            offered.users,
            offered.api_keys,
        )
        each = zip(controls.SELECTS, lists, chosen, strict=True)
        return [_choices(name, options, kept or ()) for name, options, kept in each]


def _register_search(app: Dash, desk: Desk) -> None:
    pages = [palette.page_hit(it.text, it.sign, it.path) for it in shell.NAV_LINKS]

    @app.callback(
        Output(palette.RESULTS, "children"),
        Input(palette.SEARCH, "value"),
        Input(palette.OPENED, "data"),
        State(shell.URL, "search"),
        prevent_initial_call=True,
    )
    @threaded
    def find(text: str | None, opened: int | None, search: str | None) -> Any:
        if not opened:
            raise PreventUpdate
        view = View.parse(search)
        keeping = [replace(page, href=page.href + view.query()) for page in pages]
        return palette.results(palette.search(desk, keeping, text or "", view), text or "")


def _choices(name: str, options: Sequence[Option], chosen: Sequence[str]) -> list[dict[str, str]]:
    """What a filter offers: the control would drop a chosen value that is not among it."""
    offered = [_choice(option) for option in options]
    known = {each["value"] for each in offered}
    rest = [NONE_LABEL] if name != ACCOUNT else []
    more = dict.fromkeys([*rest, *chosen])
    return [*offered, *(_choice(Option(it, it)) for it in more if it not in known)]


def _choice(option: Option) -> dict[str, str]:
    label = formats.shortened(option.label, 60) + (" (deleted)" if option.deleted else "")
    return {"value": option.id or NONE_LABEL, "label": label}
