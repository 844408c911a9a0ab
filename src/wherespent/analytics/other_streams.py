"""What the streams beside completions count, each measure in its own unit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up, scopes
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import Account, usage_source, usage_streams
from wherespent.analytics.stocks import stock_levels
from wherespent.analytics.sums import Sums, added, sums
from wherespent.domain.streams import STOCK_MEASURES, Stream
from wherespent.errors import QuestionRefused
from wherespent.providers import STREAMS

# One measure of each stream says what it is for; the others are requests and tokens.
_MEASURES = {
    "decisions": ("num_model_requests", "requests"),
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
    chosen = scopes(connection, filters)
    wanted = [stream for stream in usage_streams() if stream.short_name in _MEASURES]
    found = (_usage_of(connection, chosen, stream, filters.grain) for stream in wanted)
    return [usage for usage in found if usage is not None]


@dataclass(frozen=True, slots=True)
class StreamSplit:
    """One stream over time by the `dimension` that says most of it: (bucket, key) → the measure.

    A stock is not split (`dimension` is ''): the levels of its keys are of different moments.
    """

    stream: str
    dimension: str
    points: Mapping[tuple[int | None, str], int]


def stream_split(connection: Connection, filters: Filters, stream: str) -> StreamSplit:
    """The measure of one of these streams (by its name) by model, else by project.

    Raises QuestionRefused for another stream.
    """
    known = STREAMS.get(stream)
    if known is None or known.short_name not in _MEASURES:
        raise QuestionRefused(f"{stream} is none of the other streams")
    measure, _ = _MEASURES[known.short_name]
    if measure in STOCK_MEASURES:
        used = _usage_of(connection, scopes(connection, filters), known, filters.grain)
        stored = used.points if used else ()
        return StreamSplit(stream, "", {(it.bucket_start, ""): it.value for it in stored})
    dimension = "model" if "model" in known.dimensions else "project_id"

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        choices, hours = scope.filters.usage_choices, filters.grain is Granularity.HOUR
        source = usage_source(
            scope.account, (known,), (*choices, *by), hours=hours, zone=filters.zone
        )
        return sums(
            connection,
            source,
            filters.window,
            filters.grain,
            choices,
            by=[source.shown(name) for name in by],
            measures=(added(source.facts.c[measure]),),
        )

    found = added_up(connection, filters, (dimension,), ask)
    points = {
        (bucket, key): value for (bucket, key), (value,) in found.items() if value is not None
    }
    return StreamSplit(stream, dimension, points)


def _usage_of(
    connection: Connection, chosen: Sequence[Scope], stream: Stream, grain: Granularity
) -> StreamUsage | None:
    measure, unit = _MEASURES[stream.short_name]
    parts = [_points(connection, it.account, stream, it.filters, grain) for it in chosen]
    if not any(parts):
        return None
    is_stock = measure in STOCK_MEASURES
    total = sum(
        points[-1].value if is_stock else sum(point.value for point in points)
        for points in parts
        if points
    )
    at = Counter[int | None]()
    for point in chain(*parts):
        at[point.bucket_start] += point.value
    points = [StreamPoint(start, value) for start, value in sorted(at.items(), key=_start)]
    return StreamUsage(stream.name, measure, unit, total, tuple(points))


def _start(point: tuple[int | None, int]) -> int:
    return point[0] or 0


def _points(
    connection: Connection,
    account: Account,
    stream: Stream,
    filters: Filters,
    grain: Granularity,
) -> list[StreamPoint]:
    measure, _ = _MEASURES[stream.short_name]
    hours = grain is Granularity.HOUR
    source = usage_source(account, (stream,), filters.usage_choices, hours=hours, zone=filters.zone)
    window, column = filters.window, source.facts.c[measure]
    if measure in STOCK_MEASURES:
        found = stock_levels(connection, source, filters, measure=column)
    else:
        found = sums(
            connection, source, window, grain, filters.usage_choices, measures=(added(column),)
        )
    points = [
        StreamPoint(key[0], values[0]) for key, values in found.items() if values[0] is not None
    ]
    return sorted(points, key=lambda point: point.bucket_start or 0)
