"""The documentation says what is true: settings, commands, versions, links."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main

from wherespent import __version__
from wherespent.cli import app
from wherespent.settings import SECRETS, Settings, variable
from wherespent.storage.tables import metadata

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
# Read by Docker Compose only.
COMPOSE_VARIABLES = {"POSTGRES_PASSWORD"}
# Commands of scripts/run.py that are not commands of the program.
RUN_COMMANDS = {"test", "check", "faults"}


def shown_default(field: str) -> str:
    """A default as a person writes it; '' where it depends on the machine or is none."""
    if field == "database_url":
        return ""
    value = Settings.model_fields[field].default
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 60:g}m"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, ()) else str(value)


DEFAULTS = {variable(field): shown_default(field) for field in Settings.model_fields}


def test_the_example_has_every_setting_with_its_default() -> None:
    found = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", ENV_EXAMPLE, re.MULTILINE))
    assert {k: v for k, v in found.items() if k not in COMPOSE_VARIABLES} == DEFAULTS


def test_every_setting_of_the_example_has_one_line_of_explanation() -> None:
    for block in ENV_EXAMPLE.split("\n\n")[1:]:
        lines = block.strip().splitlines()
        assert len(lines) == 2, block
        assert lines[0].startswith("# ")
        assert lines[0].endswith((".", ".)"))


def test_the_readme_has_every_setting_with_its_default() -> None:
    rows = [line.split("|")[1:3] for line in README.splitlines() if line.startswith("| `")]
    cells = [(name.strip(" `"), default.strip(" `")) for name, default in rows]
    assert {name: default for name, default in cells if name.isupper()} == DEFAULTS


@pytest.mark.parametrize("field", SECRETS)
def test_every_secret_can_be_a_file_and_the_documents_say_so(field: str) -> None:
    for text in (README, ENV_EXAMPLE, (ROOT / "docs" / "deployment.md").read_text()):
        assert f"{variable(field)}_FILE" in text


def commands(command: Any, path: str = "wherespent") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by what a person types."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from commands(child, f"{path} {name}")


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"^\| `{command}` \| \S", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_explains_itself(command: str) -> None:
    assert COMMANDS[command].help
    for parameter in COMMANDS[command].params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{command} {parameter.name}"


def typed(text: str) -> Iterator[list[str]]:
    """Commands of ours that a document tells a person to type."""
    code = re.findall(r"^```console\n(.*?)^\s*```", text, re.MULTILINE | re.DOTALL)
    code += re.findall(r"`((?:wherespent|python3 scripts/run\.py) [a-z][^`]*)`", text)
    for line in "\n".join(code).splitlines():
        if found := re.search(r"(?:wherespent|scripts/run\.py) ([a-z][^#|;&]*)", line):
            yield found[1].split()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    for words in typed(document.read_text()):
        if words[0] in RUN_COMMANDS or words[0].endswith(".dump"):
            continue
        depth = 2 if f"wherespent {' '.join(words[:2])}" in COMMANDS else 1
        name = f"wherespent {' '.join(words[:depth])}"
        if name not in COMMANDS:
            assert any(known.startswith(f"{name} ") for known in COMMANDS), name
            continue
        known = {option for p in COMMANDS[name].params for option in p.opts}
        given = {word for word in words if word.startswith("-")}
        assert given <= known | {"--help", "--debug"}, name


def test_options_in_the_table_of_commands_exist() -> None:
    for name, command in COMMANDS.items():
        row = re.search(rf"^\| `{name}` \|.*$", README, re.MULTILINE)
        assert row is not None
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"`(--[a-z-]+)`", row[0])) <= known


def test_the_changelog_ends_at_the_version_of_the_package() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    assert versions[0] == __version__


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_resolve(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    for link in links:
        if not link.startswith(("https://", "http://")):
            assert (document.parent / link).exists(), link


def test_every_table_and_package_is_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for table in metadata.tables:
        assert f"`{table}`" in text, table
    for module in (ROOT / "src" / "wherespent").iterdir():
        if not module.name.startswith("__"):
            assert f"`{module.stem}`" in text, module.stem


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))
