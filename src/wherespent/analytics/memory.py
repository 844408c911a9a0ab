"""What is remembered of one version of the data: questions share it until the version moves."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection

from wherespent.analytics.sources import numbers

T = TypeVar("T")

_OPTION = "wherespent_memory"


class Memory:
    """The `most` newest values by key. What two threads want at once is computed once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, key: Hashable) -> Future[Any] | None:
        """The value, which another thread may still be computing."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def value(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Raises what computing it raises, in every thread that waits; a failure is not kept."""
        future, is_mine = self._future(key)
        if is_mine:
            try:
                future.set_result(compute())
            except BaseException as error:  # noqa: BLE001 - the others that wait get it too
                with self._lock:
                    self._kept.pop(key, None)
                future.set_exception(error)
        return future.result()

    def _future(self, key: Hashable) -> tuple[Future[Any], bool]:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key], False
            future = self._kept[key] = Future()
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return future, True


def lend(connection: Connection, memory: Memory | None) -> None:
    """What is asked over this connection, which must be one view of the data, is remembered.

    None takes the memory back.
    """
    connection.execution_options(**{_OPTION: memory})


def remembered(connection: Connection, key: tuple[Hashable, ...], read: Callable[[], T]) -> T:
    """What `read` answers at this version of the data; asked each time without a memory."""
    memory = _memory(connection)
    if memory is None:
        return read()
    return memory.value((numbers(connection).version, *key), read)


def is_remembered(connection: Connection, key: tuple[Hashable, ...]) -> bool:
    """Whether it is known, or about to be."""
    memory = _memory(connection)
    return memory is not None and memory.known((numbers(connection).version, *key)) is not None


def has_memory(connection: Connection) -> bool:
    return _memory(connection) is not None


def _memory(connection: Connection) -> Memory | None:
    return connection.get_execution_options().get(_OPTION)
