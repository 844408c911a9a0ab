"""What the provider sent and this version has no place for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wherespent.analytics.sources import read_account
from wherespent.storage import tables


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """A `field` or a kind of `result`: the newest `sample` as JSON, and how often it was seen.

    A bucket that is read again is seen again, so `seen` counts sightings and not rows.
    """

    stream: str
    kind: str
    name: str
    sample: str
    seen: int
    first_seen_at: datetime
    last_seen_at: datetime


def unknown_data(connection: Connection, account: str) -> list[UnknownRow]:
    """Whole results first, because what they hold is in no sum; then by stream and name."""
    read = read_account(connection, account)
    c, stream = tables.unrecognized.c, tables.stream
    rows = connection.execute(
        select(
            stream.c.name,
            c.kind,
            c.name,
            c.sample,
            c.seen,
            c.first_seen_at,
            c.last_seen_at,
        )
        .join(stream, stream.c.id == c.stream_id)
        .where(c.account_id == read.id)
        .order_by(c.kind.desc(), stream.c.id, c.name)
    )
    return [UnknownRow(*row) for row in rows]
