"""Every setting, typed: the only reader of the environment."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wherespent.errors import ConfigurationError
from wherespent.storage.engine import parse_url

PREFIX = "WHERESPENT_"
KEY_VARIABLE = "OPENAI_ADMIN_KEY"
_KEY = re.compile(r"[A-Za-z0-9_\-.~+/=]+")
_INTERVAL = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)?(?:in|ours?)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def default_database_url() -> str:
    return f"sqlite:///{user_data_path('wherespent', appauthor=False) / 'wherespent.db'}"


class Settings(BaseSettings):
    """All settings. Secrets are `SecretStr` and print as stars."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_file_encoding="utf-8"
    )

    openai_admin_key: Annotated[SecretStr | None, NoDecode] = Field(
        default=None,
        validation_alias=KEY_VARIABLE,
        description="admin key of your organization (read-only scopes: api.usage.read, "
        "api.management.read)",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        description="where OpenAI's API is; ends in /v1",
    )
    database_url: SecretStr = Field(
        default_factory=lambda: SecretStr(default_database_url()),
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
    )
    host: str = Field(default="127.0.0.1", description="address that the dashboard listens on")
    port: int = Field(default=8050, ge=0, le=65535, description="port of the dashboard")
    password: SecretStr | None = Field(
        default=None,
        description="one shared login; required when HOST is not a loopback address",
    )
    sync_enabled: bool = Field(default=True, description="false: only show what is stored")
    sync_interval: timedelta = Field(
        default=timedelta(minutes=5),
        description="time between two syncs: minutes, or a number with s, m or h (30s, 5m, 1h)",
    )
    backfill_days: int = Field(
        default=365, ge=1, le=3650, description="days of history to read at first"
    )
    requests_per_minute: int = Field(
        default=60, ge=0, le=6000, description="most requests to OpenAI a minute; 0 = no limit"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="console (for people) or json (for machines)"
    )

    @field_validator("openai_admin_key", "password", mode="before")
    @classmethod
    def empty_means_unset(cls, value: Any) -> Any:
        raw = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if isinstance(raw, str) and not raw.strip() else value

    @field_validator("openai_admin_key")
    @classmethod
    def check_key(cls, value: SecretStr | None) -> SecretStr | None:
        """HTTP libraries print a malformed key whole in a traceback, so none gets that far."""
        if value is None:
            return None
        key = value.get_secret_value().strip(" \t\n")
        if not _KEY.fullmatch(key):
            raise ValueError(
                "holds a character that no key has (a quote, a space, a carriage return or a "
                "letter outside ASCII): copy it again; the value is not shown here"
            )
        return SecretStr(key)

    @field_validator("openai_base_url")
    @classmethod
    def check_base_url(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a URL such as https://api.openai.com/v1")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("must hold no user, query or fragment")
        if not parts.path.endswith("/v1"):
            raise ValueError("must end in /v1")
        return url

    @field_validator("database_url")
    @classmethod
    def check_database_url(cls, value: SecretStr) -> SecretStr:
        try:
            parse_url(value.get_secret_value())
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("sync_interval", mode="before")
    @classmethod
    def read_interval(cls, value: Any) -> Any:
        """A bare number is minutes."""
        match = _INTERVAL.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            if isinstance(value, str):
                raise ValueError("is not an interval")
            return value
        interval = timedelta(**{_UNITS[match["unit"] or "m"]: float(match["number"])})
        # Checked here, where an error still shows the value as it was written.
        if not timedelta(seconds=1) <= interval <= timedelta(days=1):
            raise ValueError("must be between 1s and 24h")
        return interval

    @field_validator("log_level", mode="before")
    @classmethod
    def upper_level(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @property
    def is_loopback(self) -> bool:
        return self.host in _LOOPBACK or self.host.startswith("127.")

    def check_exposure(self) -> None:
        """Raise ConfigurationError when the dashboard would be open to a network without login."""
        if not self.is_loopback and self.password is None:
            raise ConfigurationError(
                f"{PREFIX}HOST={self.host} would show your organization's spending to the "
                f"network without a login: set {PREFIX}PASSWORD (or {PREFIX}PASSWORD_FILE), or "
                f"use {PREFIX}HOST=127.0.0.1"
            )


SECRETS = ("openai_admin_key", "password", "database_url")


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return KEY_VARIABLE if field == "openai_admin_key" else PREFIX + field.upper()


def read_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Read the environment, `.env` and `*_FILE` variants; `overrides` win over all of them.

    Raises ConfigurationError that names each wrong variable, its value (never a secret's)
    and what is accepted.
    """
    values = {**_secret_files(env_file), **overrides}
    if "openai_admin_key" in values:
        values[KEY_VARIABLE] = values.pop("openai_admin_key")
    try:
        return Settings(_env_file=env_file, **values)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        explanations = _explanations(error)
    # Outside of `except`: pydantic's own message prints the input, which may be a secret, and
    # even with `from None` it would hang on to our error as its context.
    raise ConfigurationError("\n".join(explanations))


def _secret_files(env_file: Path | None) -> dict[str, SecretStr]:
    environment = {**(dotenv_values(env_file) if env_file else {}), **os.environ}
    values: dict[str, SecretStr] = {}
    for field in SECRETS:
        path = environment.get(variable(field) + "_FILE")
        if not path or environment.get(variable(field)):
            continue
        try:
            values[field] = SecretStr(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{variable(field)}_FILE={path} cannot be read: {error.__class__.__name__}"
            ) from None
    return values


def _explanations(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for detail in error.errors():
        place = str(detail["loc"][0]) if detail["loc"] else ""
        field = "openai_admin_key" if place == KEY_VARIABLE else place.lower()
        field = field.removeprefix(PREFIX.lower())
        # A URL with a user in it holds a password as well.
        written = str(detail["input"])
        shown = "" if field in SECRETS or "@" in written else f"={written:.80}"
        message = detail["msg"].removeprefix("Value error, ")
        accepted = Settings.model_fields[field].description or ""
        lines.append(f"{variable(field)}{shown}: {message} (accepted: {accepted})")
    return lines
