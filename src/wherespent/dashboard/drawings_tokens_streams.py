"""The streams beside completions, each in its own unit: a table of all, and one over time."""

from collections.abc import Sequence
from decimal import Decimal

from wherespent.analytics.other_streams import StreamUsage, other_streams, stream_split
from wherespent.dashboard import comparison, figures, formats, gaps
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.components import blank, legend
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.series import SHOWN, Series, known_values, top_series
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.dashboard.url_state import PageChoice
from wherespent.domain.money import EXACT
from wherespent.domain.streams import STOCK_MEASURES
from wherespent.domain.windows import utc

STREAM = PageChoice("stream")

_NAMES = {
    "decisions": "Decisions",
    "embeddings": "Embeddings",
    "moderations": "Moderations",
    "images": "Images",
    "audio_speeches": "Speech",
    "audio_transcriptions": "Transcription",
    "vector_stores": "Vector stores",
    "code_interpreter_sessions": "Code interpreter",
    "file_search_calls": "File search",
    "web_search_calls": "Web search",
}
# What Explore calls the measure; the tokens and requests of a stream are not told apart there.
_EXPLORED = {
    "images": "images",
    "audio_speeches": "characters",
    "audio_transcriptions": "seconds",
    "vector_stores": "vector_store_bytes",
    "code_interpreter_sessions": "sessions",
    "file_search_calls": "file_searches",
    "web_search_calls": "web_searches",
    "decisions": "requests",
}
_GIB = 2**30
_STOCK_COLOUR = "#14b8a6"


def short_name(stream: str) -> str:
    return stream.rsplit(".", 1)[-1]


def name_of(stream: str) -> str:
    """What a person calls a stream."""
    short = short_name(stream)
    return _NAMES.get(short, short.replace("_", " ").capitalize())


def _used(desk: Desk, asked: Asked) -> list[StreamUsage]:
    return desk.answers.ask(other_streams, asked.filters)


def chosen(desk: Desk, asked: Asked) -> StreamUsage | None:
    """The stream that is looked at: the chosen one where it has data, else the first with any."""
    used = _used(desk, asked)
    word = STREAM.of(asked.view)
    return next((it for it in used if short_name(it.stream) == word), next(iter(used), None))


def title(desk: Desk, asked: Asked) -> str:
    """What stands over the chart: the stream, its unit, and what it is split by."""
    it = chosen(desk, asked)
    if it is None:
        return ""
    if it.measure in STOCK_MEASURES:
        return f"{name_of(it.stream)}: bytes stored"
    by = desk.answers.ask(stream_split, asked.filters, it.stream).dimension
    return f"{name_of(it.stream)}: {formats.unit(it.unit)} by {_DIMENSIONS[by]}"


_DIMENSIONS = {"model": "model", "project_id": "project", "": ""}


def over_time(desk: Desk, asked: Asked) -> Drawing:
    """One stream over time, by model or project; a stock as it stood at the end of each bucket."""
    it = chosen(desk, asked)
    if it is None:
        return Drawing(None, _nothing(desk, asked))
    split = desk.answers.ask(stream_split, asked.filters, it.stream)
    buckets = gaps.axis_of(desk, asked, asked.filters, (it.stream,))
    is_stock = it.measure in STOCK_MEASURES
    if is_stock:
        levels = tuple(split.points.get((start, "")) for start in buckets.starts)
        lines = [Series("", "Stored", _STOCK_COLOUR, levels, 0.0)]
    else:
        lines = top_series(
            [(bucket, key, float(value)) for (bucket, key), value in split.points.items()],
            buckets.starts,
            label=desk.label(split.dimension),
            ranked=desk.ranked(split.dimension),
            shown=SHOWN,
        )
    shown = formats.bytes_of if is_stock else formats.count
    unit = "bytes" if is_stock else formats.unit(it.unit)
    figure = figures.stacked_bars(lines, buckets, asked.filters.grain, shown=shown, unit=unit)
    links = {
        line.key: asked.link(split.dimension, line.key)
        for line in lines
        if line.key is not None and split.dimension
    }
    below = legend(lines, links, unread=bool(buckets.gaps))
    return Drawing(figure, below, explore=_explore(asked, it, split.dimension))


def _explore(asked: Asked, it: StreamUsage, dimension: str) -> str:
    measure = _EXPLORED.get(short_name(it.stream), "input_tokens")
    return explore_href(asked.view, measure=measure, split=(dimension,) if dimension else ())


def _nothing(desk: Desk, asked: Asked) -> object:
    names = tuple(f"openai.usage.{short}" for short in _NAMES)
    if gaps.unread(desk, asked, names):
        return gaps.nothing(desk, asked, names)
    said = ", ".join(name.lower() for name in _NAMES.values())
    return blank("Nothing used beside completions", f"No {said} in this range.")


_COLUMNS = (
    Column("stream", "Stream"),
    Column("total", "Used", Kind.NUMBER, about="In the unit beside it"),
    Column("unit", "Unit"),
    Column("change", "Change", Kind.CHANGE, about="Against the compared period"),
    Column("peak", "Most in one bucket", Kind.NUMBER, is_hidden=True),
    Column("peak_at", "On", Kind.DAY, is_hidden=True),
    Column("trend", "Over time", Kind.TREND),
)


def table(desk: Desk, asked: Asked) -> Table:
    """Every stream with data, in its own unit: there is nothing to add up over them."""
    used = _used(desk, asked)
    rows = [_row(desk, asked, it) for it in used]
    return Table(
        caption="Other streams",
        columns=_COLUMNS,
        rows=rows,
        note=_unused(used) or None,
        empty=_nothing(desk, asked),
    )


def _unused(used: Sequence[StreamUsage]) -> str:
    known = {short_name(it.stream) for it in used}
    missing = [name.lower() for short, name in _NAMES.items() if short not in known]
    return f"Nothing used: {', '.join(missing)}." if missing else ""


def _row(desk: Desk, asked: Asked, it: StreamUsage) -> Row:
    buckets = gaps.axis_of(desk, asked, asked.filters, (it.stream,))
    at = {point.bucket_start: float(point.value) for point in it.points}
    peak = max(it.points, key=lambda point: point.value)
    is_stock = it.measure in STOCK_MEASURES
    narrowed = asked.view.with_choice(STREAM.name, short_name(it.stream))
    return Row(
        key=it.stream,
        values={
            "stream": name_of(it.stream),
            "total": _in_unit(it, it.total),
            "unit": "GiB at the end" if is_stock else formats.unit(it.unit),
            "change": _change(desk, asked, it),
            "peak": _in_unit(it, peak.value),
            "peak_at": None if peak.bucket_start is None else utc(peak.bucket_start).date(),
            "trend": known_values(at, buckets),
        },
        hrefs={"stream": narrowed.query() or "?"},
    )


def _in_unit(it: StreamUsage, value: int) -> Decimal | int:
    """Bytes are read as GiB, to the hundredth."""
    if it.measure not in STOCK_MEASURES:
        return value
    return round(EXACT.divide(Decimal(value), Decimal(_GIB)), 2)


def _change(desk: Desk, asked: Asked, it: StreamUsage) -> object:
    compared = comparison.before(desk, asked, (it.stream,))
    if compared is None:
        return None
    before = desk.answers.ask(other_streams, compared)
    then = next((each.total for each in before if each.stream == it.stream), 0)
    return comparison.changed(it.total, then)
