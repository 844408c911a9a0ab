"""The row of key numbers: each with its change against the compared period, and a line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost, usage
from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard import formats, gaps
from wherespent.dashboard.components import labelled, spark
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import Axis, known_values
from wherespent.errors import QuestionRefused

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


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the asked window, and the whole of the period that compares with it."""

    buckets: Axis
    tag: Component | None
    before: Filters | None


def _read(desk: Desk, asked: Asked, filters: Filters, streams: tuple[str, ...]) -> _Read:
    missing = gaps.unread(desk, asked, streams)
    before = asked.compared
    # A period that was not wholly read is nothing to compare with.
    if before is not None:
        days = gaps.utc_days(before, streams)
        before = None if missing or gaps.unread(desk, asked, streams, days) else before
    note = gaps.note(asked, missing, streams)
    why = "What was not read is in none of these numbers. Data health says which days."
    tag = html.Span(note, className="tag warn", title=why) if note else None
    whole = before and replace(before, granularity=Granularity.TOTAL)
    return _Read(gaps.axis_of(desk, asked, filters, streams), tag, whole)


def cards(desk: Desk, asked: Asked) -> list[Component]:
    return [billed_card(desk, asked), *used_cards(desk, asked)]


def billed_card(desk: Desk, asked: Asked) -> Component:
    """What OpenAI does not report the cost of has its usage all the same."""
    try:
        return _billed(desk, asked)
    except QuestionRefused as reason:
        return _without_value(_TITLES[0], str(reason))


def _billed(desk: Desk, asked: Asked) -> Component:
    ask, total = desk.answers.ask, asked.total
    read = _read(desk, asked, asked.by_day, gaps.COST_STREAMS)
    now = ask(cost.cost_totals, total)
    before = ask(cost.cost_total, read.before) if read.before else None
    points = ask(cost.cost_over_time, asked.by_day)
    if not points and now.billed is not None and asked.filters.cost_choices:
        return _nothing("Billed cost")
    spent = {point.bucket_start: float(point.billed) for point in points}
    return card(
        "Billed cost",
        formats.usd(now.billed),
        formats.exact_usd(now.billed),
        [*change_tags(now.billed, before, money=True), read.tag],
        _billed_detail(now, before, is_compared=asked.compared is not None),
        spark(known_values(spent, read.buckets)),
    )


def used_cards(desk: Desk, asked: Asked) -> list[Component]:
    """Requests, input tokens, output tokens, active users."""
    ask, total = desk.answers.ask, asked.total
    read = _read(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    now = ask(usage.usage_totals, total)
    points = ask(usage.tokens_over_time, asked.filters)
    if not points and now.requests is not None and asked.filters.usage_choices:
        return [_nothing(title) for title in _TITLES[1:]]
    then = ask(usage.usage_totals, read.before) if read.before else _UNKNOWN
    # Dollars of one line item over the requests of all would be no price.
    billed = None if asked.filters.line_item else _billed_total(desk, asked)

    def line(name: str) -> list[float | None]:
        return known_values({p.bucket_start: getattr(p, name) for p in points}, read.buckets)

    cached = _part(now.input_cached_tokens, now.input_tokens)
    return [
        card(
            "Requests",
            formats.compact(now.requests),
            formats.count(now.requests),
            [*change_tags(now.requests, then.requests), read.tag],
            _per_thousand(billed, now.requests),
            spark(line("requests")),
        ),
        card(
            "Input tokens",
            formats.compact(now.input_tokens),
            formats.count(now.input_tokens),
            [*change_tags(now.input_tokens, then.input_tokens), read.tag],
            _cached_detail(cached),
            spark(line("input_tokens"), second=True),
        ),
        card(
            "Output tokens",
            formats.compact(now.output_tokens),
            formats.count(now.output_tokens),
            [*change_tags(now.output_tokens, then.output_tokens), read.tag],
            _per_request(now.output_tokens, now.requests),
            spark(line("output_tokens"), second=True),
        ),
        _people(now, then),
    ]


def _nothing(title: str) -> Component:
    """The filters leave nothing: that is another thing than $0."""
    return _without_value(title, "nothing matches the filters")


def _without_value(title: str, why: str) -> Component:
    return card(title, formats.MISSING, why, [], why, html.Div())


def _billed_total(desk: Desk, asked: Asked) -> Decimal | None:
    try:
        return desk.answers.ask(cost.cost_totals, asked.total).billed
    except QuestionRefused:
        return None


def _people(now: usage.UsageTotals, then: usage.UsageTotals) -> Component:
    keys = f"{formats.count(now.active_api_keys)} active keys"
    known = now.requests is not None
    return card(
        "Active users",
        formats.count(now.active_users) if known else formats.MISSING,
        f"{now.active_users} users with usage in this range",
        change_tags(now.active_users, then.active_users) if then.requests is not None else [],
        f"{then.active_users} before" if then.requests is not None else "",
        html.Div(
            [html.B(keys)], className="detail", style={"marginTop": "auto", "paddingBottom": 8}
        )
        if known
        else html.Div(),
    )


def card(
    title: str,
    value: str,
    exact: str,
    tags: Sequence[Component | None],
    detail: str,
    below: Component,
) -> Component:
    """One key number: `exact` is read on hover, `below` stands at the bottom of the card."""
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


def change_tags(
    now: Decimal | int | None, before: Decimal | int | None, *, money: bool = False
) -> list[Component]:
    """More money is a warning; more use is neither good nor bad."""
    text = formats.change(now, before)
    if not text or now is None or before is None:
        return []
    look = ("up" if now > before else "down" if now < before else "") if money else ""
    return [html.Span(text, className=f"tag {look}".strip(), title="against the compared period")]


def _cached_detail(cached: float | None) -> str:
    if cached is None:
        return ""
    return f"{formats.percent(cached)} cached"


def _billed_detail(billed: cost.CostTotals, before: Decimal | None, *, is_compared: bool) -> str:
    if billed.unmodelled:
        return f"{formats.usd(billed.unmodelled)} without a model is left out"
    if billed.billed is None:
        return "nothing was read"
    if before is not None:
        return f"was {formats.usd(before)}"
    return "no full period before" if is_compared else "not compared"


def _per_thousand(billed: Decimal | None, requests: int | None) -> str:
    if not billed or not requests:
        return ""
    return f"{formats.usd(billed * 1000 / requests)} per 1,000"


def _per_request(tokens: int | None, requests: int | None) -> str:
    return f"{formats.count(round(tokens / requests))} per request" if tokens and requests else ""


def _part(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
