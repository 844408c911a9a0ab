"""Sums against what they are the sum of, in one pass that both engines can make."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    cast,
    except_,
    func,
    literal,
    or_,
    select,
)

from wherespent.domain.windows import DAY, Window
from wherespent.storage import tables
from wherespent.storage.proofs import MOST_OFFENCES, Found, Offence, Scope

# Four weeks a statement: no answer needs more memory or time because history is longer.
_PIECE = 28 * DAY
_SIDES = ("children", "parent")

Question = Select[*tuple[Any, ...]]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Children and parents, each as rows with the columns `keys` and `measures`.

    The children of one key must add up to its parent, measure by measure; null is unknown and
    is not 0. `phrase` turns failing rows into words: `children_X` and `parent_X` hold the two
    sums of measure X, both None where a side has no row at all.
    """

    keys: tuple[str, ...]
    measures: tuple[str, ...]
    children: Callable[[Window], Question]
    parents: Callable[[Window], Question]
    phrase: Callable[[Connection, Sequence[Row]], list[Offence]]

    def found(self, connection: Connection, scope: Scope) -> Found:
        found = Found()
        for window in pieces(scope.window):
            found += self._in(connection, window)
        return found

    def _in(self, connection: Connection, window: Window) -> Found:
        """Equal where as many keys are on both sides and no child is without its like: a set
        difference takes two nulls for equal, as it should."""
        children = self._summed(self.children(window)).cte("children")
        parents = self._summed(self.parents(window)).cte("parents")
        unlike = except_(select(children), select(parents)).subquery()
        counts = (
            select(func.count()).select_from(side).scalar_subquery()
            for side in (children, parents, unlike)
        )
        checked, others, differing = tuple(connection.execute(select(*counts)).one())
        if checked == others and not differing:
            return Found(checked)
        rows = self._failing(connection, window)
        offences = self.phrase(connection, rows[:MOST_OFFENCES])
        return Found(max(checked, others), len(rows), tuple(offences))

    def _summed(self, rows: Question) -> Question:
        each = rows.subquery()
        keys = [each.c[key] for key in self.keys]
        # Postgres would widen a sum to NUMERIC.
        sums = (cast(func.sum(each.c[name]), BigInteger).label(name) for name in self.measures)
        return select(*keys, *sums).group_by(*keys)

    def _failing(self, connection: Connection, window: Window) -> list[Row]:
        """The keys whose sides differ, with both, in the order of the keys."""
        children, parents = self._summed(self.children(window)), self._summed(self.parents(window))
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        blank = {f"{side}_{name}": None for side in _SIDES for name in self.measures}
        unlike = (except_(children, parents), except_(parents, children))
        for side, question in zip(_SIDES, unlike, strict=True):
            for row in connection.execute(question).mappings():
                key = tuple(row[name] for name in self.keys)
                known = found.setdefault(key, {**dict(zip(self.keys, key, strict=True)), **blank})
                known |= {f"{side}_{name}": row[name] for name in self.measures}
        return [found[key] for key in sorted(found)]


def pieces(window: Window) -> Iterator[Window]:
    """The window four weeks at a time, oldest first."""
    return reversed(list(window.cut_newest_first(_PIECE)))


def inside(
    connection: Connection, facts: Table, account_id: int, window: Window
) -> ColumnElement[bool]:
    """The rows of one account in a window; every stream is named where there are any, because
    it comes before the bucket in the key."""
    columns = facts.c
    within = and_(
        columns.account_id == account_id,
        columns.bucket_start >= window.start,
        columns.bucket_start < window.end,
    )
    if "stream_id" not in columns:
        return within
    return and_(within, columns.stream_id.in_(list(connection.scalars(select(tables.stream.c.id)))))


def not_pruned(connection: Connection, facts: Table, account_id: int) -> ColumnElement[bool]:
    """Where hours are still kept: older ones were let go of, only their rollups stay."""
    state = tables.stream_state.c
    rows = connection.execute(
        select(state.stream_id, func.max(state.pruned_before))
        .where(state.account_id == account_id, state.pruned_before.is_not(None))
        .group_by(state.stream_id)
    )
    kept = (
        or_(facts.c.stream_id != stream, facts.c.bucket_start >= before) for stream, before in rows
    )
    return and_(literal(value=True), *kept)


def day_of(column: ColumnElement[int]) -> ColumnElement[int]:
    """The UTC day that an epoch second lies in."""
    return column - column % DAY
