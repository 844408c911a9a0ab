"""What the shell shows for a view: what the first layout holds and callbacks renew."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Output, html

from wherespent.analytics import all_accounts, names
from wherespent.analytics.keys import key_troubles
from wherespent.analytics.names import NONE_LABEL
from wherespent.dashboard import formats, saved_view_dialogs, shell, states
from wherespent.dashboard import shell_controls as controls
from wherespent.dashboard.chips import chips
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_proofs import title_of
from wherespent.dashboard.ranges import RANGES
from wherespent.dashboard.routes import section
from wherespent.dashboard.url_state import DIMENSIONS, View
from wherespent.domain.windows import DAY, Window, utc
from wherespent.storage.proofs import failing_proofs
from wherespent.storage.saved_views import saved_views

CONTROLS = (
    controls.RANGE,
    controls.DATES,
    controls.GRAIN,
    controls.COMPARE,
    controls.ZONE,
    *controls.SELECTS.values(),
    *controls.MODES.values(),
)

# Outputs, each in the order of the function that answers them.
LABELS = (
    Output(controls.RANGE_LABEL, "children"),
    Output(controls.COMPARE_LABEL, "children"),
    Output(controls.CHIPS, "children"),
)
SETTLED = (
    *[Output(control, "value") for control in CONTROLS],
    *LABELS,
)
STATE = (
    Output(controls.PILL, "children"),
    Output(shell.BANNERS, "children"),
    Output(shell.GUIDE, "children"),
    Output(shell.PAGE, "hidden"),
    Output(shell.ACCOUNT, "children"),
    Output(controls.FIELDS["account"], "style"),
    *saved_view_dialogs.LIST,
    Output(shell.LATEST, "data"),
)
NAVIGATION = (
    *[Output(link, "href") for link in shell.LINKS.values()],
    *[Output(link, "className") for link in shell.LINKS.values()],
)


def settled(desk: Desk, asked: Asked, modes: Mapping[str, str] | None = None) -> list[Any]:
    """SETTLED: the controls agree with the view. `modes` are those of filters without a value."""
    view = asked.view
    labels = [_range_label(asked), _comparison_label(asked), chips(asked, desk)]
    return [*_controls(view, asked), *_filters(view, modes or {}), *labels]


def state(desk: Desk, path: str, views: str | None = None) -> list[Any]:
    """STATE: one cheap look at how the data is doing. `views`: which saved views are listed."""
    now, answers = desk.clock(), desk.answers
    sync = answers.fresh(all_accounts.last_sync, now)
    progress = answers.fresh(all_accounts.backfill_progress, now, desk.options.backfill_days)
    known = answers.ask(all_accounts.has_facts)
    broken = {it for label in desk.accounts() for it in answers.fresh(failing_proofs, label)}
    failing = [title_of(name) for name in sorted(broken)]
    refused = answers.fresh(key_troubles)
    guide = None if known else states.guide(desk.options, sync, progress)
    hidden = guide is not None and path != "/health"
    offered = answers.lately(names.options)
    return [
        states.pill(desk.options, sync, now),
        states.banners(desk.options, sync, progress, failing, refused, known=known),
        guide,
        hidden,
        states.account_line(offered),
        {} if desk.has_several_accounts else controls.HIDDEN,
        *saved_view_dialogs.shown(answers.fresh(saved_views), views),
        answers.version(),
    ]


def navigation(path: str, search: str) -> Sequence[str]:
    """NAVIGATION; the browser does the same in `shell.js` when the view changes."""
    first = section(path)
    here = shell.UNDER.get(first, first)
    looks = ["nav-link on" if it == here else "nav-link" for it in shell.LINKS]
    return [*[it + search for it in shell.LINKS], *looks]


def _controls(view: View, asked: Asked) -> list[Any]:
    window = asked.filters.window
    dates = [utc(window.start).date().isoformat(), utc(window.end - DAY).date().isoformat()]
    return [view.range, dates, view.granularity, view.compare, view.tz]


def _filters(view: View, modes: Mapping[str, str]) -> list[Any]:
    """What each filter shows: the values that are kept, or else those that are left out."""
    shown: list[list[str]] = []
    found: list[str] = []
    for name in DIMENSIONS:
        choice = view.chosen(name)
        is_not = bool(choice.exclude) and not choice.include
        shown.append([it or NONE_LABEL for it in (choice.exclude if is_not else choice.include)])
        derived = controls.IS_NOT if is_not else controls.IS
        found.append(derived if choice else modes.get(name, controls.IS))
    return [*shown, *found]


def _range_label(asked: Asked) -> list[Any]:
    span = _span(asked.filters.window)
    preset = RANGES.get(asked.view.range)
    return [span, " ", html.Span(preset, className="soft")] if preset else [span]


def _comparison_label(asked: Asked) -> list[Any]:
    window = asked.view.compared(asked.filters.window)
    if window is None:
        return [html.Span("Not compared", className="soft")]
    return [html.Span("vs", className="soft"), " ", _span(window)]


def _span(window: Window) -> str:
    return formats.span(utc(window.start).date(), utc(window.end - DAY).date())
