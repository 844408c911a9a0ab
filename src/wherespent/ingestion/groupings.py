"""By which dimensions a stream is read, and what is learned when a grouping is refused.

Costs are read by every dimension at once where the organization allows it. Where `user_id`
beside `project_id` is refused there are two readings: MAIN (without the user) carries all
totals, BY_USER (user and line item) serves the questions about users.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, ceil_day, epoch
from wherespent.errors import KeyGroupingFloor, RequestRefused
from wherespent.storage.tables import BY_USER, MAIN

USER_WITH_PROJECT = "user_with_project"
KEY_FLOOR = "key_floor"
HISTORY_FLOOR = "history_floor"
_DROPPED = "dropped:"
_BY_USER_DIMENSIONS = ("user_id", "line_item")
# What is given up first when the provider does not say what it dislikes.
_GIVEN_UP_FIRST = (
    "api_source",
    "context_level",
    "vector_store_id",
    "size",
    "source",
    "service_tier",
    "batch",
    "api_key_id",
    "user_id",
    "line_item",
    "model",
    "project_id",
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What one stream of one account refuses. Floors are epoch seconds, 0 when unknown."""

    user_with_project: bool = False
    key_floor: int = 0
    history_floor: int = 0
    dropped: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stored: dict[str, str]) -> "Refusals":
        return cls(
            user_with_project=USER_WITH_PROJECT in stored,
            key_floor=int(stored.get(KEY_FLOOR, 0)),
            history_floor=int(stored.get(HISTORY_FLOOR, 0)),
            dropped=frozenset(
                kind.removeprefix(_DROPPED) for kind in stored if kind.startswith(_DROPPED)
            ),
        )

    def union(self, other: "Refusals") -> "Refusals":
        return Refusals(
            self.user_with_project or other.user_with_project,
            max(self.key_floor, other.key_floor),
            max(self.history_floor, other.history_floor),
            self.dropped | other.dropped,
        )

    def new_since(self, before: "Refusals") -> dict[str, str]:
        """What to store that was not known: kind → value."""
        learned: dict[str, str] = {_DROPPED + name: "" for name in self.dropped - before.dropped}
        if self.user_with_project and not before.user_with_project:
            learned[USER_WITH_PROJECT] = ""
        if self.key_floor > before.key_floor:
            learned[KEY_FLOOR] = str(self.key_floor)
        if self.history_floor > before.history_floor:
            learned[HISTORY_FLOOR] = str(self.history_floor)
        return learned


def groupings(stream: Stream, refusals: Refusals) -> tuple[int, ...]:
    """The readings of a stream."""
    is_split = stream.kind is Kind.COST and refusals.user_with_project
    return (MAIN, BY_USER) if is_split else (MAIN,)


def dimensions(
    stream: Stream, grouping: int, refusals: Refusals, window: Window
) -> tuple[str, ...]:
    """What to group by in this window, which `pieces` made to lie on one side of the floor."""
    if grouping == BY_USER:
        wanted: tuple[str, ...] = _BY_USER_DIMENSIONS
    else:
        wanted = stream.dimensions
        if stream.kind is Kind.COST and refusals.user_with_project:
            wanted = tuple(name for name in wanted if name != "user_id")
    if window.start < refusals.key_floor:
        wanted = tuple(name for name in wanted if name != "api_key_id")
    return tuple(name for name in wanted if name not in refusals.dropped)


def pieces(window: Window, refusals: Refusals) -> list[Window]:
    """The window without what lies before the provider's history, cut at the key floor."""
    offered = window.since(refusals.history_floor)
    if offered is None:
        return []
    cut = (offered.since(refusals.key_floor), offered.before(refusals.key_floor))
    return [piece for piece in cut if piece is not None]


def learn_from(
    error: RequestRefused, stream: Stream, group_by: tuple[str, ...], known: Refusals
) -> Refusals | None:
    """What a refused grouping teaches; None when fewer dimensions cannot help."""
    if isinstance(error, KeyGroupingFloor):
        floor = ceil_day(epoch(error.floor))
        return replace(known, key_floor=floor) if floor > known.key_floor else None
    if not _is_about_grouping(error):
        return None
    if stream.kind is Kind.COST and {"user_id", "project_id"} <= set(group_by):
        return replace(known, user_with_project=True)
    named = [name for name in group_by if name in str(error)]
    candidates = [*named, *(name for name in _GIVEN_UP_FIRST if name in group_by)]
    if not candidates:
        return None
    return replace(known, dropped=known.dropped | {candidates[0]})


def _is_about_grouping(error: RequestRefused) -> bool:
    """Other parameters of ours are always in order, so a plain 400 is about the grouping too."""
    return error.param in ("", "group_by") or "group_by" in str(error)


def history_floor(
    earliest: datetime | None, refused: Window, today: int, known: Refusals
) -> Refusals | None:
    """Where history begins: the date that the provider told, else the next step forward."""
    if earliest is not None:
        floor = ceil_day(epoch(earliest))
    else:
        steps = (today - days * DAY for days in (365, 180, 90, 30, 7, 0))
        floor = next((step for step in steps if step > refused.start), 0)
    return replace(known, history_floor=floor) if floor > refused.start else None
