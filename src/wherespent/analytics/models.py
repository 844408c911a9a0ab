"""Questions about models: what each was billed, and when it was first and last seen."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from wherespent.analytics.accounts import scopes
from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.filters import Filters
from wherespent.analytics.sources import Source, cost_source, usage_source, usage_streams
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import DAY, Window

_EVERY_ACCOUNT = Filters(Window(0, DAY))
# What only the tables of whole series know: their indexes begin with the series.
_BY_SERIES = ("model_key", "api_key_id")


@dataclass(frozen=True, slots=True)
class Life:
    """The first and the last UTC day (epoch seconds) with usage or cost, over all history."""

    first: int
    last: int


def billed_by_model(connection: Connection, filters: Filters) -> dict[str, Decimal]:
    """US dollars of the window by model key; '' is line items that name no model.

    Raises QuestionRefused.
    """
    totals: dict[str, Decimal] = {}
    for (_, key), (nanos,) in billed_nanos(connection, filters, "model_key").items():
        totals[key] = totals.get(key, Decimal(0)) + from_nanos(nanos)
    return totals


def lives(connection: Connection) -> dict[str, Life]:
    """By model key, over all accounts and whatever a page is filtered to.

    One look per series at each end of an index: the same for a month and for ten years.
    """
    found: dict[str, Life] = {}
    for scope in scopes(connection, _EVERY_ACCOUNT):
        used = usage_source(scope.account, usage_streams(), _BY_SERIES, hours=False)
        billed = cost_source(connection, scope.account, (*_BY_SERIES, "line_item"))
        for source in (used, billed):
            for key, first, last in connection.execute(_ends(source)):
                if first is not None:
                    known = found.get(key, Life(first, last))
                    found[key] = Life(min(known.first, first), max(known.last, last))
    return found


def _ends(source: Source) -> Select[*tuple[Any, ...]]:
    """Of each series its model key, and the first and the last of its days."""

    def end(of: Callable[[ColumnElement[int]], ColumnElement[int]]) -> ColumnElement[int]:
        days = select(of(source.bucket)).correlate(source.series)
        days = days.where(source.scope_of_series, source.key == source.series.c.id)
        return days.scalar_subquery()

    key = source.raw("model_key")
    ends = source.chosen({}, key, end(func.min), end(func.max))
    return ends.where(key != "")
