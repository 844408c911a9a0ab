"""What the provider sent and this version does not know: kept as it came, and counted."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from wherespent.domain.records import Unrecognized
from wherespent.storage.rollups import Place
from wherespent.storage.tables import unrecognized

# A provider that makes up names without end must not fill the database.
_MOST_KEPT = 200


def record_unrecognized(
    connection: Connection, place: Place, found: Collection[Unrecognized], now: datetime
) -> bool:
    """Add to the counts and keep the newest sample; True when one was never seen before."""
    c = unrecognized.c
    before = connection.execute(
        unrecognized.select().where(
            c.account_id == place.account_id, c.stream_id == place.stream_id
        )
    )
    known = {(row.kind, row.name) for row in before}
    room = max(0, _MOST_KEPT - len(known))
    new = [each for each in found if (each.kind, each.name) not in known][:room]
    kept = [each for each in found if (each.kind, each.name) in known] + new
    if not kept:
        return False
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(unrecognized)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(unrecognized.primary_key.columns),
            set_={
                "sample": statement.excluded.sample,
                "seen": c.seen + statement.excluded.seen,
                "last_seen_at": statement.excluded.last_seen_at,
            },
        ),
        [
            {
                "account_id": place.account_id,
                "stream_id": place.stream_id,
                "kind": each.kind,
                "name": each.name,
                "sample": each.sample,
                "seen": each.seen,
                "first_seen_at": now,
                "last_seen_at": now,
            }
            for each in kept
        ],
    )
    return bool(new)
