"""Reads one stream over one window and writes it, page by page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection

from wherespent.domain.records import CostBucket, Unrecognized, UsageBucket
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.errors import HistoryLimit, ProviderError, RequestRefused
from wherespent.ingestion.groupings import (
    ALWAYS,
    Refusals,
    dimensions,
    history_floor,
    learn_from,
    pieces,
)
from wherespent.ingestion.plan import provisional_from
from wherespent.storage.cost_writes import replace_costs
from wherespent.storage.engine import Database
from wherespent.storage.refusals import learn_refusals
from wherespent.storage.retention import without_pruned
from wherespent.storage.rollups import Place
from wherespent.storage.series import CostSeries, UsageSeries
from wherespent.storage.sync_state import (
    Reading,
    record_coverage,
    renew,
)
from wherespent.storage.unrecognized import record_unrecognized
from wherespent.storage.writes import Written, advance_version, replace_usage

log = structlog.get_logger()

Clock = Callable[[], datetime]


class ClaimLost(ProviderError):
    """Another process took the reading over; it goes on where this one ended."""


class PageAnswer(Protocol):
    """One page of whole buckets."""

    buckets: list[Any]
    has_more: bool
    unrecognized: list[Unrecognized]


class Client(Protocol):
    """What the sync needs of a provider."""

    requests: int

    def fetch_pages(
        self, stream: Stream, window: Window, group_by: tuple[str, ...]
    ) -> Iterator[Any]: ...


@dataclass
class StreamSync:
    """Everything that reading one stream of one account needs.

    `claimant` names this process; `refusals` grows as the provider teaches.
    """

    database: Database
    client: Client
    stream: Stream
    place: Place
    claimant: str
    now: Clock
    refusals: Refusals
    _usage_series: UsageSeries = field(init=False)
    _cost_series: CostSeries = field(init=False)

    def __post_init__(self) -> None:
        self._forget_series()

    def read(self, grouping: int, window: Window, written: Written) -> None:
        """Read the window and write it; `written` counts what is committed.

        Raises ProviderError, with all pages before the failing one kept.
        """
        self._read(grouping, window, self.refusals, written)

    def _read(self, grouping: int, window: Window, refusals: Refusals, written: Written) -> None:
        for piece in pieces(window, refusals):
            # What an earlier piece taught counts as well.
            known = refusals.union(self.refusals)
            if known != refusals:
                self._read(grouping, piece, known, written)
                continue
            try:
                self._read_piece(grouping, piece, refusals, written)
            except RequestRefused as error:
                learned = self._learned(error, grouping, piece, refusals)
                if learned is None:
                    raise
                if not pieces(piece, learned):
                    # Nothing is left to ask, so no answer will confirm it.
                    self._remember(learned)
                self._read(grouping, piece, learned, written)

    def _learned(
        self, error: RequestRefused, grouping: int, piece: Window, known: Refusals
    ) -> Refusals | None:
        if isinstance(error, HistoryLimit):
            return history_floor(error.earliest, piece, floor_day(epoch(self.now())), known)
        group_by = dimensions(self.stream, grouping, known, piece)
        # What only old windows refuse is none of the newest data's business.
        is_new = piece.end > floor_day(epoch(self.now()))
        return learn_from(error, self.stream, group_by, known, ALWAYS if is_new else piece.end)

    def _read_piece(
        self, grouping: int, piece: Window, refusals: Refusals, written: Written
    ) -> None:
        group_by = dimensions(self.stream, grouping, refusals, piece)
        asked_at = self.now()
        seen: set[int] = set()
        for page in self.client.fetch_pages(self.stream, piece, group_by):
            # A refusal is remembered only once the smaller question was answered.
            self._remember(refusals)
            self._keep_unrecognized(page.unrecognized)
            buckets = list(page.buckets)
            seen.update(bucket.start for bucket in buckets)
            if not page.has_more:
                buckets += self._left_out(piece, seen, asked_at)
            days = days_seen(piece, self.stream.width, seen, asked_at, whole=not page.has_more)
            written.add(self._write(grouping, group_by, buckets, days, asked_at))

    def _keep_unrecognized(self, found: list[Unrecognized]) -> None:
        """What is not known is no error: kept as it came, and shown on Data health."""
        if not found:
            return
        with self.database.write() as connection:
            is_new = record_unrecognized(connection, self.place, found, self.now())
        if is_new:
            names = sorted(f"{each.kind} {each.name}" for each in found)
            log.warning("the answer holds what is not known", stream=self.stream.name, what=names)

    def _left_out(self, piece: Window, seen: set[int], asked_at: datetime) -> list[Any]:
        """Buckets that a finished answer does not hold are empty ones."""
        make = CostBucket if self.stream.kind is Kind.COST else UsageBucket
        begun = min(piece.end, epoch(asked_at) + 1)
        return [
            make(start)
            for start in range(piece.start, begun, self.stream.width)
            if start not in seen
        ]

    def _write(
        self,
        grouping: int,
        group_by: tuple[str, ...],
        buckets: list[Any],
        days: list[int],
        asked_at: datetime,
    ) -> Written:
        """One transaction: facts, rollups, revisions, coverage, or nothing."""
        reading = Reading(self.place, grouping)
        with self._series_of_one_transaction(), self._page() as connection:
            if not renew(connection, reading, self.claimant, self.now()):
                raise ClaimLost(f"{self.stream.name} is being read by another process")
            if self.stream.kind is Kind.COST:
                written = replace_costs(
                    connection,
                    self.place,
                    self._cost_series,
                    group_by,
                    buckets,
                    grouping=grouping,
                    settled_before=provisional_from(self.stream, asked_at),
                    now=asked_at,
                )
            else:
                written = replace_usage(
                    connection,
                    self.place,
                    self.stream,
                    self._usage_series,
                    group_by,
                    without_pruned(connection, self.place, buckets),
                    settled_before=provisional_from(self.stream, asked_at),
                    now=asked_at,
                )
            is_first = record_coverage(connection, reading, days, asked_at)
            if written.buckets_changed or is_first:
                advance_version(connection, self.place.account_id)
        return written

    def _page(self) -> AbstractContextManager[Connection]:
        return self.database.write(is_read_again=True)

    @contextmanager
    def _series_of_one_transaction(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # Rolled back: the numbers of new series are gone with it.
            self._forget_series()
            raise

    def _forget_series(self) -> None:
        account = self.place.account_id
        self._usage_series = UsageSeries(account, self.place.stream_id, self.stream)
        self._cost_series = CostSeries(account)

    def _remember(self, refusals: Refusals) -> None:
        learned = refusals.new_since(self.refusals)
        if not learned:
            return
        with self.database.write() as connection:
            learn_refusals(connection, self.place, learned, self.now())
            advance_version(connection, self.place.account_id)
        self.refusals = self.refusals.union(refusals)


def days_seen(
    piece: Window, width: int, seen: set[int], asked_at: datetime, *, whole: bool
) -> list[int]:
    """UTC days that an answer covers: all that have begun at its end, else the complete ones."""
    if whole:
        return [day for day in piece.days() if day <= epoch(asked_at)]
    counts: dict[int, int] = {}
    for start in seen:
        counts[floor_day(start)] = counts.get(floor_day(start), 0) + 1
    return sorted(day for day, count in counts.items() if count == DAY // width)
