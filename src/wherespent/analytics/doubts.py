"""Buckets that came back empty over stored rows: what they held, and until when that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from wherespent.analytics.sources import Account, read_account
from wherespent.analytics.sums import added
from wherespent.domain.money import from_nanos
from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import Window
from wherespent.providers import STREAMS
from wherespent.storage import tables
from wherespent.storage.empty_buckets import BELIEVE_EMPTY_AFTER


@dataclass(frozen=True, slots=True)
class DoubtedBucket:
    """One bucket that the provider answered empty, though rows of it are stored.

    `billed` is in US dollars, for costs only; `amount` is the sum of `measure`, for usage only
    (requests where the stream counts them). A reading at or after `believed_from` that is empty
    again removes the rows; one that is not clears the doubt.
    """

    stream: str
    grouping: int
    bucket: Window
    rows: int
    billed: Decimal | None
    amount: int | None
    measure: str
    seen_at: datetime
    believed_from: datetime


def doubted_buckets(connection: Connection, account: str) -> list[DoubtedBucket]:
    """Every bucket in doubt, costs first, the newest first."""
    read = read_account(connection, account)
    by_id = {read.stream_ids[name]: s for name, s in STREAMS.items() if name in read.stream_ids}
    flagged = set(
        connection.scalars(
            select(tables.empty_bucket.c.stream_id)
            .where(tables.empty_bucket.c.account_id == read.id)
            .distinct()
        )
    )
    found = [
        _doubted(by_id[number], row)
        for number in flagged & by_id.keys()
        for row in _rows(connection, read, number, by_id[number])
    ]
    order = list(STREAMS)
    return sorted(found, key=lambda it: (order.index(it.stream), it.grouping, -it.bucket.start))


def _rows(
    connection: Connection, account: Account, stream_id: int, stream: Stream
) -> Sequence[tuple[Any, ...]]:
    """One row per flag, with what the bucket still holds."""
    flag = tables.empty_bucket
    is_cost = stream.kind is Kind.COST
    facts = tables.cost_day if is_cost else tables.usage_hour
    same: list[ColumnElement[bool]] = [
        facts.c.account_id == flag.c.account_id,
        facts.c.bucket_start == flag.c.bucket_start,
        facts.c.grouping == flag.c.grouping if is_cost else facts.c.stream_id == flag.c.stream_id,
    ]
    statement: Select[*tuple[Any, ...]] = (
        select(
            flag.c.grouping,
            flag.c.bucket_start,
            flag.c.seen_at,
            func.count(facts.c.bucket_start),
            added(facts.c[stream.measures[0]]),
        )
        .select_from(flag.outerjoin(facts, and_(*same)))
        .where(flag.c.account_id == account.id, flag.c.stream_id == stream_id)
        .group_by(flag.c.grouping, flag.c.bucket_start, flag.c.seen_at)
    )
    return [tuple(row) for row in connection.execute(statement)]


def _doubted(stream: Stream, row: tuple[Any, ...]) -> DoubtedBucket:
    grouping, start, seen_at, rows, held = row
    is_cost = stream.kind is Kind.COST
    return DoubtedBucket(
        stream=stream.name,
        grouping=grouping,
        bucket=Window(start, start + stream.width),
        rows=rows,
        billed=from_nanos(held or 0) if is_cost else None,
        amount=None if is_cost else held or 0,
        measure=stream.measures[0],
        seen_at=seen_at,
        believed_from=seen_at + BELIEVE_EMPTY_AFTER,
    )
