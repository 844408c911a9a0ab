"""Every number of a series leads somewhere: to its dimensions, its slice, its line item."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, select

from wherespent.domain.windows import DAY, Window
from wherespent.storage import tables
from wherespent.storage.invariants.comparison import inside, pieces
from wherespent.storage.invariants.words import MEND, day
from wherespent.storage.proofs import MOST_OFFENCES, Found, Invariant, Offence, Scope

_FACTS = (
    (tables.usage_hour, "series_id", tables.usage_series),
    (tables.usage_day, "series_id", tables.usage_series),
    (tables.usage_slice_hour, "slice_id", tables.usage_slice),
    (tables.usage_slice_day, "slice_id", tables.usage_slice),
    (tables.cost_day, "series_id", tables.cost_series),
    (tables.cost_slice_day, "slice_id", tables.cost_slice),
)
_SERIES = (
    (tables.usage_series, "slice_id", tables.usage_slice),
    (tables.cost_series, "slice_id", tables.cost_slice),
    (tables.cost_series, "line_item_id", tables.line_item),
    (tables.cost_slice, "line_item_id", tables.line_item),
)


def _check_orphans(connection: Connection, scope: Scope) -> Found:
    found = Found()
    for series, column, parent in _SERIES:
        found += _series_without(connection, scope.account_id, series, column, parent)
    for window in pieces(scope.window):
        for facts, column, series in _FACTS:
            found += _facts_without(connection, scope.account_id, window, facts, column, series)
    return found


def _same_place(child: Table, parent: Table) -> Iterator[ColumnElement[bool]]:
    """Of the same account and stream, where both tables know them."""
    for name in ("account_id", "stream_id", "project_id"):
        if name in child.c and name in parent.c:
            yield child.c[name] == parent.c[name]


def _series_without(
    connection: Connection, account_id: int, series: Table, column: str, parent: Table
) -> Found:
    leads = and_(parent.c.id == series.c[column], *_same_place(series, parent))
    mine = series.c.account_id == account_id
    checked = connection.scalar(select(func.count()).select_from(series).where(mine)) or 0
    lost = (
        select(series.c.id, series.c[column])
        .outerjoin(parent, leads)
        .where(mine, parent.c.id.is_(None))
        .order_by(series.c.id)
    )
    rows = connection.execute(lost).all()
    offences = (
        Offence(None, f"{series.name} {number} leads to {parent.name} {to}, which is not its own")
        for number, to in rows[:MOST_OFFENCES]
    )
    return Found(checked, len(rows), tuple(offences))


def _facts_without(
    connection: Connection,
    account_id: int,
    window: Window,
    facts: Table,
    column: str,
    series: Table,
) -> Found:
    has_streams = "stream_id" in facts.c
    mine = inside(connection, facts, account_id, window)
    place = (facts.c.stream_id,) if has_streams else ()
    used = (
        select(
            facts.c.account_id,
            *place,
            facts.c[column].label("number"),
            func.count().label("rows"),
            func.min(facts.c.bucket_start).label("first"),
        )
        .where(mine)
        .group_by(facts.c.account_id, *place, facts.c[column])
        .subquery()
    )
    same = [series.c.account_id == used.c.account_id]
    same += [series.c.stream_id == used.c.stream_id] if has_streams else []
    lost = used.outerjoin(series, and_(series.c.id == used.c.number, *same))
    is_lost = series.c.id.is_(None)
    checked, failing = connection.execute(
        select(func.sum(used.c.rows), func.sum(case((is_lost, used.c.rows)))).select_from(lost)
    ).one()
    if not failing:
        return Found(int(checked or 0))
    rows = connection.execute(
        select(used.c.number, used.c.rows, used.c.first)
        .select_from(lost)
        .where(is_lost)
        .order_by(used.c.first)
        .limit(MOST_OFFENCES)
    ).all()
    offences = (
        Offence(
            first - first % DAY,
            f"{day(first)}: {count:,} rows of {facts.name} belong to {series.name} {number},"
            " which does not exist",
        )
        for number, count, first in rows
    )
    return Found(int(checked), int(failing), tuple(offences))


ORPHANS = Invariant(
    name="orphans",
    title="Every row belongs to a known series",
    counted="rows",
    meaning="Each row of usage and cost leads to its dimensions, each series to its project,"
    " model and line item, all of the same account.",
    remedy=f"These rows count in totals and in no breakdown. {MEND}",
    check=_check_orphans,
)
