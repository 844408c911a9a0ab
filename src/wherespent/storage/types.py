"""Column types that behave the same on SQLite and on Postgres."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from wherespent.domain.money import from_nanos, to_nanos

# ruff: noqa: ARG002
# SQLAlchemy calls with these arguments.


class Money(TypeDecorator[Decimal]):
    """US dollars as `Decimal`, stored as whole nano-dollars: `SUM` is exact on both engines."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_nanos(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        # Postgres sums BIGINT as NUMERIC and hands back a Decimal, SQLite an int.
        return None if value is None else from_nanos(int(value))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole epoch seconds; a naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: give it a time zone")
        return int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(int(value), UTC)
