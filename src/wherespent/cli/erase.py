"""`wherespent erase`: forget a person, keep the figures."""

from typing import Annotated

import typer

from wherespent.bootstrap import utc_now
from wherespent.cli.options import opened_database, settings_and_logs
from wherespent.errors import QuestionRefused
from wherespent.storage.erasure import Person, erase, find_people

erase_commands = typer.Typer(
    help="Forget a person: name and e-mail address go for good, what was used and billed stays.",
    no_args_is_help=True,
)


@erase_commands.callback()
def _group() -> None:
    """So that `user` stays a word of its own while it is the only one."""


_group.__doc__ = erase_commands.info.help


@erase_commands.command()
def user(
    id_or_email: Annotated[str, typer.Argument(help="The user's id or e-mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person's name and e-mail address, also from API keys that are called after them.

    The id and all figures stay, and the next sync does not bring the name back. Backups that
    were made before still hold it.
    """
    settings = settings_and_logs()
    with opened_database(settings) as database:
        with database.read() as connection:
            people = find_people(connection, id_or_email)
        if not people:
            raise QuestionRefused(
                "nobody is known by that id or address (it may be erased already): "
                "`wherespent export usage --group-by user_id` lists the ids"
            )
        if not yes:
            typer.confirm(_question(people), abort=True)
        erase(database, people, utc_now())
    typer.echo(f"erased {', '.join(person.id for person in people)}; figures are unchanged")


def _question(people: list[Person]) -> str:
    shown = "; ".join(f"{person.id} ({_called(person)})" for person in people)
    return f"Erase name and e-mail address of {shown} for good?"


def _called(person: Person) -> str:
    known = ", ".join(filter(None, (person.name, person.email))) or "no name"
    return f"{known}, account {person.account}"
