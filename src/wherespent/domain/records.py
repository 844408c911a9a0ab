"""The facts as they leave a provider: validated, exact, in UTC, summed per series.

Rows are plain tuples: a year of a large organization is tens of millions of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

Value = TypeVar("Value")
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


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """A `field` or a kind of `result` that this version does not know.

    `sample` is JSON as it came, cut where it is long; `seen` counts it in one page.
    """

    kind: str
    name: str
    sample: str
    seen: int


def added_measures(a: Measures, b: Measures) -> Measures:
    """Add two rows of one series; unknown plus a number is that number."""
    return tuple(y if x is None else x if y is None else x + y for x, y in zip(a, b, strict=True))


def added_costs(a: CostAmount, b: CostAmount) -> CostAmount:
    """Add two amounts of one series; a quantity is known only where both are."""
    known = a.quantity is not None and b.quantity is not None
    quantity = float(Decimal(str(a.quantity)) + Decimal(str(b.quantity))) if known else None
    return CostAmount(a.nanos + b.nanos, quantity)


def by_number(
    numbers: Mapping[Dimensions, int],
    records: Mapping[Dimensions, Value],
    added: Callable[[Value, Value], Value],
) -> dict[int, Value]:
    """Records by the number of their series; null beside '' is one series, so it is added."""
    cells = dict(zip(map(numbers.__getitem__, records), records.values(), strict=True))
    if len(cells) == len(records):
        return cells
    cells.clear()
    for dimensions, value in records.items():
        number = numbers[dimensions]
        cells[number] = added(cells[number], value) if number in cells else value
    return cells
