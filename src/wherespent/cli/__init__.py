"""The commands. Results go to standard output, everything else to standard error.

Exit codes: 0 done, 1 failed, 2 the command or a setting was wrong.
"""

import sys
from typing import Annotated

import typer

from wherespent import __version__
from wherespent.cli.backup import backup, restore
from wherespent.cli.database import database_commands
from wherespent.cli.demo import demo
from wherespent.cli.doctor import doctor
from wherespent.cli.erase import erase_commands
from wherespent.cli.export import export_commands
from wherespent.cli.restatements import restatements
from wherespent.cli.serve import serve
from wherespent.cli.status import status
from wherespent.cli.sync import sync
from wherespent.cli.verify import verify
from wherespent.errors import ConfigurationError, QuestionRefused, WherespentError

FAILED, USAGE = 1, 2

app = typer.Typer(
    name="wherespent",
    help="OpenAI tells you what you spent. wherespent tells you where.\n\n"
    "Try it without a key:  wherespent demo\n\n"
    "With your own organization:  OPENAI_ADMIN_KEY=sk-admin-… wherespent serve",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve)
app.command()(demo)
app.command()(sync)
app.command()(status)
app.command()(verify)
app.command()(restatements)
app.add_typer(export_commands, name="export")
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.add_typer(erase_commands, name="erase")
app.add_typer(database_commands, name="db")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wherespent {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """See the help of `app`."""


_options.__doc__ = app.info.help


def main() -> None:
    """Run a command and end the process with its exit code."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    # Accepted before and after the command.
    sys.exit(run([argument for argument in arguments if argument != "--debug"], debug=debug))


def run(arguments: list[str], *, debug: bool = False) -> int:
    """Run a command and return its exit code; with `debug` an error is raised instead."""
    try:
        app(arguments, prog_name="wherespent")
    except SystemExit as end:
        # A wrong command was explained and ends with 2.
        return end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        sys.stderr.close()
        return FAILED
    except Exception as error:
        if debug:
            raise
        typer.echo(f"Error: {_explained(error)}", err=True)
        return USAGE if isinstance(error, ConfigurationError | QuestionRefused) else FAILED
    return 0


def _explained(error: Exception) -> str:
    if isinstance(error, WherespentError):
        return str(error)
    return (
        f"something unexpected went wrong ({type(error).__name__}). "
        "Run the same command with --debug to see where."
    )
