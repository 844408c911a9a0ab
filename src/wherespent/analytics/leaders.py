"""The largest keys of a dimension by billed cost, each beside the period before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.cost import cost_by
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.top import narrowed
from wherespent.domain.money import exact_sum


@dataclass(frozen=True, slots=True)
class Leader:
    """US dollars of one key; `before` is 0 where it was not billed, None where not asked."""

    key: str
    billed: Decimal
    before: Decimal | None


@dataclass(frozen=True, slots=True)
class Leaders:
    """The largest `rows`, and how many `keys` there are with their `total`."""

    rows: tuple[Leader, ...]
    total: Decimal
    keys: int


def leaders(
    connection: Connection, filters: Filters, before: Filters | None, dimension: str, most: int
) -> Leaders:
    """The `most` largest keys; only those are looked up in the period before.

    Raises QuestionRefused as `cost_by` does.
    """
    points = cost_by(connection, replace(filters, granularity=Granularity.TOTAL), dimension)
    largest = sorted(points, key=lambda it: (-it.billed, it.key))[:most]
    then = _then(connection, before, dimension, [it.key for it in largest])
    rows = tuple(
        Leader(it.key, it.billed, None if then is None else then.get(it.key, Decimal(0)))
        for it in largest
    )
    return Leaders(rows, exact_sum([it.billed for it in points]), len(points))


def _then(
    connection: Connection, before: Filters | None, dimension: str, keys: list[str]
) -> Mapping[str, Decimal] | None:
    if before is None or not keys:
        return None
    asked = narrowed(replace(before, granularity=Granularity.TOTAL), dimension, keys)
    return {it.key: it.billed for it in cost_by(connection, asked, dimension)}
