"""OpenAI's JSON, validated and turned into records.

Every page is first read by a decoder that refuses unknown fields: that costs nothing where
there are none. Where it refuses, one that skips them reads the page, and what was unknown is
handed on beside the records.

A compiled decoder reads numbers as `Decimal` from their digits: 17 decimals were seen, and
amounts arrive as JSON numbers from some organizations, as strings from others.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from wherespent.domain.money import exact_sum, to_nanos
from wherespent.domain.records import (
    CostAmount,
    CostBucket,
    Dimensions,
    Measures,
    Unrecognized,
    UsageBucket,
    added_measures,
)
from wherespent.domain.streams import Kind, Stream
from wherespent.errors import MalformedAnswer
from wherespent.providers.openai.unrecognized import Known, look_through

# Old answers call one measure by another name.
_OLD_NAMES = {"num_sessions": "sessions"}
Bucket = TypeVar("Bucket", UsageBucket, CostBucket)
_Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_NOTHING = Raw()
# Known and not needed.
_UNUSED_OF_PAGES = ("object",)
_UNUSED_OF_BUCKETS = ("object", "end_time", "start_time_iso", "end_time_iso")


class Amount(Struct):
    value: Decimal | None = None
    currency: str | None = None


class CostResult(Struct):
    object: str | None = None
    amount: Amount | None = None
    project_id: str | None = None
    user_id: str | None = None
    line_item: str | None = None
    api_key_id: str | None = None
    api_source: str | None = None
    quantity: Decimal | None = None
    quantity_unit: str | None = None


class _StrictAmount(Amount, forbid_unknown_fields=True):
    pass


class _StrictCostResult(CostResult, forbid_unknown_fields=True):
    amount: _StrictAmount | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    # Known, undocumented, and not kept: the last one is personal data.
    organization_id: Raw = _NOTHING
    organization_name: Raw = _NOTHING
    user_email: Raw = _NOTHING


@dataclass(slots=True)
class Page(Generic[Bucket]):
    """One answer, and what of it this version does not know."""

    buckets: list[Bucket]
    next_page: str | None
    has_more: bool
    unrecognized: list[Unrecognized] = field(default_factory=list[Unrecognized])


@cache
def _decoder(stream: Stream, *, strict: bool) -> msgspec.json.Decoder[Any]:
    """A decoder made for the stream: the fields it has, dimensions first, then measures."""
    bucket = msgspec.defstruct(
        "Bucket",
        [
            ("start_time", _Whole),
            # The schema of 2024 said `result` where every answer says `results`.
            ("results", list[_result(stream, strict=strict)] | None, None),
            ("result", list[_result(stream, strict=strict)] | None, None),
            *((name, Raw, _NOTHING) for name in _UNUSED_OF_BUCKETS if strict),
        ],
        forbid_unknown_fields=strict,
    )
    page = msgspec.defstruct(
        "Page",
        [
            ("data", list[bucket]),
            ("has_more", bool, False),
            ("next_page", str | None, None),
            *((name, Raw, _NOTHING) for name in _UNUSED_OF_PAGES if strict),
        ],
        forbid_unknown_fields=strict,
    )
    # Not strict about types: 5.0 and "5" are whole numbers too.
    return msgspec.json.Decoder(page, strict=False)


@cache
def _result(stream: Stream, *, strict: bool) -> type[Struct]:
    if stream.kind is Kind.COST:
        return _StrictCostResult if strict else CostResult
    return msgspec.defstruct(
        "UsageResult",
        [
            *(
                (name, bool | str | None if name == "batch" else str | None, None)
                for name in stream.dimensions
            ),
            *((name, _Whole | None, None) for name in stream.measures),
            ("object", str | None, None),
            *((old, _Whole | None, None) for _, old in _old_names(stream)),
        ],
        forbid_unknown_fields=strict,
    )


@cache
def _known(stream: Stream) -> Known:
    is_cost = stream.kind is Kind.COST
    return Known(
        page=("data", "has_more", "next_page", *_UNUSED_OF_PAGES),
        bucket=("start_time", "results", "result", *_UNUSED_OF_BUCKETS),
        result=_result(stream, strict=True).__struct_fields__,
        amount=Amount.__struct_fields__,
        objects=stream.result_objects,
        needs_amount=is_cost,
    )


def _old_names(stream: Stream) -> list[tuple[str, str]]:
    return [(new, old) for new, old in _OLD_NAMES.items() if new in stream.measures]


def read_page(stream: Stream, body: bytes) -> Page[Any]:
    """Validate one answer. Raises MalformedAnswer; nothing of a broken page is used."""
    try:
        answer, is_known = _decoded(stream, body)
        read = _read_costs if stream.kind is Kind.COST else _read_usage
        found: tuple[list[Any], int] = read(stream, answer.data)
        buckets, left_out = found
        page: Page[Any] = Page(buckets, answer.next_page or None, answer.has_more)
        if left_out or not is_known:
            page.unrecognized = look_through(body, _known(stream), whole=left_out > 0)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise MalformedAnswer(
            f"{stream.path} answered something that is not a page of buckets: {error}"
        ) from error
    return page


def _decoded(stream: Stream, body: bytes) -> tuple[Any, bool]:
    """The page, and whether every field of it is known."""
    try:
        return _decoder(stream, strict=True).decode(body), True
    except msgspec.ValidationError:
        return _decoder(stream, strict=False).decode(body), False


def _distinct(buckets: Iterable[Any]) -> list[Any]:
    """A bucket that is sent twice replaces itself; parts of a clipped one are kept apart."""
    by_start: dict[int, Any] = {}
    for bucket in buckets:
        by_start[bucket.start_time] = bucket
    return [by_start[start] for start in sorted(by_start)]


def _read_usage(stream: Stream, answers: list[Any]) -> tuple[list[UsageBucket], int]:
    buckets: dict[int, UsageBucket] = {}
    ignored = 0
    row = _row_reader(stream)
    for answer in _distinct(answers):
        start = answer.start_time - answer.start_time % stream.width
        records = buckets.setdefault(start, UsageBucket(start)).records
        for result in answer.results or answer.result or ():
            if result.object is not None and result.object not in stream.result_objects:
                ignored += 1
                continue
            dimensions, measures = row(result)
            known = records.get(dimensions)
            records[dimensions] = measures if known is None else added_measures(known, measures)
    return list(buckets.values()), ignored


def _row_reader(stream: Stream) -> Callable[[Any], tuple[Dimensions, Measures]]:
    as_tuple = msgspec.structs.astuple
    width = len(stream.dimensions)
    end = width + len(stream.measures)
    old_names = _old_names(stream)

    def row(result: Any) -> tuple[Dimensions, Measures]:
        values = as_tuple(result)
        return values[:width], values[width:end]

    def row_with_old_names(result: Any) -> tuple[Dimensions, Measures]:
        for new, old in old_names:
            if getattr(result, new) is None:
                setattr(result, new, getattr(result, old))
        return row(result)

    return row_with_old_names if old_names else row


def _read_costs(stream: Stream, answers: list[Any]) -> tuple[list[CostBucket], int]:
    buckets: dict[int, dict[Dimensions, list[CostResult]]] = {}
    ignored = 0
    for answer in _distinct(answers):
        cells = buckets.setdefault(answer.start_time - answer.start_time % stream.width, {})
        for result in answer.results or answer.result or ():
            if not _is_of(stream, result) or _amount(result) is None:
                ignored += 1
                continue
            cells.setdefault(_cost_dimensions(result), []).append(result)
    return [
        CostBucket(start, {cell: _added(results) for cell, results in cells.items()})
        for start, cells in buckets.items()
    ], ignored


def _is_of(stream: Stream, result: CostResult) -> bool:
    return result.object is None or result.object in stream.result_objects


def _cost_dimensions(result: CostResult) -> Dimensions:
    return (
        result.project_id,
        result.user_id,
        result.line_item,
        result.api_key_id,
        result.api_source,
        result.quantity_unit or "",
    )


def _amount(result: CostResult) -> Decimal | None:
    if result.amount is None:
        return None
    if (result.amount.currency or "usd").lower() != "usd":
        raise ValueError(
            f"an amount is in {result.amount.currency!r}: only US dollars can be added up"
        )
    return result.amount.value


def _added(results: list[CostResult]) -> CostAmount:
    """Rows of one series: added at full precision, rounded once."""
    amounts = [amount for result in results if (amount := _amount(result)) is not None]
    quantities = [result.quantity for result in results]
    known = [quantity for quantity in quantities if quantity is not None]
    if any(not number.is_finite() for number in (*amounts, *known)):
        raise ValueError("an amount or quantity is not a finite number")
    complete = bool(known) and len(known) == len(quantities)
    return CostAmount(
        nanos=to_nanos(exact_sum(amounts)),
        quantity=float(exact_sum(known)) if complete else None,
    )
