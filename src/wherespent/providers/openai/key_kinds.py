"""What the beginning of a key says about it."""

from pydantic import SecretStr

_NOT_FOR_REPORTING = {
    "sk-proj-": "a project key",
    "sk-svcacct-": "the key of a service account",
    "sess-": "a session key",
}


def wrong_kind(key: SecretStr) -> str:
    """What a key is that is surely no admin key ("a project key"); '' where it may be one."""
    value = key.get_secret_value()
    kinds = (kind for start, kind in _NOT_FOR_REPORTING.items() if value.startswith(start))
    return next(kinds, "")
