"""What several commands share: settings, logs, dates."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import typer

from wherespent.bootstrap import make_database
from wherespent.domain.windows import epoch
from wherespent.logs import configure_logs
from wherespent.settings import Settings, read_settings
from wherespent.storage.engine import Database


def settings_and_logs(**overrides: Any) -> Settings:
    """Read the settings (options given as None are left to the environment) and set up logs."""
    settings = read_settings(**{k: v for k, v in overrides.items() if v is not None})
    configure_logs(
        settings.log_level, settings.log_format, (settings.openai_admin_key, settings.password)
    )
    return settings


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; its connections are closed at the end."""
    database = make_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def parse_day(text: str) -> int:
    """A UTC day (2026-11-20) as epoch seconds."""
    try:
        return epoch(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a date such as 2026-11-20") from None


def moment(seconds: int | None) -> str | None:
    """Epoch seconds as ISO 8601 with `Z`."""
    return None if seconds is None else isoformat(datetime.fromtimestamp(seconds, UTC))


def isoformat(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
