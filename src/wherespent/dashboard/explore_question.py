"""What Explore is asked: the choices of its URL as one question, and which of them do not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wherespent.analytics import explore_rules, live
from wherespent.analytics.explore import Question
from wherespent.analytics.filters import Granularity
from wherespent.analytics.measures import MEASURES, Measure
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import (
    BUCKET,
    CHART,
    CHARTS,
    MEASURE,
    SPLIT,
    SPLITS,
    SWITCHES,
    THEN,
    TOP,
    WITH,
)
from wherespent.dashboard.ranges import NO_COMPARISON

OVER_TIME = frozenset({"bars", "lines", "area"})
_PARTS = frozenset({"area", "donut", "treemap"})
_OF_KEYS = frozenset({"bar", "donut", "treemap"})
_NO_MINUTES = "no minutes are kept yet: they are read while somebody looks at the Live page"


@dataclass(frozen=True, slots=True)
class Exploring:
    """The question of the page. `refusal` says why there is no answer, '' where there is one.

    `switches` are those that are on and fit; `idle` are on and do not, with the reason.
    """

    asked: Asked
    measure: Measure
    question: Question
    chart: str
    bucket: str
    switches: frozenset[str] = frozenset()
    idle: Mapping[str, str] = field(default_factory=dict[str, str])
    refusal: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.question.dimensions

    @property
    def grain(self) -> Granularity:
        return self.question.filters.grain

    @property
    def compared(self) -> Question | None:
        """The same question about the period to compare with, None where there is none."""
        filters = self.asked.compared
        if filters is None or self.question.minutes:
            return None
        return replace(
            self.question,
            filters=replace(filters, granularity=self.question.filters.granularity),
        )


def exploring(desk: Desk, asked: Asked) -> Exploring:
    """Read the choices. What cannot be asked is told by `refusal`, never raised."""
    view = asked.view
    known = MEASURES.get(MEASURE.of(view))
    measure = known or MEASURES[MEASURE.default]
    words = (SPLIT.of(view), THEN.of(view))
    dimensions = tuple(dict.fromkeys(SPLITS[word] for word in words if word in SPLITS))
    chart, bucket = CHART.of(view), BUCKET.of(view)
    question = Question(
        filters=asked.filters,
        measure=measure.name,
        dimensions=dimensions,
        most=int(TOP.of(view)),
        prices=desk.options.prices if measure.is_estimate else None,
    )
    refusal = "" if known else f"there is no measure “{MEASURE.of(view)}”: choose another one"
    question, late = _in_buckets(desk, asked, question, measure, bucket)
    unfit = refused_charts(measure, dimensions).get(chart, "")
    blocked = refused_switches(measure, dimensions, chart, asked)
    said = WITH.all_of(view)
    return Exploring(
        asked=asked,
        measure=measure,
        question=question,
        chart=chart,
        bucket=bucket,
        switches=frozenset(it for it in said if it not in blocked),
        idle={it: blocked[it] for it in said if it in blocked},
        refusal=refusal or late or unfit,
    )


def _in_buckets(
    desk: Desk, asked: Asked, question: Question, measure: Measure, bucket: str
) -> tuple[Question, str]:
    """The question in buckets of the chosen width, and why it has none."""
    filters = question.filters
    if bucket == "auto":
        # As on every page: the bill is shown by the day where others are by the hour.
        grain = filters.grain if measure.has_hours else asked.by_day.granularity
        return replace(question, filters=replace(filters, granularity=grain)), ""
    if bucket == "minute":
        reason = explore_rules.refused_minutes(measure)
        window = None if reason else kept_minutes(desk, asked)
        missing = reason or ("" if window else _NO_MINUTES)
        return replace(question, minutes=window), missing
    return replace(question, filters=replace(filters, granularity=Granularity(bucket))), ""


def kept_minutes(desk: Desk, asked: Asked) -> live.Window | None:
    """The minutes that are kept of all chosen accounts."""
    chosen = tuple(label for label in desk.accounts() if asked.filters.account.keeps(label))
    return desk.answers.fresh(live.tail, chosen).window if chosen else None


def refused_charts(measure: Measure, dimensions: tuple[str, ...]) -> dict[str, str]:
    """Chart → why the question cannot be drawn so."""
    reasons: dict[str, str] = {}
    for chart in CHARTS:
        if chart in _PARTS and not measure.is_additive:
            named = measure.title[:1].lower() + measure.title[1:]
            reasons[chart] = f"the {named} of several keys do not add up: there is no whole"
        elif chart in _OF_KEYS and not dimensions:
            reasons[chart] = "this chart shows the parts of a split: choose what to split by"
    return reasons


def refused_switches(
    measure: Measure, dimensions: tuple[str, ...], chart: str, asked: Asked
) -> dict[str, str]:
    """Switch → why it does nothing here."""
    reasons: dict[str, str] = {}
    if chart not in OVER_TIME:
        reasons["cumulative"] = "only what is shown over time can be summed up over time"
    elif not measure.is_flow:
        reasons["cumulative"] = f"{measure.title} cannot be summed up over time"
    if not measure.is_additive:
        reasons["share"] = "what does not add up has no shares"
    elif not dimensions:
        reasons["share"] = "without a split everything is 100 %"
    elif chart not in OVER_TIME:
        reasons["share"] = "shares of each bucket are for bars, lines and areas"
    if chart not in ("lines", "bar"):
        reasons["log"] = "a log scale fits lines and single bars, not what is stacked"
    if asked.view.compare == NO_COMPARISON:
        reasons["compare"] = "nothing is compared: choose a period to compare with above"
    elif chart not in (*OVER_TIME, "bar"):
        reasons["compare"] = "the period before is drawn with bars, lines and areas"
    assert set(reasons) <= set(SWITCHES)
    return reasons


def refused_buckets(desk: Desk, asked: Asked, measure: Measure) -> dict[str, str]:
    """Width → why the measure has no such buckets in the range."""
    reasons: dict[str, str] = {}
    if reason := explore_rules.refused_minutes(measure):
        reasons["minute"] = reason
    elif kept_minutes(desk, asked) is None:
        reasons["minute"] = _NO_MINUTES
    hours = desk.answers.ask(explore_rules.refused_grain, asked.filters, measure, Granularity.HOUR)
    return reasons | ({"hour": hours} if hours else {})


def refused_splits(
    desk: Desk, asked: Asked, measure: Measure, beside: tuple[str, ...] = ()
) -> dict[str, str]:
    """URL word → why the measure cannot be split by it, next to another split."""
    found = desk.answers.ask(explore_rules.refused_splits, asked.filters, measure, beside)
    return {word: found[dimension] for word, dimension in SPLITS.items() if dimension in found}
