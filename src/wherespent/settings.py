"""Every setting, typed: the only reader of the environment."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wherespent.accounts import (
    Account,
    checked_base_url,
    checked_key,
    key_in_file,
    listed_accounts,
    refuse_doubles,
)
from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.domain.streams import SECOND_LOOK_DAYS
from wherespent.errors import ConfigurationError
from wherespent.storage.engine import parse_url

PREFIX = "WHERESPENT_"
KEY_VARIABLE = "OPENAI_ADMIN_KEY"
_INTERVAL = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)?(?:in|ours?)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
# As long as a day may be read again, its hours must be there.
SHORTEST_RETENTION_DAYS = SECOND_LOOK_DAYS
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
    accounts: Annotated[tuple[Account, ...], NoDecode] = Field(
        default=(),
        description='several organizations, as JSON: [{"label": "research", "key": "sk-admin-…"}]'
        "; base_url beside them where it differs",
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
    live: Literal["watched", "always", "off"] = Field(
        default="watched",
        description="when usage is read by minute for the live page: watched (while somebody "
        "looks), always, or off",
    )
    live_interval: timedelta = Field(
        default=timedelta(minutes=1),
        description="time between two such readings: minutes, or a number with s, m or h",
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="days that single hours are kept, 35 or more (days are kept for ever); "
        "0 = hours too",
    )
    store_emails: bool = Field(default=True, description="false: keep no e-mail address of anybody")
    prices: Path | None = Field(
        default=None, description="a TOML or JSON file with list prices of your own"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="console (for people) or json (for machines)"
    )

    @field_validator("openai_admin_key", "password", "prices", mode="before")
    @classmethod
    def empty_means_unset(cls, value: Any) -> Any:
        raw = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if isinstance(raw, str) and not raw.strip() else value

    @field_validator("openai_admin_key")
    @classmethod
    def check_key(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else checked_key(value)

    @field_validator("accounts", mode="before")
    @classmethod
    def read_accounts(cls, value: Any) -> Any:
        raw = value.get_secret_value() if isinstance(value, SecretStr) else value
        return listed_accounts(raw) if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def check_accounts(self) -> "Settings":
        refuse_doubles(self.organizations)
        return self

    @field_validator("openai_base_url")
    @classmethod
    def check_base_url(cls, value: str) -> str:
        return checked_base_url(value)

    @field_validator("database_url")
    @classmethod
    def check_database_url(cls, value: SecretStr) -> SecretStr:
        try:
            parse_url(value.get_secret_value())
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("sync_interval", "live_interval", mode="before")
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

    @field_validator("retention_days")
    @classmethod
    def check_retention(cls, value: int) -> int:
        """Days are read a second time until they are this old, which needs their hours."""
        if 0 < value < SHORTEST_RETENTION_DAYS:
            raise ValueError(f"must be 0 or at least {SHORTEST_RETENTION_DAYS}")
        return value

    @field_validator("live", mode="before")
    @classmethod
    def lower_word(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def upper_level(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    # Which secrets were read from a file, and from which.
    _files: dict[str, Path] = PrivateAttr(default_factory=dict[str, Path])

    @property
    def organizations(self) -> tuple[Account, ...]:
        """Every account that is to be read, each with its base URL; none without any key."""
        listed = tuple(
            account.model_copy(update={"base_url": account.base_url or self.openai_base_url})
            for account in self.accounts
        )
        if self.openai_admin_key is None:
            return listed
        default = Account(
            label=DEFAULT_ACCOUNT, key=self.openai_admin_key, base_url=self.openai_base_url
        )
        return (default, *listed)

    @property
    def secrets(self) -> tuple[SecretStr | None, ...]:
        """What must never be printed."""
        return (self.password, *(account.key for account in self.organizations))

    def remembering(self, files: dict[str, Path]) -> "Settings":
        """These settings, knowing which secrets came from which file."""
        self._files.update(files)
        return self

    def key_now(self, label: str) -> SecretStr | None:
        """The key of an account as its file says now; None where no file says one."""
        is_single = self.openai_admin_key is not None and label == DEFAULT_ACCOUNT
        path = self._files.get("openai_admin_key" if is_single else "accounts")
        return None if path is None else key_in_file(path, None if is_single else label)

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


SECRETS = ("openai_admin_key", "accounts", "password", "database_url")


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return KEY_VARIABLE if field == "openai_admin_key" else PREFIX + field.upper()


def read_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Read the environment, `.env` and `*_FILE` variants; `overrides` win over all of them.

    Raises ConfigurationError that names each wrong variable, its value (never a secret's)
    and what is accepted.
    """
    files = {
        field: path for field, path in _secret_files(env_file).items() if field not in overrides
    }
    values = {**{field: _read_secret(field, path) for field, path in files.items()}, **overrides}
    if "openai_admin_key" in values:
        values[KEY_VARIABLE] = values.pop("openai_admin_key")
    try:
        return Settings(_env_file=env_file, **values).remembering(files)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        explanations = [
            _explanation(detail["loc"], str(detail["input"]), detail["msg"])
            for detail in error.errors()
        ]
    # Outside of `except`: pydantic's own message prints the input, which may be a secret, and
    # even with `from None` it would hang on to our error as its context.
    raise ConfigurationError("\n".join(explanations))


def _secret_files(env_file: Path | None) -> dict[str, Path]:
    """Which secrets are to be read from which file; the variable itself wins over its file."""
    environment = {**(dotenv_values(env_file) if env_file else {}), **os.environ}
    return {
        field: Path(path)
        for field in SECRETS
        if (path := environment.get(variable(field) + "_FILE"))
        and not environment.get(variable(field))
    }


def _read_secret(field: str, path: Path) -> SecretStr:
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{variable(field)}_FILE={path} cannot be read: {error.__class__.__name__}"
        ) from None


def _explanation(place: tuple[int | str, ...], written: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not place:
        return message
    first = str(place[0])
    field = "openai_admin_key" if first == KEY_VARIABLE else first.lower()
    field = field.removeprefix(PREFIX.lower())
    # A URL with a user in it holds a password as well.
    shown = "" if field in SECRETS or "@" in written else f"={written:.80}"
    within = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place[1:])
    accepted = Settings.model_fields[field].description or ""
    return f"{variable(field)}{within}{shown}: {message} (accepted: {accepted})"
