"""Which account's key is refused, why, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wherespent.storage import tables

# The error class of an endpoint that refuses the key although others may take it.
_REFUSED = "KeyRefused"


@dataclass(frozen=True, slots=True)
class KeyTrouble:
    """A key that is refused: by every endpoint (`is_whole`), or by some for want of a scope.

    `error` says what is wrong and what to do.
    """

    account: str
    error: str
    is_whole: bool
    asked_at: datetime


def key_troubles(connection: Connection) -> list[KeyTrouble]:
    """At most one of each account, in the order of the accounts."""
    partly = _by_endpoints(connection)
    wholly = _by_all(connection)
    return list({**partly, **wholly}.values())


def _by_all(connection: Connection) -> dict[int, KeyTrouble]:
    account, key = tables.account.c, tables.account_key.c
    rows = connection.execute(
        select(account.id, account.label, key.error, key.asked_at)
        .join_from(tables.account, tables.account_key, key.account_id == account.id)
        .where(key.error_kind != "")
        .order_by(account.id)
    )
    return {id_: KeyTrouble(label, error, True, at) for id_, label, error, at in rows}


def _by_endpoints(connection: Connection) -> dict[int, KeyTrouble]:
    """The first endpoint that refused speaks for the others."""
    account, state = tables.account.c, tables.stream_state.c
    rows = connection.execute(
        select(account.id, account.label, state.error, state.last_failure_at)
        .join_from(tables.account, tables.stream_state, state.account_id == account.id)
        .where(state.error_kind == _REFUSED, state.failures > 0)
        .order_by(account.id, state.stream_id.desc())
    )
    return {id_: KeyTrouble(label, error, False, at) for id_, label, error, at in rows}
