"""Reads the last hours by minute, for the live page: while somebody looks, or always.

Minutes are for looking only: hours are read by themselves, and totals come from those.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.domain.records import UsageBucket
from wherespent.domain.streams import Stream
from wherespent.domain.windows import MINUTE, Window, epoch
from wherespent.errors import ProviderError, RequestRefused, SyncStopped
from wherespent.ingestion.groupings import Refusals, dimensions, learn_from
from wherespent.ingestion.sync import Client
from wherespent.providers.openai.streams import COMPLETIONS
from wherespent.storage.engine import Database
from wherespent.storage.minutes import (
    WATCHED_FOR,
    TailState,
    live_place,
    record_tail_failure,
    replace_minutes,
    tail_state,
)
from wherespent.storage.refusals import refusals
from wherespent.storage.rollups import Place
from wherespent.storage.series import UsageSeries
from wherespent.storage.tables import MAIN

log = structlog.get_logger()

TAIL = timedelta(hours=6)
# Minutes are revised for about a quarter of an hour after they end.
REVISED_FOR = timedelta(minutes=15)
MOST_MINUTES_A_PAGE = 1440


def minute_stream(stream: Stream) -> Stream:
    """The same endpoint, asked for minutes."""
    return replace(stream, width=MINUTE, page_limit=MOST_MINUTES_A_PAGE)


@dataclass
class LiveTail:
    """Keeps the minutes of one account fresh. `always`: also while nobody looks.

    Call `run` every second or two; it asks OpenAI at most once per `pace`.
    """

    database: Database
    client: Client
    now: Callable[[], datetime]
    pace: timedelta
    always: bool = False
    account: str = DEFAULT_ACCOUNT
    stream: Stream = COMPLETIONS
    _tried_at: datetime | None = field(default=None, init=False)
    _place: Place | None = field(default=None, init=False)

    def run(self) -> bool:
        """Read what is missing or still revised, when it is due; whether OpenAI was asked."""
        now = self.now()
        if not self._is_time(now):
            return False
        place = self._place = self._place or live_place(self.database, self.account, self.stream)
        with self.database.read() as connection:
            state = tail_state(connection, place)
        if not (self.always or is_watched(state, now)) or not self._is_old(state, now):
            return False
        self._tried_at = now
        try:
            self._read(place, missing(state.window, now), now)
        except SyncStopped:
            return False
        except ProviderError as error:
            log.warning("the live minutes could not be read", error=str(error))
            with self.database.write() as connection:
                record_tail_failure(connection, place, str(error))
        return True

    def _is_time(self, now: datetime) -> bool:
        """A failure waits for its turn like a success; a clock that went back does not."""
        tried = self._tried_at
        return tried is None or not tried <= now < tried + self.pace

    def _is_old(self, state: TailState, now: datetime) -> bool:
        """Another leader may have read just now."""
        read = state.read_at
        return read is None or not read <= now < read + self.pace

    def _read(self, place: Place, wanted: Window, now: datetime) -> None:
        """All minutes of the window in one transaction, or none."""
        with self.database.read() as connection:
            known = Refusals.of(refusals(connection, place))
        group_by, buckets = self._fetch(wanted, known)
        # What was known before and is still within the tail stays.
        with self.database.write() as connection:
            state = tail_state(connection, place)
            rows = replace_minutes(
                connection,
                place,
                self.stream,
                UsageSeries(place.account_id, place.stream_id, self.stream),
                group_by,
                buckets,
                wanted,
                known_after(state.window, wanted, now),
                now=now,
            )
        log.debug("live minutes", minutes=wanted.seconds // MINUTE, rows=rows)

    def _fetch(self, wanted: Window, known: Refusals) -> tuple[tuple[str, ...], list[UsageBucket]]:
        """Grouped by as much as the organization allows."""
        stream = minute_stream(self.stream)
        while True:
            group_by = dimensions(stream, MAIN, known, wanted)
            try:
                pages = self.client.fetch_pages(stream, wanted, group_by)
                return group_by, [bucket for page in pages for bucket in page.buckets]
            except RequestRefused as error:
                learned = learn_from(error, stream, group_by, known)
                if learned is None:
                    raise
                known = learned


def is_watched(state: TailState, now: datetime) -> bool:
    """Whether somebody looked within the last minute."""
    return state.watched_at is not None and abs(now - state.watched_at) < WATCHED_FOR


def missing(known: Window | None, now: datetime) -> Window:
    """Whole minutes to read: what is not known of the tail, and what is still revised.

    The minute that is under way is left out: half of it would look like a drop.
    """
    end = _floor(now)
    oldest = end - int(TAIL.total_seconds())
    if known is None or not oldest <= known.end <= end:
        return Window(oldest, end)
    revised = min(known.end, end - MINUTE) - int(REVISED_FOR.total_seconds())
    return Window(max(oldest, revised), end)


def known_after(known: Window | None, read: Window, now: datetime) -> Window:
    """The contiguous minutes that are known once `read` was read."""
    oldest = _floor(now) - int(TAIL.total_seconds())
    joins = known is not None and known.start <= read.start <= known.end
    start = known.start if known is not None and joins else read.start
    return Window(max(oldest, start), read.end)


def _floor(now: datetime) -> int:
    return epoch(now) - epoch(now) % MINUTE
