"""Revisions of billed cost as facts of their own: each adds what it changed to its cell.

Amounts add up, so any sum as it once was is that sum now less what was added to it since.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, case, func, literal_column, select, type_coerce

from wherespent.analytics.sources import Source
from wherespent.domain.windows import DAY
from wherespent.storage.revisions import RESTATED
from wherespent.storage.tables import MAIN, cost_day, cost_revision, cost_series

_KEPT = cost_revision.c


def every_cell(source: Source) -> Source:
    """The same costs by full series, as revisions are kept, and not by slice."""
    grouping = MAIN if source.grouping is None else source.grouping
    return replace(
        source, facts=cost_day, key=cost_day.c.series_id, series=cost_series, grouping=grouping
    )


def revised(source: Source, *, after: datetime | None = None, restated: bool = False) -> Source:
    """What revisions added to the cells of a source of costs.

    Facts: `amount` in nano-dollars, `cells` that came (1) or went (-1), and when it was `seen_at`,
    on which day, with `settled`. Of those seen later than `after`, or of restatements only.
    """
    cells = every_cell(source)
    question = select(
        _KEPT.account_id,
        _KEPT.grouping,
        _KEPT.bucket_start,
        _KEPT.series_id,
        _KEPT.settled,
        _KEPT.seen_at,
        (type_coerce(_KEPT.seen_at, BigInteger) // DAY).label("seen_day"),
        (_nanos(_KEPT.new_amount) - _nanos(_KEPT.old_amount)).label("amount"),
        (_is_there(_KEPT.new_amount) - _is_there(_KEPT.old_amount)).label("cells"),
    )
    if after is not None:
        question = question.where(_KEPT.seen_at > after)
    if restated:
        # Written out, as the partial index is: with a bound value neither engine would use it.
        question = question.where(_KEPT.settled == literal_column(str(RESTATED)))
    facts = question.subquery("revised")
    return replace(cells, facts=facts, key=facts.c.series_id)


def _nanos(amount: ColumnElement[object]) -> ColumnElement[int]:
    return func.coalesce(type_coerce(amount, BigInteger), 0)


def _is_there(amount: ColumnElement[object]) -> ColumnElement[int]:
    return case((amount.is_(None), 0), else_=1)
