"""Answers kept until the data changes: ten viewers of one page cost one query."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from wherespent.analytics.all_accounts import data_version
from wherespent.analytics.memory import Memory, lend
from wherespent.errors import QuestionRefused
from wherespent.storage.engine import Database

P = ParamSpec("P")
T = TypeVar("T")

_LATELY_SECONDS = 30
# Each up to 2,740 rows in a large organization, half a megabyte.
_SUMS = 32


class _View:
    """One state of the data for one thread: a connection, opened when the first answer needs it.

    One for a whole drawing: on Postgres every checkout is four trips to the server.
    """

    def __init__(self, database: Database, sums: Memory, version: int | None) -> None:
        self._database = database
        self._sums = sums
        self._open = ExitStack()
        self._connection: Connection | None = None
        self._version = version

    @property
    def version(self) -> int:
        if self._version is None:
            self._version = self.read(data_version)
        return self._version

    def connect(self) -> Connection:
        """Raises StorageError where the database is away."""
        if self._connection is None:
            self._connection = self._open.enter_context(self._database.read())
            lend(self._connection, self._sums)
        return self._connection

    def read(self, question: Callable[[Connection], T]) -> T:
        """Raises what the question raises, or StorageError. The next one gets a new connection:
        Postgres refuses everything in a transaction in which something failed.
        """
        connection = self.connect()
        try:
            return question(connection)
        except QuestionRefused:
            raise
        except BaseException:
            self._connection = None
            with self._open.pop_all():
                raise

    def close(self) -> None:
        self._open.close()


class Answers:
    """Asks questions of `analytics` and remembers the newest answers.

    The key holds the data version, so that an answer is never older than the data. Of
    identical questions asked at the same moment one is computed and the others wait.
    """

    def __init__(self, database: Database, *, most: int = 512) -> None:
        self.database = database
        self._most = most
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        self._kept = Memory(most)
        self._sums = Memory(_SUMS)
        # Question → when it was last asked anew "lately", and of which version.
        self._asked: dict[Hashable, tuple[float, int]] = {}

    def version(self) -> int:
        with self._view() as view:
            return view.version

    def ask(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The answer to `question(connection, *args)`. Raises what the question raises."""
        with self._view() as view:
            key = (question, args, tuple(kwargs.items()), view.version)
            return self._kept_or_read(key, view, lambda it: question(it, *args, **kwargs))

    @contextmanager
    def at(self, version: int | None = None) -> Iterator[int]:
        """What this thread asks in the block is asked of `version`, over one connection.

        Without one, of the version that the data has now. Gives the version.
        """
        with self._view(version) as view:
            yield view.version

    def lately(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """An answer that may be half a minute old: what the filters offer, ranks for colours.

        It depends on all the data, so that every sync would make it anew for every page.
        """
        with self._view() as view:
            asked = (question, args, tuple(kwargs.items()))
            key = (*asked, self._lately(asked, view.version))
            return self._kept_or_read(key, view, lambda it: question(it, *args, **kwargs))

    def fresh(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same without the memory, for what changes while the data does not."""

        def afresh(connection: Connection) -> T:
            lend(connection, None)
            try:
                return question(connection, *args, **kwargs)
            finally:
                lend(connection, self._sums)

        with self._view() as view:
            return view.read(afresh)

    @contextmanager
    def _view(self, version: int | None = None) -> Iterator[_View]:
        """The one that this thread has open, else one for the block."""
        outer: _View | None = getattr(self._of_thread, "view", None)
        if outer is not None and version in (None, outer.version):
            yield outer
            return
        view = self._of_thread.view = _View(self.database, self._sums, version)
        try:
            yield view
        finally:
            self._of_thread.view = outer
            view.close()

    def _lately(self, asked: Hashable, version: int) -> int:
        """The version whose answer will do."""
        now = time.monotonic()
        with self._lock:
            since, known = self._asked.get(asked, (0.0, -1))
            if known == version or (known >= 0 and now - since < _LATELY_SECONDS):
                return known
            if len(self._asked) >= self._most:
                self._asked.clear()
            self._asked[asked] = now, version
            return version

    def _kept_or_read(self, key: Hashable, view: _View, question: Callable[[Connection], T]) -> T:
        if self._kept.known(key) is None:
            # Before others can wait for this answer: were there no connection left for it,
            # because they hold them all, nobody would ever go on.
            view.connect()
        return self._kept.value(key, lambda: view.read(question))
