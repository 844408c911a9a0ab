"""The tables of People and keys: users, service accounts, projects and keys."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dash.development.base_component import Component

from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity, EntityKind
from wherespent.analytics.names import display
from wherespent.analytics.people import Active, Used
from wherespent.dashboard import gaps
from wherespent.dashboard.comparison import changed
from wherespent.dashboard.components import blank
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.mentions import EntityLinks, Names, directory_values, is_named, mark_of
from wherespent.dashboard.people_facts import PeopleFacts, people_facts
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.domain.windows import utc

_NANO = Decimal("1e-9")

_NOUNS = {
    EntityKind.USER: ("User", "users"),
    EntityKind.SERVICE_ACCOUNT: ("Service account", "service accounts"),
    EntityKind.PROJECT: ("Project", "projects"),
    EntityKind.API_KEY: ("API key", "API keys"),
}
_ABOUT_CHANGE = "Billed cost against the compared period"
_ABOUT_RATE = "Billed cost per 1,000 requests, whatever it was billed for"
ABOUT_ACTIVITY = "The UTC day of the last usage row, over all that is stored"
ABOUT_LAST_USED = "By OpenAI's own directory of keys"


def table(
    desk: Desk, asked: Asked, kind: EntityKind, *, related: Callable[[Entity], bool] | None = None
) -> Table:
    """Everything of a kind that is listed, or was used or billed in the range, the largest first.

    Users are listed with the service accounts among them: their sum is the bill. Where filters
    leave something out, what is only listed is left out, too, but for what is `related`.
    """
    facts = people_facts(desk, asked, kind.dimension)
    keys = list(_shown(facts, kind, related or _unfiltered(asked)))
    names = Names.of(desk)
    rows = [_row(asked, facts, kind, key, names) for key in keys]
    noun, nouns = _NOUNS[kind]
    return Table(
        caption=nouns.capitalize() if kind is not EntityKind.API_KEY else nouns,
        columns=_columns(desk, facts, kind, noun),
        rows=rows,
        total=_total(facts, keys, nouns),
        sorted_by="-requests" if facts.bill.billed is None else "-billed",
        note=_note(facts, () if related else _left_out(facts, keys, kind)),
        empty=_nothing(desk, asked, kind),
    )


def _nothing(desk: Desk, asked: Asked, kind: EntityKind) -> Component:
    if kind is EntityKind.SERVICE_ACCOUNT:
        return no_service_accounts()
    return gaps.nothing(desk, asked, gaps.REQUEST_STREAMS)


def no_service_accounts() -> Component:
    text = "OpenAI's directory lists none, or none passes the filters."
    return blank("No service accounts", text, sign="key")


def _unfiltered(asked: Asked) -> Callable[[Entity], bool]:
    is_filtered = bool(asked.filters.cost_choices)
    return lambda entity: not is_filtered and asked.filters.account.keeps(entity.account)


def _shown(
    facts: PeopleFacts, kind: EntityKind, is_related: Callable[[Entity], bool]
) -> Iterator[str]:
    active = {*facts.used, *(facts.bill.billed or {}), *(facts.bill.before or {})}
    for key, entity in facts.entities.items():
        if kind is EntityKind.SERVICE_ACCOUNT and entity.kind is not kind:
            continue
        if key in active or (entity.standing is Standing.LISTED and is_related(entity)):
            yield key
    if kind is not EntityKind.SERVICE_ACCOUNT:
        yield from sorted(active - facts.entities.keys())


def _columns(desk: Desk, facts: PeopleFacts, kind: EntityKind, noun: str) -> tuple[Column, ...]:
    is_key, is_project = kind is EntityKind.API_KEY, kind is EntityKind.PROJECT
    is_user = kind is EntityKind.USER
    is_below = kind in (EntityKind.API_KEY, EntityKind.SERVICE_ACCOUNT)
    is_billed, compares = not facts.bill.refusal, facts.bill.before is not None
    trend = facts.trend
    used = "With usage in this range"
    offered: tuple[tuple[bool, Column], ...] = (
        (True, Column("name", noun)),
        (desk.has_several_accounts, Column("account", "Account")),
        (is_billed, Column("billed", "Billed", Kind.MONEY)),
        (is_billed, Column("share", "Share", Kind.SHARE, about="Of the bill of this view")),
        (compares, Column("change", "Change", Kind.CHANGE, about=_ABOUT_CHANGE)),
        (True, Column("requests", "Requests", Kind.COUNT)),
        (True, Column("tokens", "Tokens", Kind.COUNT, is_hidden=is_key and is_billed)),
        (is_billed, Column("per_1000", "Per 1,000", Kind.MONEY, about=_ABOUT_RATE, adds=False)),
        (True, Column("trend", trend.title, Kind.TREND, about=trend.about)),
        (is_key, Column("owner", "Owner")),
        (is_below, Column("project", "Project")),
        (is_project, Column("users", "Users", Kind.COUNT, about=used)),
        (not is_key, Column("keys", "Keys", Kind.COUNT, is_hidden=is_user, about=used)),
        (
            True,
            Column("models", "Models", is_hidden=is_below, about="The largest by requests"),
        ),
        (True, Column("last", "Last activity", Kind.DAY, about=ABOUT_ACTIVITY)),
        (True, Column("first", "First activity", Kind.DAY, is_hidden=True)),
        (is_key, Column("last_used", "Last used", Kind.MOMENT, "", True, ABOUT_LAST_USED)),
        (True, Column("created", "Created", Kind.DAY, is_hidden=True)),
        (is_user, Column("role", "Role", is_hidden=True)),
        (is_user, Column("email", "E-mail", is_hidden=True)),
        (is_key, Column("hint", "Begins and ends", is_hidden=True)),
        (True, Column("id", "ID", is_hidden=True)),
    )
    return tuple(column for is_offered, column in offered if is_offered)


def _row(asked: Asked, facts: PeopleFacts, kind: EntityKind, key: str, names: Names) -> Row:
    entity, used = facts.entities.get(key), facts.used.get(key)
    values = figures(facts, key) | _activity(facts.activity.get(key))
    values["models"] = _models(names, used)
    values["users"] = None if used is None else sum(1 for user in used.users if is_named(user))
    values["keys"] = None if used is None else sum(1 for it in used.api_keys if is_named(it))
    hrefs: Mapping[str, str] = {}
    if entity is None:
        values["name"] = display(facts.dimension, key)
    else:
        values |= directory_values(names, entity)
        hrefs = EntityLinks(asked, entity)
    marks = {"name": mark} if entity and (mark := mark_of(entity, is_among=kind)) else {}
    return Row(key, values, hrefs, marks)


def figures(facts: PeopleFacts, key: str) -> dict[str, Any]:
    """What was billed and used, as values of a row."""
    used, bill = facts.used.get(key), facts.bill
    requests = used.requests if used else 0 if facts.is_usage_read else None
    return {
        "billed": bill.of(key),
        "share": bill.share(key),
        "change": bill.change(key),
        "requests": requests,
        "tokens": used.tokens if used else requests,
        "per_1000": per_thousand(bill.of(key), requests),
        "trend": facts.trend.of(key),
    }


def per_thousand(billed: Decimal | None, requests: int | None) -> Decimal | None:
    """US dollars for 1,000 requests, to the nano-dollar."""
    if billed is None or not requests:
        return None
    return (billed * 1000 / requests).quantize(_NANO)


def _activity(active: Active | None) -> dict[str, Any]:
    if active is None:
        return {}
    return {"first": utc(active.first).date(), "last": utc(active.last).date()}


def _models(names: Names, used: Used | None) -> str | None:
    named = [model for model in used.models if is_named(model)] if used else []
    if not named:
        return None
    first = names.model(named[0])
    return f"{first} +{len(named) - 1}" if len(named) > 1 else first


def _total(facts: PeopleFacts, keys: Sequence[str], nouns: str) -> dict[str, Any]:
    bill = facts.bill
    billed = _sum(bill.of(key) for key in keys)
    before = None if bill.before is None else _sum(bill.before.get(key, Decimal()) for key in keys)
    used = [facts.used[key] for key in keys if key in facts.used]
    named = sum(map(is_named, keys))
    return {
        "name": f"All {named:,} {nouns}" if named > 1 else "All",
        "billed": billed,
        "share": billed / bill.whole if billed is not None and bill.whole else None,
        "change": changed(billed, before) if billed or before else None,
        "requests": _count(it.requests for it in used),
        "tokens": _count(it.tokens for it in used),
    }


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [it for it in amounts if it is not None]
    return sum(known, Decimal()) if known else None


def _count(numbers: Iterable[int | None]) -> int | None:
    known = [it for it in numbers if it is not None]
    return sum(known) if known else None


def _left_out(facts: PeopleFacts, keys: Sequence[str], kind: EntityKind) -> list[Entity]:
    """What is gone, and was neither used nor billed in the range."""
    shown = set(keys)
    return [
        entity
        for key, entity in facts.entities.items()
        if key not in shown
        and entity.standing in (Standing.DELETED, Standing.ARCHIVED)
        and (kind is not EntityKind.SERVICE_ACCOUNT or entity.kind is kind)
    ]


def _note(facts: PeopleFacts, left_out: Sequence[Entity]) -> str | None:
    said = [f"Without billed cost: {facts.bill.refusal}."] if facts.bill.refusal else []
    if left_out:
        many = "1 that is" if len(left_out) == 1 else f"{len(left_out):,} that are"
        said.append(f"Left out: {many} deleted or archived, and neither used nor billed.")
    return " ".join(said) or None
