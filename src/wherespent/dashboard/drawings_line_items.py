"""The line items of the bill as a table whose rows open to their days."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import cost, rates
from wherespent.analytics.cost import LineItemRow
from wherespent.analytics.rate_changes import BilledDay
from wherespent.analytics.rates import RateLine
from wherespent.dashboard import comparison, formats, gaps
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_rates import asked_rates, rate_text
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.table_drawing import plain
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.dashboard.trends import of_trend, trends
from wherespent.domain.line_items import parse_line_item
from wherespent.domain.money import from_nanos
from wherespent.domain.windows import DAY, utc

# A browser takes a second for a year of rows.
_MOST_DAYS = 31

_COLUMNS = (
    Column("line_item", "Line item", about="As OpenAI names it on the bill"),
    Column("model", "Model", is_hidden=True),
    Column("tier", "Tier", is_hidden=True),
    Column("direction", "Direction", is_hidden=True),
    Column("billed", "Billed", Kind.MONEY),
    Column("share", "Share", Kind.SHARE, about="Of everything that is billed here"),
    Column("change", "Change", Kind.CHANGE, about="Against the compared period"),
    Column("quantity", "Quantity", Kind.NUMBER, about="In the unit of the rate beside it"),
    Column("unit", "Unit", is_hidden=True),
    Column("rate", "Rate paid", Kind.RATE, about="Billed cost over quantity, of the whole range"),
    Column("trend", "Over time", Kind.TREND),
)


def table(desk: Desk, asked: Asked) -> Table:
    """The bill, largest first; its total is the billed cost of the range."""
    found = desk.answers.ask(cost.line_items, asked.total)
    before = _before(desk, asked)
    lines = over_time(desk, asked)
    rows = [_row(asked, row, before, lines.get(row.line_item)) for row in found]
    total = sum((row.billed for row in found), Decimal())
    then = None if before is None else sum(before.values(), Decimal())
    return Table(
        caption="Line items of the bill",
        columns=_COLUMNS,
        rows=rows,
        total={
            "line_item": f"All {len(found)}",
            "billed": total,
            "share": Decimal(1) if total else None,
            "change": comparison.changed(total, then),
        },
        sorted_by="-billed",
        note=left_out(desk, asked) or None,
        empty=gaps.nothing(desk, asked, gaps.COST_STREAMS),
    )


def left_out(desk: Desk, asked: Asked) -> str:
    """A model filter leaves out line items without a model; how much that is must be said."""
    unmodelled = desk.answers.ask(cost.cost_totals, asked.total).unmodelled
    if not unmodelled:
        return ""
    return f"The model filter leaves out {formats.usd(unmodelled)} of items without a model."


def _before(desk: Desk, asked: Asked) -> Mapping[str, Decimal] | None:
    compared = comparison.before(desk, asked, gaps.COST_STREAMS)
    if compared is None:
        return None
    points = desk.answers.ask(cost.cost_by, compared, "line_item")
    return {point.key: point.billed for point in points}


def over_time(desk: Desk, asked: Asked) -> Mapping[str, Sequence[float | None]]:
    """Billed cost by bucket of every line item: None where nothing was read."""
    filters = of_trend(asked.by_day)
    buckets = gaps.axis_of(desk, asked, filters, gaps.COST_STREAMS)
    points = desk.answers.ask(cost.cost_by, filters, "line_item")
    return trends(((it.bucket_start, it.key, float(it.billed)) for it in points), buckets)


def _row(
    asked: Asked,
    row: LineItemRow,
    before: Mapping[str, Decimal] | None,
    trend: Sequence[float | None] | None,
) -> Row:
    parsed = parse_line_item(row.line_item)
    then = None if before is None else before.get(row.line_item, Decimal())
    return Row(
        key=row.line_item,
        values={
            "line_item": row.line_item or "(none)",
            "model": row.model_key or None,
            "tier": parsed.tier or None,
            "direction": " ".join(filter(None, (parsed.modality, parsed.direction))) or None,
            "billed": row.billed,
            "share": row.share,
            "change": comparison.changed(row.billed, then),
            "quantity": row.quantity,
            "unit": formats.unit(row.quantity_unit) or None,
            "rate": row.rate_paid,
            "trend": trend,
        },
        hrefs={"line_item": asked.link("line_item", row.line_item)}
        | ({"model": asked.entity("model", row.model_key)} if row.model_key else {}),
        units={"rate": row.quantity_unit, "quantity": formats.unit(row.quantity_unit)},
    )


def days(desk: Desk, asked: Asked, line_item: str) -> Component:
    """What one line item opens to: the newest days that it was billed on, and the older as one."""
    lines = desk.answers.ask(rates.line_item_days, asked_rates(asked), line_item)
    provisional = desk.provisional(asked.now)
    changes = {
        (it.account, it.unit, it.day): it.before
        for it in desk.answers.ask(rates.paid_rates, asked_rates(asked), provisional).changes
        if it.line_item == line_item
    }
    billed = [(line, day) for line in lines for day in line.days]
    newest_first = sorted(billed, key=lambda it: -it[1].day)
    shown = [
        _day(line, day, changes, provisional=provisional) for line, day in newest_first[:_MOST_DAYS]
    ]
    older = newest_first[_MOST_DAYS:]
    if older:
        shown.append(_older([day for _, day in older]))
    inside = plain(
        Table(
            f"Days of {line_item or '(none)'}",
            _day_columns(several=desk.has_several_accounts),
            shown,
            total={
                "day": f"All {len(billed)} billed days",
                "billed": sum((line.billed for line in lines), Decimal()),
            },
        )
    )
    href = explore_href(
        asked.view.only("line_item", line_item), measure="billed_cost", split=("project_id",)
    )
    more = dcc.Link("Open in Explore", href=href, className="link")
    missing = gaps.note(asked, gaps.unread(desk, asked, gaps.COST_STREAMS))
    facts = _facts(line_item, lines)
    return html.Div(
        [html.Div([*facts, missing, more], className="facts"), html.Div(inside, className="days")]
    )


def _day_columns(*, several: bool) -> list[Column]:
    return [
        Column("day", "UTC day"),
        *([Column("account", "Account")] if several else []),
        Column("billed", "Billed", Kind.MONEY),
        Column("quantity", "Quantity", Kind.NUMBER),
        Column("rate", "Rate paid", Kind.RATE),
    ]


def _older(days: Sequence[BilledDay]) -> Row:
    """The days that are not listed one by one, so that the list adds up."""
    billed = from_nanos(sum(day.nanos for day in days))
    return Row("older", {"day": f"{len(days)} older days", "billed": billed})


def _facts(line_item: str, lines: Sequence[RateLine]) -> list[Component]:
    """What the name says, and the highest and the lowest rate."""
    parsed = parse_line_item(line_item)
    known = [(day.rate, line.unit) for line in lines for day in line.days if day.rate is not None]
    told: list[tuple[str, str]] = [
        ("Model", parsed.model_key),
        ("Tier", parsed.tier),
        ("Direction", " ".join(filter(None, (parsed.modality, parsed.direction)))),
    ]
    if known:
        low, high = min(known), max(known)
        same = rate_text(*low) == rate_text(*high)
        text = rate_text(*low) if same else f"{rate_text(*low)} – {rate_text(*high)}"
        told.append(("Rate paid by day", text))
    return [
        html.Div([html.Span(name, className="name"), html.Span(value)])
        for name, value in told
        if value
    ]


def _day(
    line: RateLine,
    day: BilledDay,
    changes: Mapping[tuple[str, str, int], Decimal],
    *,
    provisional: int,
) -> Row:
    was = changes.get((line.account, line.unit, day.day))
    marks = {"day": "still being revised"} if day.day + DAY > provisional else {}
    if was is not None:
        marks["rate"] = f"was {rate_text(was, line.unit)}"
    return Row(
        key=f"{line.account} {line.unit} {day.day}",
        values={
            "day": f"{utc(day.day):%a} {formats.day(day.day, year=True)}",
            "account": line.account,
            "billed": from_nanos(day.nanos),
            "quantity": day.quantity,
            "rate": day.rate,
        },
        marks=marks,
        units={"rate": line.unit, "quantity": formats.unit(line.unit)},
    )
