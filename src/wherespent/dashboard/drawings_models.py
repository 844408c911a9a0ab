"""The models of a range: key numbers, the table, what a row opens to, what has no price."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.estimated import Estimate, MissingPrice
from wherespent.analytics.filters import NOT_REPORTED
from wherespent.analytics.usage import TokenPoint
from wherespent.dashboard import drawings_cost, formats, gaps, kpis, price_words
from wherespent.dashboard.comparison import changed
from wherespent.dashboard.components import Children, Element, element, table, titled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_model_prices import price_table
from wherespent.dashboard.drawings_people import day_bars
from wherespent.dashboard.model_facts import ModelFacts, model_facts
from wherespent.dashboard.people_facts import Trend, narrowed, trend_of
from wherespent.dashboard.price_words import PRICE_MISSING
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.domain.pricing import PriceUnit
from wherespent.domain.windows import utc

ABOUT_ESTIMATE = "Usage times list prices: not the bill. What has no list price is in no estimate."
ABOUT_OVER = (
    "What was billed against list prices for the same tiers and quantities: -5 % is a twentieth"
    " less than the list"
)
_TITLES = ("Billed for models", "Estimated cost", "Paid against list", "Models", "Price missing")
_MOST_MISSING = 40
_PRICED = {
    "in": PriceUnit.INPUT,
    "cached": PriceUnit.CACHED_INPUT,
    "out": PriceUnit.OUTPUT,
}


def placeholders() -> list[Component]:
    return [kpis.card(title, "\N{NO-BREAK SPACE}", "", [], "", html.Div()) for title in _TITLES]


def cards(desk: Desk, asked: Asked) -> list[Component]:
    facts = model_facts(desk, asked)
    return [
        _billed(facts),
        estimated_card(facts.whole),
        over_list_card(facts, facts.keys),
        _models(facts, asked),
        _missing(facts),
    ]


def _billed(facts: ModelFacts) -> Component:
    title = _TITLES[0]
    if facts.refusal:
        return kpis.card(title, formats.MISSING, facts.refusal, [], facts.refusal, html.Div())
    billed = facts.modelled
    rest = facts.unmodelled
    detail = f"and {formats.usd(rest)} without a model" if rest else "the whole bill"
    if billed is None:
        detail = "nothing was read"
    return kpis.card(title, formats.usd(billed), formats.exact_usd(billed), [], detail, html.Div())


def estimated_card(estimate: Estimate) -> Component:
    """Never under the label of billed cost."""
    missing = estimate.unpriced_tokens
    detail = "at list prices"
    if estimate.cost is None:
        value, exact = formats.MISSING, PRICE_MISSING
        detail = PRICE_MISSING if missing else "no usage in this range"
    else:
        value, exact = formats.usd(estimate.cost), formats.exact_usd(estimate.cost)
        if missing:
            detail = f"without {formats.compact(missing)} tokens"
    return kpis.card(_TITLES[1], value, exact, [], detail, html.Div())


def over_list_card(facts: ModelFacts, models: Sequence[str]) -> Component:
    difference = facts.over_list(*models)
    if difference is None:
        none = "no list price to compare with"
        return kpis.card(_TITLES[2], formats.MISSING, none, [], none, html.Div())
    shown = formats.change(1 + difference, 1)
    detail = "less than list price" if difference < 0 else "more than list price"
    if not difference:
        shown, detail = formats.percent(0.0), "exactly the list price"
    return kpis.card(_TITLES[2], shown, ABOUT_OVER, [], detail, html.Div())


def _models(facts: ModelFacts, asked: Asked) -> Component:
    since = asked.filters.window.start
    keys = facts.keys
    new = [key for key in keys if key in facts.lives and facts.lives[key].first >= since]
    detail = f"{len(new)} first seen in this range" if new else "none is new in this range"
    exact = ", ".join(new) or detail
    return kpis.card(_TITLES[3], formats.count(len(keys)), exact, [], detail, html.Div())


def _missing(facts: ModelFacts) -> Component:
    whole = facts.whole
    tokens = whole.priced_tokens + whole.unpriced_tokens
    share = whole.unpriced_tokens / tokens if tokens else 0
    others = len({row.model_key for row in facts.missing})
    value = formats.percent(share) if tokens else formats.MISSING
    exact = f"{formats.count(whole.unpriced_tokens)} tokens without a list price"
    concerned = f"of tokens, {others} model{'s' if others > 1 else ''}"
    detail = concerned if others else "every token has a price"
    return kpis.card(_TITLES[4], value, exact, [], detail, html.Div())


def models(desk: Desk, asked: Asked) -> Table:
    """Every model with usage or cost, the most expensive first."""
    facts = model_facts(desk, asked)
    trend = trend_of(desk, asked, "model")
    keys = facts.keys
    is_billed = facts.billed is not None
    return Table(
        caption="Models",
        columns=_columns(trend, is_billed=not facts.refusal),
        rows=[_row(asked, facts, key, trend) for key in keys],
        total=_total(facts, keys),
        sorted_by="-billed" if is_billed else "-requests",
        note=_note(facts),
        empty=gaps.nothing(desk, asked, gaps.REQUEST_STREAMS),
    )


def _columns(trend: Trend, *, is_billed: bool) -> tuple[Column, ...]:
    paid = "The price paid: what was billed by million tokens, over all tiers"
    listed = "List price of the same usage"
    money, count = Kind.MONEY, Kind.COUNT
    offered = (
        (True, Column("name", "Model")),
        (is_billed, Column("billed", "Billed", money)),
        (is_billed, Column("share", "Share", Kind.SHARE, "", True, "Of what models were billed")),
        (is_billed, Column("change", "Change", Kind.CHANGE, "", True)),
        (True, Column("estimated", "Estimated", money, about=ABOUT_ESTIMATE)),
        (True, Column("requests", "Requests", count)),
        (True, Column("tokens", "Tokens", count)),
        (True, Column("input", "Input tokens", count, "", True)),
        (True, Column("hits", "Cached", Kind.SHARE, "", True, "Of the input tokens")),
        (True, Column("output", "Output tokens", count, "", True)),
        (is_billed, Column("in", "Input $/M", money, about=paid)),
        (is_billed, Column("cached", "Cached $/M", money, about=paid)),
        (is_billed, Column("out", "Output $/M", money, about=paid)),
        (is_billed, Column("list_in", "List input $/M", money, "", True, listed)),
        (is_billed, Column("list_cached", "List cached $/M", money, "", True, listed)),
        (is_billed, Column("list_out", "List output $/M", money, "", True, listed)),
        (is_billed, Column("over", "vs list", Kind.CHANGE, about=ABOUT_OVER)),
        (True, Column("unpriced", "Tokens without a price", count, "", True)),
        (True, Column("first", "First seen", Kind.DAY)),
        (True, Column("last", "Last seen", Kind.DAY)),
        (True, Column("trend", "Trend", Kind.TREND, about=trend.title)),
    )
    return tuple(column for is_offered, column in offered if is_offered)


def _row(asked: Asked, facts: ModelFacts, key: str, trend: Trend) -> Row:
    used, estimate = facts.used.get(key), facts.estimates.get(key)
    billed = None if facts.billed is None else facts.billed.get(key, Decimal(0))
    whole, life = facts.modelled, facts.lives.get(key)
    then = None if facts.before is None else facts.before.get(key, Decimal(0))
    input_tokens = used.input_tokens if used else None
    cached = used.cached if used else None
    values: dict[str, Any] = {
        "name": key,
        "billed": billed,
        "share": billed / whole if billed is not None and whole else None,
        "change": changed(billed, then),
        "estimated": _estimated(estimate),
        "requests": used.requests if used else None,
        "tokens": _tokens(used),
        "input": input_tokens,
        "hits": cached / input_tokens if cached is not None and input_tokens else None,
        "output": used.output_tokens if used else None,
        "over": facts.over_list(key),
        "unpriced": estimate.unpriced_tokens if estimate else None,
        "first": utc(life.first).date() if life else None,
        "last": utc(life.last).date() if life else None,
        "trend": trend.of(key),
    }
    for name, unit in _PRICED.items():
        price = facts.paid.get(key, {}).get(unit)
        values[name] = price.paid if price else None
        values[f"list_{name}"] = price.listed if price else None
    is_partly = estimate and estimate.cost is not None and estimate.unpriced_tokens
    marks = {"estimated": "in part"} if is_partly else {}
    return Row(key, values, {"name": asked.entity("model", key)}, marks)


def _tokens(used: TokenPoint | None) -> int | None:
    if used is None or (used.input_tokens is None and used.output_tokens is None):
        return None
    return (used.input_tokens or 0) + (used.output_tokens or 0)


def _estimated(estimate: Estimate | None) -> Decimal | str | None:
    if estimate is None:
        return None
    return PRICE_MISSING if estimate.cost is None else estimate.cost


def _total(facts: ModelFacts, keys: Sequence[str]) -> dict[str, Any]:
    used = [facts.used[key] for key in keys if key in facts.used]

    def added(name: str) -> int | None:
        known = [value for it in used if (value := getattr(it, name)) is not None]
        return sum(known) if known else None

    return {
        "name": f"All {len(keys)} models",
        "billed": facts.modelled,
        "share": 1.0 if facts.modelled else None,
        "estimated": facts.whole.cost,
        "requests": added("requests"),
        "tokens": sum(_tokens(it) or 0 for it in used) if used else None,
        "input": added("input_tokens"),
        "output": added("output_tokens"),
        "over": facts.over_list(*keys),
        "unpriced": facts.whole.unpriced_tokens,
    }


def _note(facts: ModelFacts) -> str | None:
    if facts.refusal:
        return f"Without billed cost: {facts.refusal}."
    if not facts.unmodelled:
        return None
    return (
        f"{formats.usd(facts.unmodelled)} of the bill names no model (tools, storage, adjustments)"
        " and is in no row. Prices are what was billed by million tokens, over all tiers."
    )


def opened(desk: Desk, asked: Asked, key: str) -> Children:
    """What a row opens to: its days, its prices, and which projects use it."""
    own = narrowed(asked, "model", [key])
    facts = model_facts(desk, own)
    link = dcc.Link("Open its page", href=asked.entity("model", key), className="link")
    parts = [
        _days(desk, own, key),
        _section("Price paid and list price, USD per M", price_table(facts.paid.get(key, {}))),
        _section(
            "Projects, by billed cost",
            drawings_cost.by_key(desk, own, "project_id", shown=6),
            link,
        ),
    ]
    return element("Div", parts, className="person model-opened")


def _days(desk: Desk, own: Asked, key: str) -> Element:
    trend = trend_of(desk, own, "model")
    days = [formats.day(start, year=True) for start in trend.starts]
    shown = _dollars if trend.is_money else formats.count
    return _section(trend.title, day_bars(trend.of(key), days, shown))


def _dollars(value: float) -> str:
    # Nano-dollars of one day are exact in a double.
    return formats.usd(Decimal(f"{value:.9f}"))


def _section(title: str, *children: Children) -> Element:
    return element("Div", [element("H4", title), *children])


def without_price(desk: Desk, asked: Asked) -> tuple[Children, bool]:
    """What has no list price, the most first, and whether there is nothing of it."""
    rows = model_facts(desk, asked).missing
    cells = [_missing_cells(asked, row) for row in rows[:_MOST_MISSING]]
    head = ["Model", "Tier", "Kind", "Usage", "Why"]
    shown = table(
        head, cells, caption="Usage without a list price", words=("Model", "Tier", "Kind", "Why")
    )
    return shown, not rows


def _missing_cells(asked: Asked, row: MissingPrice) -> list[Children]:
    name = formats.shortened(row.model_key) or "(none)"
    tier = "not reported" if row.tier == NOT_REPORTED else row.tier
    unit = "All kinds" if row.unit is None else price_words.UNITS[row.unit]
    link = dcc.Link(name, href=asked.entity("model", row.model_key), title=row.model_key)
    return [
        link,
        formats.shortened(tier),
        unit,
        titled(price_words.amount(row.amount, row.unit), formats.count(row.amount)),
        price_words.reason(row.reason).capitalize(),
    ]
