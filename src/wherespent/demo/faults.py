"""Failures that the simulated API can be told to have, each by its name."""

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FAILURES = {
    "429_seconds": "429 with Retry-After in seconds",
    "429_date": "429 with Retry-After as an HTTP date",
    "429_bare": "429 without Retry-After",
    "500": "500",
    "502_html": "502 with an HTML body",
    "503": "503",
    "504": "504",
    "reset_early": "the connection is reset before the first byte",
    "reset": "the connection is reset in the middle of the body",
    "hang": "not a byte comes, longer than any time-out",
    "drip": "the body comes one byte at a time",
    "truncated": "the JSON is cut in half, under a Content-Length that fits",
    "length_long": "Content-Length announces more than is sent",
    "length_short": "Content-Length announces less than is sent",
    "wrong_type": "200 with an HTML page, as a login in between would answer",
    "mislabelled": "the right JSON under the content type text/html",
}
"""What befalls one request or its answer."""

SHAPES = {
    "unknown_fields": "unknown_fields",
    "unknown_objects": "unknown_objects",
    "reordered_rows": "reordered_rows",
    "split_rows": "duplicate_rows",
    "repeated_buckets": "repeat_buckets",
    "repeated_page": "repeat_pages",
    "overlapping_pages": "overlap_pages",
    "cursor_to_itself": "repeat_cursor",
    "cursor_cycle": "cursor_cycle",
    "fresh_cursor": "fresh_cursors",
}
"""Right answers in an odd shape: each is a quirk that holds for one request only."""

FAULT_KINDS = (*FAILURES, *SHAPES)


@dataclass(frozen=True)
class Answer:
    """A scripted answer: whatever a test wants to see handled."""

    status: int
    body: object
    """A str or bytes is sent as it is, anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class Faults:
    """Failures at random from a seed, or scripted for the next requests; what was done is counted.

    `probability` is the share of requests that suffer one of `kinds`. Times are in seconds.
    """

    probability: float = 0.0
    seed: int = 1
    kinds: tuple[str, ...] = FAULT_KINDS
    latency: float = 0.0
    retry_after: int = 1
    hang_seconds: float = 60.0
    drip_seconds: float = 0.2
    """Between two bytes."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._script: list[tuple[str, str | Answer]] = []
        self._lock = threading.Lock()
        self.injected = Counter[str]()
        """How often each kind befell a request; `scripted` for a test's own answer."""
        _refuse_unknown(self.kinds)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Faults":
        """The faults of a JSON file."""
        given = dict(values)
        given["kinds"] = tuple[str, ...](values.get("kinds", FAULT_KINDS))
        return cls(**given)

    def script(self, path: str, *kinds: str | Answer, times: int = 1) -> None:
        """The next requests whose path contains `path` answer these kinds (`ok` lets one pass)."""
        _refuse_unknown(kind for kind in kinds if isinstance(kind, str) and kind != "ok")
        with self._lock:
            self._script += [(path, kind) for _ in range(times) for kind in kinds]

    def clear(self) -> None:
        """From now on nothing fails."""
        with self._lock:
            self._script.clear()
            self.probability = 0.0

    def next_fault(self, path: str) -> str | Answer | None:
        """What befalls this request; None when it is answered well."""
        with self._lock:
            fault = self._drawn(path)
            if fault is not None:
                self.injected["scripted" if isinstance(fault, Answer) else fault] += 1
            return fault

    def _drawn(self, path: str) -> str | Answer | None:
        for index, (part, kind) in enumerate(self._script):
            if part in path:
                del self._script[index]
                return None if kind == "ok" else kind
        if self.probability and self._random.random() < self.probability:
            kind = self._random.choice(self.kinds)
            return kind if kind in FAILURES or has_buckets(path) else None
        return None


def has_buckets(path: str) -> bool:
    """Whether a path is one of usage or costs: a list has no shape to be odd."""
    return "/usage/" in path or path.endswith("/costs")


def _refuse_unknown(kinds: Iterable[str]) -> None:
    if unknown := set[str](kinds) - set(FAULT_KINDS):
        raise ValueError(f"unknown fault: {', '.join(sorted(unknown))}")
