"""`wherespent db`: the schema of the database, and whether it is whole."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from wherespent.cli.options import opened_database, settings_and_logs
from wherespent.storage import migrations
from wherespent.storage.checks import check as checked

database_commands = typer.Typer(
    help="Look after the database: its schema, its health.", no_args_is_help=True
)


@database_commands.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="Where to stop.")] = "head",
) -> None:
    """Bring the database to this version's schema. `serve` and `sync` do it by themselves."""
    with opened_database(settings_and_logs()) as database:
        migrations.upgrade(database, revision)
        typer.echo(f"the database is at revision {migrations.current(database)}")


@database_commands.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, -1 for one back, or base.")] = "-1",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema back. What newer tables and columns hold is lost."""
    settings = settings_and_logs()
    if not yes:
        typer.confirm("What newer tables and columns hold will be lost. Go on?", abort=True)
    with opened_database(settings) as database:
        migrations.downgrade(database, revision)
        typer.echo(f"the database is at revision {migrations.current(database) or 'base (empty)'}")


@database_commands.command()
def current() -> None:
    """Show the revision of the database and of this version."""
    with opened_database(settings_and_logs()) as database:
        found, head = migrations.current(database), migrations.head()
    typer.echo(f"{found or 'none (empty)'}{' (head)' if found == head else f', head is {head}'}")


@database_commands.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read the whole database and look for damage: pages, schema, rows without their owners.

    Exit code 1 when something is wrong. Nothing is written.
    """
    with opened_database(settings_and_logs()) as database:
        found = checked(database)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
    else:
        for table, rows in found.rows.items():
            typer.echo(f"{table:<20} {rows:>14,}")
        typer.echo("\n".join(found.problems) or f"revision {found.revision}: no problem found")
    if found.problems:
        raise typer.Exit(1)
