"""A usage or costs query turned into the JSON page that the contract describes."""

import json
import os
import random
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zlib import crc32

from wherespent.demo.query import Query, mint_cursor, read_query
from wherespent.demo.quirks import Quirks
from wherespent.demo.source import (
    DAY,
    FINEST_AMOUNT,
    CostRow,
    Group,
    Organization,
    UsageRow,
    grouped_costs,
    grouped_usage,
)
from wherespent.demo.streams import COST_DIMENSIONS, STREAMS, Measures, halves

Json = dict[str, Any]
_Row = TypeVar("_Row", UsageRow, CostRow)
# The json module cannot write a Decimal, so it travels as a marked string until the text is final.
_MARK = "\x00number:"
_MARKED = re.compile(r'"\\u0000number:([^"]*)"')


def bucket_page(organization: Organization, stream: str, params: Mapping[str, list[str]]) -> Json:
    """One page of buckets, or an ApiError."""
    query = read_query(stream, params, organization.quirks, organization.clock())
    quirks = organization.quirks
    limit = min(query.limit, _page_cap(organization, stream) or query.limit)
    end = query.end if quirks.future_buckets else min(query.end, organization.clock())
    first = max(query.resume_at, query.start // query.width * query.width)
    starts = range(first, max(first, end), query.width)
    served = starts[:limit]
    buckets = [_bucket(organization, query, start, end) for start in served]
    if quirks.omit_empty_buckets:
        buckets = [bucket for bucket in buckets if bucket[quirks.result_key]]
    if quirks.descending:
        buckets.reverse()
    if quirks.repeat_buckets:
        buckets = [bucket for bucket in buckets for _ in range(2)]
    page: Json = {
        "object": "page",
        "data": buckets,
        **_continuation(organization, query, served, starts),
    }
    return {**page, "x_trace": {"shard": 3}} if quirks.unknown_fields else page


def encode(body: object) -> bytes:
    """JSON in which amounts keep every decimal."""
    return _MARKED.sub(r"\1", json.dumps(body, separators=(",", ":"))).encode()


def number(value: Decimal) -> str:
    """A Decimal as a JSON number, once encoded."""
    return f"{_MARK}{value:f}"


def _page_cap(organization: Organization, stream: str) -> int | None:
    quirks = organization.quirks
    return quirks.cost_page_cap if stream == "costs" else quirks.usage_page_cap


def _continuation(organization: Organization, query: Query, served: range, starts: range) -> Json:
    quirks = organization.quirks
    if quirks.has_more_without_cursor:
        return {"has_more": True, "next_page": None}
    if odd := _odd_cursor(quirks, query, served):
        return {"has_more": True, "next_page": odd}
    is_last = len(served) == len(starts)
    if is_last and not quirks.cursor_past_end and not quirks.repeat_cursor:
        return {"has_more": False, "next_page": None}
    next_start = (
        served[-1] + query.width if served else (query.resume_at or query.start) + query.width
    )
    if quirks.overlap_pages and len(served) > 1:
        next_start -= query.width
    return {"has_more": True, "next_page": mint_cursor(query, next_start)}


def _odd_cursor(quirks: Quirks, query: Query, served: range) -> str | None:
    """A cursor to where a client has been before."""
    if quirks.fresh_cursors and served:
        return mint_cursor(query, served[0], os.urandom(8))
    if quirks.repeat_cursor and query.page:
        return query.page
    if quirks.cursor_cycle and served and served[0] > query.start:
        return mint_cursor(query, query.start)
    if quirks.repeat_pages and query.page is None and served:
        return mint_cursor(query, served[0])
    return None


def _bucket(organization: Organization, query: Query, start: int, end: int) -> Json:
    quirks = organization.quirks
    until = start + query.width
    if query.stream == "costs":
        results = _cost_results(organization, query, start)
        shown = (max(start, query.start), min(until, end)) if quirks.clip_costs else (start, until)
    else:
        shown = (max(start, query.start // 60 * 60), min(until, end))
        results = _usage_results(organization, query, *shown)
    bucket: Json = {
        "object": "bucket",
        "start_time": shown[0],
        "end_time": shown[1],
        "start_time_iso": datetime.fromtimestamp(shown[0], UTC).isoformat(),
        "end_time_iso": datetime.fromtimestamp(shown[1], UTC).isoformat(),
    }
    if quirks.unknown_fields:
        bucket["x_region"] = None
        results = [{**result, "x_new_field": {"depth": [1, "two"]}} for result in results]
    if quirks.unknown_objects and results:
        results.append(
            {"object": "organization.usage.teleports.result", "beams": 3, "project_id": None}
        )
    if quirks.reordered_rows:
        random.Random(start).shuffle(results)
    bucket[quirks.result_key] = results
    return bucket


def _usage_results(organization: Organization, query: Query, start: int, end: int) -> list[Json]:
    stream = STREAMS[query.stream]
    rows = organization.usage_rows(query.stream, start, end)
    if query.filters:
        rows = _passing(rows, stream.dimensions, query.filters)
    results: list[Json] = []
    for key, total in grouped_usage(rows, stream.dimensions, query.group_by).items():
        dims = _named(
            stream.dimensions, query.group_by, key, omit=organization.quirks.omit_dimensions
        )
        parts: tuple[Measures, ...] = (
            halves(stream, total) if organization.quirks.duplicate_rows else (total,)
        )
        results += [{"object": stream.result_object, **part, **dims} for part in parts]
    return results


def _cost_results(organization: Organization, query: Query, day: int) -> list[Json]:
    rows: Iterable[CostRow] = organization.cost_rows(day // DAY * DAY)
    if query.filters:
        rows = _passing(rows, COST_DIMENSIONS, query.filters)
    results: list[Json] = []
    for key, (amount, quantity, unit) in grouped_costs(rows, query.group_by).items():
        for part, units in _cost_parts(amount, quantity, twice=organization.quirks.duplicate_rows):
            dims = _named(
                COST_DIMENSIONS, query.group_by, key, omit=organization.quirks.omit_dimensions
            )
            results.append(
                {
                    "object": "organization.costs.result",
                    "amount": {"value": _amount(organization, key, part), "currency": "usd"},
                    **dims,
                    **_organization(organization),
                    **_quantity(query, units, unit),
                }
            )
    return results


def _organization(organization: Organization) -> Json:
    told = organization.quirks.organization_id
    if told == "":
        return {}
    own = {"organization_name": organization.organization_name}
    return {"organization_id": told or organization.organization_id, **own}


def _cost_parts(
    amount: Decimal, quantity: Decimal | None, *, twice: bool
) -> list[tuple[Decimal, Decimal | None]]:
    if not twice:
        return [(amount, quantity)]
    half = (amount / 2).quantize(FINEST_AMOUNT)
    if quantity is None:
        return [(half, None), (amount - half, None)]
    some = quantity // 2
    return [(half, some), (amount - half, quantity - some)]


def _quantity(query: Query, quantity: Decimal | None, unit: str | None) -> Json:
    if "line_item" not in query.group_by or quantity is None:
        return {"quantity": None, "quantity_unit": None}
    return {"quantity": number(quantity), "quantity_unit": unit}


def _amount(organization: Organization, key: Group, amount: Decimal) -> str:
    style = organization.quirks.amounts
    if style == "mixed":
        style = "number" if crc32(repr(key).encode()) % 5 == 0 else "string"
    if style == "number":
        return number(amount)
    exponent = amount.as_tuple().exponent
    return f"{amount:.16f}" if isinstance(exponent, int) and exponent > -16 else f"{amount:f}"


def _named(names: tuple[str, ...], group_by: tuple[str, ...], key: Group, *, omit: bool) -> Json:
    values = dict(zip(group_by, key, strict=True))
    return {name: values.get(name) for name in names if not omit or name in values}


def _passing(
    rows: Iterable[_Row], names: tuple[str, ...], filters: Mapping[str, frozenset[str]]
) -> list[_Row]:
    tests = [(names.index(name), allowed) for name, allowed in filters.items()]
    return [
        row for row in rows if all(_text(row.dims[place]) in allowed for place, allowed in tests)
    ]


def _text(value: str | bool | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value
