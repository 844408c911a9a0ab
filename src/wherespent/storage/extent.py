"""From which day to which anything is stored of an account."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, select

from wherespent.domain.windows import DAY, Window, floor_day
from wherespent.storage import tables


def extent(connection: Connection, id_: int, today: int) -> Window:
    """All UTC days that hold anything of the account, up to today at least."""
    starts: list[int] = [today]
    streams = list(connection.scalars(select(tables.stream.c.id)))
    for table in (tables.usage_hour, tables.usage_day, tables.usage_slice_hour, tables.coverage):
        # One step in the index for each stream; all at once would be a scan.
        starts += _ends(connection, table, id_, "stream_id", streams)
    groupings = (tables.MAIN, tables.BY_USER)
    starts += _ends(connection, tables.cost_day, id_, "grouping", groupings)
    for table in (tables.cost_slice_day, tables.billed_total):
        starts += _ends(connection, table, id_, "account_id", (id_,))
    return Window(floor_day(min(starts)), floor_day(max(starts)) + DAY)


def _ends(
    connection: Connection, table: Table, id_: int, column: str, values: Sequence[int]
) -> list[int]:
    found: list[int] = []
    for value in values:
        for end in (func.min(table.c.bucket_start), func.max(table.c.bucket_start)):
            start = connection.scalar(
                select(end).where(table.c.account_id == id_, table.c[column] == value)
            )
            found += [] if start is None else [start]
    return found
