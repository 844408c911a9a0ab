"""By which dimensions a stream is read, and what is learned when a grouping is refused.

Costs are read by every dimension at once where the organization allows it. Where `user_id`
beside `project_id` is refused there are two readings: MAIN (without the user) carries all
totals, BY_USER (user and line item) serves the questions about users.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from wherespent.domain.streams import Kind, Stream
from wherespent.domain.windows import DAY, Window, ceil_day, epoch
from wherespent.errors import KeyGroupingFloor, RequestRefused
from wherespent.storage.refusals import Refusal
from wherespent.storage.tables import BY_USER, MAIN

USER_WITH_PROJECT = "user_with_project"
KEY_FLOOR = "key_floor"
HISTORY_FLOOR = "history_floor"
DROPPED = "dropped:"
# What may be offered by now, a while after it was refused. Users beside projects are not: what
# was read apart would lose its users until all of it is read again.
ASKED_AGAIN = (DROPPED,)
_APART = ("user_id", "project_id")
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


# The end of windows that a refusal holds for, where it holds for every window.
ALWAYS = 2**62


@dataclass(frozen=True, slots=True)
class Refusals:
    """What one stream of one account refuses. Floors are epoch seconds, 0 when unknown.

    A dimension is refused in windows that begin before a moment: what only old windows refuse
    must not coarsen new data. `user_with_project` is that moment for the two together (0: they
    are not refused), `dropped` that of each dimension that is refused.
    """

    user_with_project: int = 0
    key_floor: int = 0
    history_floor: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, stored: Mapping[str, Refusal]) -> "Refusals":
        def floor(kind: str) -> int:
            return int(stored[kind].value) if kind in stored else 0

        def moment(kind: str) -> int:
            until = stored[kind].until
            return ALWAYS if until is None else until

        return cls(
            user_with_project=moment(USER_WITH_PROJECT) if USER_WITH_PROJECT in stored else 0,
            key_floor=floor(KEY_FLOOR),
            history_floor=floor(HISTORY_FLOOR),
            dropped={
                kind.removeprefix(DROPPED): moment(kind)
                for kind in stored
                if kind.startswith(DROPPED)
            },
        )

    def union(self, other: "Refusals") -> "Refusals":
        names = self.dropped.keys() | other.dropped.keys()
        return Refusals(
            max(self.user_with_project, other.user_with_project),
            max(self.key_floor, other.key_floor),
            max(self.history_floor, other.history_floor),
            {name: max(self.drops(name), other.drops(name)) for name in names},
        )

    def drops(self, dimension: str) -> int:
        """Windows that begin before this moment refuse the dimension; 0: none does."""
        return self.dropped.get(dimension, 0)

    def new_since(self, before: "Refusals") -> dict[str, Refusal]:
        """What to store that was not known, by kind."""
        learned = {
            DROPPED + name: _stored(until)
            for name, until in self.dropped.items()
            if until > before.drops(name)
        }
        if self.user_with_project > before.user_with_project:
            learned[USER_WITH_PROJECT] = _stored(self.user_with_project)
        if self.key_floor > before.key_floor:
            learned[KEY_FLOOR] = Refusal(str(self.key_floor))
        if self.history_floor > before.history_floor:
            learned[HISTORY_FLOOR] = Refusal(str(self.history_floor))
        return learned


def _stored(until: int) -> Refusal:
    return Refusal(until=None if until == ALWAYS else until)


def groupings(stream: Stream, refusals: Refusals) -> tuple[int, ...]:
    """The readings of a stream."""
    is_split = stream.kind is Kind.COST and refusals.user_with_project == ALWAYS
    return (MAIN, BY_USER) if is_split else (MAIN,)


def dimensions(
    stream: Stream, grouping: int, refusals: Refusals, window: Window
) -> tuple[str, ...]:
    """What to group by in this window, which `pieces` made to lie on one side of each moment."""
    wanted = _BY_USER_DIMENSIONS if grouping == BY_USER else stream.dimensions
    without = {name for name, until in refusals.dropped.items() if window.start < until}
    if grouping == MAIN and stream.kind is Kind.COST and window.start < refusals.user_with_project:
        without.add("user_id")
    if window.start < refusals.key_floor:
        without.add("api_key_id")
    return tuple(name for name in wanted if name not in without)


def pieces(window: Window, refusals: Refusals) -> list[Window]:
    """The window without what lies before the provider's history, cut where a refusal ends.

    The newest piece comes first.
    """
    offered = window.since(refusals.history_floor)
    if offered is None:
        return []
    moments = {refusals.key_floor, refusals.user_with_project, *refusals.dropped.values()}
    inside = sorted(it for it in moments if offered.start < it < offered.end)
    ends = [*inside, offered.end]
    starts = [offered.start, *inside]
    return [Window(*span) for span in zip(starts, ends, strict=True)][::-1]


def learn_from(
    error: RequestRefused,
    stream: Stream,
    group_by: tuple[str, ...],
    known: Refusals,
    until: int = ALWAYS,
) -> Refusals | None:
    """What a refused grouping teaches; None when fewer dimensions cannot help.

    `until` is the end of the refused window, or `ALWAYS` where it reached the newest data.
    """
    if isinstance(error, KeyGroupingFloor):
        floor = ceil_day(epoch(error.floor))
        return replace(known, key_floor=floor) if floor > known.key_floor else None
    if not _is_about_grouping(error):
        return None
    # What is refused is named before what is offered instead.
    named = sorted((name for name in group_by if name in str(error)), key=str(error).index)
    is_together = stream.kind is Kind.COST and set(_APART) <= set(group_by)
    if is_together and (not named or named[0] in _APART):
        return replace(known, user_with_project=until)
    candidates = [*named, *(name for name in _GIVEN_UP_FIRST if name in group_by)]
    if not candidates:
        return None
    return replace(known, dropped={**known.dropped, candidates[0]: until})


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
