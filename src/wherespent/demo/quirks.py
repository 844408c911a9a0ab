"""Lawful oddities of the API: what the contract leaves open, each a switch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from wherespent.demo.streams import Dimension

AmountStyle = Literal["mixed", "string", "number"]
RowTest = Callable[[Mapping[str, Dimension]], bool]

QUIRKS = {
    "settle_immediately": "costs of past days are final at once",
    "duplicate_rows": "every row comes in two parts that add up",
    "reordered_rows": "the rows of every bucket come in another order each time",
    "repeat_buckets": "every bucket is in its page twice",
    "repeat_pages": "the first page is sent twice, as if it were the second as well",
    "overlap_pages": "a page begins with the last bucket of the one before",
    "cursor_past_end": "after the last page a cursor leads to an empty one",
    "repeat_cursor": "the second page's cursor leads to the second page, for ever",
    "cursor_cycle": "the second page's cursor leads back to the first, for ever",
    "fresh_cursors": "every page leads to itself, under a new cursor each time, for ever",
    "has_more_without_cursor": "there is more, but no cursor leads to it",
    "refuse_user_with_project": "costs cannot be grouped by user and project at once",
    "unknown_fields": "fields that nobody has documented",
    "unknown_objects": "results of a kind that nobody has documented",
    "unknown_unit": "quantities in a unit that nobody has documented",
    "omit_dimensions": "dimensions that were not asked for are left out in place of null",
    "omit_empty_buckets": "buckets without a row are left out",
    "future_buckets": "buckets that have not begun are sent, empty",
    "descending": "the newest bucket of a page comes first",
    "clip_costs": "the first and last day of a costs answer are clipped to the question",
}
"""The switches that are on or off, and what each does."""


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
    reordered_rows: bool = False
    repeat_buckets: bool = False
    repeat_pages: bool = False
    overlap_pages: bool = False
    cursor_cycle: bool = False
    fresh_cursors: bool = False
    clock_skew: float = 0.0
    """Seconds by which the organization's clock is ahead of the right one."""
    restated: dict[date, Restatement] = field(default_factory=dict[date, Restatement])
    valid_keys: frozenset[str] | None = None
    """None: any key that starts with sk-admin-."""
    revoked_keys: set[str] = field(default_factory=set[str])
    key_scopes: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Restricted keys: key to the scopes that it has."""
    missing_scope_status: int = 403
    organization_id: str | None = None
    """What rows of costs carry; None: the organization's own, '': none."""

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
