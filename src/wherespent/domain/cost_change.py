"""Why a cost changed: more requests, longer requests, or another price paid per token."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from wherespent.domain.money import EXACT

_NANO = Decimal("1e-9")
_ZERO = Decimal(0)


class Split(StrEnum):
    """Whether a change can be split, and if not, why not.

    NEW and GONE have nothing in one of the periods; OTHER_UNIT is not billed by token (no
    requests, or requests without tokens); UNKNOWN is without an answer about its requests.
    """

    PARTS = "parts"
    NEW = "new"
    GONE = "gone"
    OTHER_UNIT = "other_unit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consumption:
    """What was billed in one period in US dollars, and the requests and tokens (in and out).

    None is unknown, which is not 0.
    """

    billed: Decimal = _ZERO
    requests: int | None = 0
    tokens: int | None = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.billed or self.requests or self.tokens)


@dataclass(frozen=True, slots=True)
class CostChange:
    """A change in US dollars as three parts: `volume` + `size` + `price` is `total`, exactly.

    Without a split all of `total` is in `unsplit` and the three parts are 0.
    """

    total: Decimal
    split: Split
    volume: Decimal = _ZERO
    size: Decimal = _ZERO
    price: Decimal = _ZERO

    @property
    def unsplit(self) -> Decimal:
        return _ZERO if self.split is Split.PARTS else self.total


def cost_change(before: Consumption, now: Consumption) -> CostChange:
    """Split the change of a cost = requests x tokens per request x price per token.

    Volume is the other number of requests at the old size and price; size the other number of
    tokens per request at the new volume and the old price; price is all that is left. Volume
    and size are rounded half-even to a billionth of a dollar.
    """
    total = EXACT.subtract(now.billed, before.billed)
    counts = (before.requests, now.requests, before.tokens, now.tokens)
    if None in counts:
        return CostChange(total, Split.UNKNOWN)
    if before.is_nothing or now.is_nothing:
        return CostChange(total, Split.NEW if before.is_nothing else Split.GONE)
    if not all(counts):
        return CostChange(total, Split.OTHER_UNIT)
    return _in_parts(before, now, total)


def _in_parts(before: Consumption, now: Consumption, total: Decimal) -> CostChange:
    at_new_volume = _scaled(before.billed, now.requests, before.requests)
    at_new_tokens = _scaled(before.billed, now.tokens, before.tokens)
    volume = _rounded(EXACT.subtract(at_new_volume, before.billed))
    size = _rounded(EXACT.subtract(at_new_tokens, at_new_volume))
    price = EXACT.subtract(EXACT.subtract(total, volume), size)
    return CostChange(total, Split.PARTS, volume, size, price)


def _scaled(amount: Decimal, part: int | None, whole: int | None) -> Decimal:
    return EXACT.divide(EXACT.multiply(amount, Decimal(part or 0)), Decimal(whole or 1))


def _rounded(amount: Decimal) -> Decimal:
    return EXACT.quantize(amount, _NANO)
