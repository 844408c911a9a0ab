"""Refresh requests: how a page asks the one process that syncs to do so now."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update

from wherespent.storage.engine import Database
from wherespent.storage.tables import refresh_request

_KEPT = timedelta(days=1)


def request_refresh(database: Database, now: datetime) -> None:
    """Leave a request; the process that syncs looks for one every second."""
    with database.write() as connection:
        connection.execute(insert(refresh_request).values(requested_at=now))


def take_refresh_requests(database: Database, now: datetime) -> int:
    """How many requests were waiting; the sync that starts now answers all of them."""
    c = refresh_request.c
    with database.read() as connection:
        if connection.scalar(refresh_request.select().where(c.taken_at.is_(None))) is None:
            return 0
    with database.write() as connection:
        connection.execute(delete(refresh_request).where(c.taken_at < now - _KEPT))
        return connection.execute(
            update(refresh_request).where(c.taken_at.is_(None)).values(taken_at=now)
        ).rowcount
