"""How the reading of a stream ended, and when what was refused is asked for again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wherespent.domain.accounts import ASK_REFUSED_EVERY
from wherespent.errors import (
    EndpointUnsupported,
    KeyRefused,
    ProviderError,
    StorageError,
    SyncStopped,
)
from wherespent.ingestion.sync import ClaimLost
from wherespent.storage.stream_failures import Failure
from wherespent.storage.sync_state import DONE, FAILED, STOPPED

ASK_UNSUPPORTED_EVERY = timedelta(days=1)
DONE_UNSUPPORTED = "unsupported"
BUSY = "busy"


@dataclass(slots=True)
class StreamOutcome:
    """What one sync did to one stream. `status` is done, failed, stopped, unsupported or busy."""

    stream: str
    status: str = DONE
    requests: int = 0
    rows: int = 0
    buckets_changed: int = 0
    error: str = ""


def is_believed(failure: Failure, now: datetime) -> bool:
    """Whether the endpoint refused the key, and so lately that it would do so again."""
    return failure.kind == KeyRefused.__name__ and is_recent_refusal(failure.at, now)


def is_recent_refusal(at: datetime, now: datetime) -> bool:
    """A clock that was set back does not make the past recent for ever."""
    return at <= now < at + ASK_REFUSED_EVERY


def outcome_status(error: ProviderError | StorageError | None) -> str:
    """What an error, or none, makes of a sync."""
    if error is None:
        return DONE
    if isinstance(error, SyncStopped):
        return STOPPED
    if isinstance(error, EndpointUnsupported):
        return DONE_UNSUPPORTED
    if isinstance(error, ClaimLost):
        return BUSY
    return FAILED
