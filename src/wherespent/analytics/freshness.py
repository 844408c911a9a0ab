"""How far the data reaches: what the Overview says of it in one line."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from wherespent.analytics.all_accounts import in_use
from wherespent.analytics.readings import stored_states
from wherespent.analytics.sources import Account, read_account, request_streams
from wherespent.domain.windows import HOUR
from wherespent.providers.openai.streams import COSTS
from wherespent.storage import tables


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of the account that is furthest behind; None where nothing was read.

    `costs_read_at` and `usage_read_at` are the last successful readings of the bill and of the
    slowest stream of requests; `usage_until` is the end of the newest hour with requests (epoch
    seconds) of any account, `oldest_bill` the first day that the bill was read of.
    """

    costs_read_at: datetime | None
    usage_read_at: datetime | None
    usage_until: int | None
    oldest_bill: int | None


def freshness(connection: Connection) -> Freshness:
    """Over all accounts that are still asked."""
    accounts = [read_account(connection, label) for label in in_use(connection)]
    costs = [_read_at(connection, account, (COSTS.name,)) for account in accounts]
    names = tuple(stream.name for stream in request_streams())
    usage = [_read_at(connection, account, names) for account in accounts]
    hours = [hour for account in accounts if (hour := _newest_hour(connection, account))]
    oldest = [day for account in accounts if (day := _oldest_bill(connection, account))]
    return Freshness(
        costs_read_at=min((moment for moment in costs if moment), default=None),
        usage_read_at=min((moment for moment in usage if moment), default=None),
        usage_until=max(hours) + HOUR if hours else None,
        oldest_bill=max(oldest, default=None),
    )


def _read_at(connection: Connection, account: Account, streams: tuple[str, ...]) -> datetime | None:
    states = stored_states(connection, account)
    moments = [it.last_success_at for it in states if it.stream in streams]
    return min((moment for moment in moments if moment), default=None)


def _newest_hour(connection: Connection, account: Account) -> int | None:
    """Stream by stream: that is the end of a key, not a walk through a table."""
    hour = tables.usage_slice_hour.c
    newest = [
        connection.scalar(
            select(func.max(hour.bucket_start)).where(
                hour.account_id == account.id, hour.stream_id == stream_id
            )
        )
        for stream_id in account.ids_of(request_streams())
    ]
    return max((start for start in newest if start is not None), default=None)


def _oldest_bill(connection: Connection, account: Account) -> int | None:
    day = tables.coverage.c
    return connection.scalar(
        select(func.min(day.bucket_start)).where(
            day.account_id == account.id,
            day.stream_id.in_(account.ids_of((COSTS,))),
            day.grouping == tables.MAIN,
        )
    )
