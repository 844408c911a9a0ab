"""`wherespent export`: rows for spreadsheets and BI tools."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from sqlalchemy import Connection

from wherespent.analytics.accounts import labels
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.bootstrap import utc_now
from wherespent.cli.options import opened_database, parse_day, parse_moment, settings_and_logs
from wherespent.domain.windows import DAY, Window, utc
from wherespent.errors import QuestionRefused, WherespentError
from wherespent.exports.costs import export_costs
from wherespent.exports.restatements import export_restatements
from wherespent.exports.tables import Export
from wherespent.exports.usage import export_usage
from wherespent.exports.writers import Format, write_export

export_commands = typer.Typer(
    help="Write costs, usage or restatements as CSV, XLSX, JSON or Parquet.", no_args_is_help=True
)

_GRANULARITIES = (Granularity.HOUR, Granularity.DAY, Granularity.MONTH, Granularity.TOTAL)

Since = Annotated[str, typer.Option(metavar="DATE", help="First day, UTC (2026-11-01).")]
Until = Annotated[str, typer.Option(metavar="DATE", help="Day to stop before, UTC.")]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="LABEL", help="Only this account; repeatable."),
]
GroupBy = Annotated[
    str, typer.Option("--group-by", metavar="A,B", help="Dimensions, separated by commas.")
]
Grain = Annotated[str, typer.Option(help="hour (usage only), day, month or total.")]
FileFormat = Annotated[Format, typer.Option("--format", help="File format.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="File to write. [default: standard output]")
]


@export_commands.command()
def costs(
    since: Since,
    until: Until,
    group_by: GroupBy = "",
    account: Accounts = None,
    granularity: Grain = "day",
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIMESTAMP",
            help="What was known at this moment, with its time zone (2026-11-20T09:00:00Z).",
        ),
    ] = None,
    file_format: FileFormat = Format.CSV,
    output: Output = None,
) -> None:
    """Billed cost, exact to nine decimals.

    Group by project_id, user_id, api_key_id, line_item, api_source or model (derived from the
    line item).

    With --as-of, days that had not been read yet are left out and named on standard error, and
    quantities are left out: they have no history.
    """
    filters = _filters(since, until, granularity, account)
    known_at = None if as_of is None else parse_moment(as_of, utc_now())
    with _opened() as connection:
        _refuse_unknown_accounts(connection, filters)
        export = export_costs(connection, filters, _dimensions(group_by), as_of=known_at)
        _write(export, file_format, output)
    if export.unknown:
        typer.echo(_not_read_yet(export.unknown, as_of or ""), err=True)


@export_commands.command("restatements")
def restated(
    since: Since,
    until: Until,
    group_by: GroupBy = "",
    account: Accounts = None,
    provisional: Annotated[
        bool,
        typer.Option("--provisional", help="Also how days changed before they had settled."),
    ] = False,
    file_format: FileFormat = Format.CSV,
    output: Output = None,
) -> None:
    """Settled days whose billed cost changed afterwards: old, new, and when it was seen.

    Group by what `export costs` accepts, to see who or what moved.
    """
    filters = _filters(since, until, Granularity.DAY, account)
    with _opened() as connection:
        _refuse_unknown_accounts(connection, filters)
        export = export_restatements(
            connection, filters, _dimensions(group_by), provisional=provisional
        )
        _write(export, file_format, output)


@export_commands.command()
def usage(
    since: Since,
    until: Until,
    stream: Annotated[
        str | None, typer.Option(metavar="NAME", help="One stream. [default: all]")
    ] = None,
    group_by: GroupBy = "",
    account: Accounts = None,
    granularity: Grain = "day",
    file_format: FileFormat = Format.CSV,
    output: Output = None,
) -> None:
    """Usage: tokens, requests, images, seconds …, by the API's own names."""
    filters = _filters(since, until, granularity, account)
    with _opened() as connection:
        _refuse_unknown_accounts(connection, filters)
        export = export_usage(connection, filters, _dimensions(group_by), stream=stream)
        _write(export, file_format, output)


@contextmanager
def _opened() -> Iterator[Connection]:
    """An export may take longer than a page that somebody waits for."""
    with (
        opened_database(settings_and_logs()) as database,
        database.read(at_leisure=True) as connection,
    ):
        yield connection


def _filters(since: str, until: str, granularity: str, accounts: Sequence[str] | None) -> Filters:
    start, end = parse_day(since), parse_day(until)
    if start >= end:
        raise typer.BadParameter("--since must be before --until, which is exclusive")
    if granularity not in _GRANULARITIES:
        accepted = ", ".join(_GRANULARITIES)
        raise QuestionRefused(f"there is no granularity '{granularity}'; there are: {accepted}")
    return Filters(
        Window(start, end), Granularity(granularity), account=Choice(tuple(accounts or ()))
    )


def _refuse_unknown_accounts(connection: Connection, filters: Filters) -> None:
    known = labels(connection)
    for label in filters.account.include:
        if label not in known:
            raise QuestionRefused(
                f"there is no account '{label}' in the database; there are: {', '.join(known)}"
            )


def _not_read_yet(unknown: Sequence[Window], as_of: str) -> str:
    count = sum(window.seconds // DAY for window in unknown)
    spans = ", ".join(_days(window) for window in unknown)
    days = "1 day was" if count == 1 else f"{count} days were"
    return f"{days} not read yet at {as_of}, so their cost is unknown and left out: {spans}"


def _days(window: Window) -> str:
    """The first and the last day."""
    first, last = utc(window.start).date(), utc(window.end - DAY).date()
    return f"{first}" if first == last else f"{first} to {last}"


def _dimensions(group_by: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in group_by.split(",") if name.strip()))


def _write(export: Export, file_format: Format, output: Path | None) -> None:
    """A file appears complete or not at all."""
    if output is None:
        write_export(export, file_format, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        with tempfile.NamedTemporaryFile(dir=output.parent, delete=False) as file:
            part = Path(file.name)
            try:
                count = write_export(export, file_format, cast("BinaryIO", file))
            except BaseException:
                part.unlink()
                raise
        part.chmod(0o666 & ~_umask())
        part.replace(output)
    except OSError as error:
        raise WherespentError(f"{output} cannot be written: {error.strerror}") from error
    typer.echo(f"{count} rows written to {output}", err=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
