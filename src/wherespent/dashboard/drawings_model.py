"""The page of one model: what it is, what it costs, and what its prices are."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics.models import Life, lives
from wherespent.dashboard import formats, kpis, price_words
from wherespent.dashboard.components import Children, blank, element, icon, labelled, table
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_models import estimated_card, over_list_card
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.model_facts import ModelFacts, model_facts
from wherespent.dashboard.people_facts import narrowed
from wherespent.domain.pricing import BATCH, STANDARD, Missing, PriceUnit, Tariff, utc_day
from wherespent.domain.windows import DAY, epoch, utc

_TIERS = (STANDARD, BATCH, "flex", "priority")
TITLES = ("Billed cost", "Estimated cost", "Paid against list", "Requests", "Output tokens")


@dataclass(frozen=True, slots=True)
class Subject:
    """The model that the page is about; `own` is the question about it alone."""

    key: str
    life: Life
    own: Asked

    def explore(self, asked: Asked, measure: str, *split: str) -> str:
        """The same question in Explore, narrowed to this model."""
        return explore_href(asked.view.only("model", self.key), measure=measure, split=split)


def subject_of(desk: Desk, asked: Asked) -> Subject | None:
    """None where nothing of that name was ever used or billed."""
    life = desk.answers.lately(lives).get(asked.subject)
    if life is None:
        return None
    return Subject(asked.subject, life, narrowed(asked, "model", [asked.subject]))


def head(desk: Desk, asked: Asked, subject: Subject) -> Component:
    """Name, life, and where its list prices come from."""
    days = [
        formats.day(utc(day).date(), year=True) for day in (subject.life.first, subject.life.last)
    ]
    tariff = _tariff(desk, subject, STANDARD)
    facts = [("First seen", days[0]), ("Last seen", days[1])]
    if isinstance(tariff, Tariff):
        facts.append(("List prices from", f"{tariff.source}, version {tariff.version}"))
    name = [
        html.Span(icon("models"), className="entity-sign"),
        html.H1(formats.shortened(subject.key, 80), title=subject.key),
        html.Span("Model", className="tag"),
    ]
    shown = [element("Div", [element("Dt", title), element("Dd", value)]) for title, value in facts]
    parts: Children = [
        _crumbs(asked),
        html.Div(name, className="entity-name"),
        element("Dl", shown, className="entity-facts"),
        *_notes(asked, tariff),
    ]
    return html.Section(parts, className="card entity-head", **labelled(f"Model {subject.key}"))


def _crumbs(asked: Asked) -> Component:
    link = dcc.Link("Models", href="/models" + asked.view.query())
    return html.Nav([link, " /"], className="crumbs", **labelled("Where this page is"))


def _notes(asked: Asked, tariff: Tariff | Missing) -> list[Component]:
    notes: list[str] = []
    if isinstance(tariff, Missing):
        notes.append(
            f"No estimate in the standard tier: {price_words.reason(tariff)}. Prices of your own"
            " can be given in a file, with the setting WHERESPENT_PRICES."
        )
    elif any(rate.long_context is not None for rate in tariff.rates.values()):
        over = max(rate.over for rate in tariff.rates.values())
        notes.append(
            f"Requests with more than {over:,} input tokens have a higher list price. Usage does"
            " not tell how long single requests were: the estimate takes the base price, and is a"
            " lower bound."
        )
    if asked.filters.model:
        notes.append("The filter of the bar on models does not apply here.")
    return [html.Div([icon("note"), html.Span(text)], className="entity-note") for text in notes]


def _day(subject: Subject) -> date:
    """The last day of the range that is not in the future: whose list prices are shown."""
    window = subject.own.filters.window
    return utc_day(min(window.end - DAY, epoch(subject.own.now)))


def _tariff(desk: Desk, subject: Subject, tier: str) -> Tariff | Missing:
    return desk.options.prices.tariff(subject.key, tier, _day(subject))


def unknown(asked: Asked) -> Component:
    """The whole page of a model that nothing is known of."""
    name = formats.shortened(asked.subject, 160) or "this address"
    link = dcc.Link("All models", href="/models" + asked.view.query(), className="link")
    text = html.Span(["Nothing of ", html.Code(name), " was ever used or billed here. ", link])
    shown = blank("This model is not known here", text)
    return html.Section([html.H1("Not known here", className="unseen"), shown], className="card")


def placeholders() -> list[Component]:
    return [kpis.card(title, "\N{NO-BREAK SPACE}", "", [], "", html.Div()) for title in TITLES]


def cards(desk: Desk, subject: Subject) -> list[Component]:
    """Billed and estimated cost side by side, each under its own label."""
    own = subject.own
    facts: ModelFacts = model_facts(desk, own)
    requests, _, output, *_ = kpis.used_cards(desk, own)
    return [
        kpis.billed_card(desk, own),
        estimated_card(facts.whole),
        over_list_card(facts, [subject.key]),
        requests,
        output,
    ]


def list_prices(desk: Desk, subject: Subject) -> Children:
    """The list prices of the last day of the range, one column for each tier that is listed."""
    found = {tier: _tariff(desk, subject, tier) for tier in _TIERS}
    listed = {tier: it for tier, it in found.items() if isinstance(it, Tariff)}
    if not listed:
        why = next(it for it in found.values() if isinstance(it, Missing))
        text = price_words.reason(why).capitalize()
        return blank(price_words.PRICE_MISSING.capitalize(), f"{text}.", sign="note")
    units = [u for u in PriceUnit if any(u in it.rates for it in listed.values())]
    rows = [[_unit(unit), *(_rate(it, unit) for it in listed.values())] for unit in units]
    return table(
        ["Kind", *map(str.capitalize, listed)], rows, caption="List prices", words=("Kind",)
    )


def _unit(unit: PriceUnit) -> Children:
    """Of most prices the heading of the card says what they are for."""
    per = price_words.per(unit)
    if per == price_words.PER_MILLION_TOKENS:
        return price_words.UNITS[unit]
    small = element("Div", f"per {per}", className="dim small")
    return element("Td", [price_words.UNITS[unit], small], className="left")


def _rate(tariff: Tariff, unit: PriceUnit) -> Children:
    rate = tariff.rates.get(unit)
    if rate is None:
        return formats.MISSING
    shown = price_words.price(rate.usd, unit)
    if rate.long_context is None:
        return shown
    long = price_words.price(rate.long_context, unit)
    return element("Td", [shown, element("Div", f"long {long}", className="dim small")])


def explored(drawing: Any, href: str) -> Any:
    return replace(drawing, explore=href)
