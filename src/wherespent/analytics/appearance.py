"""Which keys of the bill mattered first: an order that new data only adds to."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from wherespent.analytics.accounts import labels
from wherespent.analytics.all_accounts import oldest
from wherespent.analytics.cost import cost_by
from wherespent.analytics.filters import Filters, Granularity
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.storage import tables

# So many of a week count as the ones that mattered.
_TOP = 12
# More than there are colours.
_NAMES = 48


def in_order_of_appearance(connection: Connection, today: datetime, dimension: str) -> list[str]:
    """Keys in the order in which they were first among the 12 largest of a week, by size there.

    A rank over all history moves whenever one key overtakes another; this order only grows at its
    end, apart from keys that are new this week, and from history that is read for the first time.
    """
    first = oldest(connection, today)
    end = floor_day(epoch(today)) + DAY
    if first is None or first >= end:
        return []
    filters = Filters(Window(floor_day(first), end), Granularity.WEEK)
    weeks: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for point in cost_by(connection, filters, dimension):
        weeks[point.bucket_start or 0][point.key] = point.billed
    return list(dict.fromkeys(key for week in sorted(weeks) for key in _largest(weeks[week])))


def _largest(billed: Mapping[str, Decimal]) -> list[str]:
    return sorted(billed, key=lambda key: (-billed[key], key))[:_TOP]


def in_order_seen(connection: Connection, kind: str) -> list[str]:
    """Users or keys of the one account ('user', 'api_key') as they were first listed; of several
    accounts none, because their order would depend on each other.
    """
    accounts = labels(connection)
    if len(accounts) != 1:
        return []
    name = tables.name.c
    asked = select(name.id).where(name.kind == kind).order_by(name.first_seen_at, name.id)
    return list(connection.scalars(asked.limit(_NAMES)))
