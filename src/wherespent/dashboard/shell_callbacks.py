"""Callbacks of the shell: URL and controls agree, the page follows, the data stays fresh."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from wherespent.analytics import health, names
from wherespent.analytics.names import NONE_LABEL, Option
from wherespent.dashboard import formats, shell, states
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.components import icon
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.url_state import CUSTOM, DIMENSIONS, RANGES, PageChoice, View
from wherespent.domain.windows import DAY, utc

_ASKED_OF = {"model": "model", "project": "project_id", "user": "user_id", "key": "api_key_id"}


def register(
    app: Dash,
    desk: Desk,
    pages: Mapping[str, Any],
    choices: Mapping[str, PageChoice],
    request_refresh: Callable[[], None],
) -> None:
    _register_view(app, desk)
    _register_question(app, choices)
    _register_router(app, pages)
    _register_freshness(app, desk)
    _register_refresh(app, request_refresh)
    _register_options(app, desk)


def _register_view(app: Dash, desk: Desk) -> None:
    controls = [shell.RANGE, shell.DATES, shell.GRAIN, *shell.SELECTS.values()]

    @app.callback(
        Output(shell.URL, "search"),
        *[Output(control, "value") for control in controls],
        Output(shell.RANGE_LABEL, "children"),
        Output(shell.CHIPS, "children"),
        Input(shell.URL, "search"),
        *[Input(control, "value") for control in controls],
    )
    @threaded
    def settle_view(search: str, *values: Any) -> list[Any]:
        """The URL is the truth; a control that was moved rewrites it."""
        view = View.parse(search)
        moved = str(ctx.triggered_id)  # pyright: ignore[reportUnknownArgumentType]
        if moved in controls:
            view = _moved(view, moved, values)
        asked = desk.asked({"view": view.query()})
        settled = [view.query(), *_controls(view, asked), _range_label(asked)]
        unmoved = [
            no_update if old == new else new
            for old, new in zip([search or "", *values], settled, strict=False)
        ]
        return [*unmoved, settled[-1], _chips(asked, desk)]


def _register_question(app: Dash, choices: Mapping[str, PageChoice]) -> None:
    """In the browser, and by `href`, which no callback writes: the first pictures would wait
    for the callback that settles the URL.
    """
    app.clientside_callback(
        ClientsideFunction("shell", "ask"),
        Output(shell.ASK, "data"),
        Input(shell.URL, "href"),
        State(shell.ASK, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("shell", "ask_again"),
        Output(shell.ASK, "data", allow_duplicate=True),
        Input(shell.LATEST, "data"),
        State(shell.ASK, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "follow"),
        # Never written: a callback in the browser without an output draws the whole page again.
        Output(shell.CHOICES, "data"),
        Input(shell.URL, "href"),
        State(shell.CHOICES, "data"),
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


def _moved(view: View, control: str, values: Sequence[Any]) -> View:
    preset, dates, grain, *chosen = values
    if control == shell.RANGE:
        return replace(view, range=preset, since=None, until=None)
    if control == shell.DATES:
        if not dates or None in dates:
            raise PreventUpdate  # the first of two clicks
        since, until = (date.fromisoformat(day) for day in dates)
        return replace(view, range=CUSTOM, since=since, until=until)
    if control == shell.GRAIN:
        return replace(view, granularity=grain)
    picked = dict(zip(shell.SELECTS, chosen, strict=True))
    name = next(name for name, place in shell.SELECTS.items() if place == control)
    values_picked = tuple("" if it == NONE_LABEL else it for it in picked[name] or ())
    return replace(view, **{name: values_picked})


def _controls(view: View, asked: Asked) -> list[Any]:
    window = asked.filters.window
    dates = [utc(window.start).date().isoformat(), utc(window.end - DAY).date().isoformat()]
    chosen = [[it or NONE_LABEL for it in view.chosen(name)] for name in DIMENSIONS]
    return [view.range, dates, view.granularity, *chosen]


def _range_label(asked: Asked) -> list[Any]:
    window = asked.filters.window
    span = formats.span(utc(window.start).date(), utc(window.end).date() - timedelta(days=1))
    preset = RANGES.get(asked.view.range)
    return [span, " ", html.Span(preset, className="soft")] if preset else [span]


def _chips(asked: Asked, desk: Desk) -> list[Any]:
    chips: list[Any] = []
    for name, title in {**DIMENSIONS, "line_item": "Line item"}.items():
        values = asked.view.chosen(name)
        if not values:
            continue
        label = desk.label(_ASKED_OF.get(name, name))
        more = f" +{len(values) - 2}" if len(values) > 2 else ""
        text = f"{title}: {', '.join(label(it) for it in values[:2])}{more}"
        without = replace(asked.view, **{name: ()}).query() or "?"
        away = dcc.Link(icon("close"), href=without, title=f"Remove the filter on {title}")
        chips.append(html.Span([html.Span(text, title=text), away], className="chip"))
    return chips


def _register_router(app: Dash, pages: Mapping[str, Any]) -> None:
    @app.callback(
        Output(shell.PAGE, "children"),
        Input(shell.URL, "pathname"),
        State(shell.URL, "search"),
    )
    @threaded
    def show_page(pathname: str | None, search: str | None) -> Any:
        page = pages.get(_path(pathname))
        return page.layout(View.parse(search)) if page else states.not_found()

    app.clientside_callback(
        ClientsideFunction("shell", "navigation"),
        *[Output(link, "href") for link in shell.LINKS.values()],
        *[Output(link, "className") for link in shell.LINKS.values()],
        Input(shell.URL, "pathname"),
        Input(shell.URL, "search"),
    )


def _register_freshness(app: Dash, desk: Desk) -> None:
    app.clientside_callback(
        ClientsideFunction("shell", "visible"),
        Output(shell.VISIBLE_TICK, "data"),
        Input(shell.TICK, "n_intervals"),
    )

    @app.callback(
        Output(shell.PILL, "children"),
        Output(shell.BANNERS, "children"),
        Output(shell.GUIDE, "children"),
        Output(shell.PAGE, "hidden"),
        Output(shell.ACCOUNT, "children"),
        Output(shell.LATEST, "data"),
        Input(shell.VISIBLE_TICK, "data"),
        Input(shell.URL, "pathname"),
    )
    @threaded
    def watch(_: int | None, pathname: str | None) -> list[Any]:
        """One cheap look at the state of the data; pages ask again only when it moved."""
        now, answers = desk.clock(), desk.answers
        sync = answers.fresh(health.last_sync, desk.account, now)
        progress = answers.fresh(
            health.backfill_progress, desk.account, now, desk.options.backfill_days
        )
        known = answers.ask(health.has_facts, desk.account)
        guide = None if known else states.guide(desk.options, sync, progress)
        hidden = guide is not None and _path(pathname) != "/health"
        offered = answers.lately(names.options, desk.account)
        return [
            states.pill(sync, now),
            states.banners(desk.options, sync, progress, known=known),
            guide,
            hidden,
            states.account_line(offered),
            answers.version(),
        ]


def _register_refresh(app: Dash, request_refresh: Callable[[], None]) -> None:
    @app.callback(
        Output(shell.REFRESHED, "data"),
        Output(shell.PILL, "children", allow_duplicate=True),
        Input(shell.REFRESH, "n_clicks"),
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
        *[Output(select, "data") for select in shell.SELECTS.values()],
        Input(shell.FILTER_BUTTON, "n_clicks"),
        prevent_initial_call=True,
    )
    @threaded
    def offer(clicks: int | None) -> list[list[dict[str, str]]]:
        """Loaded when the filters are opened: 2,000 keys are no part of the first paint."""
        if not clicks:
            raise PreventUpdate
        offered = desk.answers.lately(names.options, desk.account)
        lists = (offered.models, offered.projects, offered.users, offered.api_keys)
        return [[_choice(option) for option in options] for options in lists]


def _choice(option: Option) -> dict[str, str]:
    label = formats.shortened(option.label, 60) + (" (deleted)" if option.deleted else "")
    return {"value": option.id or NONE_LABEL, "label": label}


def _path(pathname: str | None) -> str:
    return (pathname or "/").rstrip("/") or "/"
