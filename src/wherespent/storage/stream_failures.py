"""How readings failed last, and when a failure no longer counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from wherespent.storage.sync_state import Reading
from wherespent.storage.tables import stream_state


@dataclass(frozen=True, slots=True)
class Failure:
    """How a reading failed last. `kind` is the name of the error's class."""

    at: datetime
    kind: str
    error: str


def failure_of(connection: Connection, reading: Reading) -> Failure | None:
    """None where the last attempt did not fail."""
    c = stream_state.c
    row = connection.execute(
        select(c.last_failure_at, c.error_kind, c.error).where(
            c.account_id == reading.place.account_id,
            c.stream_id == reading.place.stream_id,
            c.grouping == reading.grouping,
            c.failures > 0,
            c.last_failure_at.is_not(None),
        )
    ).first()
    return None if row is None else Failure(*row)


def forgive_key(connection: Connection, account_id: int, kinds: Iterable[str]) -> None:
    """Take back the failures that a key was to blame for: the account has another one."""
    c = stream_state.c
    connection.execute(
        update(stream_state)
        .where(c.account_id == account_id, c.error_kind.in_(list(kinds)))
        .values(failures=0, error_kind="", error="")
    )
