"""The price paid for a model against its list price: as a table, and over time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from wherespent.analytics.filters import Granularity
from wherespent.analytics.paid_prices import PaidPrice, paid_prices
from wherespent.dashboard import figures_lines, formats, gaps, price_words
from wherespent.dashboard.colours import TOKEN_COLOURS
from wherespent.dashboard.components import (
    Children,
    Drawing,
    Element,
    blank,
    element,
    legend,
    table,
    titled,
)
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.series import Axis, Series
from wherespent.domain.pricing import PriceUnit
from wherespent.errors import QuestionRefused

_COLOURS = {
    PriceUnit.INPUT: TOKEN_COLOURS["uncached"],
    PriceUnit.CACHED_INPUT: TOKEN_COLOURS["cached"],
    PriceUnit.CACHE_WRITE: TOKEN_COLOURS["cache_write"],
    PriceUnit.OUTPUT: TOKEN_COLOURS["output"],
    PriceUnit.AUDIO_INPUT: "#b39ddb",
    PriceUnit.AUDIO_CACHED_INPUT: "#8f5b7a",
    PriceUnit.AUDIO_OUTPUT: "#9c4dcc",
    PriceUnit.IMAGE_INPUT: "#f2994a",
    PriceUnit.IMAGE_CACHED_INPUT: "#c2885b",
    PriceUnit.IMAGE_OUTPUT: "#d6456f",
    PriceUnit.CHARACTERS: "#2f5bea",
    PriceUnit.SECONDS: "#14b8a6",
    PriceUnit.IMAGES: "#f2994a",
}
# Prices of so many kinds tell nothing apart any more.
_MOST_LINES = 4


def price_table(paid: Mapping[PriceUnit, PaidPrice], *, whole: bool = False) -> Children:
    """One row for each kind, of tokens by the million: paid, list price, difference; with `whole`
    quantity and amount.
    """
    if not paid:
        why = "Nothing was billed by quantity in this range."
        return element("P", why, className="dim")
    head = ["Kind", "Paid", "List price", "vs list"]
    rows = [_cells(paid[unit], whole=whole) for unit in PriceUnit if unit in paid]
    if whole:
        head += ["Quantity", "Billed"]
    return table(head, rows, caption="Price paid and list price", words=("Kind",))


def _cells(price: PaidPrice, *, whole: bool) -> list[Children]:
    unit = price.unit
    per = price_words.per(unit)
    kind: Children = price_words.UNITS[unit]
    if whole or per != price_words.PER_MILLION_TOKENS:
        small = element("Span", f"per {per}", className="dim")
        kind = element("Td", [kind, " ", small], className="left")
    listed = (
        element("Td", price_words.PRICE_MISSING, className="dim")
        if price.listed is None
        else price_words.price(price.listed, unit)
    )
    cells = [kind, price_words.price(price.paid, unit), listed, _difference(price.difference)]
    if whole:
        quantity = price_words.amount(price.quantity, unit)
        cells += [
            titled(quantity, formats.count(float(price.quantity))),
            titled(formats.usd(price.billed), formats.exact_usd(price.billed)),
        ]
    return cells


def _difference(difference: Decimal | None) -> Element | str:
    """A tag like that of a change; within a thousandth it is the list price."""
    if difference is None:
        return formats.MISSING
    if abs(difference) < Decimal("0.0005"):
        return element("Span", "as listed", className="dim")
    look = "tag up" if difference > 0 else "tag down"
    return element("Span", formats.change(1 + difference, 1), className=look)


def prices_over_time(desk: Desk, own: Asked) -> Drawing:
    """Lines of what was paid by kind, and dotted what the list said for the same usage."""
    filters = own.by_day
    try:
        rows = desk.answers.ask(paid_prices, filters, desk.options.prices)
    except QuestionRefused as refused:
        return Drawing(None, blank("This cannot be split that way", str(refused), sign="note"))
    kinds = _largest(rows)
    if not kinds:
        return Drawing(None, _nothing(desk, own))
    buckets = gaps.axis_of(desk, own, filters, gaps.COST_STREAMS)
    lines = [line for unit in kinds for line in _lines(rows, unit, buckets)]
    figure = figures_lines.lines(
        lines,
        buckets,
        Granularity(filters.granularity),
        shown=lambda usd: formats.exact_usd(Decimal(f"{usd:.9f}")),
        prefix="$",
        log=_are_far_apart(lines),
    )
    return Drawing(figure, _legend(lines, unread=bool(buckets.gaps)))


def _nothing(desk: Desk, own: Asked) -> Children:
    nothing = gaps.nothing(desk, own, gaps.COST_STREAMS)
    has_cost = desk.answers.ask(paid_prices, own.total, desk.options.prices)
    return nothing if not has_cost else blank("No prices", "Nothing was billed by quantity.")


def _largest(rows: Sequence[PaidPrice]) -> list[PriceUnit]:
    """The kinds that most was billed for, in the order of `PriceUnit`; all in one unit."""
    billed: dict[PriceUnit, Decimal] = {}
    for row in rows:
        billed[row.unit] = billed.get(row.unit, Decimal(0)) + row.billed
    ranked = sorted(billed, key=lambda unit: -billed[unit])
    alike = [unit for unit in ranked if price_words.per(unit) == price_words.per(ranked[0])]
    return [unit for unit in PriceUnit if unit in alike[:_MOST_LINES]]


def _lines(rows: Sequence[PaidPrice], unit: PriceUnit, buckets: Axis) -> list[Series]:
    label, colour = price_words.UNITS[unit], _COLOURS[unit]
    paid = {
        row.bucket_start: price_words.scaled(row.paid, unit) for row in rows if row.unit is unit
    }
    listed = {
        row.bucket_start: price_words.scaled(row.listed, unit) for row in rows if row.unit is unit
    }
    drawn = [_line(unit.value, f"{label}, paid", colour, paid, buckets)]
    if any(price is not None for price in listed.values()):
        # Dotted, as lines without a key are.
        drawn.append(replace(_line("", f"{label}, list price", colour, listed, buckets), key=None))
    return drawn


def _line(
    key: str,
    label: str,
    colour: str,
    at: Mapping[int | None, Decimal | None],
    buckets: Axis,
) -> Series:
    values = tuple(
        float(price) if (price := at.get(start)) is not None else None for start in buckets.starts
    )
    return Series(key, label, colour, values, sum(value or 0 for value in values))


def _are_far_apart(lines: Sequence[Series]) -> bool:
    """Cached input costs a tenth of input: on one scale it would lie on the ground."""
    known = [value for line in lines for value in line.values if value]
    return bool(known) and max(known) > 8 * min(known)


def _legend(lines: Sequence[Series], *, unread: bool) -> Children:
    return legend([line for line in lines if line.key is not None], unread=unread)
