"""What the Live page says: how fresh it is, what is in the way, why there is nothing."""

from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.live import Tail
from wherespent.dashboard import formats
from wherespent.dashboard.components import blank, icon
from wherespent.dashboard.desk import DashboardOptions
from wherespent.domain.windows import MINUTE, utc

# With a reading every minute, nobody reads any more.
_OLD = timedelta(minutes=10)


def freshness(tail: Tail, now: datetime) -> list[Any]:
    """When the minutes were read, and how late OpenAI was then."""
    if tail.read_at is None or tail.window is None:
        return []
    words = [
        html.B("As of "),
        f"{tail.read_at:%H:%M:%S} UTC",
        f" ({formats.ago(tail.read_at, now)}).",
    ]
    if tail.newest is None:
        return [*words, " No requests in the last 6 hours."]
    late = (tail.window.end - tail.newest) // MINUTE - 1
    newest = f" The newest minute with requests is {utc(tail.newest):%H:%M}"
    if late <= 0:
        return [*words, newest + ", the last one that is over."]
    minutes = "minute" if late == 1 else "minutes"
    return [*words, newest + f", {late} {minutes} before the end of what was read."]


def trouble(options: DashboardOptions, tail: Tail, now: datetime) -> Component | None:
    """What keeps the minutes from being fresh, said above a picture that stays."""
    text = _trouble(options, tail, now)
    look = "banner bad" if tail.error else "banner"
    return html.Div([icon("alert"), html.Div(text)], className=look) if text else None


def _trouble(options: DashboardOptions, tail: Tail, now: datetime) -> list[Any]:
    if options.live == "off":
        return [html.B("The live view is switched off. "), *_switch(), "."]
    if tail.error:
        failed = [html.B("The last reading failed. "), tail.error, " It is tried again by itself."]
        return [*failed, *_stopped(tail)]
    if not options.key_configured:
        key = html.Code("OPENAI_ADMIN_KEY")
        return [html.B("No admin key is set. "), "Set ", key, " and restart."]
    if not options.sync_enabled and (tail.read_at is None or now - tail.read_at > _OLD):
        why = html.Code("WHERESPENT_SYNC_ENABLED=false")
        text = "): minutes come from another one that shares the database, which reads none now."
        return [html.B("This process does not ask OpenAI ("), why, text]
    return _stopped(tail)


def _stopped(tail: Tail) -> list[Any]:
    """Later minutes lack these accounts, which nothing else on the page would say."""
    ends = [f"{label} to {utc(end):%d %b, %H:%M} UTC" for label, end in tail.stopped]
    if not ends:
        return []
    return [html.B(" Not every account is read. "), f"Read so far: {', '.join(ends)}."]


def nothing(options: DashboardOptions, tail: Tail) -> Component:
    """Instead of the charts, while there is nothing to draw."""
    if options.live == "off":
        return blank("The live view is switched off", _switch())
    if not options.key_configured:
        return blank(
            "No admin key is set", "There is nobody to ask for the last minutes.", sign="key"
        )
    if tail.error:
        return blank("The minutes could not be read yet", tail.error, sign="alert")
    if not options.sync_enabled:
        return blank("No minutes here", "No process that shares this database has read any.")
    return blank(
        "The minutes are being read",
        "The last 6 hours are here within seconds. This page fills by itself.",
        sign="refresh",
    )


def _switch() -> list[Any]:
    return [
        "Set ",
        html.Code("WHERESPENT_LIVE=watched"),
        " (or ",
        html.Code("always"),
        ") and restart",
    ]


def hours_freshness(read_at: datetime | None, now: datetime) -> list[Any]:
    """When the hours were read: by every sync, whether or not somebody looks."""
    if read_at is None:
        return []
    when = f"{read_at:%H:%M:%S} UTC ({formats.ago(read_at, now)})."
    return [html.B("As of "), when, " Hours come with every sync; the newest is not over yet."]


def no_hours() -> Component:
    """Instead of the charts by hour."""
    text = "Nothing was read of the last 24 hours. What was not read is not zero."
    return blank("Not read", text)
