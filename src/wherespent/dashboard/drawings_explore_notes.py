"""What must be known about an answer of Explore: what it leaves out, and what does not apply."""

from collections.abc import Iterator
from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.estimated import estimated_total
from wherespent.analytics.measures import Fact
from wherespent.dashboard import drawings_line_items, formats
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.explore_question import Exploring
from wherespent.domain.windows import utc

_SWITCHED = {
    "compare": "The comparison",
    "cumulative": "“Cumulative”",
    "share": "“Share in %”",
    "log": "The log scale",
}


def notes(desk: Desk, asking: Exploring) -> list[Component]:
    if asking.refusal:
        return []
    return [html.P(text) for text in _told(desk, asking)]


def below(text: str) -> Component:
    """A line of words right below a chart."""
    return html.Div(text, className="legend")


def _told(desk: Desk, asking: Exploring) -> Iterator[str | list[str | Component]]:
    measure, filters = asking.measure, asking.question.filters
    if measure.about:
        yield measure.about
    if asking.question.minutes:
        minutes = asking.question.minutes
        yield (
            f"Completions of the minutes that are kept, {utc(minutes.start):%H:%M} to"
            f" {utc(minutes.end):%H:%M} UTC: the range above does not apply."
        )
    for switch, reason in asking.idle.items():
        yield f"{_SWITCHED[switch]} does not apply: {reason}."
    if filters.line_item and Fact.BILLED not in measure.facts:
        yield f"Usage has no line items: that filter does not apply to {measure.title.lower()}."
    if filters.line_item and len(measure.facts) > 1:
        yield "The line item filter applies to the cost, not to what it is divided by."
    if Fact.BILLED in measure.facts:
        left = drawings_line_items.left_out(desk, asking.asked)
        if left:
            yield left
        if not asking.asked.filters.zone.is_utc:
            yield "Billed days are UTC days, whatever the time zone of usage."
    if measure.is_estimate:
        yield from _unpriced(desk, asking)


def _unpriced(desk: Desk, asking: Exploring) -> Iterator[list[str | Component]]:
    found = desk.answers.ask(estimated_total, asking.asked.total, desk.options.prices)
    if found.unpriced_tokens:
        # The words of Explore mean nothing there.
        same = replace(asking.asked.view, words=()).query()
        models = dcc.Link("Models lists them.", href="/models" + same, className="link")
        count = formats.compact(found.unpriced_tokens)
        yield [f"{count} tokens have no list price: they are in no estimate. ", models]
