"""The facts as they leave a provider: validated, exact, in UTC, summed per series.

Rows are plain tuples: a year of a large organization is tens of millions of them.
"""

from dataclasses import dataclass, field
from decimal import Decimal

# Values in the order of the stream's own `dimensions` / `measures`.
# A dimension is None where the provider sent null; '' is never sent on.
Dimensions = tuple[str | None, ...]
Measures = tuple[int | None, ...]


@dataclass(slots=True)
class UsageBucket:
    """One hour of one usage stream. `start` is floored to the bucket width, epoch seconds."""

    start: int
    records: dict[Dimensions, Measures] = field(default_factory=dict[Dimensions, Measures])


@dataclass(frozen=True, slots=True)
class CostAmount:
    """What one cost series cost in one day: whole nano-dollars, and a quantity or None."""

    nanos: int
    quantity: float | None


@dataclass(slots=True)
class CostBucket:
    """One UTC day of the costs stream. Keys end with the quantity unit ('' when there is none)."""

    start: int
    records: dict[Dimensions, CostAmount] = field(default_factory=dict[Dimensions, CostAmount])


@dataclass(frozen=True, slots=True)
class Name:
    """What a project, user or key is called. `status` is the provider's own word, '' if none."""

    kind: str
    id: str
    name: str
    email: str = ""
    status: str = ""
    owner_id: str = ""
    project_id: str = ""
    hint: str = ""
    created_at: int | None = None
    last_used_at: int | None = None


def added_measures(a: Measures, b: Measures) -> Measures:
    """Add two rows of one series; unknown plus a number is that number."""
    return tuple(y if x is None else x if y is None else x + y for x, y in zip(a, b, strict=True))


def added_quantity(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else float(Decimal(str(a)) + Decimal(str(b)))
