"""`wherespent export`: rows for spreadsheets and BI tools."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from wherespent.analytics.filters import Filters, Granularity
from wherespent.cli.options import opened_database, parse_day, settings_and_logs
from wherespent.domain.windows import Window
from wherespent.errors import QuestionRefused, WherespentError
from wherespent.exports.costs import export_costs
from wherespent.exports.tables import Export
from wherespent.exports.usage import export_usage
from wherespent.exports.writers import Format, write_export

export_commands = typer.Typer(
    help="Write costs or usage as CSV, JSON or Parquet.", no_args_is_help=True
)

_GRANULARITIES = (Granularity.HOUR, Granularity.DAY, Granularity.MONTH, Granularity.TOTAL)

Since = Annotated[str, typer.Option(metavar="DATE", help="First day, UTC (2026-11-01).")]
Until = Annotated[str, typer.Option(metavar="DATE", help="Day to stop before, UTC.")]
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
    granularity: Grain = "day",
    file_format: FileFormat = Format.CSV,
    output: Output = None,
) -> None:
    """Billed cost, exact to nine decimals.

    Group by project_id, user_id, api_key_id, line_item, api_source or model (derived from the
    line item).
    """
    filters = _filters(since, until, granularity)
    with opened_database(settings_and_logs()) as database, database.read() as connection:
        _write(export_costs(connection, filters, _dimensions(group_by)), file_format, output)


@export_commands.command()
def usage(
    since: Since,
    until: Until,
    stream: Annotated[
        str | None, typer.Option(metavar="NAME", help="One stream. [default: all]")
    ] = None,
    group_by: GroupBy = "",
    granularity: Grain = "day",
    file_format: FileFormat = Format.CSV,
    output: Output = None,
) -> None:
    """Usage: tokens, requests, images, seconds …, by the API's own names."""
    filters = _filters(since, until, granularity)
    with opened_database(settings_and_logs()) as database, database.read() as connection:
        export = export_usage(connection, filters, _dimensions(group_by), stream=stream)
        _write(export, file_format, output)


def _filters(since: str, until: str, granularity: str) -> Filters:
    start, end = parse_day(since), parse_day(until)
    if start >= end:
        raise typer.BadParameter("--since must be before --until, which is exclusive")
    if granularity not in _GRANULARITIES:
        accepted = ", ".join(_GRANULARITIES)
        raise QuestionRefused(f"there is no granularity '{granularity}'; there are: {accepted}")
    return Filters(Window(start, end), Granularity(granularity))


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
