"""Ratios of tokens over time, model by model: the cached share, and tokens per request.

The numbers are those that Explore gives for the same measures.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from wherespent.analytics.explore import Explored, Question, explore
from wherespent.dashboard import figures_lines, formats, gaps
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.colours import OTHER, colours
from wherespent.dashboard.components import blank, legend
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.series import Axis, Series

CACHED_SHARE = "cached_share"
PER_REQUEST = {
    "all": "tokens_per_request",
    "input": "input_tokens_per_request",
    "output": "output_tokens_per_request",
}
PER_REQUEST_WORDS = {"all": "Input + output", "input": "Input", "output": "Output"}
_SHOWN = 6
# Asked for, because some models have no such ratio at all (embeddings have no cache).
_ASKED = 12


def cached_share(desk: Desk, asked: Asked) -> Drawing:
    """Cached input over all input of the largest models, and of everything together."""
    return _ratio(desk, asked, CACHED_SHARE, formats.percent, percent=True)


def per_request(desk: Desk, asked: Asked, kind: str) -> Drawing:
    """Tokens over the requests of the streams that count tokens."""
    return _ratio(desk, asked, PER_REQUEST[kind], _tokens)


def _tokens(value: float) -> str:
    return formats.count(round(value) if value >= 100 else round(value, 1))


def _ratio(
    desk: Desk, asked: Asked, measure: str, shown: Callable[[float], str], *, percent: bool = False
) -> Drawing:
    question = Question(asked.filters, measure, ("model",), most=_ASKED)
    found = desk.answers.ask(explore, question)
    buckets = gaps.axis_of(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    lines = _lines(desk, found, buckets)
    if not lines:
        if found.whole is None:
            return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS))
        return Drawing(None, blank("Not known", "No model of this range reports what it takes."))
    figure = figures_lines.lines(lines, buckets, asked.filters.grain, shown=shown, percent=percent)
    links = {line.key: asked.link("model", line.key) for line in lines if line.key is not None}
    below = legend(lines, links, unread=bool(buckets.gaps))
    href = explore_href(asked.view, measure=measure, split=("model",), chart="lines")
    return Drawing(figure, below, explore=href)


def _lines(desk: Desk, found: Explored, buckets: Axis) -> list[Series]:
    """The largest models that have the ratio, and all together where that is another line."""
    label, ranked = desk.label("model"), desk.ranked("model")
    models = [key[0] for key in found.keys]
    colour = colours(models, ranked)
    drawn: list[Series] = []
    for model in models:
        at = {
            bucket: found.value(parts)
            for (bucket, key), parts in found.points.items()
            if key == (model,)
        }
        values = _values(at, buckets)
        if any(value is not None for value in values) and len(drawn) < _SHOWN:
            drawn.append(Series(model, label(model), colour[model], values, 0.0))
    if len(models) > 1 and drawn:
        at = {bucket: found.value(parts) for bucket, parts in found.buckets.items()}
        drawn.append(Series(None, "All models", OTHER, _values(at, buckets), 0.0))
    return drawn


def _values(
    at: Mapping[int | None, Decimal | int | None], buckets: Axis
) -> tuple[float | None, ...]:
    found = (at.get(start) for start in buckets.starts)
    return tuple(None if value is None else float(value) for value in found)
