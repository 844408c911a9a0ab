"""Asks OpenAI's organization API: polite, patient, exact.

One request at a time. A broken connection, 429 and 5xx are asked again with growing pauses
(never before `Retry-After` says so); everything else is answered at once with one of our
errors. The key goes into a header and nowhere else.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from pydantic import SecretStr
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
)

from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, HOUR, MINUTE, Window
from wherespent.errors import MalformedAnswer, ProviderError, ProviderUnavailable, SyncStopped
from wherespent.providers.openai.answers import error_of, is_worth_retrying, retry_after
from wherespent.providers.openai.bodies import stream_in_time
from wherespent.providers.openai.budget import Budget
from wherespent.providers.openai.key_kinds import wrong_kind
from wherespent.providers.openai.schemas import Page, read_page

Params = list[tuple[str, str | int | float | bool | None]]

_ATTEMPTS = 7
# An endpoint that hangs is left for the next sync after three time-outs.
_PATIENCE_SECONDS = 75
_MAX_BODY_BYTES = 16 * 1024 * 1024
_MAX_BODY_SECONDS = 180
# A longer `Retry-After` ends this sync; until then no further request is sent.
_LONGEST_WAIT_SECONDS = 120
# An absurd one must not end ingestion until the next start.
_LONGEST_BLOCK_SECONDS = 3600
_LONGEST_PAUSE_SECONDS = 30
_TIMEOUT = httpx.Timeout(30, connect=10)
# As many as the longest window has: an answer may leave out empty buckets, and a cursor may
# lead past the last bucket for ever.
_MOST_EMPTY_PAGES = 6
_WIDTH_NAMES = {MINUTE: "1m", HOUR: "1h", DAY: "1d"}


class _PageTooLarge(ProviderError):
    """The body is over the limit: ask for fewer buckets."""


_CHECK_CERTIFICATE = (
    "check the address and this machine's clock; behind a proxy with certificates of its own, name "
    "the file of its authority in SSL_CERT_FILE"
)


class _TryAgain(Exception):
    def __init__(self, error: ProviderError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class AdminClient:
    """The organization API of one account.

    `stop` ends every wait at once: a request that comes after it raises SyncStopped.
    `requests` counts what was sent, retries included. `pause` is the first back-off in seconds.
    A page over `max_body_bytes` is asked for again with fewer buckets; a body that takes longer
    than `max_body_seconds` counts as one that never came. `monotonic` is the clock of pauses.
    A `budget` that several clients of an account share goes before `requests_per_minute`.
    """

    def __init__(
        self,
        *,
        key: SecretStr,
        base_url: str,
        requests_per_minute: int = 60,
        budget: Budget | None = None,
        stop: threading.Event | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
        pause: float = 0.5,
        max_body_bytes: int = _MAX_BODY_BYTES,
        max_body_seconds: float = _MAX_BODY_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # May be replaced between two requests.
        self.key = key
        self.base_url = base_url
        self._http = httpx.Client(
            base_url=base_url, timeout=timeout, transport=transport, follow_redirects=False
        )
        self._budget = budget or Budget(requests_per_minute)
        self._stop = stop or threading.Event()
        self._now = now
        self._pause = pause
        self._max_body_bytes = max_body_bytes
        self._max_body_seconds = max_body_seconds
        self._monotonic = monotonic
        self.requests = 0

    def close(self) -> None:
        self._http.close()

    def fetch_pages(
        self, stream: Stream, window: Window, group_by: tuple[str, ...]
    ) -> Iterator[Page[Any]]:
        """All buckets of the window, page by page; the last page has `has_more` False.

        Only whole buckets inside the window that have begun. Cursors are bound to their query,
        so `end_time` is fixed; a cursor that repeats or is missing, and a page that is too
        large, start a new query where the last bucket ended.
        Raises ProviderError (see `wherespent.errors`).
        """
        position = window.start
        limit = min(stream.page_limit, -(-window.seconds // stream.width))
        seen: set[int] = set()
        while True:
            query = _query(stream, Window(position, window.end), group_by, limit)
            reached = position
            try:
                for page in self._follow(stream, query):
                    # A page that is sent twice must not look like progress.
                    reached = max(reached, _end(page, stream))
                    page.buckets = self._begun(page, window)
                    # Counted, not compared with the end: pages may come in any order.
                    seen.update(bucket.start for bucket in page.buckets)
                    leads_on = page.next_page is not None or reached < self._begun_end(window)
                    page.has_more = (
                        page.has_more
                        and leads_on
                        and len(seen) * stream.width < self._begun_end(window) - window.start
                    )
                    yield page
                    if not page.has_more:
                        return
            except _PageTooLarge:
                if limit == 1:
                    raise
                limit = max(1, limit // 2)
                position = reached if reached < window.end else position
                continue
            if reached <= position:
                raise MalformedAnswer(
                    f"{stream.path} says that there is more, but its cursor leads nowhere"
                )
            position = reached

    def _follow(self, stream: Stream, query: Params) -> Iterator[Page[Any]]:
        """Pages of one query, until the cursor ends, is missing or leads to nothing new."""
        seen: set[str] = set()
        starts: set[int] = set()
        cursor: str | None = None
        empty = 0
        while True:
            params = query if cursor is None else [*query, ("page", cursor)]
            page: Page[Any] = self._ask(stream.path, params, lambda body: read_page(stream, body))
            # The same page under ever new cursors would be followed for ever.
            new = {bucket.start for bucket in page.buckets} - starts
            leads_on = page.next_page not in seen and (new or not page.buckets)
            cursor = page.next_page = page.next_page if leads_on else None
            starts |= new
            empty = 0 if page.buckets else empty + 1
            goes_on = bool(page.buckets) or cursor is not None
            page.has_more = page.has_more and goes_on and empty < _MOST_EMPTY_PAGES
            yield page
            if not page.has_more or cursor is None:
                return
            seen.add(cursor)

    def _begun(self, page: Page[Any], window: Window) -> list[Any]:
        now = self._now().timestamp()
        return [b for b in page.buckets if window.start <= b.start < window.end and b.start <= now]

    def _begun_end(self, window: Window) -> int:
        """Where the buckets that have begun end, or lie open."""
        return min(window.end, int(self._now().timestamp()) + 1)

    def fetch_list(self, path: str, params: Params) -> Iterator[dict[str, Any]]:
        """All items of a lookup list. Raises ProviderError."""
        after: str | None = None
        seen: set[str | None] = set()
        while True:
            cursor = [("after", after)] if after else []
            answer = self.fetch_answer(path, [*params, *cursor])
            items: list[dict[str, Any]] = answer.get("data") or []
            yield from items
            after = answer.get("last_id") or (items[-1].get("id") if items else None)
            new = {item.get("id") for item in items} - seen
            if not answer.get("has_more") or not after or not new:
                return
            seen |= new

    def fetch_answer(self, path: str, params: Params) -> dict[str, Any]:
        """One answer as it came. Raises ProviderError."""
        return self._ask(path, params, lambda body: msgspec.json.decode(body, type=dict[str, Any]))

    def _ask(self, path: str, params: Params, read: Callable[[bytes], Any]) -> Any:
        """One answer, read and validated, asked for again while that can help."""
        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS) | stop_after_delay(_PATIENCE_SECONDS),
            wait=self._wait,
            retry=retry_if_exception(lambda error: isinstance(error, _TryAgain)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, path, params, read)
        except _TryAgain as last:
            raise last.error from None

    def _attempt(self, path: str, params: Params, read: Callable[[bytes], Any]) -> Any:
        self._take_turn(path)
        try:
            status, headers, body = self._send(path, params)
        except httpx.HTTPError as error:
            reason = str(error) or error.__class__.__name__
            check = _CHECK_CERTIFICATE if "CERTIFICATE" in reason else "check the network"
            raise _TryAgain(
                ProviderUnavailable(f"{path} cannot be reached ({reason}); {check}")
            ) from None
        if status == 200:
            try:
                return read(body)
            except MalformedAnswer as error:
                raise _TryAgain(error) from error
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise _TryAgain(
                    MalformedAnswer(f"{path} answered something else than JSON")
                ) from None
        error = error_of(path, status, body, wrong_kind(self.key))
        if not is_worth_retrying(status):
            raise error
        wait = retry_after(headers, self._now())
        if wait is not None:
            self._budget.block_until(self._monotonic() + min(wait, _LONGEST_BLOCK_SECONDS))
            if wait > _LONGEST_WAIT_SECONDS:
                raise error
        raise _TryAgain(error, wait)

    def _send(self, path: str, params: Params) -> tuple[int, httpx.Headers, bytes]:
        """Read the whole body, within limits of size and time that a slow drip cannot stretch."""
        self.requests += 1
        deadline = time.monotonic() + self._max_body_seconds
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}"}
        with self._http.stream("GET", path, params=params, headers=headers) as response:
            stream_in_time(response, lambda: time.monotonic() > deadline or self._stop.is_set())
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._max_body_bytes:
                    raise _PageTooLarge(f"{path} answered more than {self._max_body_bytes} bytes")
            return response.status_code, response.headers, bytes(body)

    def _take_turn(self, path: str) -> None:
        """Wait for the request budget and for what `Retry-After` asked."""
        blocked = self._budget.not_before - self._monotonic()
        if blocked > _LONGEST_WAIT_SECONDS:
            raise ProviderUnavailable(
                f"{path} asked to wait {blocked:.0f} s more; the next sync tries"
            )
        if blocked > 0:
            self._sleep(blocked)
        while wait := self._budget.take():
            self._sleep(wait)
        self._sleep(0)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise SyncStopped("stopped; the next start goes on where this one ended")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, _TryAgain) else None
        longest = min(_LONGEST_PAUSE_SECONDS, self._pause * 2 ** (state.attempt_number - 1))
        backoff = longest + random.uniform(0, self._pause)  # noqa: S311 - jitter, not a secret
        return backoff if asked is None else asked + backoff * 0.1


def _query(stream: Stream, window: Window, group_by: tuple[str, ...], limit: int) -> Params:
    return [
        ("start_time", str(window.start)),
        ("end_time", str(window.end)),
        ("bucket_width", _WIDTH_NAMES[stream.width]),
        ("limit", str(limit)),
        *(("group_by", dimension) for dimension in group_by),
    ]


def _end(page: Page[Any], stream: Stream) -> int:
    """Where a new query would go on: the end of the page's last bucket."""
    return max((bucket.start + stream.width for bucket in page.buckets), default=0)
