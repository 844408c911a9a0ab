"""What changed between two periods, by project and model, and why."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import request_streams, usage_source
from wherespent.analytics.sums import Sums, added, sums
from wherespent.analytics.zones import UTC_ZONE
from wherespent.domain.cost_change import Consumption, CostChange, cost_change
from wherespent.domain.money import from_nanos

_BY = ("project_id", "model")


@dataclass(frozen=True, slots=True)
class Mover:
    """One project and model; `model` is the line item where that names no model."""

    project: str
    model: str
    before: Decimal
    now: Decimal
    change: CostChange


def movers(
    connection: Connection, filters: Filters, before: Filters, *, with_usage: bool = True
) -> list[Mover]:
    """Every project and model with a bill in either period, the largest change first.

    The changes add up to that of the bill, exactly. Without usage (where not all of it was
    read, or a line item is chosen, which usage does not have) nothing is split into its parts.
    Raises QuestionRefused where costs by project and model cannot be asked like this.
    """
    billed = [_billed(connection, each) for each in (before, filters)]
    has_usage = with_usage and not (filters.line_item or before.line_item)
    used = [_used(connection, each) for each in (before, filters)] if has_usage else None
    found: list[Mover] = []
    for key in billed[0].keys() | billed[1].keys():
        then, now = (_consumption(key, billed[n], used[n] if used else None) for n in (0, 1))
        if then.billed or now.billed:
            found.append(_mover(key, then, now))
    return sorted(found, key=lambda it: (-abs(it.change.total), it.project, it.model))


def _mover(key: tuple[str, str], then: Consumption, now: Consumption) -> Mover:
    return Mover(*key, then.billed, now.billed, cost_change(then, now))


def _consumption(
    key: tuple[str, str],
    billed: dict[tuple[str, str], int],
    used: dict[tuple[str, str], tuple[int, int]] | None,
) -> Consumption:
    amount = from_nanos(billed.get(key, 0))
    if used is None:
        return Consumption(amount, None, None)
    return Consumption(amount, *used.get(key, (0, 0)))


def _billed(connection: Connection, filters: Filters) -> dict[tuple[str, str], int]:
    found = billed_nanos(connection, _whole(filters), *_BY)
    return {(project, model): nanos for (_, project, model), (nanos,) in found.items()}


def _used(connection: Connection, filters: Filters) -> dict[tuple[str, str], tuple[int, int]]:
    """(project, model) → requests, and tokens in and out."""

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        choices = scope.filters.usage_choices
        source = usage_source(scope.account, request_streams(), (*choices, *by), hours=False)
        columns, facts = [source.shown(name) for name in by], source.facts.c
        measures = (facts.num_model_requests, facts.input_tokens, facts.output_tokens)
        return sums(
            connection,
            source,
            scope.filters.window,
            Granularity.TOTAL,
            choices,
            by=columns,
            measures=[added(measure) for measure in measures],
        )

    found = added_up(connection, _whole(filters), _BY, ask)
    return {
        (project, model): (requests or 0, (taken or 0) + (given or 0))
        for (_, project, model), (requests, taken, given) in found.items()
    }


def _whole(filters: Filters) -> Filters:
    """Bills have UTC days only, and usage is compared with them here."""
    return replace(filters, granularity=Granularity.TOTAL, zone=UTC_ZONE)
