"""What each usage stream can be grouped by, filtered by and measured in (contract, section 2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Dimension = str | bool | None
Measures = dict[str, int | None]

COMPLETION_LEAVES = (
    "input_text_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "input_cached_text_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_12h_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "output_image_tokens",
    "num_model_requests",
)
COST_DIMENSIONS = ("project_id", "user_id", "line_item", "api_key_id", "api_source")
COST_FILTERS = {"project_ids": "project_id", "api_key_ids": "api_key_id", "line_items": "line_item"}


def completion_measures(leaves: tuple[int, ...]) -> Measures:
    """All token fields of completions, the totals derived so that the identities hold exactly."""
    text, audio, image, c_text, c_audio, c_image, w_30m, w_12h, o_text, o_audio, o_image, calls = (
        leaves
    )
    uncached, cached, written = text + audio + image, c_text + c_audio + c_image, w_30m + w_12h
    return {
        "input_tokens": uncached + cached + written,
        "output_tokens": o_text + o_audio + o_image,
        "num_model_requests": calls,
        "input_uncached_tokens": uncached,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": written,
        "input_cache_write_30m_tokens": w_30m,
        "input_cache_write_12h_tokens": w_12h,
        "input_text_tokens": text,
        "input_audio_tokens": audio,
        "input_image_tokens": image,
        "input_cached_text_tokens": c_text,
        "input_cached_audio_tokens": c_audio,
        "input_cached_image_tokens": c_image,
        "output_text_tokens": o_text,
        "output_audio_tokens": o_audio,
        "output_image_tokens": o_image,
    }


@dataclass(frozen=True)
class Stream:
    """One usage endpoint: its dimensions in row order, its filters and its measures."""

    name: str
    result_object: str
    dimensions: tuple[str, ...]
    leaves: tuple[str, ...]
    filters: Mapping[str, str] = field(default_factory=dict[str, str])
    is_stock: bool = False

    @property
    def measures_of(self) -> Callable[[tuple[int, ...]], Measures]:
        """From the leaves that are generated to the fields that are served."""
        if self.leaves is COMPLETION_LEAVES:
            return completion_measures
        return lambda leaves: dict(zip(self.leaves, leaves, strict=True))


_WHO = ("project_id", "user_id", "api_key_id", "model")
_WHO_FILTERS = {
    "project_ids": "project_id",
    "user_ids": "user_id",
    "api_key_ids": "api_key_id",
    "models": "model",
}
_COMPLETIONS = (*_WHO, "batch", "service_tier", "api_source")


def _by_model(name: str, *leaves: str) -> Stream:
    return Stream(name, f"organization.usage.{name}.result", _WHO, leaves, _WHO_FILTERS)


def _by_completion(name: str) -> Stream:
    kind = f"organization.usage.{name}.result"
    return Stream(name, kind, _COMPLETIONS, COMPLETION_LEAVES, {**_WHO_FILTERS, "batch": "batch"})


_ALL = (
    _by_completion("completions"),
    _by_completion("decisions"),
    _by_model("embeddings", "input_tokens", "num_model_requests"),
    _by_model("moderations", "input_tokens", "num_model_requests"),
    Stream(
        "images",
        "organization.usage.images.result",
        (*_WHO, "size", "source"),
        ("images", "num_model_requests"),
        {**_WHO_FILTERS, "sizes": "size", "sources": "source"},
    ),
    _by_model("audio_speeches", "characters", "num_model_requests"),
    _by_model("audio_transcriptions", "seconds", "num_model_requests"),
    Stream(
        "vector_stores",
        "organization.usage.vector_stores.result",
        ("project_id",),
        ("usage_bytes",),
        {"project_ids": "project_id"},
        is_stock=True,
    ),
    Stream(
        "code_interpreter_sessions",
        "organization.usage.code_interpreter_sessions.result",
        ("project_id",),
        ("num_sessions",),
        {"project_ids": "project_id"},
    ),
    Stream(
        "file_search_calls",
        "organization.usage.file_searches.result",
        ("project_id", "user_id", "api_key_id", "vector_store_id"),
        ("num_requests",),
        {
            "project_ids": "project_id",
            "user_ids": "user_id",
            "api_key_ids": "api_key_id",
            "vector_store_ids": "vector_store_id",
        },
    ),
    Stream(
        "web_search_calls",
        "organization.usage.web_searches.result",
        (*_WHO, "context_level", "api_source"),
        ("num_requests", "num_model_requests"),
        {**_WHO_FILTERS, "context_levels": "context_level"},
    ),
)
STREAMS: Mapping[str, Stream] = {stream.name: stream for stream in _ALL}


def halves(stream: Stream, measures: Measures) -> tuple[Measures, Measures]:
    """Two rows that add up to one, each of which still satisfies the identities where it did."""
    if all(measures.get(leaf) is not None for leaf in stream.leaves):
        leaves = tuple(measures[leaf] or 0 for leaf in stream.leaves)
        first = stream.measures_of(tuple(value // 2 for value in leaves))
        first = {name: first.get(name, 0) for name in measures}
    else:
        first = {name: None if value is None else value // 2 for name, value in measures.items()}
    rest = {name: None if v is None else v - (first[name] or 0) for name, v in measures.items()}
    return first, rest


def add_measures(total: Measures, more: Measures) -> None:
    """Add one row's measures to a running total; a field that nobody sent stays absent."""
    for name, value in more.items():
        held = total.get(name)
        if value is not None:
            total[name] = value if held is None else held + value
        elif name not in total:
            total[name] = None
