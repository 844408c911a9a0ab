"""A table as a page describes it: typed columns and rows, without a word about its drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a column holds. A `str` in a column of numbers is shown as it is ("price missing")."""

    TEXT = "text"
    # Decimal, US dollars.
    MONEY = "money"
    # int: tokens, requests, images.
    COUNT = "count"
    # float or Decimal, in the unit of the column.
    NUMBER = "number"
    # A part of one.
    SHARE = "share"
    # Decimal, US dollars for one of the unit of the column.
    RATE = "rate"
    # A fraction: 0.25 is a quarter more than before.
    CHANGE = "change"
    # An aware datetime.
    MOMENT = "moment"
    DAY = "day"
    # A sequence of float or None (no data), drawn as a small line; in no export.
    TREND = "trend"


# What is text to a person: filtered by the words that are typed, to the left of its column.
WORDS = (Kind.TEXT,)
# What adds up over the rows that a filter leaves, unless a column says that it does not.
ADDED = (Kind.MONEY, Kind.COUNT)


@dataclass(frozen=True, slots=True)
class Column:
    """`about` is read on the heading; `is_hidden` columns are offered, not shown at first.

    `adds` is False of money or counts that no sum is of: prices, ratios, levels over time.
    """

    key: str
    title: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    is_hidden: bool = False
    about: str = ""
    adds: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """Values by column; None is unknown, which is not zero. `key` is unique in its table."""

    key: str
    values: Mapping[str, Any]
    hrefs: Mapping[str, str] = field(default_factory=dict[str, str])
    # A word beside the value of a column: "deleted".
    marks: Mapping[str, str] = field(default_factory=dict[str, str])
    # The unit of a column where it differs from row to row.
    units: Mapping[str, str] = field(default_factory=dict[str, str])
    # How strongly the cell of a column is tinted, 0 to 1: a heat map of numbers.
    tints: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Table:
    """`sorted_by` is a column, "-billed" from the largest on; '' keeps the rows as they come.

    `total` has the values of the last line: those that a page shows elsewhere, so that the two
    cannot differ. `empty` is what is shown where there are no rows.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Mapping[str, Any] | None = None
    sorted_by: str = ""
    note: Any = None
    empty: Any = None
