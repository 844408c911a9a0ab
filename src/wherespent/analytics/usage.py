"""Questions about usage: requests and tokens, over time and by dimension."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, Table, func

from wherespent.analytics.accounts import Scope, added_up, scopes
from wherespent.analytics.activity import active_ids
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.heat_map import (
    HourOfWeek,
    heat_map_window,
    requests_by_hour_of_week,
)
from wherespent.analytics.other_streams import StreamPoint, StreamUsage, other_streams
from wherespent.analytics.sources import (
    request_streams,
    usage_source,
    usage_streams,
    was_read,
)
from wherespent.analytics.sums import Sums, added, sums
from wherespent.errors import QuestionRefused

__all__ = [
    "USAGE_DIMENSIONS",
    "HourOfWeek",
    "StreamPoint",
    "StreamUsage",
    "TokenPoint",
    "UsageTotals",
    "heat_map_window",
    "other_streams",
    "requests_by_hour_of_week",
    "tokens_by",
    "tokens_over_time",
    "usage_totals",
]

USAGE_DIMENSIONS = (
    "model",
    "project_id",
    "user_id",
    "api_key_id",
    "service_tier",
    "batch",
    "account",
)


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums over the window; None is unknown or never read, which is not 0."""

    requests: int | None
    input_tokens: int | None
    input_uncached_tokens: int | None
    input_cached_tokens: int | None
    input_cache_write_tokens: int | None
    input_audio_tokens: int | None
    input_image_tokens: int | None
    output_tokens: int | None
    output_audio_tokens: int | None
    output_image_tokens: int | None
    active_users: int
    active_api_keys: int


@dataclass(frozen=True, slots=True)
class TokenPoint:
    """Tokens of one key in one bucket; None is unknown.

    `input_tokens` = `uncached` + `cached` + `cache_write`. Audio and image are parts of
    `uncached` and of `output`, not beside them; `output` is `output_tokens`. `bucket_start` is
    None over the whole window; `key` is '' where nothing is grouped.
    """

    bucket_start: int | None
    key: str
    uncached: int | None
    cached: int | None
    cache_write: int | None
    output: int | None
    input_audio: int | None
    output_audio: int | None
    input_image: int | None
    output_image: int | None
    requests: int | None
    input_tokens: int | None
    output_tokens: int | None


_REQUESTS = ("num_model_requests",)
# In the order that `_token_point` reads.
_TOKENS = (
    "input_cached_tokens",
    "input_cache_write_tokens",
    "output_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
    "input_tokens",
)


def usage_totals(connection: Connection, filters: Filters) -> UsageTotals:
    """The sums of the window, and how many users and API keys have usage in it."""
    found = _points(connection, filters, Granularity.TOTAL, ())
    chosen = scopes(connection, filters)
    active = [active_ids(connection, scope.account, scope.filters) for scope in chosen]
    if found:
        point = found[0]
    else:
        days = filters.zone.utc_days(filters.window)
        is_known = any(
            was_read(connection, scope.account, usage_streams(), days) for scope in chosen
        )
        point = _token_point((None,), (0 if is_known else None,) * (len(_TOKENS) + 2))
    return UsageTotals(
        requests=point.requests,
        input_tokens=point.input_tokens,
        input_uncached_tokens=point.uncached,
        input_cached_tokens=point.cached,
        input_cache_write_tokens=point.cache_write,
        input_audio_tokens=point.input_audio,
        input_image_tokens=point.input_image,
        output_tokens=point.output_tokens,
        output_audio_tokens=point.output_audio,
        output_image_tokens=point.output_image,
        active_users=sum(users for users, _ in active),
        active_api_keys=sum(api_keys for _, api_keys in active),
    )


def tokens_over_time(connection: Connection, filters: Filters) -> list[TokenPoint]:
    """One point per bucket of `filters.grain` that has any usage, oldest first."""
    return _points(connection, filters, filters.grain, ())


def tokens_by(connection: Connection, filters: Filters, dimension: str) -> list[TokenPoint]:
    """One point per (bucket, key), by bucket and then key.

    A stream that is not reported by the dimension stands under the key `NOT_REPORTED`.
    Raises QuestionRefused for an unknown dimension.
    """
    if dimension not in USAGE_DIMENSIONS:
        raise QuestionRefused(
            f"tokens cannot be grouped by {dimension}: use {', '.join(USAGE_DIMENSIONS)}"
        )
    return _points(connection, filters, filters.grain, (dimension,))


def _points(
    connection: Connection, filters: Filters, grain: Granularity, dimensions: tuple[str, ...]
) -> list[TokenPoint]:
    """Tokens of the streams that count tokens, and requests of all that count requests."""

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        choices = scope.filters.usage_choices
        hours = grain is Granularity.HOUR
        source = usage_source(
            scope.account, request_streams(), (*choices, *by), hours=hours, zone=filters.zone
        )
        return sums(
            connection,
            source,
            filters.window,
            grain,
            choices,
            by=[source.shown(dimension) for dimension in by],
            measures=_measures(source.facts),
        )

    found = added_up(connection, filters, dimensions, ask)
    points = [_token_point(key, values) for key, values in found.items()]
    return sorted(points, key=lambda point: (point.bucket_start or 0, point.key))


def _measures(facts: Table | Subquery) -> list[ColumnElement[Any]]:
    plain = (facts.c[name] for name in (*_TOKENS, *_REQUESTS))
    return [added(uncached_input(facts)), *(added(column) for column in plain)]


@lru_cache(maxsize=32)
def uncached_input(facts: Table | Subquery) -> ColumnElement[Any]:
    """What does not report its cache has none: all of its input is uncached."""
    columns = facts.c
    return func.coalesce(
        columns.input_uncached_tokens,
        columns.input_tokens
        - func.coalesce(columns.input_cached_tokens, 0)
        - func.coalesce(columns.input_cache_write_tokens, 0),
    )


def _token_point(key: Sequence[Any], values: Sequence[Any]) -> TokenPoint:
    uncached, cached, cache_write, output, *parts, tokens, requests = values
    input_audio, output_audio, input_image, output_image = parts
    return TokenPoint(
        key[0],
        key[1] if len(key) > 1 else "",
        uncached,
        cached,
        cache_write,
        output,
        input_audio,
        output_audio,
        input_image,
        output_image,
        requests,
        tokens,
        output,
    )
