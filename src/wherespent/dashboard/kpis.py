"""The row of key numbers: each with its change against the equal period before, and a line."""

from collections.abc import Sequence
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost, usage
from wherespent.dashboard import formats
from wherespent.dashboard.components import labelled, spark
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import axis
from wherespent.domain.windows import floor_day

_UNKNOWN = usage.UsageTotals(*[None] * 10, active_users=0, active_api_keys=0)
_TITLES = ("Billed cost", "Requests", "Input tokens", "Output tokens", "Active users")


def placeholders() -> list[Component]:
    return [
        html.Div(
            [html.Div(title, className="title"), html.Div("\N{NO-BREAK SPACE}", className="value")],
            className="card kpi",
        )
        for title in _TITLES
    ]


def cards(desk: Desk, asked: Asked) -> list[Component]:
    ask, total = desk.answers.ask, asked.total
    before = total.previous()
    now = ask(usage.usage_totals, total)
    # A period that the history does not fill is nothing to compare with.
    oldest = desk.oldest(asked.now)
    whole = oldest is not None and floor_day(oldest) <= before.window.start
    then = ask(usage.usage_totals, before) if whole else _UNKNOWN
    billed, billed_then = ask(cost.cost_totals, total), None
    if whole:
        billed_then = ask(cost.cost_total, before)
    costs = ask(cost.cost_over_time, asked.by_day)
    points = ask(usage.tokens_over_time, asked.filters)
    starts = axis(asked.filters.window, asked.filters.grain).starts
    days = axis(asked.by_day.window, asked.by_day.granularity).starts
    at = {point.bucket_start: point for point in points}
    line = [at.get(start) for start in starts]
    spent = {point.bucket_start: float(point.billed) for point in costs}
    cached = _part(now.input_cached_tokens, now.input_tokens)
    return [
        _card(
            "Billed cost",
            formats.usd(billed.billed),
            formats.exact_usd(billed.billed),
            _change(billed.billed, billed_then, money=True),
            _billed_detail(billed, billed_then),
            spark([spent.get(start) for start in days]),
        ),
        _card(
            "Requests",
            formats.compact(now.requests),
            formats.count(now.requests),
            _change(now.requests, then.requests),
            _per_thousand(billed.billed, now.requests),
            spark([point.requests if point else None for point in line]),
        ),
        _card(
            "Input tokens",
            formats.compact(now.input_tokens),
            formats.count(now.input_tokens),
            _change(now.input_tokens, then.input_tokens),
            _cached_detail(cached),
            spark([point.input_tokens if point else None for point in line], second=True),
        ),
        _card(
            "Output tokens",
            formats.compact(now.output_tokens),
            formats.count(now.output_tokens),
            _change(now.output_tokens, then.output_tokens),
            _per_request(now.output_tokens, now.requests),
            spark([point.output_tokens if point else None for point in line], second=True),
        ),
        _people(now, then),
    ]


def _people(now: usage.UsageTotals, then: usage.UsageTotals) -> Component:
    keys = f"{formats.count(now.active_api_keys)} active keys"
    known = now.requests is not None
    return _card(
        "Active users",
        formats.count(now.active_users) if known else formats.MISSING,
        f"{now.active_users} users with usage in this range",
        _change(now.active_users, then.active_users) if then.requests is not None else [],
        f"{then.active_users} before" if then.requests is not None else "",
        html.Div(
            [html.B(keys)], className="detail", style={"marginTop": "auto", "paddingBottom": 8}
        )
        if known
        else html.Div(),
    )


def _card(
    title: str,
    value: str,
    exact: str,
    tags: Sequence[Component | None],
    detail: str,
    below: Component,
) -> Component:
    return html.Section(
        [
            html.Div(title, className="title"),
            html.Div(value, className="value", title=exact),
            html.Div([*tags, html.Span(detail, title=detail)], className="detail"),
            below,
        ],
        className="card kpi",
        **labelled(title),
    )


def _change(
    now: Decimal | int | None, before: Decimal | int | None, *, money: bool = False
) -> list[Component]:
    """More money is a warning; more use is neither good nor bad."""
    text = formats.change(now, before)
    if not text or now is None or before is None:
        return []
    look = ("up" if now > before else "down" if now < before else "") if money else ""
    return [html.Span(text, className=f"tag {look}".strip(), title="against the period before")]


def _cached_detail(cached: float | None) -> str:
    if cached is None:
        return ""
    return f"{formats.percent(cached)} cached"


def _billed_detail(billed: cost.CostTotals, before: Decimal | None) -> str:
    if billed.unmodelled:
        return f"{formats.usd(billed.unmodelled)} without a model is left out"
    if billed.billed is None:
        return "nothing was read"
    return f"was {formats.usd(before)}" if before is not None else "no full period before"


def _per_thousand(billed: Decimal | None, requests: int | None) -> str:
    if not billed or not requests:
        return ""
    return f"{formats.usd(billed * 1000 / requests)} per 1,000"


def _per_request(tokens: int | None, requests: int | None) -> str:
    return f"{formats.count(round(tokens / requests))} per request" if tokens and requests else ""


def _part(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
