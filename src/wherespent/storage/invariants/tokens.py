"""Token parts add up to their totals, in every hour of every series."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, or_, select

from wherespent.domain.windows import DAY, Window
from wherespent.storage import tables
from wherespent.storage.invariants.comparison import Row, inside, pieces
from wherespent.storage.invariants.words import amount, described, hour, stream_names
from wherespent.storage.proofs import MOST_OFFENCES, Found, Invariant, Offence, Scope


@dataclass(frozen=True, slots=True)
class _Parts:
    """A total and the parts that it is made of; `optional` parts count as 0 where unknown."""

    total: str
    parts: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def is_known(self, facts: Table) -> ColumnElement[bool]:
        return and_(*(facts.c[name].is_not(None) for name in (self.total, *self.parts)))

    def fails(self, facts: Table) -> ColumnElement[bool]:
        return and_(self.is_known(facts), facts.c[self.total] != self.summed(facts))

    def summed(self, facts: Table) -> ColumnElement[int]:
        parts = [facts.c[name] for name in self.parts]
        parts += [func.coalesce(facts.c[name], 0) for name in self.optional]
        whole = parts[0]
        for part in parts[1:]:
            whole += part
        return whole


def _by_modality(total: str, stem: str) -> _Parts:
    return _Parts(total, tuple(f"{stem}_{kind}_tokens" for kind in ("text", "audio", "image")))


_PARTS = (
    _Parts(
        "input_tokens",
        ("input_uncached_tokens", "input_cached_tokens"),
        optional=("input_cache_write_tokens",),
    ),
    _by_modality("input_uncached_tokens", "input"),
    _by_modality("input_cached_tokens", "input_cached"),
    _by_modality("output_tokens", "output"),
)


def _check_tokens(connection: Connection, scope: Scope) -> Found:
    found = Found()
    for window in pieces(scope.window):
        found += _tokens_in(connection, scope.account_id, window)
    return found


def _tokens_in(connection: Connection, account_id: int, window: Window) -> Found:
    hours = tables.usage_hour
    mine = inside(connection, hours, account_id, window)
    known = or_(*(parts.is_known(hours) for parts in _PARTS))
    fails = or_(*(parts.fails(hours) for parts in _PARTS))
    checked, failing = connection.execute(
        select(func.count(case((known, 1))), func.count(case((fails, 1)))).where(mine)
    ).one()
    if not failing:
        return Found(checked)
    rows = connection.execute(
        select(hours).where(mine, fails).order_by(hours.c.bucket_start).limit(MOST_OFFENCES)
    )
    found: list[Row] = [dict(row) for row in rows.mappings()]
    return Found(checked, failing, tuple(_phrase_tokens(connection, found)))


def _phrase_tokens(connection: Connection, rows: Sequence[Row]) -> list[Offence]:
    about = described(connection, tables.usage_series, [row["series_id"] for row in rows])
    streams = stream_names(connection)
    return [
        Offence(
            row["bucket_start"] - row["bucket_start"] % DAY,
            f"{hour(row['bucket_start'])}, {streams[row['stream_id']]},"
            f" {about[row['series_id']]}: {_wrong_parts(row)}",
        )
        for row in rows
    ]


def _wrong_parts(row: Row) -> str:
    wrong: list[str] = []
    for each in _PARTS:
        parts = [row[name] for name in each.parts]
        if row[each.total] is None or None in parts:
            continue
        whole = sum(parts) + sum(row[name] or 0 for name in each.optional)
        if whole != row[each.total]:
            wrong.append(f"{each.total} is {amount(row[each.total])}, its parts {amount(whole)}")
    return "; ".join(wrong)


TOKENS = Invariant(
    name="tokens",
    title="Token parts add up to their totals",
    counted="rows",
    meaning="Input is uncached + cached + cache write; uncached, cached and output tokens are the"
    " sum of text, audio and image. Every hour of every series, where OpenAI sent all parts.",
    remedy="OpenAI sent these rows so; they are kept as they came. Totals are right, the split"
    " into cached and uncached is not. Report it to OpenAI if it lasts.",
    check=_check_tokens,
)
