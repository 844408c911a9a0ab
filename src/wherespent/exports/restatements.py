"""Changes of billed days as rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from sqlalchemy import Connection

from wherespent.analytics.accounts import chosen_labels
from wherespent.analytics.filters import Choice, Filters
from wherespent.analytics.restatements import Revision, restatements, revisions
from wherespent.domain.windows import utc
from wherespent.exports.dimensions import Dimensions
from wherespent.exports.tables import Column, Export, Row, Type

_ABOUT = (
    Column("bucket_start", Type.TIME),
    Column("seen_at", Type.TIME),
    Column("settled", Type.YES_NO),
)
_AMOUNTS = (
    Column("old_usd", Type.USD),
    Column("new_usd", Type.USD),
    Column("delta_usd", Type.USD),
)


def export_restatements(
    connection: Connection,
    filters: Filters,
    dimensions: Sequence[str] = (),
    *,
    provisional: bool = False,
) -> Export:
    """Restatements by account, day and any of `cost.COST_DIMENSIONS`, oldest day first.

    With `provisional`, also what changed before a day had settled: one row per day of
    observation. Raises QuestionRefused as `export_costs` does.
    """
    asked = revisions if provisional else restatements
    parts: list[tuple[Sequence[Revision], Dimensions]] = []
    for label in chosen_labels(connection, filters):
        grouped = Dimensions(connection, label, dimensions)
        of_account = replace(filters, account=Choice((label,)))
        parts.append((asked(connection, of_account, grouped.names), grouped))
    rows = chain.from_iterable(_rows(found, grouped) for found, grouped in parts)
    return Export((*_ABOUT, *parts[0][1].columns(), *_AMOUNTS), rows)


def _rows(found: Iterable[Revision], grouped: Dimensions) -> Iterator[Row]:
    for each in found:
        row: Row = {
            "bucket_start": utc(each.day),
            "seen_at": each.seen_at,
            "settled": each.is_settled,
        }
        row |= grouped.cells(dict(zip(grouped.names, each.key, strict=True)))
        yield row | {"old_usd": each.old, "new_usd": each.new, "delta_usd": each.delta}
