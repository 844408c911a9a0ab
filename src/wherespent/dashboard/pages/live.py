"""Live: requests and tokens by minute of the last hours and by hour of the last day, by model."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

import functools
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from wherespent.analytics import live, live_hours
from wherespent.dashboard import drawings_live, drawings_live_words, figures, gaps, shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.chart_tables import register_chart_table
from wherespent.dashboard.components import Drawing, card, chart, chart_outputs, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.url_state import PageChoice, View
from wherespent.domain.windows import HOUR
from wherespent.errors import StorageError
from wherespent.providers.openai.streams import COMPLETIONS
from wherespent.storage.minutes import mark_watched

PATH = "/live"
TITLE = "Live"

SPAN = "live-span"
FRESHNESS = "live-freshness"
TROUBLE = "live-trouble"
DRAWN = "live-drawn"
KPIS = "live-kpis"
REQUESTS = "live-requests"
TOKENS = "live-tokens"
NOTHING = "live-nothing"
CHARTS = "live-charts"

CHOICES = {SPAN: PageChoice("span", "1h", tuple(drawings_live.SPANS))}
_WORDS = {name: span.words for name, span in drawings_live.SPANS.items()}
_ABOUT = (
    "Completions by minute and by hour, UTC. OpenAI adds to the last quarter of an hour (hatched),"
    " so totals come from the other pages."
)

# The key figures, two charts, and their units.
_DRAWN_VALUES = 1 + len(chart_outputs(REQUESTS)) + len(chart_outputs(TOKENS)) + 2

_log = logging.getLogger(__name__)


def layout(view: View) -> Component:
    shown = CHOICES[SPAN].of(view)
    span = segmented(SPAN, _WORDS, shown, "How much of the past")
    charts = [
        card(title, chart(name, height=300), width="w12", unit=html.Span(id=f"{name}-unit"))
        for title, name in (("Requests", REQUESTS), ("Tokens", TOKENS))
    ]
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div([html.P(id=FRESHNESS, className="dim"), span], className="live-head"),
            html.Div(id=TROUBLE, role="status"),
            html.Div(drawings_live.placeholders(shown), id=KPIS, className="kpis four"),
            html.Div(id=NOTHING),
            html.Div(charts, id=CHARTS, className="grid"),
            dcc.Store(id=DRAWN),
        ],
        className="live",
    )


def register(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output(FRESHNESS, "children"),
        Output(TROUBLE, "children"),
        Output(DRAWN, "data"),
        Input(shell.VISIBLE_TICK, "data"),
        Input(shell.ASK, "data"),
        State(DRAWN, "data"),
    )
    @threaded
    def look(_: int | None, asked: dict[str, Any] | None, drawn: str | None) -> tuple[Any, ...]:
        """Says that somebody looks; the charts follow only when something was read."""
        now = desk.clock()
        _say_watched(desk)
        tail = desk.answers.fresh(live.tail, desk.accounts())
        latest = f"{tail.read_at} {tail.window} {tail.error} {now:%H:%M}"
        words = _hours(desk, now) if _is_by_hour(asked) else _minutes(desk, tail, now)
        return *words, no_update if latest == drawn else latest

    @app.callback(
        Output(KPIS, "children"),
        *chart_outputs(REQUESTS),
        *chart_outputs(TOKENS),
        Output(f"{REQUESTS}-unit", "children"),
        Output(f"{TOKENS}-unit", "children"),
        Output(NOTHING, "children"),
        Output(KPIS, "hidden"),
        Output(CHARTS, "hidden"),
        Input(DRAWN, "data"),
        Input(shell.ASK, "data"),
    )
    @threaded
    def draw(_: str | None, asked: dict[str, Any] | None) -> tuple[Any, ...]:
        question = desk.asked(asked)
        unknown = gaps.unknown_account(desk, question)
        span = CHOICES[SPAN].of(question.view)
        scene = None if unknown else drawings_live.scene(desk, question, span)
        if scene is None:
            nothing = unknown or _nothing(desk, span)
            return (*[no_update] * _DRAWN_VALUES, nothing, True, True)
        unit = f"per {scene.span.bucket}, by model"
        return (
            drawings_live.rates(scene),
            *drawings_live.requests(desk, scene).outputs(),
            *drawings_live.tokens(desk, scene).outputs(),
            unit,
            unit,
            None,
            False,
            False,
        )

    for name, drawn in ((REQUESTS, drawings_live.requests), (TOKENS, drawings_live.tokens)):
        register_chart_table(app, desk, name, functools.partial(_figure, drawn))


def _figure(drawn: Callable[[Desk, Any], Drawing], desk: Desk, asked: Asked) -> figures.Figure:
    scene = drawings_live.scene(desk, asked, CHOICES[SPAN].of(asked.view))
    return (drawn(desk, scene).figure if scene else None) or figures.BLANK


def _nothing(desk: Desk, span: str) -> Component:
    if drawings_live.SPANS[span].width == HOUR:
        return drawings_live_words.no_hours()
    tail = desk.answers.fresh(live.tail, desk.accounts())
    return drawings_live_words.nothing(desk.options, tail)


def _is_by_hour(asked: dict[str, Any] | None) -> bool:
    view = View.parse(asked.get("view")) if asked else View()
    return drawings_live.SPANS[CHOICES[SPAN].of(view)].width == HOUR


def _hours(desk: Desk, now: datetime) -> tuple[Any, Any]:
    read_at = desk.answers.fresh(live_hours.hours_read_at, desk.accounts())
    return drawings_live_words.hours_freshness(read_at, now), None


def _minutes(desk: Desk, tail: live.Tail, now: datetime) -> tuple[Any, Any]:
    trouble = drawings_live_words.trouble(desk.options, tail, now) if tail.window else None
    return drawings_live_words.freshness(tail, now), trouble


def _say_watched(desk: Desk) -> None:
    """A database that cannot be written to still shows what it holds."""
    if desk.options.live == "off":
        return
    try:
        for account in desk.accounts():
            mark_watched(desk.answers.database, account, COMPLETIONS, desk.clock())
    except StorageError as error:
        _log.warning("nobody can be told that the live page is open: %s", error)
