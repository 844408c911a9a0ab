"""Requests and tokens of every model as a table."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from wherespent.analytics import usage
from wherespent.analytics.usage import TokenPoint
from wherespent.dashboard import comparison, gaps
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_tokens_processing import share, summed
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.dashboard.trends import of_trend, trends
from wherespent.domain.money import EXACT

_COLUMNS = (
    Column("model", "Model"),
    Column("requests", "Requests", Kind.COUNT),
    Column("change", "Change", Kind.CHANGE, about="Of requests, against the compared period"),
    Column("input", "Input", Kind.COUNT, about="Uncached + cached + cache write"),
    Column("uncached", "Uncached", Kind.COUNT),
    Column("cached", "Cached", Kind.COUNT),
    Column("cached_share", "Cached share", Kind.SHARE, about="Cached input over all input"),
    Column("cache_write", "Cache write", Kind.COUNT),
    Column("output", "Output", Kind.COUNT),
    Column("per_request", "Per request", Kind.NUMBER, about="Input and output tokens per request"),
    Column("input_audio", "Audio input", Kind.COUNT, is_hidden=True),
    Column("output_audio", "Audio output", Kind.COUNT, is_hidden=True),
    Column("input_image", "Image input", Kind.COUNT, is_hidden=True),
    Column("output_image", "Image output", Kind.COUNT, is_hidden=True),
    Column("trend", "Requests over time", Kind.TREND),
)
_SUMMED = {
    "requests": "requests",
    "input": "input_tokens",
    "uncached": "uncached",
    "cached": "cached",
    "cache_write": "cache_write",
    "output": "output_tokens",
    "input_audio": "input_audio",
    "output_audio": "output_audio",
    "input_image": "input_image",
    "output_image": "output_image",
}


def table(desk: Desk, asked: Asked) -> Table:
    """All models with usage; the totals are the key numbers of the page."""
    points = desk.answers.ask(usage.tokens_by, asked.total, "model")
    then = _before(desk, asked)
    trends = _trends(desk, asked)
    label = desk.label("model")
    rows = [
        Row(
            key=point.key,
            values={"model": label(point.key)}
            | {key: getattr(point, name) for key, name in _SUMMED.items()}
            | {
                "change": _change(point, then),
                "cached_share": share(point.cached, point.input_tokens),
                "per_request": _per_request(point),
                "trend": trends.get(point.key),
            },
            hrefs={"model": asked.entity("model", point.key)},
        )
        for point in points
    ]
    return Table(
        caption="Requests and tokens by model",
        columns=_COLUMNS,
        rows=rows,
        total=_total(points, then),
        sorted_by="-input",
        empty=gaps.nothing(desk, asked, gaps.REQUEST_STREAMS),
    )


def _before(desk: Desk, asked: Asked) -> Mapping[str, int] | None:
    compared = comparison.before(desk, asked, gaps.REQUEST_STREAMS)
    if compared is None:
        return None
    points = desk.answers.ask(usage.tokens_by, compared, "model")
    return {point.key: point.requests or 0 for point in points}


def _change(point: TokenPoint, then: Mapping[str, int] | None) -> Decimal | str | None:
    return None if then is None else comparison.changed(point.requests, then.get(point.key, 0))


def _per_request(point: TokenPoint) -> Decimal | int | None:
    """Images and speech have requests without tokens: they have no such number."""
    if not point.requests or point.input_tokens is None:
        return None
    tokens = point.input_tokens + (point.output_tokens or 0)
    exact = EXACT.divide(Decimal(tokens), Decimal(point.requests))
    return round(exact) if exact >= 100 else round(exact, 1)


def _trends(desk: Desk, asked: Asked) -> Mapping[str, Sequence[float | None]]:
    """Requests by bucket of every model."""
    filters = of_trend(asked.filters)
    buckets = gaps.axis_of(desk, asked, filters, gaps.REQUEST_STREAMS)
    points = desk.answers.ask(usage.tokens_by, filters, "model")
    return trends(((it.bucket_start, it.key, float(it.requests or 0)) for it in points), buckets)


def _total(
    points: Sequence[TokenPoint], then: Mapping[str, int] | None
) -> dict[str, Decimal | int | str | None]:
    sums = {key: summed(points, name) for key, name in _SUMMED.items()}
    return {
        "model": f"All {len(points)}",
        **sums,
        "cached_share": share(sums["cached"], sums["input"]),
        "change": None
        if then is None
        else comparison.changed(sums["requests"], sum(then.values())),
    }
