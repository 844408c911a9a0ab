"""The head of People and keys, its chart, and what a row of its tables opens to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import cost, names, people
from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity, EntityKind, entities
from wherespent.analytics.filters import Choice
from wherespent.analytics.idle_keys import Idleness
from wherespent.analytics.people import used_by
from wherespent.dashboard import drawings_cost, formats, kpis
from wherespent.dashboard.chart_cards import Drawing
from wherespent.dashboard.colours import colours
from wherespent.dashboard.components import Bar, Children, Element, bars, element
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.idle_keys_table import idle_of
from wherespent.dashboard.mentions import Names, directory_values, entity_page, is_named, mark_of
from wherespent.dashboard.people_facts import bill_of, is_usage_read, narrowed, trend_of
from wherespent.dashboard.people_tables import no_service_accounts
from wherespent.domain.windows import utc
from wherespent.errors import QuestionRefused

_MODELS_SHOWN = 6
_MOST_IN_A_URL = 50


def cards(desk: Desk, asked: Asked, idle_href: str) -> list[Component]:
    """Who is active, which keys idle, and what nobody can be asked about."""
    cells = desk.answers.ask(people.usage_cells, asked.total)
    return [
        _active(desk, asked, "user_id", "Active users", {it.user_id for it in cells}),
        _active(desk, asked, "api_key_id", "Active keys", {it.api_key_id for it in cells}),
        _idle(desk, asked, idle_href),
        _gone(desk, asked),
        _unattributed(desk, asked),
    ]


def placeholders() -> list[Component]:
    titles = ("Active users", "Active keys", "Idle keys", "Deleted keys", "Without a user")
    return [kpis.card(title, "\N{NO-BREAK SPACE}", "", [], "", html.Div()) for title in titles]


def _active(desk: Desk, asked: Asked, dimension: str, title: str, keys: set[str]) -> Component:
    known = desk.answers.ask(entities, dimension).values()
    listed = [it for it in known if it.standing is Standing.LISTED]
    active = sum(1 for key in keys if is_named(key))
    services = sum(it.kind is EntityKind.SERVICE_ACCOUNT for it in listed)
    detail = f"of {len(listed):,} listed" if listed else "none is listed"
    if services:
        detail = f"of {len(listed):,}, {services:,} service accounts"
    value = formats.count(active) if is_usage_read(desk, asked) else formats.MISSING
    return kpis.card(title, value, f"{active:,} with usage in this range", [], detail, html.Div())


def _idle(desk: Desk, asked: Asked, href: str) -> Component:
    found = idle_of(desk, asked)
    never = sum(it.idleness is Idleness.NEVER for it in found)
    long = sum(it.idleness is Idleness.LONG for it in found)
    parts = [f"{never:,} never used"] if never else []
    parts += [f"{long:,} for over 90 days"] if long else []
    detail = ", ".join(parts) or ("for over 30 days" if found else "every listed key is in use")
    below = dcc.Link("What to do", href=href, className="link") if found else html.Div()
    exact = f"{len(found):,} listed keys without a use in the last 30 days"
    return kpis.card("Idle keys", formats.count(len(found)), exact, [], detail, below)


def _gone(desk: Desk, asked: Asked) -> Component:
    """Keys that are not listed any more, and are on the bill of this range."""
    keys = desk.answers.ask(entities, "api_key_id")
    try:
        points = desk.answers.ask(cost.cost_by, asked.total, "api_key_id")
    except QuestionRefused as reason:
        return kpis.card("Deleted keys", formats.MISSING, str(reason), [], str(reason), html.Div())
    gone = [
        point.billed
        for point in points
        if point.key in keys and keys[point.key].standing is Standing.DELETED
    ]
    billed = sum(gone, Decimal())
    detail = f"{formats.usd(billed)} on the bill of this range" if gone else "none on this bill"
    exact = f"{formats.exact_usd(billed)} billed for keys that are deleted now"
    return kpis.card("Deleted keys", formats.count(len(gone)), exact, [], detail, html.Div())


def _unattributed(desk: Desk, asked: Asked) -> Component:
    """What OpenAI billed without saying for whom."""
    title = "Without a user"
    bill = bill_of(desk, asked, "user_id")
    if bill.refusal:
        return kpis.card(title, formats.MISSING, bill.refusal, [], bill.refusal, html.Div())
    if bill.billed is None:
        return kpis.card(title, formats.MISSING, "not read", [], "nothing was read", html.Div())
    amount = sum((it for key, it in bill.billed.items() if not is_named(key)), Decimal())
    share = formats.percent(amount / bill.whole) if bill.whole else ""
    detail = f"{share} of the bill names no user" if share else "of the bill"
    exact = f"{formats.exact_usd(amount)} billed without a user"
    return kpis.card(title, formats.usd(amount), exact, [], detail, html.Div())


def detail(desk: Desk, asked: Asked, dimension: str, key: str) -> Children:
    """What a row opens to: its own days, its models, and what is known of it."""
    own = narrowed(asked, dimension, [key])
    entity = desk.answers.ask(entities, dimension).get(key)
    parts = [_days(desk, own, dimension, key), _models(desk, own), _about(desk, asked, entity)]
    return element("Div", [part for part in parts if part is not None], className="person")


def _days(desk: Desk, own: Asked, dimension: str, key: str) -> Element:
    trend = trend_of(desk, own, dimension)
    shown = formats.count if not trend.is_money else _dollars
    days = [formats.day(start, year=True) for start in trend.starts]
    drawn = day_bars(trend.of(key), days, shown)
    return _section(trend.title, drawn)


def _dollars(value: float) -> str:
    # Nano-dollars of one day are exact in a double.
    return formats.usd(Decimal(f"{value:.9f}"))


def day_bars(
    values: Sequence[float | None], days: Sequence[str], shown: Callable[[float], str]
) -> Element:
    """A bar for each day; what was not read is hatched, what is below zero has no height."""
    largest = max((value for value in values if value), default=0) or 1
    drawn: list[Element] = []
    for value, day in zip(values, days, strict=True):
        if value is None:
            drawn.append(element("I", className="unread", title=f"{day}: not read"))
        else:
            height = f"{max(0.0, value / largest) * 100:.1f}%"
            title = f"{day}: {shown(value)}"
            drawn.append(element("I", title=title, style={"--h": height}))
    said = f"{days[0]} to {days[-1]}, at most {shown(largest)} a day" if days else ""
    foot = [element("Span", days[0]), element("Span", days[-1])] if days else []
    return element(
        "Div",
        [
            element("Div", drawn, className="strip", role="img", **{"aria-label": said}),
            element("Div", foot, className="strip-foot"),
        ],
    )


def _models(desk: Desk, own: Asked) -> Element | None:
    """By what they cost; by their requests where billed cost cannot be split that way."""
    try:
        points = desk.answers.ask(cost.cost_by, own.total, "model")
        sizes = {point.key: point.billed for point in points}
        title, shown = "Models and other line items, by billed cost", formats.usd
    except QuestionRefused:
        used = used_by(desk.answers.ask(people.usage_cells, own.total), "model")
        sizes = {key: Decimal(it.requests or 0) for key, it in used.items()}
        title, shown = "Models, by requests", _whole
    if not sizes:
        return _section(title, element("P", "Nothing in this range.", className="dim"))
    return _section(title, _model_bars(desk, own, sizes, shown, title))


def _whole(number: Decimal) -> str:
    return formats.count(int(number))


def _model_bars(
    desk: Desk,
    asked: Asked,
    sizes: Mapping[str, Decimal],
    shown: Callable[[Decimal], str],
    caption: str,
) -> Component:
    """The largest few with their shares, and the rest as one."""
    known = {option.id for option in desk.answers.lately(names.options).models}
    ranked = sorted(sizes, key=lambda key: (-sizes[key], key))
    kept = ranked if len(ranked) <= _MODELS_SHOWN + 1 else ranked[:_MODELS_SHOWN]
    whole = sum(sizes.values(), Decimal())
    largest = max((abs(it) for it in sizes.values()), default=Decimal(1)) or Decimal(1)
    label, colour = desk.label("model"), colours(kept, desk.ranked("model"))
    rows = [
        Bar(
            label(key),
            shown(sizes[key]),
            formats.percent(sizes[key] / whole if whole else None),
            colour[key],
            float(sizes[key] / largest),
            href=asked.entity("model", key) if key in known else None,
        )
        for key in kept
    ]
    rest = [sizes[key] for key in ranked[len(kept) :]]
    if rest:
        left = sum(rest, Decimal())
        part = formats.percent(left / whole if whole else None)
        rows.append(Bar(f"Other ({len(rest)})", shown(left), part, "", float(left / largest)))
    return bars(rows, caption)


def _about(desk: Desk, asked: Asked, entity: Entity | None) -> Element | None:
    if entity is None:
        return None
    facts = [
        element("Div", [element("Dt", title), element("Dd", value)])
        for title, value in about(desk, asked, entity)
    ]
    link = dcc.Link("Open its page", href=entity_page(asked, entity), className="link")
    return _section("Known of it", element("Dl", facts), link)


def about(desk: Desk, asked: Asked, entity: Entity) -> list[tuple[str, Children]]:
    """Title and value of everything that is known of something, links to others among them."""
    values = directory_values(Names.of(desk), entity)
    active = desk.answers.ask(people.activity, entity.kind.dimension).get(entity.id)
    found: list[tuple[str, Children]] = []
    if mark := mark_of(entity):
        found.append(("State", mark.capitalize()))
    if entity.owner_id:
        href = asked.entity("user_id", entity.owner_id)
        found.append(("Owner", dcc.Link(values["owner"], href=href, className="link")))
    if entity.project_id:
        href = asked.entity("project_id", entity.project_id)
        found.append(("Project", dcc.Link(values["project"], href=href, className="link")))
    for title, name in (("Role", "role"), ("E-mail", "email"), ("Key", "hint")):
        if values[name]:
            found.append((title, values[name]))
    if desk.has_several_accounts:
        found.append(("Account", entity.account))
    if entity.created_at:
        found.append(("Created", formats.day(entity.created_at.date(), year=True)))
    if active:
        first, last = (utc(day).date() for day in (active.first, active.last))
        found.append(("First activity", formats.day(first, year=True)))
        found.append(("Last activity", formats.day(last, year=True)))
    else:
        found.append(("Activity", "no usage is stored"))
    if entity.kind is EntityKind.API_KEY:
        used = entity.last_used_at
        said = formats.day(used.date(), year=True) if used else "never"
        found.append(("Last used, by OpenAI", said))
    return found


def _section(title: str, *children: Children) -> Element:
    return element("Section", [element("H3", title), *children])


def over_time(desk: Desk, asked: Asked, kind: EntityKind) -> Drawing:
    """The bill over time by the largest of a kind."""
    if kind is not EntityKind.SERVICE_ACCOUNT:
        return drawings_cost.over_time(desk, asked, kind.dimension)
    users = desk.answers.ask(entities, "user_id").values()
    services = [it.id for it in users if it.kind is kind and asked.filters.user.keeps(it.id)]
    if not services:
        return Drawing(None, no_service_accounts())
    drawn = drawings_cost.over_time(desk, narrowed(asked, "user_id", services), kind.dimension)
    # A URL holds so many of them.
    if len(services) > _MOST_IN_A_URL:
        return replace(drawn, explore=None)
    view = replace(asked.view, user=Choice(tuple(services)))
    href = explore_href(view, measure="billed_cost", split=(kind.dimension,))
    return replace(drawn, explore=href)
