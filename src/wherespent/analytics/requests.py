"""Questions about requests: how many, by dimension, over time."""

from sqlalchemy import Connection

from wherespent.analytics.accounts import Scope, added_up
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sources import request_streams, usage_source
from wherespent.analytics.sums import Sums, added, series_totals, sums
from wherespent.analytics.top import Top, top_of
from wherespent.analytics.usage import USAGE_DIMENSIONS
from wherespent.errors import QuestionRefused
from wherespent.storage.tables import usage_day


def top_requests(connection: Connection, filters: Filters, dimension: str, most: int) -> Top:
    """Requests of the `most` largest keys by bucket of `filters.grain`, and of all others.

    Web searches repeat requests that completions count, so they are left out. Raises
    QuestionRefused for an unknown dimension.
    """
    if dimension not in USAGE_DIMENSIONS:
        raise QuestionRefused(
            f"requests cannot be grouped by {dimension}: use {', '.join(USAGE_DIMENSIONS)}"
        )
    return top_of(filters, dimension, most, lambda chosen, by: _requests(connection, chosen, by))


def _requests(connection: Connection, filters: Filters, dimensions: tuple[str, ...]) -> Sums:
    return added_up(
        connection, filters, dimensions, lambda scope, by: _of_account(connection, scope, by)
    )


def _of_account(connection: Connection, scope: Scope, dimensions: tuple[str, ...]) -> Sums:
    filters = scope.filters
    window, grain, choices = filters.window, filters.grain, filters.usage_choices
    hours = grain is Granularity.HOUR
    needed = (*choices, *dimensions)
    source = usage_source(scope.account, request_streams(), needed, hours=hours, zone=filters.zone)
    by = [source.shown(dimension) for dimension in dimensions]
    requests = source.facts.c.num_model_requests
    if grain is Granularity.TOTAL and source.facts is usage_day:
        return series_totals(connection, source, window, choices, by=by, measure=requests)
    return sums(connection, source, window, grain, choices, by=by, measures=(added(requests),))
