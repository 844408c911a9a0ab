"""`wherespent backup` and `wherespent restore`: the whole database as one file."""

from pathlib import Path
from typing import Annotated

import typer

from wherespent.cli.options import opened_database, settings_and_logs
from wherespent.storage.backup import Counts, back_up
from wherespent.storage.backup import restore as restored


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Write the database to one file, while everything goes on running.

    The file is one moment of the database, for SQLite and for Postgres alike, and restores into
    either. It holds names and e-mail addresses, but no key and no password.
    """
    with opened_database(settings_and_logs()) as database:
        copied = back_up(database, file, replace=force)
    typer.echo(f"{file}: {_summary(copied)}, {file.stat().st_size:,} bytes")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `wherespent backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the database holds now.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Fill an empty database from a backup: all of it, or nothing.

    Stop `wherespent serve` first. A backup of an older version is migrated on the way.
    """
    settings = settings_and_logs()
    if replace and not yes:
        typer.confirm("Everything that the database holds now will be deleted. Go on?", abort=True)
    with opened_database(settings) as database:
        copied = restored(database, file, replace=replace)
    typer.echo(f"restored {file}: {_summary(copied)}")


def _summary(copied: Counts) -> str:
    filled = [rows for rows in copied.values() if rows]
    return f"{sum(filled):,} rows of {len(filled)} tables"
