"""The key of one account: replaced while the process runs, told apart, asked where it belongs."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

from pydantic import SecretStr

from wherespent.domain.accounts import Organization
from wherespent.domain.windows import DAY, epoch, floor_day
from wherespent.errors import KeyRefused, ProviderError, SyncStopped
from wherespent.providers.openai.client import AdminClient, Params
from wherespent.providers.openai.streams import COMPLETIONS, COSTS

_FINGERPRINT_LENGTH = 16
_DAYS = 31  # one page of either endpoint


class AdminKey:
    """The key that a client asks with. `newest` says which one it should be, None if the same."""

    def __init__(
        self,
        client: AdminClient,
        *,
        salt: str,
        now: Callable[[], datetime],
        newest: Callable[[], SecretStr | None] = lambda: None,
    ) -> None:
        self._client = client
        self._salt = salt.encode()
        self._now = now
        self._newest = newest
        self._noticed = client.key

    def is_news(self) -> bool:
        """Whether there is another key than before: told once for each."""
        newest = self._newest() or self._noticed
        is_news = newest != self._noticed
        self._noticed = newest
        return is_news

    def take_newest(self) -> None:
        """Use the newest key from the next request on."""
        self._client.key = self._newest() or self._client.key

    def fingerprint(self) -> str:
        """Tells keys apart without giving them away; another address makes another key."""
        said = f"{self._client.base_url} {self._client.key.get_secret_value()}"
        digest = hmac.new(self._salt, said.encode(), hashlib.sha256).hexdigest()
        return digest[:_FINGERPRINT_LENGTH]

    def fetch_organization(self) -> Organization:
        """Where the key belongs: the id where rows carry it, and all projects that it shows.

        An endpoint that does not answer leaves the question to the others; where none answers,
        the error of the first is raised (ProviderError). A key that is unknown to one is unknown
        to all (KeyRefused).
        """
        found = Organization()
        errors: list[ProviderError] = []
        for ask in (self._told_by_costs, self._told_by_projects, self._told_by_usage):
            if found.is_known and ask == self._told_by_usage:
                break
            try:
                part = ask()
            except SyncStopped:
                raise
            except ProviderError as error:
                if isinstance(error, KeyRefused) and error.is_unknown:
                    raise
                errors.append(error)
            else:
                found = Organization(found.id or part.id, found.projects | part.projects)
        if len(errors) == 3:
            raise errors[0]
        return found

    def _told_by_costs(self) -> Organization:
        return _told(self._results(COSTS.path))

    def _told_by_usage(self) -> Organization:
        return _told(self._results(COMPLETIONS.path))

    def _told_by_projects(self) -> Organization:
        query: Params = [("limit", "100"), ("include_archived", "true")]
        projects = self._client.fetch_list("/organization/projects", query)
        return Organization(projects=frozenset(filter(None, (_id(it, "id") for it in projects))))

    def _results(self, path: str) -> Iterator[dict[str, Any]]:
        """The rows of the last weeks by project; a page that is cut short is followed."""
        end = floor_day(epoch(self._now())) + DAY
        query: Params = [
            ("start_time", str(end - _DAYS * DAY)),
            ("end_time", str(end)),
            ("bucket_width", "1d"),
            ("limit", str(_DAYS)),
            ("group_by", "project_id"),
        ]
        cursor: Params = []
        for _ in range(_DAYS):
            answer = self._client.fetch_answer(path, [*query, *cursor])
            for bucket in _items(answer, "data"):
                yield from _items(bucket, "results") or _items(bucket, "result")
            if not answer.get("has_more") or not _id(answer, "next_page"):
                return
            cursor = [("page", _id(answer, "next_page"))]


def _told(results: Iterator[dict[str, Any]]) -> Organization:
    rows = list(results)
    ids = {_id(row, "organization_id") for row in rows} - {""}
    projects = {_id(row, "project_id") for row in rows} - {""}
    return Organization(min(ids, default=""), frozenset(projects))


def _items(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = answer.get(name)
    if not isinstance(items, list):
        return []
    return [each for each in cast("list[Any]", items) if isinstance(each, dict)]


def _id(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    # Postgres cannot hold a NUL.
    return value.replace("\0", "") if isinstance(value, str) else ""
