"""The key numbers of the Costs page: the bill, by day, its largest item, its rates."""

from collections.abc import Callable
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost, rates
from wherespent.dashboard import formats, kpis
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_line_items import over_time
from wherespent.dashboard.drawings_rates import asked_rates
from wherespent.dashboard.spark import spark
from wherespent.domain.windows import epoch, floor_day, utc
from wherespent.errors import QuestionRefused

TITLES = ("Billed cost", "Per day", "Largest line item", "Rates that changed")


def bill_cards(desk: Desk, asked: Asked) -> list[Component]:
    """One card for each of `TITLES` but the last."""
    return [
        kpis.billed_card(desk, asked),
        _or_reason(_per_day, TITLES[1], desk, asked),
        _or_reason(_largest_item, TITLES[2], desk, asked),
    ]


def rates_card(desk: Desk, asked: Asked) -> Component:
    """The last of `TITLES`."""
    return _or_reason(_changed_rates, TITLES[3], desk, asked)


def _or_reason(
    make: Callable[[Desk, Asked], Component], title: str, desk: Desk, asked: Asked
) -> Component:
    try:
        return make(desk, asked)
    except QuestionRefused as reason:
        return _unknown(title, str(reason))


def _unknown(title: str, why: str) -> Component:
    return kpis.card(title, formats.MISSING, why, [], why, html.Div())


def _per_day(desk: Desk, asked: Asked) -> Component:
    """The mean of the days that are over and were billed; the day that cost most."""
    title, today = TITLES[1], floor_day(epoch(asked.now))
    points = desk.answers.ask(cost.cost_over_time, asked_rates(asked))
    days = [point for point in points if (point.bucket_start or 0) < today]
    if not days:
        return _unknown(title, "no day of this range is over")
    highest = max(days, key=lambda point: point.billed)
    mean = sum((point.billed for point in days), Decimal()) / len(days)
    when = utc(highest.bucket_start or 0)
    return kpis.card(
        title,
        formats.usd(mean),
        f"{formats.exact_usd(mean)}: the mean of {len(days)} billed days that are over",
        [],
        f"highest {formats.usd(highest.billed)} on {when:%a} {formats.day(when)}",
        spark([float(point.billed) for point in days], second=True),
    )


def _largest_item(desk: Desk, asked: Asked) -> Component:
    title = TITLES[2]
    found = desk.answers.ask(cost.line_items, asked.total)
    if not found:
        return _unknown(title, "nothing was billed")
    first = found[0]
    return kpis.card(
        title,
        formats.usd(first.billed),
        formats.exact_usd(first.billed),
        [html.Span(formats.percent(first.share), className="tag")],
        first.line_item or "(none)",
        spark(over_time(desk, asked).get(first.line_item, ())),
    )


def _changed_rates(desk: Desk, asked: Asked) -> Component:
    found = desk.answers.ask(rates.paid_rates, asked_rates(asked), desk.provisional(asked.now))
    title, many = TITLES[3], len(found.changes)
    if not found.lines:
        return _unknown(title, "no quantities to tell rates from")
    if not many:
        return kpis.card(title, "0", "", [], f"{len(found.lines)} line items compared", html.Div())
    effect = sum((it.effect for it in found.changes), Decimal())
    look = "up" if effect > 0 else "down"
    tag = html.Span(
        formats.signed_usd(effect), className=f"tag {look}", title=formats.exact_usd(effect)
    )
    return kpis.card(title, str(many), "", [tag], "since, at the new quantities", html.Div())
