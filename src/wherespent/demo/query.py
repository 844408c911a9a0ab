"""The query of a usage or costs request, read and refused the way the real API does."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from wherespent.demo.quirks import Quirks
from wherespent.demo.source import DAY, HOUR, day_start, utc_day
from wherespent.demo.streams import COST_DIMENSIONS, COST_FILTERS, STREAMS

Params = Mapping[str, Sequence[str]]
WIDTHS = {"1m": 60, "1h": HOUR, "1d": DAY}
USAGE_LIMITS = {"1m": (60, 1440), "1h": (24, 168), "1d": (7, 31)}
COST_LIMITS = (7, 180)
HISTORY = timedelta(days=365)


class ApiError(Exception):
    """An error answer: status and the four fields of its body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class Query:
    """One page's worth of question."""

    stream: str
    start: int
    end: int
    width: int
    limit: int
    group_by: tuple[str, ...]
    filters: Mapping[str, frozenset[str]]
    """Dimension to the values that pass."""
    binding: bytes
    """What a cursor is bound to: every parameter but `page`."""
    resume_at: int
    page: str | None


def normalized(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Parameters by name: `a=1&a=2`, `a[]=1&a[]=2` and `a=1,2` mean the same for lists."""
    params: dict[str, list[str]] = {}
    for name, value in pairs:
        bare = name.removesuffix("[]")
        is_list = bare in _LIST_NAMES
        # A line item contains commas, so only the repeated form can carry it.
        parts = value.split(",") if is_list and bare != "line_items" else [value]
        params.setdefault(bare, []).extend(part for part in parts if part or not is_list)
    return params


_LIST_NAMES = {
    "group_by",
    "emails",
    *COST_FILTERS,
    *(name for stream in STREAMS.values() for name in stream.filters if name != "batch"),
}


def read_query(stream: str, params: Params, quirks: Quirks, now: int) -> Query:
    """Refuse what the real endpoint refuses: start, width, limit, groups, window."""
    start = _seconds(params, "start_time")
    if start is None:
        raise ApiError(
            400,
            "Missing required parameter: 'start_time'.",
            param="start_time",
            code="missing_required_parameter",
        )
    end = _seconds(params, "end_time")
    width_name = _last(params, "bucket_width") or "1d"
    limit = _limit(params, stream, width_name)
    group_by = _group_by(params, stream)
    _refuse_window(stream, start, end, quirks, now)
    if stream == "costs":
        _refuse_cost_grouping(params, group_by, start, quirks)
    binding = _binding(stream, params)
    resume_at, fixed_end = _resume(_last(params, "page"), binding)
    return Query(
        stream=stream,
        start=start,
        end=fixed_end or end or now,
        width=WIDTHS[width_name],
        limit=limit,
        group_by=group_by,
        filters=_filters(params, stream),
        binding=binding,
        resume_at=resume_at,
        page=_last(params, "page"),
    )


def mint_cursor(query: Query, next_start: int, salt: bytes = bytes(8)) -> str:
    """An opaque cursor that only continues the query that it was made for.

    Another `salt` of 8 bytes makes another cursor to the same place.
    """
    packed = query.binding + struct.pack(">qq8s", next_start, query.end, salt)
    return "page_" + base64.urlsafe_b64encode(packed).decode()


def _resume(page: str | None, binding: bytes) -> tuple[int, int | None]:
    if page is None:
        return 0, None
    refused = ApiError(
        400, "Invalid page token: it does not match this query.", param="page", code="invalid_page"
    )
    try:
        packed = base64.b64decode(page.removeprefix("page_"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refused from None
    if (
        not page.startswith("page_")
        or len(packed) != len(binding) + 24
        or packed[: len(binding)] != binding
    ):
        raise refused
    next_start, end, _ = struct.unpack(">qq8s", packed[len(binding) :])
    return next_start, end


def _binding(stream: str, params: Params) -> bytes:
    parts = sorted((name, tuple(values)) for name, values in params.items() if name != "page")
    return hashlib.blake2b(repr((stream, parts)).encode(), digest_size=8).digest()


def _last(params: Params, name: str) -> str | None:
    values = params.get(name)
    return values[-1] if values else None


def _seconds(params: Params, name: str) -> int | None:
    text = _last(params, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ApiError(
            400,
            f"Invalid type for '{name}': expected an integer, got '{text}'.",
            param=name,
            code="invalid_type",
        )
    return int(text)


def _limit(params: Params, stream: str, width: str) -> int:
    allowed = ["1d"] if stream == "costs" else list(WIDTHS)
    if width not in allowed:
        names = ", ".join(f"'{name}'" for name in allowed)
        raise ApiError(
            400,
            f"Invalid value: '{width}'. Supported values are: {names}",
            param="bucket_width",
            code="invalid_value",
        )
    default, most = COST_LIMITS if stream == "costs" else USAGE_LIMITS[width]
    text = _last(params, "limit") or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ApiError(
            400, f"Invalid type for 'limit': got '{text}'.", param="limit", code="invalid_type"
        )
    if int(text) > most:
        message = f"Invalid limit provided: {text}. Limit must be less than or equal to {most}."
        raise ApiError(400, message, code="invalid_request_error")
    if int(text) < 1:
        message = f"Invalid limit provided: {text}. Limit must be greater than or equal to 1."
        raise ApiError(400, message, code="invalid_request_error")
    return int(text)


def _group_by(params: Params, stream: str) -> tuple[str, ...]:
    allowed = COST_DIMENSIONS if stream == "costs" else STREAMS[stream].dimensions
    asked = tuple(dict.fromkeys(params.get("group_by", ())))
    for name in asked:
        if name not in allowed:
            names = ", ".join(f"'{each}'" for each in allowed)
            message = f"Invalid value: '{name}'. Supported values are: {names}."
            raise ApiError(400, message, param="group_by", code="invalid_value")
    return asked


def _filters(params: Params, stream: str) -> dict[str, frozenset[str]]:
    known = COST_FILTERS if stream == "costs" else STREAMS[stream].filters
    chosen = {
        dimension: frozenset(params[name]) for name, dimension in known.items() if params.get(name)
    }
    if (batch := chosen.get("batch")) and not batch <= {"true", "false"}:
        raise ApiError(
            400,
            "Invalid value for 'batch': expected a boolean.",
            param="batch",
            code="invalid_type",
        )
    return chosen


def _refuse_window(stream: str, start: int, end: int | None, quirks: Quirks, now: int) -> None:
    floor = quirks.history_floor or utc_day(now) - HISTORY
    if quirks.history_limited and start < day_start(floor):
        message = (
            "Usage and cost data are available for the past year. "
            f"Earliest supported start date: {floor} (UTC)."
        )
        raise ApiError(400, message, code="reporting_lookback_exceeded")
    if end is None:
        return
    if stream == "costs" and utc_day(start) == utc_day(end):
        raise ApiError(
            400, "start_time and end_time must not be on the same date.", param="end_time"
        )
    if end <= start:
        raise ApiError(
            400, "end_time must be after start_time.", param="end_time", code="invalid_value"
        )


def _refuse_cost_grouping(
    params: Params, group_by: tuple[str, ...], start: int, quirks: Quirks
) -> None:
    floor = quirks.api_key_floor
    if floor is not None and "api_key_id" in group_by and start < floor:
        message = (
            "group_by=api_key_id is not available for this time range. "
            f"Try a start_time on or after {floor}."
        )
        raise ApiError(400, message, param="start_time", code="invalid_request_error")
    with_project = "project_id" in group_by or params.get("project_ids")
    if quirks.refuse_user_with_project and "user_id" in group_by and with_project:
        message = "group_by=user_id cannot be combined with project_id for this organization."
        raise ApiError(400, message, param="group_by", code="invalid_request_error")
