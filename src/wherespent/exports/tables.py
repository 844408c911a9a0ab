"""An export: named, typed columns, and rows that are made while they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

Cell = str | int | float | bool | Decimal | datetime | None
# A key that is absent does not belong to the row (another stream's measure); None is unknown.
Row = dict[str, Cell]


class Type(StrEnum):
    TEXT = "text"
    WHOLE = "whole"
    REAL = "real"
    YES_NO = "yes_no"
    USD = "usd"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Export:
    """Columns in order, and rows that can be read once, while the connection is open."""

    columns: tuple[Column, ...]
    rows: Iterator[Row]
