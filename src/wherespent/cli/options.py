"""What several commands share: settings, logs, dates."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import typer

from wherespent.accounts import Account
from wherespent.bootstrap import accounts_of, make_database
from wherespent.domain.windows import epoch
from wherespent.errors import QuestionRefused
from wherespent.logs import configure_logs
from wherespent.settings import Settings, read_settings
from wherespent.storage.engine import Database


def settings_and_logs(**overrides: Any) -> Settings:
    """Read the settings (options given as None are left to the environment) and set up logs."""
    settings = read_settings(**{k: v for k, v in overrides.items() if v is not None})
    configure_logs(settings.log_level, settings.log_format, settings.secrets)
    return settings


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; its connections are closed at the end."""
    database = make_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def chosen_accounts(settings: Settings, labels: Sequence[str] | None) -> tuple[Account, ...]:
    """The accounts of these labels, all without any. Raises QuestionRefused for an unknown one."""
    accounts = accounts_of(settings)
    known = {account.label: account for account in accounts}
    for label in labels or ():
        if label not in known:
            raise QuestionRefused(
                f"there is no account '{label}' in the settings; there are: {', '.join(known)}"
            )
    return tuple(known[label] for label in dict.fromkeys(labels)) if labels else accounts


def parse_day(text: str) -> int:
    """A UTC day (2026-11-20) as epoch seconds."""
    try:
        return epoch(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a date such as 2026-11-20") from None


def parse_moment(text: str, now: datetime) -> datetime:
    """A moment of the past with its time zone (2026-11-20T09:00:00Z), as UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a moment such as 2026-11-20T09:00:00Z") from None
    if when.tzinfo is None:
        raise typer.BadParameter(
            f"'{text}' has no time zone: add Z for UTC, or an offset such as +01:00"
        )
    if when > now:
        raise typer.BadParameter(
            f"'{text}' is in the future: what will be known then is not known now"
        )
    return when.astimezone(UTC)


def moment(seconds: int | None) -> str | None:
    """Epoch seconds as ISO 8601 with `Z`."""
    return None if seconds is None else isoformat(datetime.fromtimestamp(seconds, UTC))


def isoformat(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
