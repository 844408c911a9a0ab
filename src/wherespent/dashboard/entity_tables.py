"""The tables of a page about one project, user or key: its models, and what it is tied to."""

from wherespent.analytics import people
from wherespent.analytics.entities import Entity, EntityKind
from wherespent.analytics.names import display
from wherespent.analytics.people import Used, used_by
from wherespent.dashboard import gaps, people_tables
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.entity_subject import Subject
from wherespent.dashboard.mentions import is_named
from wherespent.dashboard.people_facts import Bill, Trend, bill_of, trend_of
from wherespent.dashboard.people_tables import per_thousand
from wherespent.dashboard.tables import Column, Kind, Row, Table


def models(desk: Desk, subject: Subject) -> Table:
    """What it used and was billed by model; line items without a model stand by themselves."""
    own = subject.own
    cells = desk.answers.ask(people.usage_cells, own.total)
    used = used_by(cells, "model")
    bill, trend = bill_of(desk, own, "model"), trend_of(desk, own, "model")
    keys = set(used).union(bill.billed or (), bill.before or ())
    rows: list[Row] = []
    for key in sorted(keys):
        one = used.get(key)
        # A line item without a model has no page as one.
        hrefs = {"name": own.entity("model", key)} if one and is_named(key) else {}
        rows.append(Row(key, _model(key, one, bill, trend), hrefs))
    whole = people.used(cells)
    total = _sizes(whole) | {
        "name": f"All {len(rows)}",
        "billed": bill.whole,
        "share": 1.0 if bill.whole else None,
    }
    is_billed = not bill.refusal
    return Table(
        caption="Models",
        columns=_columns(trend, is_billed=is_billed, compares=bill.before is not None),
        rows=rows,
        total=total,
        sorted_by="-billed" if is_billed else "-requests",
        note=None if is_billed else f"Without billed cost: {bill.refusal}.",
        empty=gaps.nothing(desk, own, gaps.REQUEST_STREAMS),
    )


def _columns(trend: Trend, *, is_billed: bool, compares: bool) -> tuple[Column, ...]:
    offered: tuple[tuple[bool, Column], ...] = (
        (True, Column("name", "Model", about="Or the line item, where it names no model")),
        (is_billed, Column("billed", "Billed", Kind.MONEY)),
        (is_billed, Column("share", "Share", Kind.SHARE)),
        (compares, Column("change", "Change", Kind.CHANGE)),
        (True, Column("requests", "Requests", Kind.COUNT)),
        (True, Column("input", "Input tokens", Kind.COUNT)),
        (True, Column("cached", "Cached", Kind.SHARE, about="Of the input tokens")),
        (True, Column("output", "Output tokens", Kind.COUNT)),
        (is_billed, Column("per_1000", "Per 1,000", Kind.MONEY, adds=False)),
        (True, Column("trend", trend.title, Kind.TREND)),
    )
    return tuple(column for is_offered, column in offered if is_offered)


def _model(key: str, used: Used | None, bill: Bill, trend: Trend) -> dict[str, object]:
    values: dict[str, object] = {
        "name": display("model", key),
        "billed": bill.of(key),
        "share": bill.share(key),
        "change": bill.change(key),
        "trend": trend.of(key),
    }
    if used is None:
        return values
    return values | _sizes(used) | {"per_1000": per_thousand(bill.of(key), used.requests)}


def _sizes(used: Used) -> dict[str, object]:
    return {
        "requests": used.requests,
        "input": used.input_tokens,
        "cached": _part(used.cached_tokens, used.input_tokens),
        "output": used.output_tokens,
    }


def _part(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def connected(desk: Desk, subject: Subject, kind: EntityKind) -> Table:
    """The users, keys or projects that share usage with it; of keys also those it owns unused."""
    entity = subject.entity

    def is_related(other: Entity) -> bool:
        if kind is EntityKind.PROJECT:
            return other.id == entity.project_id
        if kind is EntityKind.USER:
            return other.id == entity.owner_id or _is_service_of(other, entity)
        return entity.id in (other.owner_id, other.project_id)

    return people_tables.table(desk, subject.own, kind, related=is_related)


def _is_service_of(other: Entity, entity: Entity) -> bool:
    return entity.kind is EntityKind.PROJECT and other.project_id == entity.id
