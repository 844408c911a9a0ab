"""API keys that nobody uses: by our usage rows, and by when the directory saw them used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity
from wherespent.analytics.people import Active
from wherespent.domain.windows import DAY, utc

IDLE_DAYS = 30
LONG_IDLE_DAYS = 90


class Idleness(StrEnum):
    """NEVER: neither usage nor the directory knows a use since the key was made."""

    NEVER = "never used"
    LONG = "unused for 90 days"
    IDLE = "unused for 30 days"


@dataclass(frozen=True, slots=True)
class IdleKey:
    """A key that is listed and has not been used for `IDLE_DAYS`.

    `last_usage` is the last UTC day with usage, `key.last_used_at` the directory's own word: the
    later of the two counts. `since` is when it was last used, or made where it never was.
    """

    key: Entity
    idleness: Idleness
    last_usage: datetime | None
    since: datetime
    days: int


def idle_keys(
    keys: Iterable[Entity], activity: Mapping[str, Active], now: datetime
) -> list[IdleKey]:
    """Listed keys without a use in the last `IDLE_DAYS`, the longest idle first.

    A key that was made since then is only new. Deleted keys and those of archived projects
    cannot be used any more, so there is nothing to do about them.
    """
    listed = (key for key in keys if key.standing is Standing.LISTED)
    found = (_idle(key, activity.get(key.id), now) for key in listed)
    return sorted((it for it in found if it is not None), key=lambda it: (it.since, it.key.id))


def _idle(key: Entity, active: Active | None, now: datetime) -> IdleKey | None:
    # The rollup knows the day only: the key may have been used up to its end.
    last_usage = None if active is None else utc(active.last)
    end_of_usage = None if active is None else min(now, utc(active.last + DAY))
    uses = [moment for moment in (key.last_used_at, end_of_usage) if moment is not None]
    since = max(uses, default=key.created_at or key.first_seen_at)
    if since is None:
        return None
    days = (now - since).days
    if days < IDLE_DAYS:
        return None
    idleness = Idleness.NEVER if not uses else _how_long(days)
    return IdleKey(key, idleness, last_usage, since, days)


def _how_long(days: int) -> Idleness:
    return Idleness.LONG if days >= LONG_IDLE_DAYS else Idleness.IDLE
