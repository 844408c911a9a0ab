"""How a callback runs: in a thread, its failure logged under an id and shown with that id."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Dash leaves these of its names untyped.

import functools
import logging
import secrets
from collections.abc import Callable
from typing import Any

import anyio
from dash import html, set_props
from dash.exceptions import PreventUpdate

from wherespent.dashboard import components
from wherespent.dashboard.elements import in_code
from wherespent.errors import StorageError, WherespentError

TROUBLE = "trouble"
_AWAY = "trouble away"

_log = logging.getLogger(__name__)


class CallbackFailedError(Exception):
    """A failure that is logged already; `shown` is what the person reads."""

    def __init__(self, incident: str, shown: str, *, is_away: bool = False) -> None:
        super().__init__(shown)
        self.incident = incident
        self.shown = shown
        self.is_away = is_away


def threaded(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Run a sync callback in a thread: the FastAPI backend would run it on the event loop."""

    @functools.wraps(callback)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return await anyio.to_thread.run_sync(functools.partial(callback, *args, **kwargs))
        except PreventUpdate:
            raise
        except Exception as error:
            incident = secrets.token_hex(4)
            _log.exception("callback %s failed, incident %s", callback.__qualname__, incident)
            # Only our own messages are written for people, and hold no secret.
            shown = str(error) if isinstance(error, WherespentError) else "See the server log."
            is_away = isinstance(error, StorageError)
            raise CallbackFailedError(incident, shown, is_away=is_away) from error

    return wrapper


def show_trouble(error: Exception) -> None:
    """Dash's `on_error`: the page keeps its pictures, a card says what failed."""
    if not isinstance(error, CallbackFailedError):
        incident = secrets.token_hex(4)
        _log.error("callback failed, incident %s", incident, exc_info=error)
        error = CallbackFailedError(incident, "See the server log.")
    draw = away_card if error.is_away else trouble_card
    set_props(TROUBLE, {"children": draw(error.incident, error.shown)})


def away_card(incident: str, shown: str) -> Any:
    """The database does not answer: the page looks again every few seconds."""
    text = [
        html.B("The database does not answer"),
        html.P(in_code(shown[:1].upper() + shown[1:] + ".")),
        html.P(
            [
                html.Span(className="dot busy"),
                " Looking again every few seconds: this page goes on by itself, nothing is lost.",
            ],
            className="waits",
        ),
        html.P(["Incident ", html.Code(incident), " in the log of the server."]),
    ]
    return html.Div([components.icon("alert"), html.Div(text)], className=_AWAY, role="alert")


def go_on(shown: Any, **outputs: Any) -> None:
    """The database answers again: put its card away, and ask anew for what could not be drawn.

    `outputs` are stores that the page hangs on, with the data that they have.
    """
    if isinstance(shown, dict) and shown.get("props", {}).get("className") == _AWAY:
        set_props(TROUBLE, {"children": None})
        for name, data in outputs.items():
            set_props(name, {"data": data})


def trouble_card(incident: str, shown: str) -> Any:
    text = [
        html.B("Part of this page could not be drawn"),
        html.P(shown),
        html.P(["Incident ", html.Code(incident), " in the log of the server."]),
    ]
    return html.Div([components.icon("alert"), html.Div(text)], className="trouble", role="alert")
