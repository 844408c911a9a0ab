"""Questions about one account or several: each is asked of every account, and added up.

With more than one account stored, ids of projects, users and keys carry their account
("research:proj_1"): one id in two accounts is two things. With one account nothing changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from wherespent.analytics.filters import NOT_REPORTED, Choice, Filters
from wherespent.analytics.sources import Account, numbers
from wherespent.analytics.sums import Sums, added_values
from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.errors import QuestionRefused

ACCOUNT = "account"
QUALIFIED = frozenset({"project_id", "user_id", "api_key_id"})
# A value that nothing has, where everything that was chosen belongs to other accounts.
_NOTHING = Choice(include=("\N{EMPTY SET}",))


@dataclass(frozen=True, slots=True)
class Scope:
    """One account of a question, and the question as it is put to it.

    `is_alone`: it is the only account that is stored.
    """

    account: Account
    label: str
    filters: Filters
    is_alone: bool

    def qualified(self, dimension: str, value: str) -> str:
        """A value as it is told apart from that of another account."""
        if self.is_alone or dimension not in QUALIFIED or value in ("", NOT_REPORTED):
            return value
        return f"{self.label}:{value}"

    def keyed(self, found: Sums, dimensions: Sequence[str]) -> Sums:
        """Sums by (bucket, the dimensions that the tables have) as sums by all `dimensions`."""
        if self.is_alone and ACCOUNT not in dimensions:
            return found
        return {
            (bucket, *self._values(values, dimensions)): measures
            for (bucket, *values), measures in found.items()
        }

    def _values(self, values: Iterable[str], dimensions: Sequence[str]) -> Iterator[str]:
        known = iter(values)
        for dimension in dimensions:
            if dimension == ACCOUNT:
                yield self.label
            else:
                yield self.qualified(dimension, next(known))


def labels(connection: Connection) -> tuple[str, ...]:
    """Every account that is stored, in order; `default` where there is none yet."""
    return tuple(label for label, _ in _stored(connection)) or (DEFAULT_ACCOUNT,)


def _stored(connection: Connection) -> list[tuple[str, int]]:
    """Labels and numbers, `default` first: numbers depend on who was read first."""
    found = numbers(connection).accounts.items()
    return sorted(found, key=lambda each: (each[0] != DEFAULT_ACCOUNT, each[0]))


def scopes(connection: Connection, filters: Filters) -> list[Scope]:
    """The chosen accounts; one without any facts where none is."""
    stored = _stored(connection)
    ids = numbers(connection).stream_ids
    known = [label for label, _ in stored]
    chosen = [
        Scope(
            Account(id_, ids),
            label,
            filters if len(known) == 1 else _narrowed(filters, label, known),
            is_alone=len(known) == 1,
        )
        for label, id_ in stored
        if filters.account.keeps(label)
    ]
    return chosen or [Scope(Account(0, ids), DEFAULT_ACCOUNT, filters, is_alone=True)]


def chosen_labels(connection: Connection, filters: Filters) -> tuple[str, ...]:
    """The labels of the chosen accounts; never none, as in `scopes`."""
    return tuple(scope.label for scope in scopes(connection, filters))


def only_scope(connection: Connection, filters: Filters) -> Scope:
    """The account of a question that cannot be added up. Raises QuestionRefused for several."""
    found = scopes(connection, filters)
    if len(found) > 1:
        named = ", ".join(scope.label for scope in found)
        raise QuestionRefused(f"this is answered for one account at a time: choose one of {named}")
    return found[0]


def added_up(
    connection: Connection,
    filters: Filters,
    dimensions: Sequence[str],
    ask: Callable[[Scope, tuple[str, ...]], Sums],
) -> Sums:
    """What `ask` answers for each account, by the dimensions that tables have, as one answer."""
    of_tables = tuple(name for name in dimensions if name != ACCOUNT)
    whole: Sums = {}
    for scope in scopes(connection, filters):
        found = scope.keyed(ask(scope, of_tables), dimensions)
        whole = merged(whole, found) if whole else found
    return whole


def merged(whole: Sums, part: Sums) -> Sums:
    for key, values in part.items():
        known = whole.get(key)
        whole[key] = values if known is None else added_values(known, values)
    return whole


def _narrowed(filters: Filters, label: str, known: Sequence[str]) -> Filters:
    """What the chosen ids mean to one account: those of the others are none of its own."""
    own: Mapping[str, Any] = {
        name: _own(getattr(filters, name), label, known) for name in ("project", "user", "api_key")
    }
    return replace(filters, account=Choice((label,)), **own)


def _own(choice: Choice, label: str, known: Sequence[str]) -> Choice:
    include = tuple(_ids(choice.include, label, known))
    if choice.include and not include:
        return _NOTHING
    return Choice(include, tuple(_ids(choice.exclude, label, known)))


def _ids(values: Iterable[str], label: str, known: Sequence[str]) -> Iterator[str]:
    for value in values:
        account, colon, id_ = value.partition(":")
        if not colon or account not in known:
            yield value
        elif account == label:
            yield id_
