"""Answers kept until the data changes: ten viewers of one page cost one query."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from wherespent.analytics.health import data_version
from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.storage.engine import Database

P = ParamSpec("P")
T = TypeVar("T")

_LATELY_SECONDS = 30


class Answers:
    """Asks questions of `analytics` and remembers the newest answers.

    The key holds the data version, so that an answer is never older than the data. Of
    identical questions asked at the same moment one is computed and the others wait.
    """

    def __init__(
        self, database: Database, *, account: str = DEFAULT_ACCOUNT, most: int = 512
    ) -> None:
        self.database = database
        self.account = account
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def version(self) -> int:
        with self.database.read() as connection:
            return data_version(connection, self.account)

    def ask(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The answer to `question(connection, *args)`. Raises what the question raises."""
        with self.database.read() as connection:
            version = data_version(connection, self.account)
            key = (question, args, tuple(kwargs.items()), version)
            future, mine = self._future(key)
            if mine:
                self._answer(key, future, lambda: question(connection, *args, **kwargs))
        return future.result()

    def lately(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """An answer that may be half a minute old: what the filters offer, ranks for colours.

        It depends on all the data, so that every sync would make it anew for every page.
        """
        key = (question, args, tuple(kwargs.items()), int(time.monotonic() / _LATELY_SECONDS))
        future, mine = self._future(key)
        if mine:
            with self.database.read() as connection:
                self._answer(key, future, lambda: question(connection, *args, **kwargs))
        return future.result()

    def fresh(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same without the memory, for what changes while the data does not."""
        with self.database.read() as connection:
            return question(connection, *args, **kwargs)

    def _future(self, key: Hashable) -> tuple[Future[Any], bool]:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key], False
            future = self._kept[key] = Future()
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return future, True

    def _answer(self, key: Hashable, future: Future[Any], compute: Callable[[], Any]) -> None:
        try:
            future.set_result(compute())
        except BaseException as error:  # noqa: BLE001 - the others that wait get it too
            with self._lock:
                self._kept.pop(key, None)
            future.set_exception(error)
