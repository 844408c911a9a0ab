"""Puts facts into a database by plain SQL, with the rollups that ingestion would write."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from wherespent.domain.line_items import model_key, parse_line_item
from wherespent.domain.windows import DAY, Window, epoch
from wherespent.providers import find_stream
from wherespent.storage import tables
from wherespent.storage.engine import Database
from wherespent.storage.tables import MAIN

ACCOUNT = 1


def at(day: str, hour: int = 0) -> int:
    """Epoch seconds of an hour of a UTC day."""
    return epoch(datetime.fromisoformat(day).replace(tzinfo=UTC)) + hour * 3600


def window(first: str, end: str) -> Window:
    return Window(at(first), at(end))


@dataclass
class Facts:
    """Facts of the account `default`, written at once by `write`."""

    database: Database
    _streams: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        with self.database.write() as connection:
            connection.execute(insert(tables.account).values(id=ACCOUNT, label="default"))

    def usage(self, stream: str, start: int, *, grouped_by: str | None = None, **row: Any) -> None:
        """One hour of one series; dimensions and measures by name."""
        known = find_stream(stream)
        assert known is not None
        dims = {name: row.pop(name, "") for name in known.dimensions}
        assert set(row) <= set(known.measures), row
        with self.database.write() as connection:
            stream_id = self._stream(connection, known.name)
            keys = {"account_id": ACCOUNT, "stream_id": stream_id}
            slice_row = keys | {
                "project_id": dims.get("project_id", ""),
                "model": dims.get("model", ""),
                "model_key": model_key(dims.get("model", "")),
            }
            slice_id = _ensure(connection, tables.usage_slice, slice_row)
            grouped = ",".join(known.dimensions) if grouped_by is None else grouped_by
            series_row = (
                keys
                | dims
                | {
                    "slice_id": slice_id,
                    "model_key": slice_row["model_key"],
                    "grouped_by": grouped,
                }
            )
            series_id = _ensure(connection, tables.usage_series, series_row)
            fact = keys | {"bucket_start": start, "series_id": series_id} | row
            connection.execute(insert(tables.usage_hour).values(**fact))
            _roll_up_usage(connection, stream_id, start, known.measures)
            self._cover(connection, stream_id, MAIN, start - start % DAY)

    def cost(
        self,
        day: str,
        usd: str,
        *,
        quantity: float | None = None,
        unit: str = "",
        grouping: int = MAIN,
        grouped_by: str = "project_id,user_id,line_item,api_key_id,api_source",
        **dims: str,
    ) -> None:
        with self.database.write() as connection:
            item = dims.pop("line_item", "")
            parsed = parse_line_item(item)
            line_item = {"name": item, "model_key": parsed.model_key}
            line_item_id = _ensure(connection, tables.line_item, line_item)
            shared = {"account_id": ACCOUNT, "line_item_id": line_item_id, "quantity_unit": unit}
            slice_row = shared | {"project_id": dims.get("project_id", "")}
            slice_id = _ensure(connection, tables.cost_slice, slice_row)
            texts = {name: dims.get(name, "") for name in _TEXTS}
            series_row = shared | texts | {"slice_id": slice_id, "grouped_by": grouped_by}
            connection.execute(
                insert(tables.cost_day).values(
                    account_id=ACCOUNT,
                    grouping=grouping,
                    bucket_start=at(day),
                    series_id=_ensure(connection, tables.cost_series, series_row),
                    amount=Decimal(usd),
                    quantity=quantity,
                )
            )
            _roll_up_costs(connection, at(day))
            self._cover(connection, self._stream(connection, "openai.costs"), grouping, at(day))

    def read(self, stream: str, day: str, *, grouping: int = MAIN, when: int | None = None) -> None:
        """Coverage of a day, whether or not it has facts."""
        known = find_stream(stream)
        assert known is not None
        with self.database.write() as connection:
            stream_id = self._stream(connection, known.name)
            self._cover(connection, stream_id, grouping, at(day), when)

    def refuse(self, kind: str, value: str = "", stream: str = "openai.costs") -> None:
        with self.database.write() as connection:
            connection.execute(
                insert(tables.refusal).values(
                    account_id=ACCOUNT,
                    stream_id=self._stream(connection, stream),
                    kind=kind,
                    value=value,
                    learned_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
            )

    def name(self, kind: str, id_: str, name: str, *, seen: int = 0, **more: str) -> None:
        moment = datetime.fromtimestamp(seen or at("2026-01-01"), UTC)
        row = {"kind": kind, "id": id_, "name": name, "account_id": ACCOUNT} | more
        with self.database.write() as connection:
            connection.execute(
                insert(tables.name).values(first_seen_at=moment, last_seen_at=moment, **row)
            )

    def stream_id(self, name: str) -> int:
        with self.database.write() as connection:
            return self._stream(connection, name)

    def insert(self, table: Any, **row: Any) -> None:
        with self.database.write() as connection:
            connection.execute(insert(table).values(account_id=ACCOUNT, **row))

    def _stream(self, connection: Connection, name: str) -> int:
        return _ensure(connection, tables.stream, {"name": name})

    def _cover(
        self,
        connection: Connection,
        stream_id: int,
        grouping: int,
        day: int,
        when: int | None = None,
    ) -> None:
        connection.execute(
            text(
                "INSERT INTO coverage (account_id, stream_id, grouping, bucket_start, bucket_end,"
                " read_at, first_read_at)"
                " VALUES (:account, :stream, :grouping, :day, :end, :read, :read)"
                " ON CONFLICT DO NOTHING"
            ),
            {
                "account": ACCOUNT,
                "stream": stream_id,
                "grouping": grouping,
                "day": day,
                "end": day + DAY,
                "read": day + DAY if when is None else when,
            },
        )


def _roll_up_usage(
    connection: Connection, stream_id: int, start: int, measures: tuple[str, ...]
) -> None:
    """Rewrite the rollups of the day; a stock has the level of the last hour."""
    day = start - start % DAY
    span = f"stream_id = {stream_id} AND bucket_start >= {day} AND bucket_start < {day + DAY}"
    for table in ("usage_day", "usage_slice_hour", "usage_slice_day"):
        connection.execute(text(f"DELETE FROM {table} WHERE {span}"))
    span_of_f = span.replace("AND ", "AND f.")
    names = ", ".join(measures)
    sums = ", ".join(f"SUM({name})" for name in measures)
    last = (
        " AND bucket_start = (SELECT MAX(later.bucket_start) FROM usage_hour later WHERE"
        f" later.stream_id = {stream_id} AND later.bucket_start < {day + DAY})"
    )
    only = last if measures == ("usage_bytes",) else ""
    connection.execute(
        text(
            f"INSERT INTO usage_day (account_id, stream_id, bucket_start, series_id, {names})"
            f" SELECT {ACCOUNT}, {stream_id}, {day}, series_id, {sums} FROM usage_hour"
            f" WHERE {span}{only} GROUP BY series_id"
        )
    )
    for fine, coarse in (("usage_hour", "usage_slice_hour"), ("usage_day", "usage_slice_day")):
        connection.execute(
            text(
                f"INSERT INTO {coarse} (account_id, stream_id, bucket_start, slice_id, {names})"
                f" SELECT {ACCOUNT}, {stream_id}, f.bucket_start, s.slice_id, {sums}"
                f" FROM {fine} f JOIN usage_series s ON s.id = f.series_id"
                f" WHERE f.{span_of_f} GROUP BY f.bucket_start, s.slice_id"
            )
        )


def _roll_up_costs(connection: Connection, day: int) -> None:
    connection.execute(text(f"DELETE FROM cost_slice_day WHERE bucket_start = {day}"))
    connection.execute(
        text(
            "INSERT INTO cost_slice_day (account_id, bucket_start, slice_id, amount, quantity)"
            " SELECT f.account_id, f.bucket_start, s.slice_id, SUM(f.amount),"
            " CASE WHEN COUNT(f.quantity) = COUNT(*) THEN SUM(f.quantity) END"
            " FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
            f" WHERE f.grouping = {MAIN} AND f.bucket_start = {day}"
            " GROUP BY f.account_id, f.bucket_start, s.slice_id"
        )
    )


_TEXTS = ("project_id", "user_id", "api_key_id", "api_source")


def _ensure(connection: Connection, table: Any, row: dict[str, Any]) -> int:
    found = connection.scalar(
        select(table.c.id).where(*(table.c[name] == value for name, value in row.items()))
    )
    if found is not None:
        return found
    new = (connection.scalar(select(func.max(table.c.id))) or 0) + 1
    connection.execute(insert(table).values(id=new, **row))
    return new
