"""What ids are called, and what the filters can offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from wherespent.analytics.filters import NOT_REPORTED, Granularity, newest_days
from wherespent.analytics.sources import (
    Account,
    Source,
    cost_source,
    read_account,
    request_streams,
    usage_source,
)
from wherespent.analytics.sums import added, sums
from wherespent.domain.windows import DAY, Window
from wherespent.storage import tables

NONE_LABEL = "(none)"
NOT_REPORTED_LABEL = "(not reported)"


@dataclass(frozen=True, slots=True)
class KnownName:
    """A remembered name: kept for ever, `deleted` once the directory no longer lists it."""

    id: str
    name: str
    email: str
    status: str
    hint: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One value that a filter offers; `label` is what a person reads."""

    id: str
    label: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """All values that occur in the data; the largest of the last 28 days come first."""

    models: tuple[Option, ...]
    projects: tuple[Option, ...]
    users: tuple[Option, ...]
    api_keys: tuple[Option, ...]


# Sizes are compared over the last days that have facts.
_SIZE_DAYS = 28
_WHO = ("project_id", "user_id", "api_key_id")


def names(connection: Connection, account: str, kind: str) -> dict[str, KnownName]:
    """Every remembered name of a kind ('project', 'user', 'api_key'), by id."""
    return _names(connection, read_account(connection, account).id, kind)


def display(kind: str, id: str, known: Mapping[str, KnownName] | None = None) -> str:  # noqa: A002
    """What a person reads for an id: its name, else a user's e-mail address, else the id.

    "(none)" for '' (unattributed), "(not reported)" for `NOT_REPORTED`.
    """
    if id == "":
        return NONE_LABEL
    if id == NOT_REPORTED:
        return NOT_REPORTED_LABEL
    remembered = (known or {}).get(id)
    if remembered is None:
        return id
    return remembered.name or (remembered.email if kind == "user" else "") or id


def options(connection: Connection, account: str) -> Options:
    """What the filters offer: everything that occurs in the data."""
    read = read_account(connection, account)
    sizes = _requests(connection, read)
    return Options(
        models=_models(connection, read),
        projects=_options(connection, read, "project", sizes),
        users=_options(connection, read, "user", sizes),
        api_keys=_options(connection, read, "api_key", sizes),
    )


def _names(connection: Connection, account_id: int, kind: str) -> dict[str, KnownName]:
    name = tables.name.c
    newest = connection.scalar(
        select(func.max(name.last_seen_at)).where(name.account_id == account_id)
    )
    rows = connection.execute(
        select(name.id, name.name, name.email, name.status, name.hint, name.last_seen_at).where(
            name.account_id == account_id, name.kind == kind
        )
    )
    # All names are read at once, so what the newest reading did not see is gone.
    return {row[0]: KnownName(*row[:5], deleted=row[5] < newest) for row in rows}


def _options(
    connection: Connection, account: Account, kind: str, sizes: Mapping[str, Mapping[str, int]]
) -> tuple[Option, ...]:
    known = _names(connection, account.id, kind)
    dimension = f"{kind}_id"
    ids = _largest_first(_distinct(connection, account, dimension), sizes[dimension])
    return tuple(
        Option(value, display(kind, value, known), value in known and known[value].deleted)
        for value in ids
    )


def _models(connection: Connection, account: Account) -> tuple[Option, ...]:
    """Models that were used or billed, the most expensive first."""
    item, part = tables.line_item.c, tables.cost_slice.c
    billed = connection.scalars(
        select(item.model_key).where(
            item.id.in_(select(part.line_item_id).where(part.account_id == account.id)),
            item.model_key != "",
        )
    )
    used = _values(connection, account, tables.usage_slice, "model_key")
    source = cost_source(connection, account, ("model_key",))
    sizes = _sizes(connection, source, "model_key", "amount")
    return tuple(Option(key, key) for key in _largest_first({*billed, *used}, sizes))


def _distinct(connection: Connection, account: Account, dimension: str) -> set[str]:
    usage = _values(connection, account, tables.usage_series, dimension)
    return usage | _values(connection, account, tables.cost_series, dimension)


def _values(connection: Connection, account: Account, table: Table, dimension: str) -> set[str]:
    column = table.c[dimension]
    statement = select(column).where(table.c.account_id == account.id, column != "").distinct()
    return set(connection.scalars(statement))


def _largest_first(ids: Iterable[str], sizes: Mapping[str, int]) -> list[str]:
    return sorted(ids, key=lambda value: (-sizes.get(value, 0), value))


def _requests(connection: Connection, account: Account) -> dict[str, dict[str, int]]:
    """Requests by project, by user and by key: read once, by series, and added up here."""
    source = usage_source(account, request_streams(), _WHO, hours=False)
    window = _newest_facts(connection, source)
    if window is None:
        return {dimension: {} for dimension in _WHO}
    requests = added(source.facts.c.num_model_requests)
    inside = source.wheres(connection, window, {})
    rows = connection.execute(
        select(source.key, requests).where(*inside).group_by(source.facts.c.stream_id, source.key)
    )
    by_series = {series: count or 0 for series, count in rows}
    sizes: dict[str, dict[str, int]] = {dimension: {} for dimension in _WHO}
    dimensions = source.chosen({}, source.series.c.id, *(source.raw(name) for name in _WHO))
    for series, *values in connection.execute(dimensions):
        for dimension, value in zip(_WHO, values, strict=True):
            known = sizes[dimension].get(value, 0)
            sizes[dimension][value] = known + by_series.get(series, 0)
    return sizes


def _newest_facts(connection: Connection, source: Source) -> Window | None:
    """The last days that have facts."""
    newest = connection.scalar(select(func.max(source.bucket)).where(source.scope))
    return None if newest is None else newest_days(Window(0, newest + DAY), _SIZE_DAYS)


def _sizes(connection: Connection, source: Source, dimension: str, measure: str) -> dict[str, int]:
    """A measure by key over the last days that have facts."""
    window = _newest_facts(connection, source)
    if window is None:
        return {}
    found = sums(
        connection,
        source,
        window,
        Granularity.TOTAL,
        {},
        by=(source.raw(dimension),),
        measures=(added(source.facts.c[measure]),),
    )
    return {key: size or 0 for (_, key), (size,) in found.items()}
