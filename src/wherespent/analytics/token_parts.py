"""How requests were processed: in a batch, or at which service tier."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.filters import NOT_REPORTED, Filters, Granularity
from wherespent.analytics.sources import request_streams, usage_source
from wherespent.analytics.sums import Sums, Values, added, added_values, sums

BATCH = "batch"
_MEASURES = ("num_model_requests", "input_tokens", "input_cached_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class ProcessingPoint:
    """Requests and tokens of one way of processing in one bucket; None is unknown.

    `processing` is `BATCH`, else the service tier: '' where OpenAI named none, `NOT_REPORTED`
    for streams that are not reported by tier (embeddings, images, audio).
    """

    bucket_start: int | None
    processing: str
    requests: int | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None

    @property
    def tokens(self) -> int | None:
        """Input and output; cached tokens are part of the input."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)


def processing_parts(connection: Connection, filters: Filters) -> list[ProcessingPoint]:
    """One point per bucket of `filters.grain` and way of processing, by bucket.

    Together they are all requests and tokens. A batch that also names a tier is a batch: that is
    how it is billed.
    """
    found = added_up(
        connection, filters, ("batch", "service_tier"), lambda it, by: _sums(connection, it, by)
    )
    parts: dict[tuple[int | None, str], Values] = defaultdict(lambda: (None,) * len(_MEASURES))
    for (bucket, batch, tier), values in found.items():
        key = (bucket, BATCH if batch == "true" else _tier(batch, tier))
        parts[key] = added_values(parts[key], values)
    points = [ProcessingPoint(*key, *values) for key, values in parts.items()]
    return sorted(points, key=lambda point: (point.bucket_start or 0, point.processing))


def _tier(batch: str, tier: str) -> str:
    return NOT_REPORTED if NOT_REPORTED in (batch, tier) and tier in ("", NOT_REPORTED) else tier


def _sums(connection: Connection, scope: Scope, dimensions: tuple[str, ...]) -> Sums:
    filters = scope.filters
    choices, hours = filters.usage_choices, filters.grain is Granularity.HOUR
    source = usage_source(
        scope.account,
        request_streams(),
        (*choices, *dimensions),
        hours=hours,
        zone=filters.zone,
    )
    return sums(
        connection,
        source,
        filters.window,
        filters.grain,
        choices,
        by=[source.shown(dimension) for dimension in dimensions],
        measures=[added(source.facts.c[name]) for name in _MEASURES],
    )
