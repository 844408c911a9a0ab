"""How an offending row is said: days, dollars, and what a series is about."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from wherespent.domain.money import from_nanos
from wherespent.domain.windows import utc
from wherespent.storage import tables

# Rows and their sums are written in one transaction, so a sync does not mend what differs.
MEND = (
    "This is a defect of wherespent, or something else wrote to the database: please report it"
    " with these rows. Restore a backup, or sync into an empty database; OpenAI keeps a year."
)
_NOT_SAID = frozenset(
    {"id", "account_id", "stream_id", "slice_id", "grouped_by", "line_item_id", "model_key"}
)


def day(start: int) -> str:
    return f"{utc(start):%Y-%m-%d}"


def hour(start: int) -> str:
    return f"{utc(start):%Y-%m-%d %H:%M}"


def dollars(nanos: Any) -> str:
    """All nine decimals; a sum that has no rows is not $0."""
    return "nothing" if nanos is None else f"${from_nanos(int(nanos)):,f}"


def amount(value: Any) -> str:
    return "nothing" if value is None else f"{int(value):,}"


def stream_names(connection: Connection) -> Mapping[int, str]:
    """Number → the last part of the name."""
    rows = connection.execute(select(tables.stream.c.id, tables.stream.c.name))
    return {number: name.rsplit(".", 1)[-1] for number, name in rows}


def described(connection: Connection, series: Table, numbers: Collection[int]) -> dict[int, str]:
    """What each series or slice is about: its dimensions that have a value."""
    statement = select(series)
    if "line_item_id" in series.c:
        items = tables.line_item
        statement = select(series, items.c.name.label("line_item")).outerjoin(
            items, items.c.id == series.c.line_item_id
        )
    rows = connection.execute(statement.where(series.c.id.in_(numbers))).mappings()
    found = {row["id"]: _dimensions(dict(row)) for row in rows}
    return {number: found.get(number, f"series {number}, which is not known") for number in numbers}


def _dimensions(row: Mapping[str, Any]) -> str:
    said = (
        f"{name.removesuffix('_id').replace('_', ' ')} {value}"
        for name, value in row.items()
        if value and name not in _NOT_SAID
    )
    return ", ".join(said) or "no dimension"
