"""What must hold of usage: hours against their day, keys and users against their project."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, type_coerce
from sqlalchemy.types import BigInteger

from wherespent.domain.streams import USAGE_MEASURES
from wherespent.domain.windows import DAY, Window
from wherespent.storage import tables
from wherespent.storage.invariants.comparison import (
    Comparison,
    Question,
    Row,
    day_of,
    inside,
    not_pruned,
)
from wherespent.storage.invariants.words import (
    MEND,
    amount,
    day,
    described,
    dollars,
    hour,
    stream_names,
)
from wherespent.storage.proofs import Found, Invariant, Offence, Scope

_MEASURES_SAID = 3


def _measures(facts: Table) -> list[ColumnElement[int]]:
    return [facts.c[name] for name in USAGE_MEASURES]


def _check_hours(connection: Connection, scope: Scope) -> Found:
    hours, days = tables.usage_hour, tables.usage_day

    def children(window: Window) -> Question:
        return select(
            hours.c.stream_id,
            day_of(hours.c.bucket_start).label("day"),
            hours.c.series_id,
            *_measures(hours),
        ).where(
            inside(connection, hours, scope.account_id, window),
            not_pruned(connection, hours, scope.account_id),
            _is_summed(hours),
        )

    def parents(window: Window) -> Question:
        return select(
            days.c.stream_id, days.c.bucket_start.label("day"), days.c.series_id, *_measures(days)
        ).where(
            inside(connection, days, scope.account_id, window),
            not_pruned(connection, days, scope.account_id),
        )

    return Comparison(
        keys=("stream_id", "day", "series_id"),
        measures=USAGE_MEASURES,
        children=children,
        parents=parents,
        phrase=lambda connection, rows: _phrase(
            connection, rows, tables.usage_series, "series_id", ("the hours", "the day"), day
        ),
    ).found(connection, scope)


def _is_summed(hours: Table) -> ColumnElement[bool]:
    """Every hour of what flows; of a stock only the last hour of the day, which is its level."""
    later = tables.usage_hour.alias("later")
    last = (
        select(func.max(later.c.bucket_start))
        .where(
            later.c.account_id == hours.c.account_id,
            later.c.stream_id == hours.c.stream_id,
            later.c.bucket_start >= day_of(hours.c.bucket_start),
            later.c.bucket_start < day_of(hours.c.bucket_start) + DAY,
        )
        .correlate(hours)
        .scalar_subquery()
    )
    return or_(hours.c.usage_bytes.is_(None), hours.c.bucket_start == last)


def _check_keys(connection: Connection, scope: Scope) -> Found:
    return (
        _bill_of_keys(connection, scope).found(connection, scope)
        + _usage_of_keys(connection, scope, tables.usage_day, tables.usage_slice_day, day).found(
            connection, scope
        )
        + _usage_of_keys(connection, scope, tables.usage_hour, tables.usage_slice_hour, hour).found(
            connection, scope
        )
    )


def _bill_of_keys(connection: Connection, scope: Scope) -> Comparison:
    facts, series, slices = tables.cost_day, tables.cost_series, tables.cost_slice_day

    def children(window: Window) -> Question:
        return (
            select(
                facts.c.bucket_start,
                series.c.slice_id,
                type_coerce(facts.c.amount, BigInteger).label("amount"),
            )
            .join(series, series.c.id == facts.c.series_id)
            .where(
                inside(connection, facts, scope.account_id, window), facts.c.grouping == tables.MAIN
            )
        )

    def parents(window: Window) -> Question:
        amount = type_coerce(slices.c.amount, BigInteger).label("amount")
        return select(slices.c.bucket_start, slices.c.slice_id, amount).where(
            inside(connection, slices, scope.account_id, window)
        )

    return Comparison(
        keys=("bucket_start", "slice_id"),
        measures=("amount",),
        children=children,
        parents=parents,
        phrase=_phrase_bill_of_keys,
    )


def _phrase_bill_of_keys(connection: Connection, rows: Sequence[Row]) -> list[Offence]:
    about = described(connection, tables.cost_slice, [row["slice_id"] for row in rows])
    return [
        Offence(
            row["bucket_start"],
            f"{day(row['bucket_start'])}, costs, {about[row['slice_id']]}: the keys add up to"
            f" {dollars(row['children_amount'])}, the project holds"
            f" {dollars(row['parent_amount'])}",
        )
        for row in rows
    ]


def _usage_of_keys(
    connection: Connection,
    scope: Scope,
    facts: Table,
    slices: Table,
    when: Callable[[int], str],
) -> Comparison:
    series = tables.usage_series

    def children(window: Window) -> Question:
        return (
            select(facts.c.stream_id, facts.c.bucket_start, series.c.slice_id, *_measures(facts))
            .join(series, series.c.id == facts.c.series_id)
            .where(
                inside(connection, facts, scope.account_id, window),
                not_pruned(connection, facts, scope.account_id),
            )
        )

    def parents(window: Window) -> Question:
        return select(
            slices.c.stream_id, slices.c.bucket_start, slices.c.slice_id, *_measures(slices)
        ).where(
            inside(connection, slices, scope.account_id, window),
            not_pruned(connection, slices, scope.account_id),
        )

    return Comparison(
        keys=("stream_id", "bucket_start", "slice_id"),
        measures=USAGE_MEASURES,
        children=children,
        parents=parents,
        phrase=lambda connection, rows: _phrase(
            connection, rows, tables.usage_slice, "slice_id", ("the keys", "the project"), when
        ),
    )


def _phrase(
    connection: Connection,
    rows: Sequence[Row],
    series: Table,
    number: str,
    sides: tuple[str, str],
    when: Callable[[int], str],
) -> list[Offence]:
    about = described(connection, series, [row[number] for row in rows])
    streams = stream_names(connection)
    offences: list[Offence] = []
    for row in rows:
        start = row["day"] if "day" in row else row["bucket_start"]
        stream = streams.get(row["stream_id"], f"stream {row['stream_id']}")
        where = f"{when(start)}, {stream}, {about[row[number]]}"
        offences.append(Offence(start - start % DAY, f"{where}: {_differences(row, sides)}"))
    return offences


def _differences(row: Row, sides: tuple[str, str]) -> str:
    differing = [
        f"{name} is {amount(children)} in {sides[0]} and {amount(parent)} in {sides[1]}"
        for name in USAGE_MEASURES
        if (children := row[f"children_{name}"]) != (parent := row[f"parent_{name}"])
    ]
    if not differing:
        # Every measure is unknown, and only one side has a row.
        return f"{sides[0]} or {sides[1]} hold no such row"
    more = len(differing) - _MEASURES_SAID
    return "; ".join([*differing[:_MEASURES_SAID], *([f"{more} more"] if more > 0 else [])])


HOURS = Invariant(
    name="hours",
    title="Hours add up to their day",
    counted="sums",
    meaning="Every measure of every series, hour by hour, against the day that the pages show. A"
    " stock such as stored bytes is not added up: its day is the level of its last hour. Hours"
    " that retention let go of are not compared.",
    remedy=f"Usage of these days cannot be trusted. {MEND}",
    check=_check_hours,
)
KEYS = Invariant(
    name="keys",
    title="Keys add up to their project",
    counted="sums",
    meaning="Tokens, requests and dollars of all API keys and users, against their project: by"
    " model and by line item, each day, and usage each hour.",
    remedy=f"Totals by project and totals by key differ on these days. {MEND}",
    check=_check_keys,
)
