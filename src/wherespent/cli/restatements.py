"""`wherespent restatements`: billed days that changed afterwards, and how long a day settles."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from wherespent.analytics.accounts import labels
from wherespent.analytics.filters import Filters
from wherespent.analytics.settling import Settling, settling
from wherespent.analytics.usage_restatements import UsageRestatement, usage_restatements
from wherespent.bootstrap import utc_now
from wherespent.cli.options import isoformat, moment, opened_database, parse_day, settings_and_logs
from wherespent.dashboard.formats import usd
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.exports.restatements import export_restatements
from wherespent.exports.tables import Cell, Row

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class _Found:
    columns: list[str]
    costs: list[Row]
    # By the label of the account.
    usage: dict[str, list[UsageRestatement]]
    settling: dict[str, Settling]


def restatements(
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day, UTC. [default: all]")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day to stop before, UTC. [default: all]")
    ] = None,
    group_by: Annotated[
        str,
        typer.Option(
            "--group-by", metavar="A,B", help="Show what moved: project_id, line_item, user_id …"
        ),
    ] = "",
    provisional: Annotated[
        bool,
        typer.Option("--provisional", help="Also list how days changed before they had settled."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show settled days that OpenAI changed afterwards, and how long a day takes to settle.

    A day settles when it is not read again with every sync: 3 days after it ended for costs, 1
    day for usage. Until it is 35 days old it is read again once a week; a change that is found
    then is a restatement.
    """
    settings = settings_and_logs()
    dimensions = [name.strip() for name in group_by.split(",") if name.strip()]
    now = utc_now()
    with opened_database(settings) as database, database.read() as connection:
        window = _window(since, until, now)
        found = _look(connection, window, dimensions, now, provisional=provisional)
    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2))
    else:
        _print(found)


def _window(since: str | None, until: str | None, now: datetime) -> Window:
    start = 0 if since is None else parse_day(since)
    end = floor_day(epoch(now)) + DAY if until is None else parse_day(until)
    if start >= end:
        raise typer.BadParameter("--since must be before --until, which is exclusive")
    return Window(start, end)


def _look(
    connection: Connection,
    window: Window,
    dimensions: Sequence[str],
    now: datetime,
    *,
    provisional: bool,
) -> _Found:
    filters, known = Filters(window), labels(connection)
    export = export_restatements(connection, filters, dimensions, provisional=provisional)
    return _Found(
        [column.name for column in export.columns],
        list(export.rows),
        {label: usage_restatements(connection, label, window) for label in known},
        {label: settling(connection, label, now) for label in known},
    )


def _as_json(found: _Found) -> dict[str, Any]:
    return {
        "costs": [{name: _plain(value) for name, value in row.items()} for row in found.costs],
        "usage": [
            {"account": label, **_usage_as_json(each)}
            for label, restated in found.usage.items()
            for each in restated
        ],
        "settling": [
            {"account": label, **_settling_as_json(settled)}
            for label, settled in found.settling.items()
        ],
    }


def _plain(value: Cell) -> str | int | float | bool | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return isoformat(value)
    return value.isoformat() if isinstance(value, date) else value


def _usage_as_json(each: UsageRestatement) -> dict[str, Any]:
    return {
        "stream": each.stream,
        "bucket_start": moment(each.day),
        "seen_at": isoformat(each.seen_at),
        "series": each.series,
        "measures": {it.measure: {"old": it.old, "new": it.new} for it in each.changes},
    }


def _settling_as_json(settled: Settling) -> dict[str, Any]:
    return {
        "days": settled.days,
        "waiting": settled.waiting,
        "next_on": moment(settled.next_on),
        "ages": [
            {name: _plain(value) for name, value in asdict(row).items()} for row in settled.rows
        ],
    }


def _print(found: _Found) -> None:
    console = Console(width=max(Console().width, _WIDTH))
    if found.costs:
        console.print(_cost_table(found))
    else:
        console.print("No billed day changed after it had settled.", highlight=False)
    for label, settled in found.settling.items():
        prefix = f"{label}: " if len(found.settling) > 1 else ""
        for each in found.usage[label]:
            console.print(prefix + _usage_line(each), markup=False, highlight=False)
        console.print(prefix + _settling_line(settled), markup=False, highlight=False)
        if settled.rows:
            console.print(_settling_table(settled))


def _cost_table(found: _Found) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for name in found.columns:
        is_money = name.endswith("_usd")
        table.add_column(name, justify="right" if is_money else "left")
    for row in found.costs:
        table.add_row(*(_shown(name, row.get(name)) for name in found.columns))
    return table


def _shown(column: str, value: Cell) -> str:
    if isinstance(value, Decimal):
        return usd(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if column == "bucket_start" else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "(none)" if value is None else str(value)


def _usage_line(each: UsageRestatement) -> str:
    changes = "; ".join(f"{it.measure} {it.old:,} → {it.new:,}" for it in each.changes)
    what = changes or f"{each.series} series moved, no sum did"
    day, seen = moment(each.day) or "", isoformat(each.seen_at) or ""
    return f"{each.stream.removeprefix('openai.')} of {day[:10]}, seen {seen[:10]}: {what}"


def _settling_line(settled: Settling) -> str:
    if settled.rows:
        return f"Share of the final cost by age, over {settled.days} days with a whole history."
    first = "" if settled.next_on is None else f" The first is complete on {_date(settled)}."
    return (
        "How long a day takes to settle cannot be said yet: that takes days that were first read"
        f" before they ended and are 35 days old. {settled.waiting} days are younger.{first}"
    )


def _date(settled: Settling) -> str:
    return (moment(settled.next_on) or "")[:10]


def _settling_table(settled: Settling) -> Table:
    table = Table("Days after its end", box=SIMPLE_HEAD)
    for name in ("Share", "Lowest day", "Highest day", "Days that still changed"):
        table.add_column(name, justify="right")
    for row in settled.rows:
        shares = (f"{share * 100:.2f} %" for share in (row.share, row.lowest, row.highest))
        table.add_row(str(row.age), *shares, str(row.moving))
    return table
