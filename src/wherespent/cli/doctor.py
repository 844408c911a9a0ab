"""`wherespent doctor`: is everything in place, and if not, what to do."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
import typer
from rich.console import Console

from wherespent.accounts import Account
from wherespent.bootstrap import accounts_of, make_client, utc_now
from wherespent.cli.options import opened_database, settings_and_logs
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.errors import ConfigurationError, ProviderError, StorageError
from wherespent.providers.openai.key_kinds import wrong_kind
from wherespent.providers.openai.streams import COSTS
from wherespent.settings import Settings
from wherespent.storage import migrations
from wherespent.storage.engine import Database

_CLOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `ok` is None where it could not be made."""

    check: str
    ok: bool | None
    text: str


def doctor() -> None:
    """Check database, migrations, key and scopes, network and clock; say what to do."""
    settings = settings_and_logs()
    console = Console()
    failed = False
    for finding in _findings(settings):
        sign = {True: "[green]ok[/]  ", False: "[red]FAIL[/]", None: "[yellow]skip[/]"}
        console.print(f"{sign[finding.ok]}  [bold]{finding.check}[/]: ", end="")
        console.print(finding.text, markup=False, highlight=False)
        failed = failed or finding.ok is False
    if failed:
        raise typer.Exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    with opened_database(settings) as database:
        yield from _database(database)
    try:
        accounts = accounts_of(settings)
    except ConfigurationError as error:
        yield _network(settings.openai_base_url)
        yield Finding("key", False, str(error))
        return
    for base_url in dict.fromkeys(account.base_url for account in accounts):
        network = _network(base_url)
        yield network
        # A clock that is wrong does not keep anybody from asking.
        is_reachable = network.ok is True or network.check == "clock"
        for account in accounts:
            if account.base_url == base_url:
                found = _key(settings, account, is_reachable=is_reachable)
                yield from (_of(account, each) for each in found) if accounts[1:] else found


def _of(account: Account, finding: Finding) -> Finding:
    return replace(finding, check=f"{account.label}: {finding.check}")


def _database(database: Database) -> Iterator[Finding]:
    where = database.url.render_as_string(hide_password=True)
    try:
        with database.write():
            revision = migrations.current(database)
    except StorageError as error:
        yield Finding("database", False, f"{error}. Check WHERESPENT_DATABASE_URL")
        yield Finding("migrations", None, "the database could not be opened")
        return
    yield Finding("database", True, f"{where} can be read and written")
    if revision == migrations.head():
        yield Finding("migrations", True, f"at revision {revision}, as this version needs")
    else:
        text = f"at revision {revision or 'none'}, this version needs {migrations.head()}"
        yield Finding("migrations", False, f"{text}: run `wherespent db upgrade`")


def _network(base_url: str) -> Finding:
    """Reachability and clock from one answer: an unauthorized one will do."""
    try:
        answer = httpx.get(f"{base_url}/organization/costs", timeout=10)
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        advice = "check the network, a proxy, and WHERESPENT_OPENAI_BASE_URL"
        return Finding("network", False, f"{base_url} did not answer ({reason}): {advice}")
    skew = _clock_skew(answer.headers.get("date"))
    if skew is not None and abs(skew) > _CLOCK_SECONDS:
        text = f"this machine's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
        return Finding("clock", False, f"{text}: switch on time synchronisation")
    return Finding("network and clock", True, f"{base_url} answers, the clock agrees")


def _clock_skew(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return time.time() - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp()


def _key(settings: Settings, account: Account, *, is_reachable: bool) -> Iterator[Finding]:
    client = make_client(settings, account)
    kind = wrong_kind(account.key)
    if kind:
        text = f"this is {kind}: reporting needs an admin key (sk-admin-…)"
        yield Finding("key kind", False, text)
    else:
        yield Finding("key kind", True, "not a project key")
    today = floor_day(epoch(utc_now()))

    def ask_costs() -> None:
        next(client.fetch_pages(COSTS, Window(today, today + DAY), ()))

    def ask_projects() -> None:
        next(client.fetch_list("/organization/projects", [("limit", "1")]), None)

    for scope, ask in (("api.usage.read", ask_costs), ("api.management.read", ask_projects)):
        if is_reachable:
            yield _scope(scope, ask)
        else:
            yield Finding(f"scope {scope}", None, "could not be asked for")
    client.close()


def _scope(scope: str, ask: Callable[[], None]) -> Finding:
    check = f"scope {scope}"
    try:
        ask()
    except ProviderError as error:
        return Finding(check, False, str(error))
    return Finding(check, True, "granted")
