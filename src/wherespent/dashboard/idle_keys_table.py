"""The list of API keys that nobody uses, by which evidence, and what to do about each."""

from collections.abc import Callable, Mapping
from typing import Any

from wherespent.analytics import people
from wherespent.analytics.directory import Standing
from wherespent.analytics.entities import Entity, entities
from wherespent.analytics.idle_keys import IDLE_DAYS, IdleKey, Idleness, idle_keys
from wherespent.dashboard import formats
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.mentions import EntityLinks, Names, directory_values
from wherespent.dashboard.people_tables import ABOUT_ACTIVITY, ABOUT_LAST_USED
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.domain.windows import utc

_ADVICE = {
    Idleness.NEVER: "Ask its owner what it waits for, or revoke it",
    Idleness.LONG: "Revoke it: what nobody uses can only leak",
    Idleness.IDLE: "Ask its owner whether it is still needed",
}
_OWNER_GONE = "Its owner is deleted: revoke it, or hand it over"


def idle_of(desk: Desk, asked: Asked) -> list[IdleKey]:
    """The idle keys that the filters of the bar leave, whatever its range."""
    keys = desk.answers.ask(entities, "api_key_id")
    filters = asked.filters
    kept = (
        key
        for key in keys.values()
        if filters.account.keeps(key.account)
        and filters.project.keeps(key.project_id)
        and filters.user.keeps(key.owner_id)
        and filters.api_key.keeps(key.id)
    )
    return idle_keys(kept, desk.answers.ask(people.activity, "api_key_id"), asked.now)


def idle_table(desk: Desk, asked: Asked, empty: Callable[[], Any]) -> Table:
    """Keys without a use for 30 days and more, the longest idle first, and what to do."""
    owners = desk.answers.ask(entities, "user_id")
    names = Names.of(desk)
    rows = [_idle_row(asked, it, names, owners) for it in idle_of(desk, asked)]
    columns: list[Column | None] = [
        Column("name", "API key"),
        Column("account", "Account") if desk.has_several_accounts else None,
        Column("idleness", "State"),
        Column("days", "Days idle", Kind.COUNT, about="Since its last use; since it was made"),
        Column("last", "Last usage row", Kind.DAY, about=ABOUT_ACTIVITY),
        Column("last_used", "Last used", Kind.MOMENT, about=ABOUT_LAST_USED),
        Column("created", "Created", Kind.DAY),
        Column("owner", "Owner"),
        Column("project", "Project"),
        Column("advice", "What to do"),
        Column("hint", "Begins and ends", is_hidden=True),
        Column("id", "ID", is_hidden=True),
    ]
    return Table(
        caption="Idle API keys",
        columns=tuple(column for column in columns if column is not None),
        rows=rows,
        sorted_by="-days",
        note=_evidence(desk.answers.ask(people.usage_known_since)) if rows else None,
        empty=None if rows else empty(),
    )


def advice(idle: IdleKey, owners: Mapping[str, Entity]) -> str:
    """What to do about an idle key."""
    return _OWNER_GONE if _is_orphan(idle, owners) else _ADVICE[idle.idleness]


def _is_orphan(idle: IdleKey, owners: Mapping[str, Entity]) -> bool:
    owner = owners.get(idle.key.owner_id)
    return owner is not None and owner.standing is Standing.DELETED


def _idle_row(asked: Asked, idle: IdleKey, names: Names, owners: Mapping[str, Entity]) -> Row:
    values: dict[str, Any] = directory_values(names, idle.key) | {
        "idleness": str(idle.idleness).capitalize(),
        "days": idle.days,
        "last": idle.last_usage.date() if idle.last_usage else "none",
        "last_used": idle.key.last_used_at or "never",
        "advice": advice(idle, owners),
    }
    marks = {"owner": "deleted"} if _is_orphan(idle, owners) else {}
    return Row(idle.key.id, values, EntityLinks(asked, idle.key), marks)


def _evidence(since: int | None) -> str:
    read = (
        "none is stored yet"
        if since is None
        else f"read since {formats.day(utc(since).date(), year=True)}"
    )
    return (
        f"Idle is what has neither a usage row ({read}) nor a last use by OpenAI's directory in the"
        f" last {IDLE_DAYS} days. The later of the two counts. Revoke keys in OpenAI's settings of"
        " their project: wherespent only reads."
    )
