"""Checks the stored numbers after a sync, where the sync may have changed them."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from wherespent.errors import StorageError
from wherespent.storage.engine import Database
from wherespent.storage.proofs import Invariant, first_day_read, prove

log = structlog.get_logger()


def prove_sync(
    database: Database,
    account: str,
    invariants: Sequence[Invariant],
    *,
    started: datetime,
    now: datetime,
) -> None:
    """Check the days that were read since `started`, and once a day everything.

    A check that cannot be made fails no sync: what it knew before stays, with its age.
    """
    try:
        with database.read() as connection:
            # Kept by whole seconds.
            first = first_day_read(connection, account, started.replace(microsecond=0))
        if first is not None:
            prove(database, account, invariants, now, recent_from=first)
    except StorageError as error:
        log.warning("the proofs could not be made", error=str(error))
