"""Money as whole nano-dollars (1e-9 USD): exact to store, exact to add."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

NANOS_PER_USD = 1_000_000_000

# Wide enough for 17 decimals beside the largest sum that a BIGINT of nanos can hold,
# so that an addition never rounds before `to_nanos` does, once.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MOST_NANOS = 2**63 - 1


def to_nanos(usd: Decimal) -> int:
    """Round US dollars half-even to whole nano-dollars.

    Raises ValueError for NaN, infinity, and amounts that a 64-bit integer cannot hold.
    """
    if not usd.is_finite():
        raise ValueError(f"an amount must be a finite number, not {usd}")
    nanos = int(EXACT.quantize(EXACT.scaleb(usd, 9), Decimal(1)))
    if abs(nanos) > _MOST_NANOS:
        raise ValueError(f"an amount of {usd} dollars is out of range")
    return nanos


def from_nanos(nanos: int) -> Decimal:
    """Whole nano-dollars as US dollars with exactly nine decimals."""
    return Decimal(nanos).scaleb(-9, EXACT)


def exact_sum(amounts: list[Decimal]) -> Decimal:
    """Add at full precision: rows of one series are added first and rounded once."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))
