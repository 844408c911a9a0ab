"""Rates really paid, as lines over time, and where they changed, as a table."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost, rates
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.rates import Cause, RateChange, RateLine, Rates
from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard import figures_lines, formats, gaps
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.colours import colours
from wherespent.dashboard.components import blank, legend
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.figures_lines import Sign
from wherespent.dashboard.series import Series
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused

SHOWN = 8
# What the control says for the unit that most was billed in.
MAIN_UNIT = "main"
_MOST_UNITS = 6
_MILLION = Decimal(1_000_000)
# Lines so far apart lie flat on the ground of a plain axis.
_WIDE = 20

RULE = (
    "A change is a rate that differs by more than 0.5 % (and more than rounding explains) and"
    " stays there for at least two settled days with usage. Batch, flex, priority and long context"
    " are line items of their own: a shift between them changes quantities, not a rate."
)
_CAUSES = {
    Cause.PRICE: "price",
    Cause.MIX: "mix of projects",
    Cause.UNKNOWN: "not known",
}


def asked_rates(asked: Asked) -> Filters:
    """The question about rates: always by UTC day, whatever else the view says."""
    return replace(asked.filters, granularity=Granularity.DAY, zone=UTC_ZONE)


def rate_text(rate: Decimal, unit: str) -> str:
    return formats.rate(rate, unit)


def _rates(desk: Desk, asked: Asked) -> Rates:
    return desk.answers.ask(rates.paid_rates, asked_rates(asked), desk.provisional(asked.now))


def units(desk: Desk, asked: Asked) -> list[dict[str, str]]:
    """The choices of the control: each unit that was billed, that of the most money first."""
    try:
        found = _units(_rates(desk, asked).lines)
    except QuestionRefused:
        found = []
    words = [MAIN_UNIT, *found[1:_MOST_UNITS]]
    names = [formats.unit(name) or "calls" for name in found[:_MOST_UNITS]] or ["all"]
    return [
        {"value": word, "label": name[:1].upper() + name[1:]}
        for word, name in zip(words, names, strict=False)
    ]


def _units(lines: Sequence[RateLine]) -> list[str]:
    billed: dict[str, Decimal] = {}
    for line in lines:
        billed[line.unit] = billed.get(line.unit, Decimal()) + line.billed
    return sorted(billed, key=lambda unit: (-billed[unit], unit))


def over_time(desk: Desk, asked: Asked, unit: str) -> Drawing:
    """Rates by day of the largest line items in one unit; what changed is always among them."""
    try:
        found = _rates(desk, asked)
    except QuestionRefused as reason:
        return Drawing(None, blank("This cannot be split that way", str(reason), sign="note"))
    chosen = unit if unit != MAIN_UNIT else next(iter(_units(found.lines)), "")
    lines = _shown([line for line in found.lines if line.unit == chosen], found.changes)
    if not lines:
        return Drawing(None, _no_rates(desk, asked, found))
    day_filters = asked_rates(asked)
    buckets = gaps.axis_of(desk, asked, day_filters, gaps.COST_STREAMS)
    scale = _scale(lines)
    series = [_series(desk, line, buckets.starts, scale, lines) for line in lines]
    signs = [
        Sign(it.day, float(it.after * scale), _sign_text(it))
        for it in found.changes
        if any(_is_of(it, line) for line in lines)
    ]
    values = [value for line in series for value in line.values if value]
    figure = figures_lines.lines(
        series,
        buckets,
        Granularity.DAY,
        shown=_shown_rate(chosen, scale),
        signs=signs,
        unit=_unit_text(chosen, scale),
        prefix="$",
        steps=True,
        log=bool(values) and max(values) > _WIDE * min(values),
    )
    links = {it.line_item: asked.link("line_item", it.line_item) for it in lines}
    below = [
        legend(series, links, unread=bool(buckets.gaps)),
        _changed_note() if signs else None,
    ]
    explore = explore_href(asked.view, measure="billed_cost", split=("line_item",), chart="lines")
    return Drawing(figure, below, explore=explore)


def _unit_text(unit: str, scale: Decimal) -> str:
    return f"USD per {'million ' if scale == _MILLION else ''}{formats.unit(unit) or 'unit'}"


def _changed_note() -> Component:
    return html.Div([html.I(className="diamond"), " a rate changed"], className="rates-about")


def _no_rates(desk: Desk, asked: Asked, found: Rates) -> Any:
    if found.lines:
        return blank("Nothing in this unit", "No line item of this range is billed in it.")
    if desk.answers.ask(cost.cost_total, asked.total):
        return blank("No quantities", "OpenAI told no quantity with what was billed: no rates.")
    return gaps.nothing(desk, asked, gaps.COST_STREAMS)


def _shown(lines: Sequence[RateLine], changes: Sequence[RateChange]) -> list[RateLine]:
    changed = [line for line in lines if any(_is_of(it, line) for it in changes)]
    rest = [line for line in lines if line not in changed]
    return [*changed, *rest][:SHOWN]


def _is_of(change: RateChange, line: RateLine) -> bool:
    return (change.account, change.line_item, change.unit) == (
        line.account,
        line.line_item,
        line.unit,
    )


def _scale(lines: Sequence[RateLine]) -> Decimal:
    """Rates of tokens and characters are read by the million."""
    known = [rate for line in lines for day in line.inside if (rate := day.rate)]
    return _MILLION if known and max(known) < Decimal("0.001") else Decimal(1)


def _series(
    desk: Desk, line: RateLine, starts: Sequence[int], scale: Decimal, lines: Sequence[RateLine]
) -> Series:
    at = {day.day: float(rate * scale) for day in line.inside if (rate := day.rate) is not None}
    colour = colours([line.line_item], desk.ranked("line_item"))[line.line_item]
    alike = sum(it.line_item == line.line_item for it in lines) > 1
    label = desk.label("line_item")(line.line_item) + (f" ({line.account})" if alike else "")
    values = tuple(at.get(start) for start in starts)
    return Series(line.line_item, label, colour, values, float(line.billed))


def _shown_rate(unit: str, scale: Decimal) -> Callable[[float], str]:
    return lambda value: formats.rate(Decimal(str(value)) / scale, unit)


def _sign_text(change: RateChange) -> str:
    by = f" ({formats.change(change.after, change.before)})" if change.before else ""
    return f"{formats.shortened(change.line_item)}: {_moved(change)}{by}"


def _moved(change: RateChange) -> str:
    """As "$18.00 → $14.00 / M tokens": the unit once, where it is the same."""
    before, after = (rate_text(it, change.unit) for it in (change.before, change.after))
    amount, _, unit = before.partition(" / ")
    return f"{amount if after.endswith(f' / {unit}') else before} → {after}"


_CHANGES = (
    Column("line_item", "Line item"),
    Column("day", "Since", Kind.DAY, about="The first UTC day billed at another rate"),
    Column("moved", "From → to", about="Over the days of the level before and of the one after"),
    Column("before", "From", Kind.RATE, is_hidden=True),
    Column("after", "To", Kind.RATE, is_hidden=True),
    Column("change", "Change", Kind.CHANGE),
    Column("quantity", "Quantity since", Kind.NUMBER, is_hidden=True),
    Column(
        "effect",
        "Cost since",
        Kind.MONEY,
        about="What the quantity since then cost more (less: below 0) than at the rate before",
    ),
    Column(
        "cause",
        "Cause",
        about="Mix of projects: each pays what it paid before, but they use more or less of it",
    ),
)


def changes(desk: Desk, asked: Asked) -> Table:
    """Every change of a rate in the range, the newest first, and what it cost or saved since."""
    found = _rates(desk, asked)
    columns = (Column("account", "Account"), *_CHANGES) if desk.has_several_accounts else _CHANGES
    return Table(
        caption="Rates that changed",
        columns=columns,
        rows=[_change_row(asked, it) for it in found.changes],
        total={
            columns[0].key: f"All {len(found.changes)}",
            "effect": sum((it.effect for it in found.changes), Decimal()),
        },
        sorted_by="-day",
        note=_note(found),
        empty=_nothing_changed(desk, asked, found),
    )


def _change_row(asked: Asked, it: RateChange) -> Row:
    return Row(
        key=f"{it.account} {it.line_item} {it.unit} {it.day}",
        values={
            "account": it.account,
            "line_item": it.line_item or "(none)",
            "day": utc(it.day).date(),
            "moved": _moved(it),
            "before": it.before,
            "after": it.after,
            "change": it.ratio,
            "quantity": it.quantity,
            "effect": it.effect,
            "cause": _CAUSES[it.cause],
        },
        hrefs={"line_item": asked.link("line_item", it.line_item)},
        units={"before": it.unit, "after": it.unit, "quantity": formats.unit(it.unit)},
    )


def _nothing_changed(desk: Desk, asked: Asked, found: Rates) -> Any:
    if not found.lines:
        return _no_rates(desk, asked, found)
    steady = len(found.lines) - len(found.unsteady)
    text = f"{steady} line items kept their rate. {_note(found)}"
    return blank("No rate changed in this range", text, sign="health")


def _note(found: Rates) -> str:
    if not found.unsteady:
        return RULE
    named = ", ".join(formats.shortened(it or "(none)") for it in found.unsteady[:3])
    more = f" and {len(found.unsteady) - 3} more" if len(found.unsteady) > 3 else ""
    return (
        f"{RULE} No steady rate, because their days mix several prices under one name: {named}"
        f"{more}."
    )
