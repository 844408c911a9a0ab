"""How the data is doing over all accounts: what the bar of every page says."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select, union_all

from wherespent.analytics import health
from wherespent.analytics.accounts import ACCOUNT, labels, scopes
from wherespent.analytics.coverage import begun_streams
from wherespent.analytics.filters import Filters
from wherespent.analytics.health import LastSync, Progress
from wherespent.analytics.sources import cost_source, numbers
from wherespent.errors import QuestionRefused
from wherespent.storage import tables
from wherespent.storage.engine import once

# An account that was asked for nothing for this long, while others were, has left the settings:
# those that fail are tried again every hour.
RETIRED_AFTER = timedelta(days=2)


def data_version(connection: Connection) -> int:
    """Moves with every write that changes an answer of any account."""
    return numbers(connection).version


def in_use(connection: Connection) -> tuple[str, ...]:
    """The accounts that are still asked; all of them where none ever was."""
    known = labels(connection)
    if len(known) == 1:
        return known
    last = once(connection, _last_asked)
    since = max(last.values(), default=None)
    if since is None:
        return known
    # Not by the clock: after a standstill of the whole installation every account is late.
    kept = {label for label, moment in last.items() if moment >= since - RETIRED_AFTER}
    return tuple(label for label in known if label in kept)


def _last_asked(connection: Connection) -> dict[str, datetime]:
    """When OpenAI answered or refused last, of each account that was ever asked."""
    account, state, key = tables.account.c, tables.stream_state.c, tables.account_key.c
    moments = union_all(
        select(state.account_id, state.last_success_at.label("moment")),
        select(state.account_id, state.last_failure_at),
        select(key.account_id, key.asked_at),
    ).subquery()
    newest = (
        select(account.label, func.max(moments.c.moment))
        .join(moments, moments.c.account_id == account.id)
        .where(moments.c.moment.is_not(None))
        .group_by(account.label)
    )
    return {row[0]: row[1] for row in connection.execute(newest)}


def expected(
    connection: Connection, chosen: Collection[str], streams: Collection[str]
) -> tuple[str, ...]:
    """Those of the chosen accounts whose unread days count.

    They are still asked, and have read any of these streams: what a new account has to read,
    or a former one will never read, is no gap in what the others have.
    """
    if len(chosen) <= 1:
        return tuple(chosen)
    begun = tuple(label for label in chosen if begun_streams(connection, label, streams))
    used = in_use(connection)
    return tuple(label for label in begun if label in used) or begun or tuple(chosen)


def bill_groupings(
    connection: Connection, filters: Filters, by: Iterable[str] = ()
) -> Mapping[str, int]:
    """Account → the grouping of the costs that answer a question: each is read by itself.

    That of the totals where the question is refused.
    """
    found: dict[str, int] = {}
    for scope in scopes(connection, filters):
        needed = (*scope.filters.cost_choices, *(name for name in by if name != ACCOUNT))
        try:
            grouping = cost_source(connection, scope.account, needed).grouping
        except QuestionRefused:
            grouping = None
        found[scope.label] = tables.MAIN if grouping is None else grouping
    return found


def last_sync(connection: Connection, now: datetime) -> LastSync:
    """The account that was read longest ago speaks for all; one that fails is named.

    Neither one that has read nothing yet, nor one that is not asked any more.
    """
    is_alone = len(labels(connection)) == 1
    each = {label: health.last_sync(connection, label, now) for label in in_use(connection)}
    moments = [sync.at for sync in each.values() if sync.at is not None]
    errors = [
        sync.error if is_alone else f"{label}: {sync.error}"
        for label, sync in each.items()
        if sync.failing
    ]
    return LastSync(
        at=min(moments, default=None),
        failing=bool(errors),
        running=any(sync.running for sync in each.values()),
        error=errors[0] if errors else "",
    )


def backfill_progress(connection: Connection, now: datetime, backfill_days: int) -> Progress:
    """That of the account with the least history."""
    ask = partial(health.backfill_progress, connection, now=now, backfill_days=backfill_days)
    return min((ask(label) for label in in_use(connection)), key=lambda it: it.done_days)


def has_facts(connection: Connection) -> bool:
    return any(health.has_facts(connection, label) for label in labels(connection))


def provisional_since(connection: Connection, stream: str, now: datetime) -> int:
    """The first UTC day (epoch seconds) that may still change in any account."""
    return min(
        health.provisional_since(connection, label, stream, now) for label in in_use(connection)
    )


def oldest(connection: Connection, now: datetime) -> int | None:
    """The start of the first stored bucket of any account."""
    return min(
        (
            row.oldest
            for label in labels(connection)
            for row in health.stream_health(connection, label, now)
            if row.oldest is not None
        ),
        default=None,
    )
