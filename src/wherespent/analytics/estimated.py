"""Questions about estimated cost: usage times list prices, never mixed with what was billed.

Sums are exact products that nobody rounded, so that parts add up to their whole by any dimension;
they are rounded once, half-even, where they are shown. Usage says nothing about how long a single
request was: where a model has a long-context price, the base price makes the estimate a lower
bound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, Table, select

from wherespent.analytics.accounts import ACCOUNT, Scope, added_up, scopes
from wherespent.analytics.estimate_sums import Estimate, EstimateSums, MissingPrice, UsedBy
from wherespent.analytics.filters import NOT_REPORTED, Filters, Granularity
from wherespent.analytics.price_spans import price_spans
from wherespent.analytics.sources import Source, request_streams, usage_source
from wherespent.analytics.sums import Sums, added, sums
from wherespent.analytics.usage import uncached_input
from wherespent.domain.money import exact_sum
from wherespent.domain.price_usage import TokenCounts
from wherespent.domain.pricing import STANDARD, PriceBook, PriceUnit, tier_of
from wherespent.domain.streams import Stream
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused
from wherespent.storage import tables

__all__ = [
    "ESTIMATE_DIMENSIONS",
    "Estimate",
    "EstimatedPoint",
    "Estimates",
    "MissingPrice",
    "estimated_by",
    "estimated_total",
    "estimates",
    "missing_prices",
]

ESTIMATE_DIMENSIONS = (
    "model",
    "project_id",
    "user_id",
    "api_key_id",
    "service_tier",
    "batch",
    "api_source",
    ACCOUNT,
)
# In the order of `TokenCounts`, then the units that are not tokens.
_TOKENS = (
    "input_cached_tokens",
    "input_cache_write_tokens",
    "output_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)
_OTHERS = {
    PriceUnit.CHARACTERS: "characters",
    PriceUnit.SECONDS: "seconds",
    PriceUnit.IMAGES: "images",
}
_TIER = ("service_tier", "batch")
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EstimatedPoint:
    """`keys` has one value for each asked dimension; `bucket_start` is None over the window."""

    bucket_start: int | None
    keys: Keys
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Estimates:
    """Points by bucket and then keys; what has no price, the most first, is in none of them."""

    points: tuple[EstimatedPoint, ...]
    missing: tuple[MissingPrice, ...]

    @property
    def whole(self) -> Estimate:
        """All points as one; a cost of None without any usage that has a price."""
        known = [it.estimate.cost for it in self.points if it.estimate.cost is not None]
        return Estimate(
            exact_sum(known) if known else None,
            sum(point.estimate.priced_tokens for point in self.points),
            sum(point.estimate.unpriced_tokens for point in self.points),
        )


def estimates(
    connection: Connection, filters: Filters, dimensions: Keys, prices: PriceBook
) -> Estimates:
    """One point per (bucket of `filters.grain`, *dimensions), and what has no price.

    Raises QuestionRefused for an unknown dimension.
    """
    for dimension in dimensions:
        if dimension not in ESTIMATE_DIMENSIONS:
            raise QuestionRefused(
                f"estimated cost cannot be grouped by {dimension}: "
                f"use {', '.join(ESTIMATE_DIMENSIONS)}"
            )
    found = _added_up(connection, filters, dimensions, prices)
    points = [
        EstimatedPoint(bucket, tuple(keys), estimate)
        for (bucket, *keys), estimate in found.estimates().items()
    ]
    return Estimates(
        tuple(sorted(points, key=lambda point: (point.bucket_start or 0, point.keys))),
        tuple(sorted(found.missing(), key=lambda row: (-row.amount, row.model_key, row.tier))),
    )


def estimated_by(
    connection: Connection, filters: Filters, dimensions: Keys, prices: PriceBook
) -> list[EstimatedPoint]:
    """The points alone. Their costs add up to `estimated_total`, exactly, by any dimensions."""
    return list(estimates(connection, filters, dimensions, prices).points)


def estimated_total(connection: Connection, filters: Filters, prices: PriceBook) -> Estimate:
    """The whole window; a cost of None without any usage that has a price."""
    total = replace(filters, granularity=Granularity.TOTAL)
    return estimates(connection, total, (), prices).whole


def missing_prices(
    connection: Connection, filters: Filters, prices: PriceBook
) -> list[MissingPrice]:
    """What of the window has no price, the most first: it is in no estimate."""
    total = replace(filters, granularity=Granularity.TOTAL)
    return list(estimates(connection, total, (), prices).missing)


def _added_up(
    connection: Connection, filters: Filters, dimensions: Keys, prices: PriceBook
) -> EstimateSums:
    whole = EstimateSums()
    changes = prices.changes(_models(connection, filters))
    # Prices begin at midnight UTC, which is another hour on the wall clock of a zone.
    zone, hours = filters.zone, filters.zone.utc_window(filters.window)
    for span, day in price_spans(hours, changes):
        window = Window(
            filters.window.start if span.start == hours.start else zone.wall(span.start),
            filters.window.end if span.end == hours.end else zone.wall(span.end),
        )
        for streams, tiers in _PRICED_ALIKE:
            by = ("model_key", *tiers, *dimensions)
            found = added_up(connection, filters, by, _ask(connection, streams, window))
            _add(whole, found, len(tiers), prices, day)
    return whole


def _models(connection: Connection, filters: Filters) -> list[str]:
    """The model keys that any usage in question can have."""
    part = tables.usage_slice.c
    ids = [scope.account.id for scope in scopes(connection, filters)]
    known = select(part.model_key).where(part.account_id.in_(ids)).distinct()
    return [key for key in connection.scalars(known) if filters.model.keeps(key)]


def _streams_alike() -> tuple[tuple[tuple[Stream, ...], Keys], ...]:
    """Streams that are reported by tier and batch, and those that OpenAI sells in one tier."""
    tiered = tuple(it for it in request_streams() if set(_TIER) <= set(it.dimensions))
    plain = tuple(it for it in request_streams() if it not in tiered)
    return ((tiered, _TIER), (plain, ()))


_PRICED_ALIKE = _streams_alike()


def _ask(
    connection: Connection, streams: Sequence[Stream], window: Window
) -> Callable[[Scope, Keys], Sums]:
    def ask(scope: Scope, by: Keys) -> Sums:
        filters = scope.filters
        choices, grain = filters.usage_choices, filters.grain
        hours = grain is Granularity.HOUR
        needed = (*choices, *by)
        source = usage_source(scope.account, streams, needed, hours=hours, zone=filters.zone)
        return sums(
            connection,
            source,
            window,
            grain,
            choices,
            by=[_column(source, dimension) for dimension in by],
            measures=_measures(source.facts),
        )

    return ask


def _column(source: Source, dimension: str) -> ColumnElement[str]:
    return source.raw(dimension) if dimension == "model_key" else source.shown(dimension)


def _measures(facts: Table | Subquery) -> list[ColumnElement[Any]]:
    plain = (facts.c[name] for name in (*_TOKENS, *_OTHERS.values()))
    return [added(uncached_input(facts)), *(added(column) for column in plain)]


def _add(whole: EstimateSums, found: Sums, tiers: int, prices: PriceBook, day: date) -> None:
    for (bucket, model, *rest), values in found.items():
        tier = tier_of(*map(_reported, rest[:tiers])) if tiers else STANDARD
        tariff = prices.tariff(model, tier, day)
        by = UsedBy((bucket, *rest[tiers:]), model, tier, tariff)
        amounts = [value or 0 for value in values]
        whole.add_tokens(by, TokenCounts(*amounts[: len(_TOKENS) + 1]))
        whole.add(by, dict(zip(_OTHERS, amounts[len(_TOKENS) + 1 :], strict=True)))


def _reported(value: str) -> str | None:
    return None if value == NOT_REPORTED else value
