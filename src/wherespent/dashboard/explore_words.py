"""Values of any measure as a person reads them: in short, and in full."""

from collections.abc import Sequence
from decimal import Decimal

from wherespent.analytics.explore import Key, Value
from wherespent.analytics.explore_rules import DIMENSIONS
from wherespent.analytics.measures import Measure, Unit
from wherespent.dashboard import formats
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.table_model import Kind

_NANO = Decimal("0.000000001")
_RATE = Decimal("0.000001")
KINDS = {
    Unit.USD: Kind.MONEY,
    Unit.COUNT: Kind.COUNT,
    Unit.BYTES: Kind.COUNT,
    Unit.SHARE: Kind.SHARE,
    Unit.RATIO: Kind.NUMBER,
    Unit.RATE: Kind.MONEY,
}


def in_full(measure: Measure, value: Value) -> str:
    """Every digit that is known of sums; ratios to a sensible digit."""
    if value is None:
        return formats.MISSING
    if measure.unit is Unit.USD:
        return formats.exact_usd(Decimal(value).quantize(_NANO))
    if measure.unit is Unit.RATE:
        return formats.exact_usd(Decimal(value).quantize(_RATE))
    if measure.unit is Unit.SHARE:
        return formats.percent(value)
    return _ratio(Decimal(value)) if measure.unit is Unit.RATIO else formats.count(int(value))


def in_short(measure: Measure, value: Value) -> str:
    if value is None:
        return formats.MISSING
    if measure.is_money:
        return formats.usd(Decimal(value).quantize(_NANO))
    if measure.unit is Unit.BYTES:
        return formats.bytes_of(float(value))
    if measure.unit is Unit.SHARE:
        return formats.percent(value)
    return _ratio(Decimal(value)) if measure.unit is Unit.RATIO else formats.compact(float(value))


def _ratio(value: Decimal) -> str:
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if size >= 1 else f"{value:.3g}"


def unit_of(measure: Measure) -> str:
    """What the numbers are counted in, as it stands on an axis."""
    return "share of the input" if measure.unit is Unit.SHARE else measure.noun


def titled(measure: Measure, dimensions: Sequence[str]) -> str:
    """The question in words: "Billed cost by model and project"."""
    if not dimensions:
        return measure.title
    return f"{measure.title} by {' and '.join(DIMENSIONS[it] for it in dimensions)}"


class Labels:
    """What keys are called; several dimensions with a dot between them."""

    def __init__(self, desk: Desk, dimensions: Sequence[str]) -> None:
        self._of = [desk.label(dimension) for dimension in dimensions]

    def of(self, key: Key) -> str:
        return " · ".join(self.parts(key))

    def parts(self, key: Key) -> list[str]:
        return [label(value) for label, value in zip(self._of, key, strict=True)]

    def at(self, place: int, value: str) -> str:
        """What a value of one of the dimensions is called."""
        return self._of[place](value)
