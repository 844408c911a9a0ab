"""What the sync remembers about each reading: a stream in one grouping."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wherespent.analytics.sources import Account
from wherespent.storage import tables


@dataclass(frozen=True, slots=True)
class StoredState:
    """How the last attempts at one reading ended."""

    stream: str
    stream_id: int
    grouping: int
    claimed_by: str
    claimed_until: datetime | None
    last_success_at: datetime | None
    failures: int
    unsupported_at: datetime | None
    error_kind: str
    error: str

    @property
    def is_unsupported(self) -> bool:
        return self.unsupported_at is not None

    @property
    def is_failing(self) -> bool:
        return self.failures > 0 and not self.is_unsupported

    def is_claimed(self, now: datetime | None) -> bool:
        """Without `now`, a claim that nobody gave back counts."""
        if not self.claimed_by or self.claimed_until is None:
            return False
        return now is None or self.claimed_until > now


def stored_states(connection: Connection, account: Account) -> list[StoredState]:
    """Every reading that was ever tried, the names of people and projects included."""
    state, stream = tables.stream_state.c, tables.stream.c
    rows = connection.execute(
        select(
            stream.name,
            state.stream_id,
            state.grouping,
            state.claimed_by,
            state.claimed_until,
            state.last_success_at,
            state.failures,
            state.unsupported_at,
            state.error_kind,
            state.error,
        )
        .select_from(tables.stream_state.join(tables.stream, stream.id == state.stream_id))
        .where(state.account_id == account.id)
        .order_by(state.stream_id, state.grouping)
    )
    return [StoredState(*row) for row in rows]
