"""Questions about the last hours by minute: what the live page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import Account, Source, read_account
from wherespent.analytics.sums import Sums, added, sums
from wherespent.domain.windows import HOUR, MINUTE, Window
from wherespent.providers.openai.streams import COMPLETIONS
from wherespent.storage.minutes import tail_state
from wherespent.storage.rollups import Place
from wherespent.storage.tables import usage_minute, usage_series

# Over how many minutes "now" is averaged: one alone jumps too much.
NOW_MINUTES = 5
# With nothing for longer than this, nobody is asking, rather than OpenAI being late.
LATEST_LAG_SECONDS = 15 * MINUTE
# An account this far behind the others is not waited for: the shortest view would be blank.
STOPPED_AFTER_SECONDS = HOUR


@dataclass(frozen=True, slots=True)
class MinutePoint:
    """Requests and tokens (input and output) of one model key in one minute."""

    bucket_start: int
    model: str
    requests: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Tail:
    """What is known of the last hours. `newest`: the last minute with any request at all.

    `stopped`: accounts that are far behind the others, and where their minutes end.
    """

    window: Window | None
    read_at: datetime | None
    error: str
    newest: int | None
    stopped: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """Means per minute over the `window`; None where no minute was read."""

    requests: float
    tokens: float
    window: Window


def tail(connection: Connection, accounts: Sequence[str]) -> Tail:
    """Which minutes were read of all these accounts, when, and how far OpenAI's answer reached.

    An account that was never read (its key may be refused), or not for long, does not hide the
    others.
    """
    places = {label: _place(connection, label) for label in accounts}
    states = {label: tail_state(connection, place) for label, place in places.items()}
    windows = {label: state.window for label, state in states.items() if state.window is not None}
    stopped = _stopped(windows)
    kept = {label: window for label, window in windows.items() if label not in stopped}
    errors = {label: state.error for label, state in states.items() if state.error}
    moments = [moment for label in kept if (moment := states[label].read_at) is not None]
    return Tail(
        window=_common(list(kept.values())),
        read_at=min(moments, default=None),
        error=" ".join(_told(label, it, len(places)) for label, it in errors.items()),
        newest=max(filter(None, (_newest(connection, it) for it in places.values())), default=None),
        stopped=tuple(stopped.items()),
    )


def _place(connection: Connection, label: str) -> Place:
    account = read_account(connection, label)
    return Place(account.id, account.stream_ids.get(COMPLETIONS.name, 0))


def _stopped(windows: Mapping[str, Window]) -> dict[str, int]:
    """The accounts that are far behind the one that was read last, and where they end."""
    oldest = max((it.end for it in windows.values()), default=0) - STOPPED_AFTER_SECONDS
    return {label: it.end for label, it in windows.items() if it.end < oldest}


def _common(windows: Sequence[Window]) -> Window | None:
    """What is known of every one of them."""
    start = max((window.start for window in windows), default=0)
    end = min((window.end for window in windows), default=0)
    return Window(start, end) if start < end else None


def _told(label: str, error: str, accounts: int) -> str:
    return f"{label}: {error}" if accounts > 1 else error


def _newest(connection: Connection, place: Place) -> int | None:
    c = usage_minute.c
    return connection.scalar(
        select(func.max(c.bucket_start)).where(
            c.account_id == place.account_id,
            c.stream_id == place.stream_id,
            c.num_model_requests > 0,
        )
    )


def minutes_by_model(connection: Connection, filters: Filters, window: Window) -> list[MinutePoint]:
    """Every minute and model of the window with usage that passes the filters' choices.

    `window` is in whole minutes and stands in for that of `filters`.
    """
    columns = usage_minute.c

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        source = minute_source(scope.account)
        return sums(
            connection,
            source,
            window,
            Granularity.HOUR,  # buckets as they are stored
            scope.filters.usage_choices,
            by=[source.shown(name) for name in by],
            measures=[
                added(columns.num_model_requests),
                added(columns.input_tokens),
                added(columns.output_tokens),
            ],
        )

    found = added_up(connection, filters, ("model",), ask)
    return [
        MinutePoint(start, model, requests or 0, (taken or 0) + (given or 0))
        for (start, model), (requests, taken, given) in found.items()
    ]


def minute_source(account: Account) -> Source:
    """The minutes that are kept: those of completions."""
    return Source(
        account.id,
        usage_minute,
        usage_minute.c.series_id,
        usage_series,
        MINUTE,
        stream_ids=account.ids_of((COMPLETIONS,)),
    )


def current_rate(points: Iterable[MinutePoint], known: Window, newest: int | None) -> Rate:
    """Means over the last minutes that OpenAI has data for.

    Its answers are some minutes late: averaging up to the clock would always be too low. After
    a quarter of an hour without any request nothing is late, so the mean falls to zero.
    """
    is_late = newest is not None and known.end - newest <= LATEST_LAG_SECONDS
    # One account may have newer minutes than all of them have.
    end = min(newest + MINUTE, known.end) if newest is not None and is_late else known.end
    window = Window(max(known.start, end - NOW_MINUTES * MINUTE), end)
    inside = [point for point in points if window.start <= point.bucket_start < window.end]
    minutes = window.seconds / MINUTE
    return Rate(
        sum(point.requests for point in inside) / minutes,
        sum(point.tokens for point in inside) / minutes,
        window,
    )
