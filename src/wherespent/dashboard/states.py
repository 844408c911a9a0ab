"""What is said when there is nothing to draw, and how the sync is doing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.health import LastSync, Progress
from wherespent.analytics.keys import KeyTrouble
from wherespent.analytics.names import Options
from wherespent.dashboard import formats
from wherespent.dashboard.components import blank, icon, labelled
from wherespent.dashboard.desk import DashboardOptions
from wherespent.domain.accounts import ASK_REFUSED_EVERY, DEFAULT_ACCOUNT


def pill(options: DashboardOptions, sync: LastSync, now: datetime) -> list[Component]:
    """The state of the sync in a word, never in a colour alone."""
    is_first = sync.at is None and options.key_configured and options.sync_enabled
    if sync.running or (is_first and not sync.failing):
        return _pill("busy", "Syncing…")
    if sync.failing:
        return _pill("bad", f"Sync failing · last {formats.ago(sync.at, now)}")
    if sync.at is None:
        return _pill("", "Not synced yet")
    return _pill("ok", f"Synced {formats.ago(sync.at, now)}")


def asking() -> list[Component]:
    return _pill("busy", "Refresh requested…")


def _pill(dot: str, text: str) -> list[Component]:
    return [html.Span(className=f"dot {dot}".strip()), html.Span(text, className="state")]


def banners(
    options: DashboardOptions,
    sync: LastSync,
    progress: Progress,
    failing: Sequence[str] = (),
    refused: Sequence[KeyTrouble] = (),
    *,
    known: bool,
) -> list[Component]:
    """What must be known on every page, the worst first; `failing` are titles of invariants."""
    shown = [_refused(trouble, options) for trouble in refused]
    if sync.failing and sync.error and not refused:
        health = dcc.Link("Data health says what to do.", href="/health", className="link")
        text = [html.B("The sync is failing. "), sync.error, " ", health]
        shown.append(_banner("bad", "alert", text))
    if failing:
        health = dcc.Link("Data health shows the rows.", href="/health", className="link")
        more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
        text = [html.B("Numbers do not add up: "), f"“{failing[0]}” fails{more}. ", health]
        shown.append(_banner("bad", "alert", text))
    if not options.key_configured and known:
        text = [
            html.B("No admin key is set. "),
            "What is stored stays readable, nothing new arrives. Set ",
            html.Code("OPENAI_ADMIN_KEY"),
            " and restart.",
        ]
        shown.append(_banner("", "key", text))
    if options.demo:
        text = [html.B("Demo. "), "A simulated organization: none of these numbers are real."]
        shown.append(_banner("demo", "note", text))
    if known and options.key_configured and progress.done_days < progress.wanted_days:
        shown.append(_banner("demo", "refresh", _history(progress)))
    return shown


def _refused(trouble: KeyTrouble, options: DashboardOptions) -> Component:
    again = trouble.asked_at + ASK_REFUSED_EVERY
    whose = f"of the account “{trouble.account}” " if trouble.account != DEFAULT_ACCOUNT else ""
    what = "is refused" if trouble.is_whole else "may not read everything"
    text = [
        html.B(f"The admin key {whose}{what}. "),
        trouble.error,
        " What is stored stays readable, and another key goes on where this one stopped.",
    ]
    if options.sync_enabled:
        text.append(f" This key is tried again at {again:%H:%M} UTC, or when you refresh.")
    return _banner("bad", "key", text)


def _history(progress: Progress) -> list[Any]:
    return [
        html.B("Reading history: "),
        f"{progress.done_days} of {progress.wanted_days} days ",
        _progress_bar(progress),
        " Newest days first; older ranges are not complete yet.",
    ]


def _progress_bar(progress: Progress) -> Component:
    percent = f"{progress.share * 100:.0f}"
    said: dict[str, Any] = {"role": "progressbar", "aria-valuenow": percent}
    bar = html.I(style={"width": f"{percent}%"})
    return html.Span(bar, className="progress", **said, **labelled("Percent of history read"))


def _banner(look: str, sign: str, text: list[Any]) -> Component:
    return html.Div([icon(sign), html.Div(text)], className=f"banner {look}".strip())


def guide(options: DashboardOptions, sync: LastSync, progress: Progress) -> Component:
    """The whole page of an installation without data: what to do first."""
    if not options.key_configured:
        return no_key()
    if sync.failing:
        return _card(
            "The first sync failed",
            [html.P(sync.error or "See Data health."), _to_health()],
        )
    return first_sync(options, progress)


def no_key() -> Component:
    steps = [
        html.Li(
            [
                "An organization owner opens ",
                html.Code("platform.openai.com"),
                " → Settings → Organization → Admin keys, and creates a key with the",
                " read-only scopes ",
                html.Code("api.usage.read"),
                " and ",
                html.Code("api.management.read"),
                " (it begins with ",
                html.Code("sk-admin-"),
                "). A project key cannot read usage.",
            ]
        ),
        html.Li(
            [
                "Give it to wherespent and start again:",
                html.Pre("export OPENAI_ADMIN_KEY=sk-admin-…\nwherespent serve"),
            ]
        ),
        html.Li("Today is on screen within seconds; a year of history follows behind it."),
    ]
    return _card(
        "Connect your OpenAI organization",
        [
            html.P("wherespent reads usage and costs with an admin key. None is set yet."),
            html.Ol(steps),
            html.P(
                [
                    "No key at hand? See it with a simulated organization: ",
                    html.Code("wherespent demo"),
                ]
            ),
        ],
    )


def first_sync(options: DashboardOptions, progress: Progress) -> Component:
    if not options.sync_enabled:
        text = [
            "Syncing is switched off here (",
            html.Code("SYNC_ENABLED=false"),
            ") and the database is empty: run ",
            html.Code("wherespent sync"),
            ".",
        ]
        return _card("No data yet", [html.P(text)])
    every = f"{progress.done_days} of {progress.wanted_days} days of every stream"
    return _card(
        "The first sync is running",
        [
            html.P("The newest days come first, and this page fills by itself."),
            html.Div(
                [_progress_bar(progress), html.Span(f"{progress.share * 100:.0f} %")],
                className="first-progress",
            ),
            html.P(f"{every} are here."),
            _to_health(),
        ],
    )


def _to_health() -> Component:
    return html.P(dcc.Link("See each stream in Data health", href="/health", className="link"))


def _card(title: str, children: list[Any]) -> Component:
    return html.Section([html.H2(title), *children], className="card guide")


def not_found() -> Component:
    home = dcc.Link("Go to the overview", href="/", className="link")
    text = ["404: nothing is at this address. ", home]
    return html.Div(blank("There is no such page", text), className="card")


def account_line(offered: Options) -> str:
    projects, keys = len(offered.projects), len(offered.api_keys)
    return f"{projects:,} projects · {keys:,} keys" if projects or keys else ""
