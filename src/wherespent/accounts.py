"""An account as the settings give it: one OpenAI organization, its key and where it is asked."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from wherespent.domain.accounts import DEFAULT_ACCOUNT

_KEY = re.compile(r"[A-Za-z0-9_\-.~+/=]+")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def checked_key(value: SecretStr) -> SecretStr:
    """HTTP libraries print a malformed key whole in a traceback, so none gets that far."""
    key = value.get_secret_value().strip(" \t\n")
    if not _KEY.fullmatch(key):
        raise ValueError(
            "holds a character that no key has (a quote, a space, a carriage return or a "
            "letter outside ASCII): copy it again; the value is not shown here"
        )
    return SecretStr(key)


def checked_base_url(value: str) -> str:
    url = value.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a URL such as https://api.openai.com/v1")
    # Also without a user before the colon: messages print the URL, and so the password.
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must hold no user, password, query or fragment")
    if not _has_port(parts):
        raise ValueError("must have a number from 1 to 65535 as its port, or none")
    if not parts.path.endswith("/v1"):
        raise ValueError("must end in /v1")
    return url


def _has_port(parts: SplitResult) -> bool:
    """Whether the port can be connected to; none is the scheme's own."""
    try:
        return parts.port != 0
    except ValueError:
        return False


class Account(BaseModel):
    """One OpenAI organization to read. Without a base URL it is where all others are."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    label: str
    key: SecretStr
    base_url: str = ""

    @field_validator("label")
    @classmethod
    def check_label(cls, value: str) -> str:
        if not _LABEL.fullmatch(value):
            raise ValueError(
                "must be 1 to 40 letters, digits, dots, dashes or underscores, and begin with a "
                "letter or digit"
            )
        return value

    @field_validator("key")
    @classmethod
    def check_key(cls, value: SecretStr) -> SecretStr:
        return checked_key(value)

    @field_validator("base_url")
    @classmethod
    def check_base_url(cls, value: str) -> str:
        return checked_base_url(value) if value else value


def listed_accounts(text: str) -> list[Any]:
    """The entries of a JSON list, not checked yet; none for an empty text. Raises ValueError."""
    if not text.strip():
        return []
    try:
        accounts = json.loads(text)
    except json.JSONDecodeError as error:
        # The exception holds the text, and so the keys: it must not be chained to ours.
        place = f"line {error.lineno}, column {error.colno}"
    else:
        if isinstance(accounts, list):
            return accounts  # pyright: ignore[reportUnknownVariableType]
        place = "its beginning, where a [ must stand"
    raise ValueError(f"is not a list in JSON: see {place}")


def refuse_doubles(accounts: Sequence[Account]) -> None:
    """Raise ValueError where two accounts share a label or a key."""
    labels: dict[str, str] = {}
    keys: dict[str, str] = {}
    for account in accounts:
        label = account.label
        if label.lower() in labels:
            own = f" (OPENAI_ADMIN_KEY is the key of '{DEFAULT_ACCOUNT}')"
            hint = own if label.lower() == DEFAULT_ACCOUNT else ""
            raise ValueError(f"two accounts have the label '{label}'{hint}: leave one away")
        labels[label.lower()] = label
        other = keys.setdefault(account.key.get_secret_value(), label)
        if other != label:
            raise ValueError(
                f"the accounts '{other}' and '{label}' have the same key: its organization "
                "would be counted twice; leave one away"
            )


def key_in_file(path: Path, label: str | None) -> SecretStr | None:
    """The key that a file says now: of an account, or without a label all that it holds.

    None where the file cannot be read or says none: it may be just about to be replaced.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
        if label is None:
            return checked_key(SecretStr(text))
        listed = [Account.model_validate(each) for each in listed_accounts(text)]
    except (OSError, ValueError):
        return None
    return next((account.key for account in listed if account.label == label), None)
