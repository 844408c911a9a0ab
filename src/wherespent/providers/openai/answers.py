"""What an HTTP answer means: which error of ours it is, and whether asking again can help."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from wherespent.errors import (
    EndpointUnsupported,
    HistoryLimit,
    KeyGroupingFloor,
    KeyRefused,
    MalformedAnswer,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FLOOR = re.compile(r"on or after (\d{9,11})")
_SCOPE = r"[a-z_]+(?:\.[a-z_]+)+"
_SCOPES = re.compile(rf"[Mm]issing scopes?:\s*({_SCOPE}(?:\s*,\s*{_SCOPE})*)")
_SECRET = re.compile(r"\b(?:sk|sess)-[\w*.\-]+")
_MAKE_A_KEY = (
    "Create an admin key with the read-only scopes api.usage.read and api.management.read "
    "(platform.openai.com, Settings, Organization, Admin keys) and set it as OPENAI_ADMIN_KEY, or "
    "as the key of this account in WHERESPENT_ACCOUNTS."
)
_WORTH_RETRYING = frozenset({408, 409, 425, 429})


class _ErrorBody(msgspec.Struct):
    message: str | None = None
    type: str | None = None
    param: str | None = None
    code: str | int | None = None


class _Envelope(msgspec.Struct):
    error: _ErrorBody | str | None = None


def is_worth_retrying(status: int) -> bool:
    return status in _WORTH_RETRYING or status >= 500


def error_of(path: str, status: int, body: bytes, wrong_kind: str = "") -> ProviderError:
    """The error that an answer with this status means. Never holds a key or a long body.

    `wrong_kind` is what the key is, where it is surely no admin key.
    """
    told = _told(body)
    message = _SECRET.sub("sk-…", told.message or "")[:300]
    if status in (401, 403):
        return _key_refused(path, status, message, wrong_kind)
    if status == 404:
        return EndpointUnsupported(
            f"{path} is not available to this organization; it is asked again once a day"
        )
    if is_worth_retrying(status):
        return ProviderUnavailable(
            f"{path} answered {status}{f' ({message})' if message else ''}; "
            "the next sync tries again"
        )
    return _request_refused(path, status, message, told)


def _told(body: bytes) -> _ErrorBody:
    try:
        error = msgspec.json.decode(body, type=_Envelope).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _ErrorBody()
    return error if isinstance(error, _ErrorBody) else _ErrorBody(message=error)


def _key_refused(path: str, status: int, message: str, wrong_kind: str) -> KeyRefused:
    if wrong_kind:
        return KeyRefused(
            f"This is {wrong_kind}: only an admin key (sk-admin-…) can read usage and costs. "
            f"{_MAKE_A_KEY}",
            is_unknown=True,
        )
    scopes = _SCOPES.search(message)
    if scopes:
        return KeyRefused(f"The key lacks the scope {scopes[1]} that {path} needs. {_MAKE_A_KEY}")
    if status == 401:
        return KeyRefused(
            f"OpenAI does not know this key: wrong, revoked or expired. {_MAKE_A_KEY}",
            is_unknown=True,
        )
    return KeyRefused(f"This key may not read {path}: project and user keys cannot. {_MAKE_A_KEY}")


def _request_refused(path: str, status: int, message: str, told: _ErrorBody) -> ProviderError:
    if not message or status not in (400, 422):
        # A proxy or a login page: what OpenAI refuses, it gives a reason for.
        return MalformedAnswer(
            f"{path} answered {status} without a reason: check that WHERESPENT_OPENAI_BASE_URL "
            "and your proxy lead to OpenAI"
        )
    code = str(told.code or "")
    if code == "reporting_lookback_exceeded" or "available for the past" in message:
        date = _DATE.search(message)
        earliest = datetime.fromisoformat(date[0]).replace(tzinfo=UTC) if date else None
        return HistoryLimit(f"{path}: {message}", earliest)
    floor = _FLOOR.search(message)
    if floor and "api_key_id" in message:
        return KeyGroupingFloor(f"{path}: {message}", datetime.fromtimestamp(int(floor[1]), UTC))
    return RequestRefused(
        f"{path} refused the request ({status}): {message}",
        param=told.param or "",
        code=code,
    )


def retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks to wait (a number or an HTTP date); None without one.

    A date is counted from the answer's own `Date` where it has one: two clocks may be far apart.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    until = _moment(value)
    if until is None:
        return None
    return max(0.0, (until - (_moment(headers.get("date", "")) or now)).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)
