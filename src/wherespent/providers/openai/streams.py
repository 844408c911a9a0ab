"""The endpoints of OpenAI's organization API that are ingested, one row each."""

from wherespent.domain.streams import COST_DIMENSIONS, Kind, Stream
from wherespent.domain.windows import DAY, HOUR

_WHO = ("project_id", "user_id", "api_key_id")
_TOKENS = (
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
)


def _usage(
    endpoint: str,
    dimensions: tuple[str, ...],
    measures: tuple[str, ...],
    result: str | None = None,
) -> Stream:
    return Stream(
        name=f"openai.usage.{endpoint}",
        path=f"/organization/usage/{endpoint}",
        kind=Kind.USAGE,
        # Two endpoints name their results otherwise than their paths.
        result_objects=frozenset(
            f"organization.usage.{name}.result" for name in (endpoint, result or endpoint)
        ),
        width=HOUR,
        page_limit=168,
        lag_days=1,
        dimensions=dimensions,
        measures=measures,
    )


COSTS = Stream(
    name="openai.costs",
    path="/organization/costs",
    kind=Kind.COST,
    result_objects=frozenset({"organization.costs.result"}),
    width=DAY,
    page_limit=180,
    lag_days=3,
    dimensions=COST_DIMENSIONS,
    measures=("amount", "quantity"),
)

_COMPLETIONS = (*_WHO, "model", "batch", "service_tier", "api_source")
COMPLETIONS = _usage("completions", _COMPLETIONS, _TOKENS)

USAGE = (
    COMPLETIONS,
    _usage("decisions", _COMPLETIONS, _TOKENS),
    _usage("embeddings", (*_WHO, "model"), ("num_model_requests", "input_tokens")),
    _usage("moderations", (*_WHO, "model"), ("num_model_requests", "input_tokens")),
    _usage("images", (*_WHO, "model", "size", "source"), ("num_model_requests", "images")),
    _usage("audio_speeches", (*_WHO, "model"), ("num_model_requests", "characters")),
    _usage("audio_transcriptions", (*_WHO, "model"), ("num_model_requests", "seconds")),
    _usage("vector_stores", ("project_id",), ("usage_bytes",)),
    _usage("code_interpreter_sessions", ("project_id",), ("num_sessions",)),
    _usage("file_search_calls", (*_WHO, "vector_store_id"), ("num_requests",), "file_searches"),
    _usage(
        "web_search_calls",
        (*_WHO, "model", "context_level", "api_source"),
        ("num_model_requests", "num_requests"),
        "web_searches",
    ),
)

STREAMS = (COSTS, *USAGE)
