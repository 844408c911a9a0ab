"""How requests were processed (batch, or at which service tier): shares over time, and a table."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from wherespent.analytics.filters import NOT_REPORTED
from wherespent.analytics.token_parts import BATCH, ProcessingPoint, processing_parts
from wherespent.dashboard import figures, formats, gaps
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.colours import OTHER, PALETTE
from wherespent.dashboard.components import legend
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.series import Series
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.domain.money import EXACT

OF_WORDS = {"tokens": "Tokens", "requests": "Requests"}
_NAMES = {
    "default": "Standard",
    BATCH: "Batch",
    "flex": "Flex",
    "priority": "Priority",
    "": "No tier named",
    NOT_REPORTED: "Not reported by tier",
}
_COLOURS: Mapping[str, str] = dict(
    zip(("default", BATCH, "flex", "priority"), PALETTE, strict=False)
)


def _name(processing: str) -> str:
    return _NAMES.get(processing, formats.shortened(processing.capitalize()))


def _measure(of: str) -> Callable[[ProcessingPoint], int | None]:
    return (lambda point: point.requests) if of == "requests" else (lambda point: point.tokens)


def over_time(desk: Desk, asked: Asked, of: str) -> Drawing:
    """The share of each way of processing in each bucket; the hover has the number."""
    measure = _measure(of)
    points = desk.answers.ask(processing_parts, asked.filters)
    buckets = gaps.axis_of(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    cells: dict[str, dict[int | None, int]] = defaultdict(dict)
    for point in points:
        if value := measure(point):
            cells[point.processing][point.bucket_start] = value
    if not cells:
        return Drawing(None, gaps.nothing(desk, asked, gaps.REQUEST_STREAMS))
    order = sorted(cells, key=lambda name: (-sum(cells[name].values()), name))
    lines = [_line(name, cells[name], buckets.starts, at) for at, name in enumerate(order)]
    figure = figures.stacked_bars(lines, buckets, asked.filters.grain, shown=formats.count)
    figure["layout"] |= {"barnorm": "fraction"}
    figure["layout"]["yaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    href = explore_href(asked.view, measure=of, split=("tier", "batch"))
    return Drawing(figure, legend(lines, unread=bool(buckets.gaps)), explore=href)


def _line(name: str, values: Mapping[int | None, int], starts: Sequence[int], at: int) -> Series:
    colour = _COLOURS.get(name) or (OTHER if name in ("", NOT_REPORTED) else PALETTE[4 + at % 8])
    return Series(
        name, _name(name), colour, tuple(values.get(it) for it in starts), sum(values.values())
    )


_COLUMNS = (
    Column("processing", "Processing"),
    Column("requests", "Requests", Kind.COUNT),
    Column("requests_share", "Of requests", Kind.SHARE),
    Column("tokens", "Tokens", Kind.COUNT, about="Input and output"),
    Column("tokens_share", "Of tokens", Kind.SHARE),
    Column("cached", "Cached", Kind.SHARE, about="Cached input over all input"),
    Column("input", "Input", Kind.COUNT, is_hidden=True),
    Column("output", "Output", Kind.COUNT, is_hidden=True),
)


def table(desk: Desk, asked: Asked) -> Table:
    """Requests and tokens of each way of processing; the totals are those of the page."""
    points = desk.answers.ask(processing_parts, asked.total)
    requests, tokens = summed(points, "requests"), summed(points, "tokens")
    rows = [_row(point, requests, tokens) for point in points]
    return Table(
        caption="Requests and tokens by batch and service tier",
        columns=_COLUMNS,
        rows=rows,
        total={
            "processing": f"All {len(rows)}",
            "requests": requests,
            "tokens": tokens,
            "input": summed(points, "input_tokens"),
            "output": summed(points, "output_tokens"),
            "cached": share(summed(points, "cached_tokens"), summed(points, "input_tokens")),
        },
        sorted_by="-tokens",
        empty=gaps.nothing(desk, asked, gaps.REQUEST_STREAMS),
    )


def _row(point: ProcessingPoint, requests: int | None, tokens: int | None) -> Row:
    return Row(
        key=point.processing,
        values={
            "processing": _name(point.processing),
            "requests": point.requests,
            "requests_share": share(point.requests, requests),
            "tokens": point.tokens,
            "tokens_share": share(point.tokens, tokens),
            "cached": share(point.cached_tokens, point.input_tokens),
            "input": point.input_tokens,
            "output": point.output_tokens,
        },
    )


def summed(points: Iterable[object], name: str) -> int | None:
    """The sum of one measure of points; None where it is known of none of them."""
    known = [value for point in points if (value := getattr(point, name)) is not None]
    return sum(known) if known else None


def share(part: int | None, whole: int | None) -> Decimal | None:
    """A part of one; None where either is not known or there is nothing to be a part of."""
    return EXACT.divide(Decimal(part), Decimal(whole)) if part is not None and whole else None
