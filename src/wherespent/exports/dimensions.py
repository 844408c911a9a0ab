"""The grouped dimensions of a row: raw ids, with remembered names beside them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from wherespent.analytics.accounts import ACCOUNT
from wherespent.analytics.names import KnownName, names
from wherespent.errors import QuestionRefused
from wherespent.exports.tables import Cell, Column, Row, Type

_KINDS = {"project_id": "project", "user_id": "user", "api_key_id": "api_key"}
_YES_NO = {"true": True, "false": False}


class Dimensions:
    """Turns the values of the dimensions of one account into cells, its label before them.

    `account` among the dimensions changes nothing: rows never add up several accounts.
    """

    def __init__(self, connection: Connection, account: str, dimensions: Sequence[str]) -> None:
        self._account = account
        self.names = tuple(name for name in dict.fromkeys(dimensions) if name != ACCOUNT)
        self._known: dict[str, Mapping[str, KnownName]] = {
            name: names(connection, account, _KINDS[name]) for name in self.names if name in _KINDS
        }

    def columns(self) -> list[Column]:
        columns = [Column(ACCOUNT, Type.TEXT)]
        for name in self.names:
            columns.append(Column(name, Type.YES_NO if name == "batch" else Type.TEXT))
            if name in _KINDS:
                columns.append(Column(f"{_KINDS[name]}_name", Type.TEXT))
        return columns

    def cells(self, values: Mapping[str, str]) -> Row:
        """Null where a value is '' or absent: unattributed, or not reported."""
        row: Row = {ACCOUNT: self._account}
        for name in self.names:
            value = values.get(name, "")
            row[name] = _cell(name, value)
            if name in _KINDS:
                row[f"{_KINDS[name]}_name"] = self._name(name, value)
        return row

    def _name(self, dimension: str, value: str) -> str | None:
        known = self._known[dimension].get(value)
        return (known.name or known.email or None) if known else None


def refuse_unknown(subject: str, dimensions: Iterable[str], possible: Sequence[str]) -> None:
    """Raises QuestionRefused for the first dimension that is not possible."""
    for name in dimensions:
        if name not in (*possible, ACCOUNT):
            offered = f"use {', '.join(possible)}" if possible else "leave --group-by away"
            raise QuestionRefused(f"{subject} cannot be grouped by '{name}': {offered}")


def _cell(dimension: str, value: str) -> Cell:
    if dimension == "batch":
        return _YES_NO.get(value)
    return value or None
