"""Rollups: rewritten from the facts that they sum, in the transaction that writes those."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from wherespent.domain.streams import STOCK_MEASURES
from wherespent.domain.windows import DAY, Window
from wherespent.storage.tables import MAIN



@dataclass(frozen=True, slots=True)
class Place:
    """Where facts of one stream are: what every statement here is bound to."""

    account_id: int
    stream_id: int


def rewrite_usage_rollups(
    connection: Connection, place: Place, hours: Iterable[Window], measures: tuple[str, ...]
) -> None:
    """Rewrite (day, series), (hour, slice) and (day, slice) over spans of changed hours."""
    for span in hours:
        days = Window(span.start - span.start % DAY, -(-span.end // DAY) * DAY)
        _rewrite(connection, place, days, _days_of_hours(measures), "usage_day")
        _rewrite(connection, place, span, _slices("usage_hour", measures), "usage_slice_hour")
        _rewrite(connection, place, days, _slices("usage_day", measures), "usage_slice_day")


def _rewrite(
    connection: Connection, place: Place, span: Window, insert: str, table: str
) -> None:
    bound = {
        "account": place.account_id,
        "stream": place.stream_id,
        "start": span.start,
        "end": span.end,
    }
    connection.execute(
        text(
            f"DELETE FROM {table} WHERE account_id = :account AND stream_id = :stream"
            " AND bucket_start >= :start AND bucket_start < :end"
        ),
        bound,
    )
    connection.execute(text(insert), bound)


def _sums(measures: tuple[str, ...]) -> str:
    # Postgres sums BIGINT as NUMERIC.
    return ", ".join(f"CAST(SUM(f.{name}) AS BIGINT)" for name in measures)


_SPAN = (
    "f.account_id = :account AND f.stream_id = :stream"
    " AND f.bucket_start >= :start AND f.bucket_start < :end"
)


def _days_of_hours(measures: tuple[str, ...]) -> str:
    names = ", ".join(measures)
    day = f"f.bucket_start - f.bucket_start % {DAY}"
    head = f"INSERT INTO usage_day (account_id, stream_id, bucket_start, series_id, {names}) "
    if not STOCK_MEASURES.isdisjoint(measures):
        # A stock is a level: the day has the level of its last hour.
        levels = ", ".join(f"f.{name}" for name in measures)
        return (
            f"{head} SELECT f.account_id, f.stream_id, {day}, f.series_id, {levels}"
            f" FROM usage_hour f WHERE {_SPAN} AND NOT EXISTS ("
            " SELECT 1 FROM usage_hour later WHERE later.account_id = f.account_id"
            " AND later.stream_id = f.stream_id AND later.series_id = f.series_id"
            " AND later.bucket_start > f.bucket_start"
            f" AND later.bucket_start < {day} + {DAY})"
        )
    return (
        f"{head} SELECT f.account_id, f.stream_id, {day}, f.series_id, {_sums(measures)}"
        f" FROM usage_hour f WHERE {_SPAN}"
        f" GROUP BY f.account_id, f.stream_id, {day}, f.series_id"
    )


def _slices(facts: str, measures: tuple[str, ...]) -> str:
    table = facts.replace("usage_", "usage_slice_")
    names = ", ".join(measures)
    return (
        f"INSERT INTO {table} (account_id, stream_id, bucket_start, slice_id, {names})"
        f" SELECT f.account_id, f.stream_id, f.bucket_start, s.slice_id, {_sums(measures)}"
        f" FROM {facts} f JOIN usage_series s ON s.id = f.series_id WHERE {_SPAN}"
        " GROUP BY f.account_id, f.stream_id, f.bucket_start, s.slice_id"
    )


def rewrite_cost_rollup(connection: Connection, account_id: int, days: Iterable[Window]) -> None:
    """Rewrite (day, slice) of costs; a quantity is kept only where every part has one."""
    for span in days:
        bound = {"account": account_id, "main": MAIN, "start": span.start, "end": span.end}
        connection.execute(
            text(
                "DELETE FROM cost_slice_day WHERE account_id = :account"
                " AND bucket_start >= :start AND bucket_start < :end"
            ),
            bound,
        )
        connection.execute(
            text(
                "INSERT INTO cost_slice_day (account_id, bucket_start, slice_id, amount, quantity)"
                " SELECT f.account_id, f.bucket_start, s.slice_id,"
                " CAST(SUM(f.amount) AS BIGINT),"
                " CASE WHEN COUNT(f.quantity) = COUNT(*) THEN SUM(f.quantity) END"
                " FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
                " WHERE f.account_id = :account AND f.grouping = :main"
                " AND f.bucket_start >= :start AND f.bucket_start < :end"
                " GROUP BY f.account_id, f.bucket_start, s.slice_id"
            ),
            bound,
        )
