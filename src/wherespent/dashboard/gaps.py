"""What was not read, as pages say and draw it: no data is never zero."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from dash import dcc
from dash.development.base_component import Component

from wherespent.analytics.all_accounts import bill_groupings, expected
from wherespent.analytics.coverage import unread_days
from wherespent.analytics.filters import Filters
from wherespent.analytics.sources import request_streams
from wherespent.dashboard.components import blank
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import Axis, axis
from wherespent.domain.windows import DAY, HOUR, Window, epoch, floor_day
from wherespent.providers.openai.streams import COSTS
from wherespent.storage.tables import MAIN

COST_STREAMS = (COSTS.name,)
REQUEST_STREAMS = tuple(stream.name for stream in request_streams())


def unread(
    desk: Desk,
    asked: Asked,
    streams: tuple[str, ...],
    window: Window | None = None,
    *,
    by: tuple[str, ...] = (),
) -> frozenset[int]:
    """UTC days up to today that these streams of any chosen account did not read.

    Of the asked window, or of another one of UTC days (`utc_days`). `by` is what the bill is split
    by. Of an account that is not stored nothing was read.
    """
    today = floor_day(epoch(asked.now))
    span = window or utc_days(asked.filters, streams)
    # A label that nobody has is asked for as well: then every day is unread.
    chosen = _chosen(desk, asked) or asked.filters.account.include
    counted = desk.answers.ask(expected, chosen, streams)
    each = (
        desk.answers.ask(unread_days, label, read, span, today=today, grouping=grouping)
        for label in counted
        for read, grouping in _readings(desk, asked, label, streams, by)
    )
    return frozenset[int]().union(*each)


def utc_days(filters: Filters, streams: Collection[str]) -> Window:
    """The UTC days that a question about these streams is answered from.

    The bill, and what is divided by it, is of UTC days whatever the zone.
    """
    return filters.window if COSTS.name in streams else filters.zone.utc_days(filters.window)


def _readings(
    desk: Desk, asked: Asked, label: str, streams: tuple[str, ...], by: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """These streams, each in the grouping that is asked: users may stand apart in the bill."""
    grouping = MAIN
    if COSTS.name in streams and (asked.filters.user or "user_id" in by):
        grouping = desk.answers.ask(bill_groupings, asked.filters, by).get(label, MAIN)
    if grouping == MAIN:
        yield streams, MAIN
        return
    yield COST_STREAMS, grouping
    if rest := tuple(name for name in streams if name != COSTS.name):
        yield rest, MAIN


def _chosen(desk: Desk, asked: Asked) -> tuple[str, ...]:
    return tuple(label for label in desk.accounts() if asked.filters.account.keeps(label))


def unknown_account(desk: Desk, asked: Asked) -> Component | None:
    """What is said where none of the chosen labels is that of a stored account."""
    if _chosen(desk, asked):
        return None
    everything = asked.view.without("account").query() or "?"
    away = dcc.Link("Show all accounts", href=everything, className="link")
    return blank("There is no such account", ["Nothing is stored under this label. ", away])


def axis_of(
    desk: Desk,
    asked: Asked,
    filters: Filters,
    streams: tuple[str, ...],
    *,
    by: tuple[str, ...] = (),
) -> Axis:
    """The buckets of a chart, and which of them were not read; `by` as in `unread`."""
    days = unread(desk, asked, streams, utc_days(filters, streams), by=by)
    if streams == COST_STREAMS:
        return axis(filters.window, filters.granularity, days)
    zone = filters.zone
    if zone.is_utc or COSTS.name in streams:
        return axis(filters.window, filters.grain, days)
    missing = {zone.wall(moment) for day in days for moment in (day, day + DAY - HOUR)}
    buckets = axis(filters.window, filters.grain, {floor_day(it) for it in missing})
    return replace(buckets, zone=zone.offset_name(filters.window))


def begun_days(asked: Asked, streams: Collection[str]) -> int:
    """How many of the UTC days that are asked for are not in the future."""
    span = utc_days(asked.filters, streams)
    return max(0, min(span.end, floor_day(epoch(asked.now)) + DAY) - span.start) // DAY


def note(asked: Asked, missing: Collection[int], streams: Collection[str] = COST_STREAMS) -> str:
    """How many days were not read ("3 of 30 days not read"), '' where all of them were."""
    # Seven days of another zone lie in eight of UTC.
    is_shifted = utc_days(asked.filters, streams) != asked.filters.window
    days = "UTC days" if is_shifted else "days"
    return f"{len(missing)} of {begun_days(asked, streams)} {days} not read" if missing else ""


def nothing(
    desk: Desk, asked: Asked, streams: tuple[str, ...], *, by: tuple[str, ...] = ()
) -> Component:
    """Why there is nothing to draw: not begun, not read, nothing chosen, or truly nothing used."""
    if unknown := unknown_account(desk, asked):
        return unknown
    begun = begun_days(asked, streams)
    if not begun:
        return blank(
            "Not begun yet", "This is told by UTC days, and no UTC day of this range has begun."
        )
    missing = unread(desk, asked, streams, by=by)
    if len(missing) >= begun:
        return blank("Not read", "Nothing was read of this range. What was not read is not $0.")
    is_cost = streams == COST_STREAMS
    if asked.filters.cost_choices if is_cost else asked.filters.usage_choices:
        return blank(
            "Nothing matches the filters", "This range has data, but none that passes the filters."
        )
    if missing:
        return blank(
            "Nothing in the days that were read",
            f"{note(asked, missing, streams)}. What was not read is not $0.",
        )
    return blank("Nothing used in this range", "It was read, and it is empty.")
