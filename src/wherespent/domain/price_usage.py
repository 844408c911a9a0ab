"""Token counts as OpenAI reports them, as amounts that share nothing: what can be priced."""

from collections.abc import Mapping
from dataclasses import dataclass

from wherespent.domain.pricing import PriceUnit


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Of a request or of a sum of requests.

    `uncached`, `cached` and `cache_write` add up to all input. `audio_input` and `image_input` are
    parts of `uncached`, the cached ones of `cached`, the outputs of `output`; the rest is text.
    """

    uncached: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    audio_input: int = 0
    image_input: int = 0
    audio_cached: int = 0
    image_cached: int = 0
    audio_output: int = 0
    image_output: int = 0

    @property
    def total(self) -> int:
        return self.uncached + self.cached + self.cache_write + self.output

    def amounts(self) -> Mapping[PriceUnit, int] | None:
        """Each token under the one kind that prices it; None where the parts are more than the
        whole: what does not add up cannot be priced, and is never clamped.
        """
        text_input = self.uncached - self.audio_input - self.image_input
        text_cached = self.cached - self.audio_cached - self.image_cached
        text_output = self.output - self.audio_output - self.image_output
        found = {
            PriceUnit.INPUT: text_input,
            PriceUnit.CACHED_INPUT: text_cached,
            PriceUnit.CACHE_WRITE: self.cache_write,
            PriceUnit.OUTPUT: text_output,
            PriceUnit.AUDIO_INPUT: self.audio_input,
            PriceUnit.AUDIO_CACHED_INPUT: self.audio_cached,
            PriceUnit.AUDIO_OUTPUT: self.audio_output,
            PriceUnit.IMAGE_INPUT: self.image_input,
            PriceUnit.IMAGE_CACHED_INPUT: self.image_cached,
            PriceUnit.IMAGE_OUTPUT: self.image_output,
        }
        return None if min(found.values()) < 0 else found
