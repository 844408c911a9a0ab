"""An export: named, typed columns, and rows that are made while they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from wherespent.domain.windows import Window

Cell = str | int | float | bool | Decimal | datetime | date | None
# A key that is absent does not belong to the row (another stream's measure); None is unknown.
Row = dict[str, Cell]


class Type(StrEnum):
    TEXT = "text"
    WHOLE = "whole"
    REAL = "real"
    YES_NO = "yes_no"
    USD = "usd"
    # US dollars for one unit: of a token that is less than a nano-dollar.
    RATE = "rate"
    TIME = "time"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """`title` heads the column where a person reads it (CSV, XLSX); '' is the name itself."""

    name: str
    type: Type
    title: str = ""

    @property
    def heading(self) -> str:
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Export:
    """Columns in order, and rows that can be read once, while the connection is open.

    `unknown`: days of the window that are left out because they had not been read.
    `total` is written last where a format has lines and not records: CSV and XLSX.
    """

    columns: tuple[Column, ...]
    rows: Iterator[Row]
    unknown: tuple[Window, ...] = ()
    total: Row | None = None
