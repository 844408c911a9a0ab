"""Where an answer is read: the smallest table that knows every dimension of the question."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from wherespent.analytics.filters import NOT_REPORTED, Choice
from wherespent.analytics.zones import UTC_ZONE, Zone
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, HOUR, Window
from wherespent.errors import QuestionRefused
from wherespent.providers import STREAMS
from wherespent.providers.openai.streams import COSTS
from wherespent.storage import tables
from wherespent.storage.engine import once

# Up to here, looking up every (bucket, series) beats reading the window through: 2 ms against
# 22 for one user's 90 days among 2,300 series; the two meet at about a quarter of all series.
_FEW_SERIES = 250

_USAGE_SLICE_DIMENSIONS = frozenset({"project_id", "model", "model_key"})
_COST_SLICE_DIMENSIONS = frozenset({"project_id", "line_item", "model", "model_key"})
_BESIDE_USERS = frozenset({"user_id", "line_item", "model", "model_key"})


@dataclass(frozen=True, slots=True)
class Source:
    """One fact table of one account, with the small table that holds its dimensions."""

    account_id: int
    facts: Table | Subquery
    key: ColumnElement[int]
    series: Table
    width: int
    stream_ids: tuple[int, ...] = ()
    grouping: int | None = None
    zone: Zone = UTC_ZONE

    @property
    def is_cost(self) -> bool:
        return not self.stream_ids

    @property
    def bucket(self) -> ColumnElement[int]:
        return self.facts.c.bucket_start

    @property
    def key_before_bucket(self) -> tuple[ColumnElement[int], ...]:
        """The columns of the primary key that come before the bucket and can vary."""
        return () if self.is_cost else (self.facts.c.stream_id,)

    @property
    def _dimensions(self) -> FromClause:
        """The series, with the line items where there are any."""
        if not self.is_cost:
            return self.series
        items = tables.line_item
        return self.series.join(items, items.c.id == self.series.c.line_item_id)

    @property
    def scope(self) -> ColumnElement[bool]:
        """The facts of this source, of any time."""
        return self._scope(self.stream_ids)

    @property
    def scope_of_series(self) -> ColumnElement[bool]:
        """The facts of one row of `series`, as an index that begins with the series finds them."""
        if self.is_cost:
            return self.scope
        columns = self.facts.c
        return and_(
            columns.account_id == self.account_id, columns.stream_id == self.series.c.stream_id
        )

    def joined(self) -> FromClause:
        joined = self.facts.join(self.series, self.series.c.id == self.key)
        if not self.is_cost:
            return joined
        items = tables.line_item
        return joined.join(items, items.c.id == self.series.c.line_item_id)

    def raw(self, dimension: str) -> ColumnElement[str]:
        """A dimension as stored: '' is unattributed or not reported."""
        if self.is_cost and dimension == "line_item":
            return tables.line_item.c.name
        if self.is_cost and dimension in ("model", "model_key"):
            return tables.line_item.c.model_key
        return self.series.c[dimension]

    def shown(self, dimension: str) -> ColumnElement[str]:
        """A dimension as charts group by it: models by their key, the not reported apart."""
        if dimension == "model":
            key = self.raw("model_key")
            return case((key != "", key), else_=self.raw("line_item")) if self.is_cost else key
        column = self.raw(dimension)
        if dimension in ("line_item", "model_key") or "grouped_by" not in self.series.c:
            return column
        grouped = literal(",") + self.series.c.grouped_by + literal(",")
        reported = grouped.like(f"%,{dimension},%")
        return case((column != "", column), (reported, ""), else_=NOT_REPORTED)

    def wheres(
        self, connection: Connection, window: Window, choices: Mapping[str, Choice]
    ) -> Iterator[ColumnElement[bool]]:
        """Conditions on the facts that together select what was chosen, each row once."""
        window = self.zone.utc_window(window)
        inside = and_(self.bucket >= window.start, self.bucket < window.end)
        if not choices:
            yield and_(self._scope(self.stream_ids), inside)
            return
        by_stream = self._few_series(connection, choices)
        if by_stream is None:
            chosen = self.key.in_(self.chosen(choices, self.series.c.id))
            yield and_(self._scope(self.stream_ids), inside, chosen)
            return
        # Without the bounds beside it: SQLite would rather follow them than the buckets.
        buckets = range(window.start, window.end, self.width)
        for stream_id, ids in by_stream.items():
            yield and_(self._scope((stream_id,)), self.bucket.in_(buckets), self.key.in_(ids))

    def _few_series(
        self, connection: Connection, choices: Mapping[str, Choice]
    ) -> dict[int, list[int]] | None:
        stream_id = literal(0) if self.is_cost else self.series.c.stream_id
        statement = self.chosen(choices, stream_id, self.series.c.id).limit(_FEW_SERIES + 1)
        by_stream: dict[int, list[int]] = {}
        rows = connection.execute(statement).all()
        for stream, series in rows:
            by_stream.setdefault(stream, []).append(series)
        return by_stream if len(rows) <= _FEW_SERIES else None

    def _scope(self, stream_ids: tuple[int, ...]) -> ColumnElement[bool]:
        columns = self.facts.c
        scope = columns.account_id == self.account_id
        if not self.is_cost:
            return and_(scope, columns.stream_id.in_(stream_ids))
        return scope if self.grouping is None else and_(scope, columns.grouping == self.grouping)

    def chosen(
        self, choices: Mapping[str, Choice], *columns: ColumnElement[Any]
    ) -> Select[*tuple[Any, ...]]:
        """These columns of the series that are chosen."""
        statement = select(*columns).select_from(self._dimensions)
        statement = statement.where(self.series.c.account_id == self.account_id)
        if not self.is_cost:
            statement = statement.where(self.series.c.stream_id.in_(self.stream_ids))
        return statement.where(*(self._condition(*chosen) for chosen in choices.items()))

    def _condition(self, dimension: str, choice: Choice) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = []
        if choice.include:
            conditions.append(self._is_one_of(dimension, choice.include))
        if choice.exclude:
            conditions.append(~self._is_one_of(dimension, choice.exclude))
        return and_(*conditions)

    def _is_one_of(self, dimension: str, values: tuple[str, ...]) -> ColumnElement[bool]:
        if dimension != "model_key":
            return self.shown(dimension).in_(values)
        key = self.raw("model_key")
        if not self.is_cost:
            return key.in_(values)
        # A chart shows a line item without a model under its own name: that name can be chosen.
        named = and_(key == "", self.raw("line_item").in_(values))
        return or_(key.in_(values), named)


@dataclass(frozen=True, slots=True)
class Account:
    """Ids that the fact tables are keyed by; an id of 0 has no facts."""

    id: int
    stream_ids: Mapping[str, int]

    def ids_of(self, streams: Iterable[Stream]) -> tuple[int, ...]:
        return tuple(self.stream_ids.get(stream.name, 0) for stream in streams)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of accounts (by label) and of streams (by name), and the version of the data."""

    accounts: Mapping[str, int]
    stream_ids: Mapping[str, int]
    version: int


def numbers(connection: Connection) -> Numbers:
    """What every question looks up first: read once in a view of the database."""
    return once(connection, _read_numbers)


_EVERYTHING_NUMBERED = union_all(
    select(
        literal(True).label("is_account"),
        tables.account.c.label,
        tables.account.c.id,
        tables.account.c.version,
    ),
    select(literal(False), tables.stream.c.name, tables.stream.c.id, literal(0)),
)


def _read_numbers(connection: Connection) -> Numbers:
    rows = connection.execute(_EVERYTHING_NUMBERED).all()
    return Numbers(
        {label: id_ for is_account, label, id_, _ in rows if is_account},
        {name: id_ for is_account, name, id_, _ in rows if not is_account},
        sum(version for *_, version in rows),
    )


def read_account(connection: Connection, label: str) -> Account:
    """The account and its streams; unknown ones get ids without facts."""
    known = numbers(connection)
    return Account(known.accounts.get(label, 0), known.stream_ids)


def usage_source(
    account: Account,
    streams: Iterable[Stream],
    needed: Iterable[str],
    *,
    hours: bool,
    zone: Zone = UTC_ZONE,
) -> Source:
    """The slice rollup where project and model are all that is needed, else every series.

    Days of another zone than UTC are read as hours, and have buckets in its wall-clock seconds.
    """
    hours = hours or not zone.is_utc
    if _USAGE_SLICE_DIMENSIONS.issuperset(needed):
        facts = tables.usage_slice_hour if hours else tables.usage_slice_day
        key, series = facts.c.slice_id, tables.usage_slice
    else:
        facts = tables.usage_hour if hours else tables.usage_day
        key, series = facts.c.series_id, tables.usage_series
    ids = account.ids_of(streams)
    return Source(account.id, facts, key, series, HOUR if hours else DAY, ids, zone=zone)


def cost_source(connection: Connection, account: Account, needed: Iterable[str]) -> Source:
    """The slice rollup, the full series, or the reading by user where users stand apart.

    Raises QuestionRefused for a user beside a dimension that is not reported with users.
    """
    wanted = frozenset(needed)
    if wanted <= _COST_SLICE_DIMENSIONS:
        facts = tables.cost_slice_day
        return Source(account.id, facts, facts.c.slice_id, tables.cost_slice, DAY)
    grouping = tables.MAIN
    if "user_id" in wanted and _users_stand_apart(connection, account):
        grouping = tables.BY_USER
        _refuse_beside_users(wanted - _BESIDE_USERS)
    facts = tables.cost_day
    return Source(account.id, facts, facts.c.series_id, tables.cost_series, DAY, grouping=grouping)


def was_read(
    connection: Connection,
    account: Account,
    streams: Iterable[Stream],
    window: Window,
    grouping: int = tables.MAIN,
) -> bool:
    """Whether any day of the window was read at all."""
    days = tables.coverage.c
    statement = select(func.min(days.bucket_start)).where(
        days.account_id == account.id,
        days.stream_id.in_(account.ids_of(streams)),
        days.grouping == grouping,
        days.bucket_start >= window.start,
        days.bucket_start < window.end,
    )
    return connection.scalar(statement) is not None


def usage_streams() -> tuple[Stream, ...]:
    return tuple(stream for stream in STREAMS.values() if stream is not COSTS)


def request_streams() -> tuple[Stream, ...]:
    """Usage streams with model requests of their own; those of web searches repeat completions.

    The streams that count tokens are among them, and no other stream has token measures.
    """
    return tuple(
        stream
        for stream in usage_streams()
        if "num_model_requests" in stream.measures and stream.short_name != "web_search_calls"
    )


def _users_stand_apart(connection: Connection, account: Account) -> bool:
    learned = tables.refusal.c
    statement = select(learned.kind).where(
        learned.account_id == account.id,
        learned.stream_id == account.stream_ids.get(COSTS.name, 0),
        learned.kind == "user_with_project",
        # In old windows only: users then stand beside projects in all that is newer.
        learned.until.is_(None),
    )
    return connection.scalar(statement) is not None


def _refuse_beside_users(refused: frozenset[str]) -> None:
    if refused:
        raise QuestionRefused(
            f"OpenAI does not report this organization's costs by user together with "
            f"{', '.join(sorted(refused))}: ask by user with line item or model, or without user"
        )
