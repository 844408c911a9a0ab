"""What the streams beside completions count, each measure in its own unit."""

from dataclasses import dataclass

from sqlalchemy import Connection

from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import Account, read_account, usage_source, usage_streams
from wherespent.analytics.sums import added, levels, sums
from wherespent.domain.streams import STOCK_MEASURES, Stream

# One measure of each stream says what it is for; the others are requests and tokens.
_MEASURES = {
    "embeddings": ("input_tokens", "tokens"),
    "moderations": ("input_tokens", "tokens"),
    "images": ("images", "images"),
    "audio_speeches": ("characters", "characters"),
    "audio_transcriptions": ("seconds", "seconds"),
    "vector_stores": ("usage_bytes", "bytes"),
    "code_interpreter_sessions": ("num_sessions", "sessions"),
    "file_search_calls": ("num_requests", "calls"),
    "web_search_calls": ("num_requests", "calls"),
}


@dataclass(frozen=True, slots=True)
class StreamPoint:
    """`bucket_start` is None over the whole window."""

    bucket_start: int | None
    value: int


@dataclass(frozen=True, slots=True)
class StreamUsage:
    """One measure of one stream in its own unit. A stock's total is its last level."""

    stream: str
    measure: str
    unit: str
    total: int
    points: tuple[StreamPoint, ...]


def other_streams(connection: Connection, filters: Filters) -> list[StreamUsage]:
    """Every such stream with usage in the window, points oldest first."""
    account = read_account(connection, filters.account)
    wanted = [stream for stream in usage_streams() if stream.short_name in _MEASURES]
    found = (_usage_of(connection, account, stream, filters) for stream in wanted)
    return [usage for usage in found if usage is not None]


def _usage_of(
    connection: Connection, account: Account, stream: Stream, filters: Filters
) -> StreamUsage | None:
    measure, unit = _MEASURES[stream.short_name]
    points = _points(connection, account, stream, filters, filters.grain)
    if not points:
        return None
    is_stock = measure in STOCK_MEASURES
    total = points[-1].value if is_stock else sum(point.value for point in points)
    return StreamUsage(stream.name, measure, unit, total, tuple(points))


def _points(
    connection: Connection,
    account: Account,
    stream: Stream,
    filters: Filters,
    grain: Granularity,
) -> list[StreamPoint]:
    measure, _ = _MEASURES[stream.short_name]
    hours = grain is Granularity.HOUR
    source = usage_source(account, (stream,), filters.usage_choices, hours=hours)
    window, column = filters.window, source.facts.c[measure]
    if measure in STOCK_MEASURES:
        found = levels(connection, source, window, grain, filters.usage_choices, measure=column)
    else:
        found = sums(
            connection, source, window, grain, filters.usage_choices, measures=(added(column),)
        )
    points = [
        StreamPoint(key[0], values[0]) for key, values in found.items() if values[0] is not None
    ]
    return sorted(points, key=lambda point: point.bucket_start or 0)
