"""The simulated company: usage from its workloads, costs from that same usage."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from wherespent.demo.activity import hours_of, part, stock_at
from wherespent.demo.faults import Faults
from wherespent.demo.people import directory
from wherespent.demo.prices import ADJUSTMENT, Charge, storage_charge, token_charges, unit_charge
from wherespent.demo.quirks import Quirks
from wherespent.demo.source import (
    DAY,
    HOUR,
    Clock,
    CostRow,
    Group,
    Organization,
    UsageRow,
    day_start,
    utc_day,
    utc_now,
)
from wherespent.demo.streams import COMPLETION_LEAVES, COST_DIMENSIONS, STREAMS, Stream
from wherespent.demo.workloads import WORKLOADS, Workload

EPOCH = date(2026, 11, 1)
SETTLES_AFTER = 30 * HOUR
ADJUSTMENT_DAY = 3
Leaves = tuple[int, ...]


def anchor_for(now: datetime) -> date:
    """The date that the story is told from: 0 to 90 days ago, moving in steps of 13 weeks."""
    return EPOCH + timedelta(days=(now.astimezone(UTC).date() - EPOCH).days // 91 * 91)


class SimulatedOrganization(Organization):
    """Deterministic in (seed, anchor): an hour is the same in whatever order it is asked for."""

    def __init__(
        self,
        seed: int = 7,
        now: Clock = utc_now,
        *,
        quirks: Quirks | None = None,
        faults: Faults | None = None,
        anchor: date | None = None,
    ) -> None:
        super().__init__(now, quirks, faults)
        self.seed = seed
        self.anchor = anchor or anchor_for(now())
        self._anchor = day_start(self.anchor)
        self.directory = directory(self._anchor)
        self._by_stream = {
            name: [each for each in WORKLOADS if each.stream == name] for name in STREAMS
        }
        self._long_context = {each.dims: each.long_context for each in WORKLOADS}
        # Hours of a stream are asked for a week at a time, whole days a year at a time.
        self._hours = lru_cache(maxsize=160)(self._generate_hours)
        self._day_totals = lru_cache(maxsize=4096)(self._generate_day)
        self._settled_costs = lru_cache(maxsize=100)(self._generate_settled_costs)

    def _usage(self, stream: str, start: int, end: int) -> Iterator[UsageRow]:
        to_measures = STREAMS[stream].measures_of
        for dims, leaves in self._sums(stream, start, end):
            if any(leaves):
                yield UsageRow(dims, to_measures(leaves))

    def _costs(self, day: int, now: int) -> Iterable[CostRow]:
        settles_at = day + DAY + SETTLES_AFTER
        if now >= settles_at or (self.quirks.settle_immediately and now >= day + DAY):
            return self._settled_costs(day)
        return self._billed(
            day, min(day + DAY, now), provisional=not self.quirks.settle_immediately
        )

    def _sums(self, stream: str, start: int, end: int) -> Iterable[tuple[Group, Leaves]]:
        """Leaves per series of a window inside one day."""
        if STREAMS[stream].is_stock:
            return [
                (each.dims, (stock_at(each, end - 1, self._anchor),))
                for each in self._by_stream[stream]
            ]
        if end - start == DAY:
            return self._day_totals(stream, start)
        day, hours = start // DAY * DAY, self._hours(stream, start // DAY * DAY)
        if start % HOUR == 0 and end == start + HOUR:
            return hours.get(start, ())
        sums: dict[Group, Leaves] = {}
        for hour in range(max(day, start // HOUR * HOUR), end, HOUR):
            for dims, leaves in hours.get(hour, ()):
                piece = part(leaves, max(start - hour, 0), min(end - hour, HOUR))
                held = sums.get(dims)
                sums[dims] = (
                    piece
                    if held is None
                    else tuple([a + b for a, b in zip(held, piece, strict=True)])
                )
        return sums.items()

    def _generate_hours(self, stream: str, day: int) -> dict[int, list[tuple[Group, Leaves]]]:
        hours: dict[int, list[tuple[Group, Leaves]]] = {}
        for workload in self._by_stream[stream]:
            for hour, leaves in self._hours_of(workload, day):
                hours.setdefault(day + hour * HOUR, []).append((workload.dims, leaves))
        return hours

    def _generate_day(self, stream: str, day: int) -> list[tuple[Group, Leaves]]:
        return [
            (workload.dims, tuple(map(sum, zip(*(leaves for _, leaves in found), strict=True))))
            for workload in self._by_stream[stream]
            if (found := self._hours_of(workload, day))
        ]

    def _hours_of(self, workload: Workload, day: int) -> list[tuple[int, Leaves]]:
        return hours_of(workload, self.seed, day // DAY, (day - self._anchor) // DAY)

    def _generate_settled_costs(self, day: int) -> tuple[CostRow, ...]:
        return tuple(self._billed(day, day + DAY, provisional=False))

    def _billed(self, day: int, until: int, *, provisional: bool) -> list[CostRow]:
        rows: dict[Group, CostRow] = {}
        for dims, final in self._charges(day, until):
            short = _short_of(final.quantity, dims, day) if provisional else final.quantity
            charge = final._replace(quantity=short)
            amount, quantity = charge.amount, charge.quantity
            if not quantity:
                continue
            if held := rows.get(dims):
                amount, quantity = amount + held.amount, quantity + (held.quantity or 0)
            rows[dims] = CostRow(dims, amount, quantity, charge.unit)
        if utc_day(day).day == ADJUSTMENT_DAY and until == day + DAY:
            rows |= self._adjustment(day)
        return list(rows.values())

    def _charges(self, day: int, until: int) -> Iterator[tuple[Group, Charge]]:
        """(cost dimensions, charge), the same dimensions possibly twice."""
        offset = (day - self._anchor) // DAY
        for name, stream in STREAMS.items():
            if stream.is_stock:
                yield from self._storage(name, day, until)
                continue
            for dims, leaves in self._sums(name, day, until):
                named = dict(zip(stream.dimensions, dims, strict=True))
                for charge in self._charges_of(stream, dims, leaves, offset):
                    named["line_item"] = charge.line_item
                    yield tuple(named.get(each) for each in COST_DIMENSIONS), charge

    def _charges_of(
        self, stream: Stream, dims: Group, leaves: Leaves, offset: int
    ) -> Iterator[Charge]:
        if stream.leaves is COMPLETION_LEAVES:
            yield from token_charges(dims, leaves, offset, self._long_context.get(dims, 0))
            return
        model = dims[stream.dimensions.index("model")] if "model" in stream.dimensions else None
        if charge := unit_charge(stream.name, model if isinstance(model, str) else None, leaves[0]):
            yield charge

    def _storage(self, stream: str, day: int, until: int) -> Iterator[tuple[Group, Charge]]:
        for workload in self._by_stream[stream]:
            seconds = [(hour, min(until - hour, HOUR)) for hour in range(day, until, HOUR)]
            byte_hours = sum(
                stock_at(workload, hour, self._anchor) * length // HOUR for hour, length in seconds
            )
            charge = storage_charge(byte_hours)
            yield (workload.dims[0], None, charge.line_item, None, None), charge

    def _adjustment(self, day: int) -> dict[Group, CostRow]:
        noise = hashlib.blake2b(f"{self.seed}|adjustment|{day}".encode(), digest_size=2).digest()
        amount = -(Decimal(int.from_bytes(noise)) / 1000 + 3)
        dims: Group = (None, None, ADJUSTMENT, None, None)
        return {dims: CostRow(dims, amount)}


def _short_of(quantity: Decimal, dims: Group, day: int) -> Decimal:
    """A quantity of a day whose bill is not final: one to three per cent are still missing."""
    noise = hashlib.blake2b(f"{dims}|{day}".encode(), digest_size=1).digest()[0]
    missing = 10 + noise * 20 // 255
    if quantity != quantity.to_integral_value():
        return (quantity * (1000 - missing) / 1000).quantize(Decimal("1e-6"))
    return quantity * (1000 - missing) // 1000
