"""What a provider was learned to refuse: asked once, remembered per account and stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from wherespent.storage.bulk import upsert
from wherespent.storage.rollups import Place
from wherespent.storage.tables import refusal


@dataclass(frozen=True, slots=True)
class Refusal:
    """`until` is the end of the newest window that was refused; None: it holds for all of them."""

    value: str = ""
    until: int | None = None


def refusals(connection: Connection, place: Place) -> dict[str, Refusal]:
    """What is refused for this stream, by kind."""
    c = refusal.c
    rows = connection.execute(
        select(c.kind, c.value, c.until).where(
            c.account_id == place.account_id, c.stream_id == place.stream_id
        )
    )
    return {kind: Refusal(value, until) for kind, value, until in rows}


def learn_refusals(
    connection: Connection, place: Place, learned: Mapping[str, Refusal], now: datetime
) -> None:
    """Remember these kinds as they are now known."""
    upsert(
        connection,
        refusal,
        [
            {
                "account_id": place.account_id,
                "stream_id": place.stream_id,
                "kind": kind,
                "value": each.value,
                "until": each.until,
                "learned_at": now,
            }
            for kind, each in learned.items()
        ],
    )


def forget_refusals(
    connection: Connection, place: Place, kinds: Sequence[str], learned_before: datetime
) -> None:
    """Let go of what was refused for every window that long ago: it may be offered by now.

    `kinds` are what the kinds begin with.
    """
    c = refusal.c
    connection.execute(
        delete(refusal).where(
            c.account_id == place.account_id,
            c.stream_id == place.stream_id,
            or_(*(c.kind.startswith(kind, autoescape=True) for kind in kinds)),
            c.until.is_(None),
            c.learned_at < learned_before,
        )
    )
