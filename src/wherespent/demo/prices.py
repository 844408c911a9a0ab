"""What the company is billed: invented but plausible dollars per unit, line item and day."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from wherespent.demo.people import project_id
from wherespent.demo.source import FINEST_AMOUNT, Group

MILLION = Decimal(1_000_000)
ADJUSTMENT = "Adjustment"
OLD_TEXT_TOKENS = "Text tokens"
OLD_NAMES_UNTIL = -240
PROTOTYPE = project_id("prototype")
TIER_FACTORS = {"batch": Decimal("0.5"), "flex": Decimal("0.5"), "priority": Decimal(2)}


class Price(NamedTuple):
    """Dollars per million tokens."""

    input: str
    cached: str
    written: str
    output: str
    audio_input: str = "0"
    audio_cached: str = "0"
    audio_output: str = "0"
    image_input: str = "0"


TOKEN_PRICES = {
    "gpt-5.6-sol": Price("1.75", "0.175", "2.1875", "14", image_input="2.10"),
    "gpt-5.5-2026-04-23": Price("2.50", "0.25", "3.125", "15", image_input="3"),
    "gpt-5.2-2025-12-11": Price("2.25", "0.5625", "0", "18", image_input="2.25"),
    "gpt-5.2-mini": Price("0.30", "0.03", "0.375", "2.40", image_input="0.30"),
    "gpt-4.1-2025-04-14": Price("2", "0.50", "0", "8", image_input="2"),
    "gpt-4.1-mini-2025-04-14": Price("0.40", "0.10", "0", "1.60", image_input="0.40"),
    "o4-mini-2025-04-16": Price("1.10", "0.275", "0", "4.40", image_input="1.10"),
    "gpt-audio-mini-2025-12-15": Price("0.60", "0.06", "0", "2.40", "10", "0.3", "20"),
    "gpt-4o-audio-preview-2025-06-03": Price("2.50", "1.25", "0", "10", "40", "2.5", "80"),
    "ft:gpt-4.1-mini-2025-04-14:kestrel::Bq7": Price("0.80", "0.20", "0", "3.20"),
}
# The price cut is dated so that one series changes price without changing name.
PRICE_CUTS = {("gpt-5.2-2025-12-11", -150): Price("1.75", "0.4375", "0", "14", image_input="1.75")}

UNIT_PRICES = {
    "text-embedding-3-large": ("text-embedding-3-large, input", "0.00000013", "tokens"),
    "text-embedding-3-small": ("text-embedding-3-small, input", "0.00000002", "tokens"),
    "gpt-image-2.5-flare": ("gpt-image-2.5-flare image, output", "0.0384615384615", "images"),
    "gpt-image-1": ("gpt-image-1 image, output", "0.042", "images"),
    "tts-1-hd": ("tts-1-hd, audio", "0.00003", "characters"),
    "gpt-4o-mini-tts-2025-12-15": ("gpt-4o-mini-tts-2025-12-15, audio", "0.0000123", "characters"),
    "whisper-1": ("whisper-1, audio", "0.0001", "duration_seconds"),
    "gpt-4o-transcribe": ("gpt-4o-transcribe, audio", "0.0000987654321", "duration_seconds"),
}
CALL_PRICES = {
    "web_search_calls": ("web search tool calls", "0.01"),
    "file_search_calls": ("assistants api | file search", "0.0025"),
    "code_interpreter_sessions": ("assistants api | code interpreter", "0.03"),
}
GIB_HOUR = Decimal("0.0041666666666667")
VECTOR_STORAGE = "Vector storage"


class Charge(NamedTuple):
    """One billed quantity of a day."""

    line_item: str
    quantity: Decimal
    price: Decimal
    unit: str | None

    @property
    def amount(self) -> Decimal:
        """Quantity times price, to the finest amount that the API shows."""
        return (self.quantity * self.price).quantize(FINEST_AMOUNT).normalize()


def token_charges(
    dims: Group, leaves: tuple[int, ...], offset: int, long_context: int = 0
) -> Iterator[Charge]:
    """Line items of one completions series on one day, `offset` days from the anchor."""
    model, batch, tier = str(dims[3]), dims[4], str(dims[5] or "default")
    price = next(
        (cut for (name, since), cut in PRICE_CUTS.items() if name == model and offset >= since),
        None,
    )
    price = price or TOKEN_PRICES[model]
    scheme = "batch" if batch else tier
    prefix = f"{scheme} | " if scheme in TIER_FACTORS else ""
    factor = TIER_FACTORS.get(scheme, Decimal(1)) / MILLION
    for direction, tokens, per_million in _directions(model, leaves, price):
        is_old = offset < OLD_NAMES_UNTIL and dims[0] == PROTOTYPE and direction.endswith(", input")
        item = OLD_TEXT_TOKENS if is_old else direction
        long = tokens * long_context // 100
        dollars = Decimal(per_million) * factor
        if tokens - long:
            yield Charge(prefix + item, Decimal(tokens - long), dollars, "tokens")
        if long:
            yield Charge(f"{prefix}{item}, long context", Decimal(long), dollars * 2, "tokens")


def _directions(
    model: str, leaves: tuple[int, ...], price: Price
) -> Iterator[tuple[str, int, str]]:
    text, audio, image, c_text, c_audio, c_image, w_30m, w_12h, o_text, o_audio, _, _ = leaves
    yield f"{model}, input", text, price.input
    yield f"{model}, cached input", c_text + c_image, price.cached
    yield f"{model}, cache writes", w_30m + w_12h, price.written
    yield f"{model}, output", o_text, price.output
    yield f"{model} audio, input", audio, price.audio_input
    yield f"{model} audio, cached input", c_audio, price.audio_cached
    yield f"{model} audio, output", o_audio, price.audio_output
    yield f"{model} image, input", image, price.image_input


def unit_charge(stream: str, model: str | None, amount: int) -> Charge | None:
    """The line item of a stream that is billed by one measure; None where it is free."""
    if stream in CALL_PRICES:
        item, price = CALL_PRICES[stream]
        return Charge(item, Decimal(amount), Decimal(price), None)
    if model in UNIT_PRICES:
        item, price, unit = UNIT_PRICES[model]
        return Charge(item, Decimal(amount), Decimal(price), unit)
    return None


def storage_charge(byte_hours: int) -> Charge:
    """Vector storage of a day, in gibibyte-hours."""
    quantity = (Decimal(byte_hours) / 2**30).quantize(Decimal("1e-6"))
    return Charge(VECTOR_STORAGE, quantity, GIB_HOUR, "gibibyte_hours")
