"""Keeps the names of projects, users and keys."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from wherespent.domain.records import Name
from wherespent.errors import ProviderError, StorageError
from wherespent.ingestion.outcomes import (
    ASK_UNSUPPORTED_EVERY,
    DONE_UNSUPPORTED,
    StreamOutcome,
    is_believed,
    outcome_status,
)
from wherespent.ingestion.sync import Client
from wherespent.storage import sync_state
from wherespent.storage.engine import Database
from wherespent.storage.erasure import owe_scrub, scrub_owed
from wherespent.storage.names import forget_addresses, known_names, upsert_names
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.stream_failures import failure_of
from wherespent.storage.sync_state import FAILED, Reading
from wherespent.storage.tables import MAIN
from wherespent.storage.writes import advance_version

log = structlog.get_logger()

NAMES = "openai.names"
NAMES_EVERY = timedelta(hours=1)


def sync_names(
    database: Database,
    account: str,
    client: Client,
    fetch: Callable[[], Iterable[Name]],
    now: Callable[[], datetime],
    *,
    insist: bool = True,
    emails: bool = True,
) -> StreamOutcome:
    """Read all names and remember them; a failure leaves the known ones as they are.

    Without `emails` no address is kept, and those that were kept before are let go of. Lists
    that have just been refused to the key are asked for only where somebody `insist`s.
    """
    outcome = StreamOutcome(NAMES)
    reading = names_reading(database, account)
    with database.read() as connection:
        failure = failure_of(connection, reading)
    if failure is not None and not insist and is_believed(failure, now()):
        return StreamOutcome(NAMES, FAILED, error=failure.error)
    requests = client.requests
    try:
        names = list(fetch())
    except ProviderError as error:
        outcome.status = outcome_status(error)
        if outcome.status == FAILED:
            outcome.error = str(error)
        _record_trouble(database, reading, outcome.status, error, now())
        return outcome
    finally:
        outcome.requests = client.requests - requests
    with database.write() as connection:
        account_id = reading.place.account_id
        before = known_names(connection, account_id)
        outcome.rows = upsert_names(connection, account_id, names, now(), emails=emails)
        if not emails and forget_addresses(connection, account_id):
            owe_scrub(connection, account_id)
        sync_state.record_success(connection, reading, now())
        if known_names(connection, account_id) != before:
            advance_version(connection, account_id)
    _scrub(database, account_id)
    return outcome


def _scrub(database: Database, account_id: int) -> None:
    try:
        scrub_owed(database, account_id)
    except StorageError as error:
        # The names are stored, and what is owed stays owed.
        log.warning(
            "addresses are erased, but the database file may still hold old bytes; this is tried "
            "again with the next names",
            error=str(error),
        )


def _record_trouble(
    database: Database, reading: Reading, status: str, error: ProviderError, now: datetime
) -> None:
    with database.write() as connection:
        if status == DONE_UNSUPPORTED:
            sync_state.record_unsupported(connection, reading, str(error), now)
        elif status == FAILED:
            sync_state.record_failure(connection, reading, type(error).__name__, str(error), now)


def names_are_due(database: Database, account: str, now: datetime) -> bool:
    """Once an hour after a success, once a day where the organization has no such lists."""
    reading = names_reading(database, account)
    with database.read() as connection:
        read_at = sync_state.last_success(connection, reading)
        unsupported = sync_state.unsupported_since(connection, reading)
    if unsupported is not None:
        return not unsupported <= now < unsupported + ASK_UNSUPPORTED_EVERY
    return read_at is None or not read_at <= now < read_at + NAMES_EVERY


def names_reading(database: Database, account: str) -> Reading:
    """The reading under which success and failure of the names are kept."""
    with database.write() as connection:
        place = Place(account_id(connection, account), stream_id(connection, NAMES))
        reading = Reading(place, MAIN)
        sync_state.ensure_state(connection, reading)
    return reading
