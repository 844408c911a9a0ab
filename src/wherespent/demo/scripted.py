"""An organization whose every row a test writes down."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from wherespent.demo.faults import Faults
from wherespent.demo.quirks import Quirks
from wherespent.demo.source import Clock, CostRow, Organization, UsageRow, day_start, utc_now
from wherespent.demo.streams import COST_DIMENSIONS, STREAMS, Dimension


class ScriptedOrganization(Organization):
    """Serves exactly the rows that were added, through the same wire and switches."""

    def __init__(
        self, now: Clock = utc_now, quirks: Quirks | None = None, faults: Faults | None = None
    ) -> None:
        super().__init__(now, quirks, faults)
        self._usage_at: dict[str, list[tuple[int, UsageRow]]] = {}
        self._costs_on: dict[int, list[CostRow]] = {}

    def add_usage(
        self,
        stream: str,
        at: datetime,
        dims: dict[str, Dimension] | None = None,
        /,
        **measures: int | None,
    ) -> None:
        """Put one record at an instant: it lies in whatever bucket contains that instant."""
        names = STREAMS[stream].dimensions
        given = dims or {}
        if unknown := set(given) - set(names):
            raise ValueError(f"{stream} has no dimension {', '.join(sorted(unknown))}")
        row = UsageRow(tuple(given.get(name) for name in names), dict(measures))
        self._usage_at.setdefault(stream, []).append((int(at.timestamp()), row))

    def add_cost(
        self,
        day: date,
        amount: str | Decimal,
        line_item: str | None = None,
        *,
        quantity: int | str | Decimal | None = None,
        quantity_unit: str | None = None,
        **dims: str | None,
    ) -> None:
        """Put one cost record on a UTC day."""
        if unknown := set(dims) - set(COST_DIMENSIONS):
            raise ValueError(f"costs have no dimension {', '.join(sorted(unknown))}")
        named = {**dims, "line_item": line_item}
        units = None if quantity is None else Decimal(quantity)
        row = CostRow(
            tuple(named.get(name) for name in COST_DIMENSIONS),
            Decimal(amount),
            units,
            quantity_unit,
        )
        self._costs_on.setdefault(day_start(day), []).append(row)

    def clear(self, stream: str | None = None) -> None:
        """Forget the rows of one stream (`costs` included), or all."""
        if stream in {None, "costs"}:
            self._costs_on.clear()
        for name in [stream] if stream else list(self._usage_at):
            self._usage_at.pop(name, None)

    def _usage(self, stream: str, start: int, end: int) -> Iterator[UsageRow]:
        rows = [(at, row) for at, row in self._usage_at.get(stream, []) if start <= at < end]
        if STREAMS[stream].is_stock and rows:
            last = {row.dims: row for _, row in sorted(rows, key=lambda each: each[0])}
            yield from last.values()
            return
        for _, row in rows:
            yield row

    def _costs(self, day: int, now: int) -> Iterable[CostRow]:  # noqa: ARG002 - rows are final
        return self._costs_on.get(day, [])
