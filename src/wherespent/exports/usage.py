"""Usage as rows: each stream with its own measures."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from wherespent.analytics.accounts import scopes
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.hours_kept import hours_kept_since
from wherespent.analytics.sources import Account, usage_source, usage_streams
from wherespent.analytics.sums import Key, Values, added
from wherespent.domain.streams import STOCK_MEASURES, USAGE_DIMENSIONS, USAGE_MEASURES, Stream
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused
from wherespent.exports.chunks import streamed_levels, streamed_sums
from wherespent.exports.dimensions import Dimensions, refuse_unknown
from wherespent.exports.tables import Column, Export, Row, Type
from wherespent.providers import find_stream


def export_usage(
    connection: Connection,
    filters: Filters,
    dimensions: Sequence[str] = (),
    *,
    stream: str | None = None,
) -> Export:
    """One stream (any name that `find_stream` knows) or all, by account and their dimensions.

    Hours have no limit here. Without a stream, a dimension that some streams lack is null in
    their rows. Raises QuestionRefused for an unknown stream and for a dimension that cannot be
    grouped by.
    """
    _refuse_hours_that_went(connection, filters)
    streams = usage_streams() if stream is None else (_usage_stream(stream),)
    offered = {name for each in streams for name in each.dimensions}
    subject = "usage" if stream is None else streams[0].name
    refuse_unknown(subject, dimensions, [name for name in USAGE_DIMENSIONS if name in offered])
    parts = [
        (scope, Dimensions(connection, scope.label, dimensions))
        for scope in scopes(connection, filters)
    ]
    rows = (
        row
        for scope, grouped in parts
        for each in streams
        for row in _rows(connection, scope.account, scope.filters, grouped, each)
    )
    return Export(_columns(filters, parts[0][1], streams), rows)


def _refuse_hours_that_went(connection: Connection, filters: Filters) -> None:
    """Half of the hours would look like all of them."""
    since = hours_kept_since(connection)
    if filters.granularity is Granularity.HOUR and filters.window.start < since:
        raise QuestionRefused(
            f"single hours are kept from {utc(since):%Y-%m-%d} on (WHERESPENT_RETENTION_DAYS): "
            "ask for later ones, or by day"
        )


def _usage_stream(name: str) -> Stream:
    stream = find_stream(name)
    if stream in usage_streams():
        return stream
    known = ", ".join(each.short_name for each in usage_streams())
    raise QuestionRefused(f"'{name}' is not a usage stream: use one of {known}")


def _columns(
    filters: Filters, grouped: Dimensions, streams: Sequence[Stream]
) -> tuple[Column, ...]:
    has_buckets = filters.granularity is not Granularity.TOTAL
    reported = {measure for stream in streams for measure in stream.measures}
    return (
        *([Column("bucket_start", Type.TIME)] if has_buckets else []),
        Column("stream", Type.TEXT),
        *grouped.columns(),
        *(Column(name, Type.WHOLE) for name in USAGE_MEASURES if name in reported),
    )


def _rows(
    connection: Connection,
    account: Account,
    filters: Filters,
    grouped: Dimensions,
    stream: Stream,
) -> Iterator[Row]:
    names = [name for name in grouped.names if name in stream.dimensions]
    for (bucket, *values), measures in _found(connection, account, filters, names, stream):
        row: Row = {} if bucket is None else {"bucket_start": utc(bucket)}
        row["stream"] = stream.name
        row |= grouped.cells(dict(zip(names, values, strict=True)))
        row.update(zip(stream.measures, measures, strict=True))
        yield row


def _found(
    connection: Connection,
    account: Account,
    filters: Filters,
    names: Sequence[str],
    stream: Stream,
) -> Iterator[tuple[Key, Values]]:
    is_stock = STOCK_MEASURES.issuperset(stream.measures)
    # Only hours know the last one in which a project still had a level.
    hours = is_stock or filters.granularity is Granularity.HOUR
    source = usage_source(account, (stream,), (*filters.usage_choices, *names), hours=hours)
    by = [source.raw(name) for name in names]
    columns = [source.facts.c[measure] for measure in stream.measures]
    if is_stock:
        return streamed_levels(connection, source, filters, by, columns[0])
    return streamed_sums(connection, source, filters, by, [added(column) for column in columns])
