"""E-mail addresses in text, for who does not want to keep any."""

import re

# Generous: what is taken for an address and is none costs a word, the other way round a promise.
# It begins where a word begins: to try every letter of a long word takes quadratic time.
_ADDRESS = re.compile(
    r"(?<![^\s@<>()\[\]\"',;:])"
    r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+\.[^\s@<>()\[\]\"',;:]+"
)


def without_addresses(text: str, instead: str = "") -> str:
    """The text with every address taken out."""
    return _ADDRESS.sub(instead, text).strip() if "@" in text else text
