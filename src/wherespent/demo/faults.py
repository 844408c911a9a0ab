"""The switches that make the simulated API behave as badly as the real one has been seen to."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from wherespent.demo.streams import Dimension

AmountStyle = Literal["mixed", "string", "number"]
RowTest = Callable[[Mapping[str, Dimension]], bool]

FAULT_KINDS = (
    "429_seconds",
    "429_date",
    "429_bare",
    "500",
    "502_html",
    "503",
    "504",
    "hang",
    "reset",
    "truncated",
    "wrong_type",
)


@dataclass(frozen=True)
class Restatement:
    """How one UTC day reads after the provider changed its mind."""

    cost_factor: Decimal = Decimal(1)
    usage_factor: int = 1
    """Whole, so that hours and minutes still add up to their day."""
    drop_line_items: frozenset[str] = frozenset()
    drop: RowTest | None = None
    empty: bool = False
    streams: frozenset[str] | None = None
    """Stream names and `costs`; None: all of them."""

    def touches(self, stream: str) -> bool:
        """Whether this stream reads differently."""
        return self.streams is None or stream in self.streams


@dataclass
class Quirks:
    """Lawful oddities of the contract; change any of them while the server runs."""

    amounts: AmountStyle = "mixed"
    settle_immediately: bool = False
    result_key: Literal["results", "result"] = "results"
    duplicate_rows: bool = False
    cursor_past_end: bool = False
    repeat_cursor: bool = False
    has_more_without_cursor: bool = False
    usage_page_cap: int | None = None
    cost_page_cap: int | None = None
    history_floor: date | None = None
    """None: 365 days before the clock's today."""
    history_limited: bool = True
    api_key_floor: int | None = None
    refuse_user_with_project: bool = False
    missing_endpoints: set[str] = field(default_factory=set[str])
    """Stream names, `costs`, or list names such as `users`, that answer 404."""
    unknown_fields: bool = False
    unknown_objects: bool = False
    unknown_unit: bool = False
    null_dimensions: frozenset[str] = frozenset()
    omit_dimensions: bool = False
    """Leave ungrouped dimensions out instead of sending null."""
    omit_empty_buckets: bool = False
    future_buckets: bool = False
    descending: bool = False
    clip_costs: bool = False
    restated: dict[date, Restatement] = field(default_factory=dict[date, Restatement])
    valid_keys: frozenset[str] | None = None
    """None: any key that starts with sk-admin-."""
    revoked_keys: set[str] = field(default_factory=set[str])
    key_scopes: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Restricted keys: key to the scopes that it has."""
    missing_scope_status: int = 403

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Quirks":
        """The switches of a JSON file; an unknown name is an error, so that a typo is seen."""
        known = {each.name for each in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(f"unknown quirks: {', '.join(sorted(unknown))}")
        return cls(**{name: _parsed(name, value) for name, value in values.items()})


def _parsed(name: str, value: Any) -> Any:
    if name in {"missing_endpoints", "revoked_keys"}:
        return set[str](value)
    if name in {"null_dimensions", "valid_keys"}:
        return None if value is None else frozenset[str](value)
    if name == "history_floor":
        return None if value is None else date.fromisoformat(value)
    if name == "key_scopes":
        return {key: frozenset[str](scopes) for key, scopes in value.items()}
    if name == "restated":
        return {date.fromisoformat(day): _restatement(change) for day, change in value.items()}
    return value


def _restatement(change: Mapping[str, Any]) -> Restatement:
    return Restatement(
        cost_factor=Decimal(str(change.get("cost_factor", 1))),
        usage_factor=int(change.get("usage_factor", 1)),
        drop_line_items=frozenset[str](change.get("drop_line_items", ())),
        empty=bool(change.get("empty", False)),
        streams=frozenset[str](change["streams"]) if "streams" in change else None,
    )


@dataclass(frozen=True)
class Answer:
    """A scripted answer: whatever a test wants to see handled."""

    status: int
    body: object
    """A str or bytes is sent as it is, anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class Faults:
    """Failures of the transport: at random from a seed, or scripted for the next requests."""

    probability: float = 0.0
    seed: int = 1
    kinds: tuple[str, ...] = FAULT_KINDS
    latency: float = 0.0
    retry_after: int = 1
    hang_seconds: float = 30.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._script: list[tuple[str, str | Answer]] = []
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Faults":
        """The faults of a JSON file."""
        given = dict(values)
        given["kinds"] = tuple[str, ...](values.get("kinds", FAULT_KINDS))
        return cls(**given)

    def script(self, path: str, *kinds: str | Answer, times: int = 1) -> None:
        """The next requests whose path contains `path` answer these kinds (`ok` lets one pass)."""
        for kind in kinds:
            if isinstance(kind, str) and kind not in {*FAULT_KINDS, "ok"}:
                raise ValueError(f"unknown fault: {kind}")
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
            for index, (part, kind) in enumerate(self._script):
                if part in path:
                    del self._script[index]
                    return None if kind == "ok" else kind
            if self.probability and self._random.random() < self.probability:
                return self._random.choice(self.kinds)
            return None
