"""The last hours one by one, of the stream that the Live page follows by the minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.readings import stored_states
from wherespent.analytics.sources import read_account, usage_source
from wherespent.analytics.sums import Sums, added, sums
from wherespent.domain.windows import Window
from wherespent.providers.openai.streams import COMPLETIONS


@dataclass(frozen=True, slots=True)
class HourPoint:
    """Requests and tokens (input and output) of one model key in one hour."""

    bucket_start: int
    model: str
    requests: int
    tokens: int


def hours_by_model(connection: Connection, filters: Filters, window: Window) -> list[HourPoint]:
    """Every hour and model of the window with usage that passes the filters' choices.

    `window` is in whole hours, UTC, and stands in for that of `filters`.
    """

    def ask(scope: Scope, by: tuple[str, ...]) -> Sums:
        choices = scope.filters.usage_choices
        source = usage_source(scope.account, (COMPLETIONS,), (*choices, *by), hours=True)
        columns, facts = [source.shown(name) for name in by], source.facts.c
        measures = (facts.num_model_requests, facts.input_tokens, facts.output_tokens)
        counted = [added(measure) for measure in measures]
        hour = Granularity.HOUR
        return sums(connection, source, window, hour, choices, by=columns, measures=counted)

    found = added_up(connection, filters, ("model",), ask)
    return [
        HourPoint(start, model, requests or 0, (taken or 0) + (given or 0))
        for (start, model), (requests, taken, given) in found.items()
    ]


def hours_read_at(connection: Connection, accounts: Sequence[str]) -> datetime | None:
    """When the hours of all these accounts were read last; None where none ever was."""
    moments = [
        state.last_success_at
        for label in accounts
        for state in stored_states(connection, read_account(connection, label))
        if state.stream == COMPLETIONS.name
    ]
    return min((moment for moment in moments if moment), default=None)
