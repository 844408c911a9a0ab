"""What can be measured: sums of the bill and of usage, and what is made of two such sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from wherespent.analytics.accounts import ACCOUNT
from wherespent.analytics.estimated import ESTIMATE_DIMENSIONS
from wherespent.analytics.sources import request_streams
from wherespent.domain.money import EXACT, from_nanos
from wherespent.domain.streams import COST_DIMENSIONS, STOCK_MEASURES, Stream
from wherespent.providers import STREAMS
from wherespent.providers.openai.streams import COMPLETIONS, COSTS

# A sum of nano-dollars, of whole units, or of estimated dollars as Decimal; None is unknown.
Part = int | Decimal | None
Parts = tuple[Part, ...]

# Reckoned from these two by `uncached_input`: not every stream reports its cache.
UNCACHED = "input_uncached_tokens"


class Unit(StrEnum):
    """How a value is written. RATE is US dollars per so many units, RATIO a plain number."""

    USD = "USD"
    COUNT = "count"
    BYTES = "bytes"
    SHARE = "share"
    RATIO = "ratio"
    RATE = "USD per unit"


class Fact(StrEnum):
    """Which facts a sum is made of: the two are never added to each other."""

    BILLED = "billed cost"
    ESTIMATED = "estimated cost"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Amount:
    """One sum: these columns, added, of these streams. A stock is a level, not a sum over time."""

    title: str
    fact: Fact
    streams: tuple[Stream, ...]
    columns: tuple[str, ...] = ()

    @property
    def is_stock(self) -> bool:
        return not STOCK_MEASURES.isdisjoint(self.columns)

    @property
    def dimensions(self) -> frozenset[str]:
        """What it can be split by; a stream that lacks one of these stands apart in it."""
        if self.fact is Fact.BILLED:
            return frozenset({*COST_DIMENSIONS, "model", ACCOUNT})
        if self.fact is Fact.ESTIMATED:
            return frozenset(ESTIMATE_DIMENSIONS)
        return frozenset(name for stream in self.streams for name in stream.dimensions) | {ACCOUNT}

    @property
    def has_minutes(self) -> bool:
        """Minutes are kept of completions only."""
        return self.fact is Fact.USAGE and COMPLETIONS in self.streams and not self.is_stock


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: an amount, or `per` times the ratio of two. `noun` is said after numbers."""

    name: str
    title: str
    group: str
    unit: Unit
    noun: str
    amounts: tuple[Amount, ...]
    per: int = 1
    about: str = ""

    @property
    def is_ratio(self) -> bool:
        """A ratio cannot be added up: neither over time nor over keys."""
        return len(self.amounts) == 2

    @property
    def is_stock(self) -> bool:
        return any(amount.is_stock for amount in self.amounts)

    @property
    def is_money(self) -> bool:
        return self.unit in (Unit.USD, Unit.RATE)

    @property
    def is_estimate(self) -> bool:
        return Fact.ESTIMATED in self.facts

    @property
    def is_additive(self) -> bool:
        """Whether the values of keys are parts of a whole."""
        return not self.is_ratio

    @property
    def is_flow(self) -> bool:
        """Whether its values add up over time."""
        return not self.is_ratio and not self.is_stock

    @property
    def facts(self) -> frozenset[Fact]:
        return frozenset(amount.fact for amount in self.amounts)

    @property
    def has_hours(self) -> bool:
        """The bill comes by the day."""
        return Fact.BILLED not in self.facts

    @property
    def has_minutes(self) -> bool:
        return all(amount.has_minutes for amount in self.amounts)

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of the streams that it is read from."""
        found = dict.fromkeys(it.name for amount in self.amounts for it in amount.streams)
        return tuple(found)

    @property
    def dimensions(self) -> frozenset[str]:
        first, *rest = (amount.dimensions for amount in self.amounts)
        return first.intersection(*rest)

    def value(self, parts: Sequence[Part] | None) -> Decimal | int | None:
        """The measure of exact sums: dollars as Decimal, counts as int, ratios as Decimal.

        Unknown where a sum is unknown, or the one that is divided by is 0.
        """
        if parts is None or None in parts:
            return None
        scaled = [
            from_nanos(int(part)) if amount.fact is Fact.BILLED else part
            for amount, part in zip(self.amounts, parts, strict=True)
            if part is not None
        ]
        if not self.is_ratio:
            return scaled[0]
        above, below = (Decimal(it) for it in scaled)
        return EXACT.divide(EXACT.multiply(above, Decimal(self.per)), below) if below else None


def weight(parts: Sequence[Part]) -> int | Decimal:
    """What keys are ranked by: the amount, of a ratio what it is divided by."""
    return abs(parts[-1] or 0)


def _streams(*names: str) -> tuple[Stream, ...]:
    return tuple(STREAMS[f"openai.usage.{name}"] for name in names)


def _of_requests(title: str, column: str) -> Amount:
    """Of the streams that count requests; those that count tokens are among them."""
    reported = "input_tokens" if column == UNCACHED else column
    streams = tuple(it for it in request_streams() if reported in it.measures)
    return Amount(title, Fact.USAGE, streams, (column,))


_BILLED = Amount("Billed cost", Fact.BILLED, (COSTS,))
_ESTIMATED = Amount("Estimated cost", Fact.ESTIMATED, request_streams())
_REQUESTS = _of_requests("Requests", "num_model_requests")
_INPUT = _of_requests("Input tokens", "input_tokens")
_OUTPUT = _of_requests("Output tokens", "output_tokens")
_CACHED = _of_requests("Cached input tokens", "input_cached_tokens")
_TOKENS = Amount("Tokens", Fact.USAGE, _INPUT.streams, ("input_tokens", "output_tokens"))
# Images and audio have requests without tokens: they would water down a mean.
_TOKEN_REQUESTS = replace(_REQUESTS, streams=_INPUT.streams)
_OUTPUT_REQUESTS = replace(_REQUESTS, streams=_OUTPUT.streams)
_OUTPUT_INPUT = replace(_INPUT, streams=_OUTPUT.streams)

_MONEY, _TRAFFIC, _INPUTS, _OUTPUTS = "Money", "Requests and tokens", "Input tokens", "Output"
_OTHERS, _RATIOS = "Other streams", "Ratios"

_KINDS = (
    ("input_tokens", "Input tokens", _INPUTS, "All input: uncached, cached and cache write."),
    (UNCACHED, "Uncached input tokens", _INPUTS, "Input that was read in full."),
    ("input_cached_tokens", "Cached input tokens", _INPUTS, "Input that was found in the cache."),
    ("input_cache_write_tokens", "Cache write tokens", _INPUTS, "Input written to the cache."),
    ("input_cache_write_30m_tokens", "Cache write tokens, 30 minutes", _INPUTS, ""),
    ("input_cache_write_12h_tokens", "Cache write tokens, 12 hours", _INPUTS, ""),
    ("input_text_tokens", "Text input tokens", _INPUTS, ""),
    ("input_audio_tokens", "Audio input tokens", _INPUTS, ""),
    ("input_image_tokens", "Image input tokens", _INPUTS, ""),
    ("input_cached_text_tokens", "Cached text input tokens", _INPUTS, ""),
    ("input_cached_audio_tokens", "Cached audio input tokens", _INPUTS, ""),
    ("input_cached_image_tokens", "Cached image input tokens", _INPUTS, ""),
    ("output_tokens", "Output tokens", _OUTPUTS, "All output, reasoning included."),
    ("output_text_tokens", "Text output tokens", _OUTPUTS, ""),
    ("output_audio_tokens", "Audio output tokens", _OUTPUTS, ""),
    ("output_image_tokens", "Image output tokens", _OUTPUTS, ""),
)

# Name, title, noun, the one column, and the streams that count it.
_COUNTS = (
    ("images", "Images", "images", "images", ("images",)),
    ("seconds", "Transcribed seconds", "seconds", "seconds", ("audio_transcriptions",)),
    ("characters", "Spoken characters", "characters", "characters", ("audio_speeches",)),
    ("sessions", "Code interpreter sessions", "sessions", "num_sessions",
     ("code_interpreter_sessions",)),
    ("file_searches", "File searches", "searches", "num_requests", ("file_search_calls",)),
    ("web_searches", "Web searches", "searches", "num_requests", ("web_search_calls",)),
    ("searches", "Searches of files and the web", "searches", "num_requests",
     ("file_search_calls", "web_search_calls")),
)  # fmt: skip


def _listed() -> tuple[Measure, ...]:
    kinds = (
        Measure(name, title, group, Unit.COUNT, "tokens", (_of_requests(title, name),), about=about)
        for name, title, group, about in _KINDS
    )
    counts = (
        Measure(
            name,
            title,
            _OTHERS,
            Unit.COUNT,
            noun,
            (Amount(title, Fact.USAGE, _streams(*streams), (column,)),),
        )
        for name, title, noun, column, streams in _COUNTS
    )
    return (
        Measure(
            "billed_cost",
            "Billed cost",
            _MONEY,
            Unit.USD,
            "USD",
            (_BILLED,),
            about="What OpenAI's Costs API reports, by UTC day, before credits, refunds and tax.",
        ),
        Measure(
            "estimated_cost",
            "Estimated cost",
            _MONEY,
            Unit.USD,
            "USD at list prices",
            (_ESTIMATED,),
            about="Usage times list prices. It is not what OpenAI bills, and never added to that.",
        ),
        Measure(
            "requests",
            "Requests",
            _TRAFFIC,
            Unit.COUNT,
            "requests",
            (_REQUESTS,),
            about="Model requests. Web searches repeat what completions count: they are left out.",
        ),
        Measure(
            "tokens",
            "Tokens",
            _TRAFFIC,
            Unit.COUNT,
            "tokens",
            (_TOKENS,),
            about="Input and output. Cached tokens are part of the input and are counted once.",
        ),
        *kinds,
        *counts,
        Measure(
            "vector_store_bytes",
            "Vector store bytes",
            _OTHERS,
            Unit.BYTES,
            "bytes",
            (Amount("Bytes", Fact.USAGE, _streams("vector_stores"), ("usage_bytes",)),),
            about="A level, not a sum: of each bucket, and of the range, the last one counts.",
        ),
        *_ratios(),
    )


def _ratios() -> tuple[Measure, ...]:
    return (
        Measure(
            "tokens_per_request",
            "Tokens per request",
            _RATIOS,
            Unit.RATIO,
            "tokens per request",
            (_TOKENS, _TOKEN_REQUESTS),
            about="Input and output, over the requests of the streams that count tokens.",
        ),
        Measure(
            "input_tokens_per_request",
            "Input tokens per request",
            _RATIOS,
            Unit.RATIO,
            "input tokens per request",
            (_INPUT, _TOKEN_REQUESTS),
        ),
        Measure(
            "output_tokens_per_request",
            "Output tokens per request",
            _RATIOS,
            Unit.RATIO,
            "output tokens per request",
            (_OUTPUT, _OUTPUT_REQUESTS),
        ),
        Measure(
            "output_per_input",
            "Output tokens per input token",
            _RATIOS,
            Unit.RATIO,
            "output tokens per input token",
            (_OUTPUT, _OUTPUT_INPUT),
        ),
        Measure(
            "cached_share",
            "Cached share of input",
            _RATIOS,
            Unit.SHARE,
            "of the input",
            (_CACHED, _INPUT),
            about="Cached input tokens over all input tokens.",
        ),
        Measure(
            "cost_per_1000_requests",
            "Billed cost per 1,000 requests",
            _RATIOS,
            Unit.RATE,
            "USD per 1,000 requests",
            (_BILLED, _REQUESTS),
            per=1000,
            about="Everything that was billed, over all model requests.",
        ),
        Measure(
            "cost_per_million_tokens",
            "Billed cost per million tokens",
            _RATIOS,
            Unit.RATE,
            "USD per million tokens",
            (_BILLED, _TOKENS),
            per=1_000_000,
            about="Everything that was billed, over all tokens.",
        ),
    )


MEASURES: Mapping[str, Measure] = MappingProxyType({it.name: it for it in _listed()})
