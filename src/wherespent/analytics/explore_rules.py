"""What can be asked of a measure, and in words why the rest cannot."""

from collections.abc import Sequence
from types import MappingProxyType

from sqlalchemy import Connection

from wherespent.analytics.accounts import ACCOUNT, scopes
from wherespent.analytics.filters import MOST_HOURLY_DAYS, Filters, Granularity
from wherespent.analytics.hours_kept import hours_kept_since
from wherespent.analytics.measures import Fact, Measure
from wherespent.analytics.sources import cost_source
from wherespent.domain.windows import DAY
from wherespent.errors import QuestionRefused

# Dimensions by what a person calls them, in the order that they are offered in.
DIMENSIONS = MappingProxyType(
    {
        "model": "model",
        "project_id": "project",
        "user_id": "user",
        "api_key_id": "API key",
        "line_item": "line item",
        "service_tier": "service tier",
        "batch": "batch",
        "api_source": "API source",
        "size": "image size",
        "source": "image source",
        "vector_store_id": "vector store",
        "context_level": "search context",
        "account": "account",
    }
)
MOST_DIMENSIONS = 2


def refuse(
    connection: Connection, filters: Filters, measure: Measure, dimensions: Sequence[str]
) -> None:
    """Raises QuestionRefused where the measure cannot be split by these dimensions."""
    if len(dimensions) > MOST_DIMENSIONS or len(set(dimensions)) < len(dimensions):
        raise QuestionRefused("an answer is split by at most two dimensions, each of them once")
    for dimension in dimensions:
        if reason := never_split(measure, dimension):
            raise QuestionRefused(reason)
    if Fact.BILLED in measure.facts:
        needed = tuple(name for name in dimensions if name != ACCOUNT)
        for scope in scopes(connection, filters):
            cost_source(connection, scope.account, (*scope.filters.cost_choices, *needed))


def never_split(measure: Measure, dimension: str) -> str:
    """Why no organization reports this measure by that dimension, '' where it is reported."""
    if dimension in measure.dimensions:
        return ""
    named = DIMENSIONS.get(dimension, dimension)
    if dimension == "line_item":
        return f"{measure.title} is not counted by line item: those exist on the bill alone"
    if Fact.BILLED in measure.facts:
        return f"OpenAI does not report billed cost by {named}"
    return f"OpenAI does not report {_lowered(measure.title)} by {named}"


def refused_splits(
    connection: Connection, filters: Filters, measure: Measure, beside: Sequence[str] = ()
) -> dict[str, str]:
    """Dimension → why the measure cannot be split by it, next to those of `beside`."""
    reasons: dict[str, str] = {}
    for dimension in DIMENSIONS:
        if dimension in beside:
            reasons[dimension] = "it is split by this already"
            continue
        try:
            refuse(connection, filters, measure, (*beside, dimension))
        except QuestionRefused as reason:
            reasons[dimension] = str(reason)
    return reasons


def refused_grain(
    connection: Connection, filters: Filters, measure: Measure, grain: Granularity
) -> str:
    """Why the measure has no buckets of this width in the window, '' where it has."""
    if grain is not Granularity.HOUR:
        return ""
    if not measure.has_hours:
        return "OpenAI reports billed cost by the day: there are no hours of it"
    if filters.window.seconds > MOST_HOURLY_DAYS * DAY:
        return f"hours are shown of at most {MOST_HOURLY_DAYS} days: choose a shorter range"
    if filters.window.start < hours_kept_since(connection):
        return "the hours of this range were let go of: its days are kept"
    return ""


def refused_minutes(measure: Measure) -> str:
    """Why a measure has no minutes, '' where it has."""
    if measure.has_minutes:
        return ""
    if Fact.BILLED in measure.facts:
        return "OpenAI reports billed cost by the day: there are no minutes of it"
    return "minutes are kept of the requests and tokens of completions only"


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]
