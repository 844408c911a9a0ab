"""What a stream is: one endpoint that we ingest, with its dimensions and measures."""

from dataclasses import dataclass
from enum import StrEnum

# Every dimension that a usage stream can be grouped by, in the order of the series table.
USAGE_DIMENSIONS = (
    "project_id",
    "user_id",
    "api_key_id",
    "model",
    "batch",
    "service_tier",
    "api_source",
    "size",
    "source",
    "vector_store_id",
    "context_level",
)

# Every measure that a usage stream reports, in the order of the fact tables.
USAGE_MEASURES = (
    "num_model_requests",
    "input_tokens",
    "output_tokens",
    "input_uncached_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_12h_tokens",
    "input_text_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "input_cached_text_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "output_image_tokens",
    "images",
    "characters",
    "seconds",
    "usage_bytes",
    "num_sessions",
    "num_requests",
)

# A stock is a level at a moment: its sum over time means nothing.
STOCK_MEASURES = frozenset({"usage_bytes"})

# Settled days are read again once a week until they are this old: that is how restatements show.
SECOND_LOOK_DAYS = 35

COST_DIMENSIONS = ("project_id", "user_id", "line_item", "api_key_id", "api_source")


class Kind(StrEnum):
    USAGE = "usage"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class Stream:
    """One endpoint. `width` is the bucket in seconds, `page_limit` the most buckets a page has,
    `lag_days` how many days before today each sync reads again."""

    name: str
    path: str
    kind: Kind
    result_objects: frozenset[str]
    width: int
    page_limit: int
    lag_days: int
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def short_name(self) -> str:
        """The last part of the name: what `--stream` accepts and tables show."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def page_seconds(self) -> int:
        return self.width * self.page_limit
