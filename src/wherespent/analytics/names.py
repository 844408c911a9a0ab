"""What ids are called, and what the filters can offer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from wherespent.analytics.accounts import Scope, scopes
from wherespent.analytics.directory import Standing, occurring, remembered
from wherespent.analytics.filters import NOT_REPORTED, Filters, Granularity, newest_days
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
    """All values that occur in the data; the largest of the last 28 days come first.

    `accounts` are those that are stored: where there is only one, it is no choice.
    """

    accounts: tuple[Option, ...]
    models: tuple[Option, ...]
    projects: tuple[Option, ...]
    users: tuple[Option, ...]
    api_keys: tuple[Option, ...]


# Sizes are compared over the last days that have facts.
_SIZE_DAYS = 28
_WHO = ("project_id", "user_id", "api_key_id")
_EVERY_ACCOUNT = Filters(Window(0, DAY))
# An account, and its requests by project, by user and by key.
_Sized = tuple[Scope, Mapping[str, Mapping[str, int]]]


def names(connection: Connection, account: str, kind: str) -> dict[str, KnownName]:
    """Every remembered name of a kind ('project', 'user', 'api_key'), by id."""
    return _names(connection, read_account(connection, account).id, kind)


def all_names(connection: Connection, kind: str) -> dict[str, KnownName]:
    """The names of every account; with several, ids carry their account and names say it."""
    found: dict[str, KnownName] = {}
    for scope in scopes(connection, _EVERY_ACCOUNT):
        known = _names(connection, scope.account.id, kind)
        if scope.is_alone:
            return known
        for id_, each in known.items():
            name = _told_apart(scope, display(kind, id_, known))
            found[scope.qualified(f"{kind}_id", id_)] = replace(each, name=name)
    return found


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


def options(connection: Connection) -> Options:
    """What the filters offer: everything that occurs in the data."""
    chosen = scopes(connection, _EVERY_ACCOUNT)
    sized = [(scope, _requests(connection, scope.account)) for scope in chosen]
    return Options(
        accounts=tuple(Option(scope.label, scope.label) for scope in chosen),
        models=_models(connection, [scope.account for scope in chosen]),
        projects=_options(connection, sized, "project"),
        users=_options(connection, sized, "user"),
        api_keys=_options(connection, sized, "api_key"),
    )


def _names(connection: Connection, account_id: int, kind: str) -> dict[str, KnownName]:
    return {
        it.id: KnownName(
            it.id, it.name, it.email, it.status, it.hint, deleted=it.standing is Standing.DELETED
        )
        for it in remembered(connection, account_id, kind)
    }


def _options(connection: Connection, sized: Sequence[_Sized], kind: str) -> tuple[Option, ...]:
    dimension = f"{kind}_id"
    found: dict[str, Option] = {}
    sizes: dict[str, int] = {}
    for scope, requests in sized:
        known = _names(connection, scope.account.id, kind)
        for value in occurring(connection, scope.account, dimension):
            key = scope.qualified(dimension, value)
            label = _told_apart(scope, display(kind, value, known))
            found[key] = Option(key, label, value in known and known[value].deleted)
            sizes[key] = requests[dimension].get(value, 0)
    return tuple(found[key] for key in _largest_first(found, sizes))


def _told_apart(scope: Scope, name: str) -> str:
    return name if scope.is_alone else f"{name} ({scope.label})"


def _models(connection: Connection, accounts: Sequence[Account]) -> tuple[Option, ...]:
    """Models that were used or billed, the most expensive first."""
    known = set[str]()
    sizes = Counter[str]()
    item, part = tables.line_item.c, tables.cost_slice.c
    for account in accounts:
        billed = select(part.line_item_id).where(part.account_id == account.id)
        known |= set(
            connection.scalars(
                select(item.model_key).where(item.id.in_(billed), item.model_key != "")
            )
        )
        used = select(tables.usage_slice.c.model_key).where(
            tables.usage_slice.c.account_id == account.id, tables.usage_slice.c.model_key != ""
        )
        known |= set(connection.scalars(used.distinct()))
        source = cost_source(connection, account, ("model_key",))
        sizes.update(_sizes(connection, source, "model_key", "amount"))
    return tuple(Option(key, key) for key in _largest_first(known, sizes))


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
