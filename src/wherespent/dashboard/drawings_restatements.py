"""Days that changed after they had settled: as sentences, as marks on charts, and how soon a day
is final."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.restatements import Revision, restatements
from wherespent.analytics.settling import Settling, SettlingRow, settling
from wherespent.analytics.sums import floor_of
from wherespent.analytics.usage_restatements import UsageRestatement, usage_restatements
from wherespent.dashboard import formats
from wherespent.dashboard.components import table
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_coverage import stream_name
from wherespent.domain.windows import DAY, Window, epoch, floor_day, utc

MARKED = "Restated"
_LOOK_BACK_DAYS = 400
_SHOWN, _MOVES_SHOWN, _MARKS_SHOWN = 12, 3, 3
_SETTLES = (
    "OpenAI revises the bill of a day while it is provisional: the day itself and 3 more. It is"
    " read again once a week until it is 35 days old, and what changes then is a restatement."
)


def restated(desk: Desk, now: datetime) -> Component:
    """Both kinds of restatements in words, the newest first, and the settling table."""
    today = floor_day(epoch(now))
    window = Window(today - _LOOK_BACK_DAYS * DAY, today + DAY)
    filters = Filters(window, account=Choice((desk.account,)))
    days = desk.answers.ask(restatements, filters)
    parts = desk.answers.ask(restatements, filters, ("line_item", "project_id")) if days else []
    usage = desk.answers.ask(usage_restatements, desk.account, window)
    settled = desk.answers.ask(settling, desk.account, utc(today))
    return html.Div(
        [
            html.P(_SETTLES, className="dim"),
            *_sentences(days, parts, usage, desk.label("project_id")),
            html.H3("How long a day takes to settle"),
            *_settling(settled),
        ],
        className="restatements",
    )


def marks(desk: Desk, asked: Asked) -> dict[int, str]:
    """Start of each bucket of the chart with restated days → what to say about it."""
    filters = asked.by_day
    floor = floor_of(filters.granularity)
    accounts = [label for label in desk.accounts() if filters.account.keeps(label)]
    by_bucket: dict[int, list[str]] = defaultdict(list)
    for label in accounts:
        of_account = f"{label}: " if len(accounts) > 1 else ""
        only = replace(filters, account=Choice((label,)))
        for each in desk.answers.ask(restatements, only):
            # A chart over time never asks for one bucket of everything, which has no start.
            by_bucket[floor(each.day) or 0].append(of_account + _said(each))
    return {start: _shortened(said) for start, said in by_bucket.items()}


def _shortened(said: Sequence[str]) -> str:
    more = len(said) - _MARKS_SHOWN
    return "; ".join(said[-_MARKS_SHOWN:]) + (f"; and {more} more" if more > 0 else "")


def _said(each: Revision) -> str:
    day, seen = formats.day(each.day), formats.day(each.seen_at)
    if not each.delta:
        return f"{day}: {formats.usd(each.new)} in all, its parts revised on {seen}"
    return f"{day} was {formats.usd(each.old)}, revised to {formats.usd(each.new)} on {seen}"


def _sentences(
    days: Sequence[Revision],
    parts: Sequence[Revision],
    usage: Sequence[UsageRestatement],
    project: Callable[[str], str],
) -> list[Component]:
    moves = {
        key: list(of_day) for key, of_day in groupby(sorted(parts, key=_observed), key=_observed)
    }
    said = [
        (it.seen_at, it.day, _bill_line(it, moves.get(_observed(it), []), project)) for it in days
    ]
    said += [(it.seen_at, it.day, _usage_line(it)) for it in usage]
    if not said:
        return [html.P("No day has changed after it had settled.")]
    newest = sorted(said, key=lambda it: it[:2], reverse=True)
    lines: list[Component] = [html.Ul([line for *_, line in newest[:_SHOWN]])]
    if (more := len(newest) - _SHOWN) > 0:
        lines.append(html.P([f"{more} earlier: ", html.Code("wherespent restatements")]))
    return lines


def _observed(each: Revision) -> tuple[int, int]:
    return each.day, floor_day(epoch(each.seen_at))


def _bill_line(
    each: Revision, moves: Sequence[Revision], project: Callable[[str], str]
) -> Component:
    largest = sorted(moves, key=lambda it: (-abs(it.delta), it.key))
    told = "; ".join(_move(it, project) for it in largest[:_MOVES_SHOWN])
    more = len(largest) - _MOVES_SHOWN
    rest = f"; and {more} more" if more > 0 else ""
    change = f" ({_signed(each.delta)})" if each.delta else ""
    return html.Li(
        [html.B(_said(each) + change), html.Div(told + rest, className="dim") if told else None],
        title=f"{formats.exact_usd(each.old)} → {formats.exact_usd(each.new)}",
    )


def _move(each: Revision, project: Callable[[str], str]) -> str:
    line_item, project_id = each.key
    name = formats.shortened(line_item or "(none)")
    return f"{name} of {project(project_id)} {_signed(each.delta)}"


def _signed(amount: Decimal) -> str:
    return f"+{formats.usd(amount)}" if amount > 0 else formats.usd(amount)


def _usage_line(each: UsageRestatement) -> Component:
    changed = "; ".join(
        f"{it.measure.replace('_', ' ')} {formats.count(it.old)} → {formats.count(it.new)}"
        for it in each.changes[:_MOVES_SHOWN]
    )
    if (more := len(each.changes) - _MOVES_SHOWN) > 0:
        changed += f"; and {more} more"
    what = changed or "the parts of the day moved, no sum did"
    head = f"{stream_name(each.stream)} of {formats.day(each.day)}, revised on"
    return html.Li([html.B(f"{head} {formats.day(each.seen_at)}"), html.Div(what, className="dim")])


def _settling(settled: Settling) -> list[Component]:
    if not settled.rows:
        return [html.P(_nothing_settled(settled))]
    head = [
        "Days after its end",
        "Share of final cost",
        "Lowest day",
        "Highest day",
        "Changed later",
    ]
    cells = [_settling_cells(row, settled.days) for row in settled.rows]
    about = (
        f"Over {settled.days} days that were first read before they ended and are more than 35"
        " days old. The final cost is what the last reading said."
    )
    return [html.P(about, className="dim"), table(head, cells, caption="How long a day settles")]


def _settling_cells(row: SettlingRow, days: int) -> list[str]:
    shares = [formats.percent(it) for it in (row.share, row.lowest, row.highest)]
    return ["at its end" if row.age == 0 else str(row.age), *shares, f"{row.moving} of {days} days"]


def _nothing_settled(settled: Settling) -> str:
    need = "This takes days that were first read before they ended and are 35 days old."
    if settled.next_on is None:
        return f"{need} None was read so yet."
    date = formats.day(settled.next_on, year=True)
    wait = "1 day waits" if settled.waiting == 1 else f"{settled.waiting} days wait"
    return f"{need} {wait}, the first is complete on {date}."
