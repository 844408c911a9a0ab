"""How long a billed day takes to settle: the share of its final cost by its age."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, select, type_coerce

from wherespent.analytics.filters import Granularity
from wherespent.analytics.revised import revised
from wherespent.analytics.sources import Account, Source, cost_source, read_account
from wherespent.analytics.sums import Key, added, sums
from wherespent.domain.money import EXACT
from wherespent.domain.streams import SECOND_LOOK_DAYS
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.providers.openai.streams import COSTS
from wherespent.storage.tables import MAIN, coverage

AGES = (0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 35)
# The newest complete days are enough to tell, and their revisions few enough to read.
_MOST_DAYS = 120
# A day that was not read in its last week of second looks may have changed unseen.
_READ_AGAIN_DAYS = SECOND_LOOK_DAYS - 7


@dataclass(frozen=True, slots=True)
class SettlingRow:
    """What days showed `age` whole days after they had ended.

    `share` is of their final cost, 1 is all of it; `lowest` and `highest` are of single days;
    `moving` counts the days that still changed afterwards.
    """

    age: int
    share: Decimal
    lowest: Decimal
    highest: Decimal
    moving: int


@dataclass(frozen=True, slots=True)
class Settling:
    """`days` with a complete history that the rows rest on; without one there are no rows.

    A history is complete when the day was first read before it ended, and again until it was
    35 days old. `waiting` days are younger; the first of them is complete on `next_on` (epoch
    seconds of a UTC day, None where none waits).
    """

    days: int
    rows: tuple[SettlingRow, ...]
    waiting: int
    next_on: int | None


def settling(connection: Connection, account: str, now: datetime) -> Settling:
    """Shares of final cost by age, over the newest days whose whole history is known."""
    read = read_account(connection, account)
    oldest_open = floor_day(epoch(now)) - SECOND_LOOK_DAYS * DAY
    young = _read_while_young(connection, read)
    waiting = [day for day in young if day >= oldest_open]
    complete = [
        day
        for day, read_at in young.items()
        if day < oldest_open and epoch(read_at) >= day + _READ_AGAIN_DAYS * DAY
    ][-_MOST_DAYS:]
    finals = _finals(connection, read, complete) if complete else {}
    later = _additions(connection, read, complete) if finals else {}
    rows = tuple(_row(age, finals, later) for age in AGES) if finals else ()
    next_on = min(waiting) + (SECOND_LOOK_DAYS + 1) * DAY if waiting else None
    return Settling(len(finals), rows, len(waiting), next_on)


def _read_while_young(connection: Connection, account: Account) -> dict[int, datetime]:
    """Days that were first read before they ended → when they were read last, oldest first."""
    day = coverage.c
    rows = connection.execute(
        select(day.bucket_start, day.read_at)
        .where(
            day.account_id == account.id,
            day.stream_id == account.stream_ids.get(COSTS.name, 0),
            day.grouping == MAIN,
            type_coerce(day.first_read_at, BigInteger) < day.bucket_end,
        )
        .order_by(day.bucket_start)
    )
    return {row[0]: row[1] for row in rows}


def _finals(connection: Connection, account: Account, days: Collection[int]) -> dict[int, int]:
    """Day → nano-dollars as last read; a day that cost nothing has no share of anything."""
    source = cost_source(connection, account, ())
    found = _by_day(connection, source, days, ())
    return {day: nanos for (day,), nanos in found.items() if day in days and nanos > 0}


def _additions(
    connection: Connection, account: Account, days: Collection[int]
) -> dict[int, list[tuple[int, int]]]:
    """Day → when something was seen (the start of that day) and the nano-dollars it added."""
    source = revised(cost_source(connection, account, ()))
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (day, seen_day), nanos in _by_day(
        connection, source, days, (source.facts.c.seen_day,)
    ).items():
        found[day].append((seen_day * DAY, nanos))
    return found


def _by_day(
    connection: Connection,
    source: Source,
    days: Collection[int],
    by: Sequence[ColumnElement[Any]],
) -> dict[Key, int]:
    window = Window(min(days), max(days) + DAY)
    amount = added(source.facts.c.amount)
    found = sums(connection, source, window, Granularity.DAY, {}, by=by, measures=[amount])
    return {key: nanos for key, (nanos,) in found.items()}


def _row(
    age: int, finals: Mapping[int, int], later: Mapping[int, Sequence[tuple[int, int]]]
) -> SettlingRow:
    known = {
        day: final - _added_since(day + (1 + age) * DAY, later.get(day, ()))
        for day, final in finals.items()
    }
    shares = [_share(known[day], final) for day, final in finals.items()]
    return SettlingRow(
        age,
        _share(sum(known.values()), sum(finals.values())),
        min(shares),
        max(shares),
        sum(known[day] != final for day, final in finals.items()),
    )


def _added_since(moment: int, additions: Sequence[tuple[int, int]]) -> int:
    return sum(nanos for seen, nanos in additions if seen >= moment)


def _share(part: int, whole: int) -> Decimal:
    return EXACT.divide(Decimal(part), Decimal(whole))
