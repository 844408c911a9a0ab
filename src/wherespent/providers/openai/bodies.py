"""Bodies that drip: a time-out between two bytes never ends an answer of one byte a second."""

from collections.abc import Callable, Iterator

import httpx


def stream_in_time(response: httpx.Response, is_late: Callable[[], bool]) -> None:
    """From now on reading the body of a streamed answer raises ReadTimeout once `is_late()`.

    Every piece is looked at as it arrives: a decoder of gzip may swallow hours of them.
    """
    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _InTime(response.stream, is_late)


class _InTime(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, is_late: Callable[[], bool]) -> None:
        self._stream = stream
        self._is_late = is_late

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if self._is_late():
                raise httpx.ReadTimeout("the answer took too long")
            yield piece

    def close(self) -> None:
        self._stream.close()
