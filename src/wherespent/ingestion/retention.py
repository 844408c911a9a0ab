"""Which days let go of their hours: old ones that will not be read again."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

import structlog

from wherespent.domain.streams import STOCK_MEASURES, Kind, Stream
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.ingestion.plan import had_its_last_look
from wherespent.storage.engine import Database
from wherespent.storage.retention import days_with_hours, prune_days
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.sync_state import Reading, days_read
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import advance_version

log = structlog.get_logger()

# A week of a large organization is a transaction of a second or two.
_DAYS_AT_ONCE = 7


def prune_hours(
    database: Database,
    account: str,
    streams: Iterable[Stream],
    *,
    days: int,
    now: datetime,
    has_time: Callable[[], bool] = lambda: True,
) -> int:
    """Let go of the hours of final days older than `days`, 0 for none; returns how many days.

    Stops between two transactions once `has_time` says so: the next call goes on.
    """
    pruned = 0
    for stream in streams if days else ():
        if stream.kind is not Kind.USAGE or not STOCK_MEASURES.isdisjoint(stream.measures):
            continue
        while has_time() and (done := _prune_some(database, account, stream, days, now)):
            pruned += done
    if pruned:
        log.info("let go of old hours", stream_days=pruned, older_than_days=days)
    return pruned


def _prune_some(database: Database, account: str, stream: Stream, days: int, now: datetime) -> int:
    before = floor_day(epoch(now)) - days * DAY
    with database.write() as connection:
        place = Place(account_id(connection, account), stream_id(connection, stream.name))
        reading = Reading(place, MAIN)
        read = days_read(connection, reading)
        final = (
            day
            for day in days_with_hours(connection, place, before)
            if (read_at := read.get(day)) is not None
            and read_at <= now
            and had_its_last_look(day, read_at)
        )
        old = list(islice(final, _DAYS_AT_ONCE))
        if old:
            prune_days(connection, reading, old)
            advance_version(connection, place.account_id)
    return len(old)
