"""Asks for the bill once more without any grouping: what the rows of a day must add up to.

One request beside a sync of costs. Rows and total are two readings at two moments, so days that
disagree are read both ways again: they disagree only where neither reading has changed, else
the day moved while it was being read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, joined_days
from wherespent.errors import ProviderError
from wherespent.ingestion.account_sync import AccountSync
from wherespent.storage import sync_state
from wherespent.storage.billed_totals import (
    NOTHING_BILLED,
    BilledDay,
    agrees,
    billed_days,
    replace_billed_totals,
    totals_read,
)
from wherespent.storage.empty_buckets import BELIEVE_EMPTY_AFTER
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.sync_state import DONE, Reading
from wherespent.storage.tables import MAIN

log = structlog.get_logger()


@dataclass
class BilledTotals:
    """The totals of all days that `sync` has read since a moment.

    Its requests count as those of the costs. What goes wrong is logged, fails nothing, and is
    not tried again in this sync.
    """

    sync: AccountSync
    since: datetime
    _given_up: bool = False

    def read(self) -> None:
        """Keep the totals that are not known yet; asks nothing where there are none."""
        for stream in self.sync.streams:
            outcome = self.sync.outcomes.get(stream.name)
            is_read = outcome is not None and outcome.status == DONE
            if outcome is None or stream.kind is not Kind.COST or not is_read or self._given_up:
                continue
            requests = self.sync.client.requests
            try:
                _Totals(self.sync, stream, self._place(stream)).read(self.since)
            except ProviderError as error:
                self._given_up = True
                log.warning("the total of the bill could not be read", error=str(error))
            outcome.requests += self.sync.client.requests - requests

    def _place(self, stream: Stream) -> Place:
        with self.sync.database.write() as connection:
            account = account_id(connection, self.sync.account)
            return Place(account, stream_id(connection, stream.name))


@dataclass(frozen=True, slots=True)
class _Totals:
    sync: AccountSync
    stream: Stream
    place: Place

    def read(self, since: datetime) -> None:
        days = self._days(since)
        if not days:
            return
        first, ours = self._ask(days), self._ours(days)
        totals, moved = first, frozenset[int]()
        if differing := _differing(days, first, ours):
            again = self._ask_again(differing)
            # Not known to be wrong: without a second look no total is kept.
            totals = {day: first[day] for day in days if day not in differing}
            if again is not None:
                moved = self._moved(differing, first, ours, again)
                totals |= again
        with self.sync.database.write() as connection:
            replace_billed_totals(
                connection, self.place.account_id, totals, self.sync.now(), moved=moved
            )

    def _moved(
        self,
        days: list[int],
        totals: Mapping[int, int],
        ours: Mapping[int, BilledDay],
        again: Mapping[int, int],
    ) -> frozenset[int]:
        """Days that still disagree, where one of the two readings has changed meanwhile."""
        latest = self._ours(days)
        return frozenset(
            day
            for day in _differing(days, again, latest)
            if again[day] != totals[day] or latest.get(day) != ours.get(day)
        )

    def _days(self, since: datetime) -> list[int]:
        """Days that were read since then, and whose total was not."""
        reading = Reading(self.place, MAIN)
        with self.sync.database.read() as connection:
            # Kept by whole seconds.
            read = {
                day: at
                for day, at in sync_state.days_read(connection, reading).items()
                if at >= since.replace(microsecond=0)
            }
            if not read:
                return []
            span = Window(min(read), max(read) + DAY)
            known = totals_read(connection, self.place.account_id, span)
            # Kept although the answer was empty: its total is 0 until that is believed.
            later = self.sync.now() + BELIEVE_EMPTY_AFTER
            doubted = sync_state.days_to_doubt(connection, reading, later)
        return sorted(
            day
            for day, at in read.items()
            if day not in doubted and (day not in known or known[day] < at)
        )

    def _ask(self, days: list[int]) -> dict[int, int]:
        """Whole nano-dollars of each day; 0 where the answer holds nothing."""
        window = Window(days[0], days[-1] + DAY)
        found = {
            bucket.start: sum(cell.nanos for cell in bucket.records.values())
            for page in self.sync.client.fetch_pages(self.stream, window, ())
            for bucket in page.buckets
        }
        return {day: found.get(day, 0) for day in days}

    def _ask_again(self, days: list[int]) -> dict[int, int] | None:
        """Read the rows again, then the totals; None where the rows could not be read."""
        for window in joined_days(days):
            if self.sync.read_again(self.stream, window) != DONE:
                return None
        return self._ask(days)

    def _ours(self, days: list[int]) -> dict[int, BilledDay]:
        with self.sync.database.read() as connection:
            return billed_days(connection, self.place.account_id, Window(days[0], days[-1] + DAY))


def _differing(
    days: list[int], totals: Mapping[int, int], ours: Mapping[int, BilledDay]
) -> list[int]:
    return [day for day in days if not agrees(ours.get(day, NOTHING_BILLED), totals[day])]
