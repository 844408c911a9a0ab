"""One colour per model, project, user or key: the same on every page and with any filter."""

from collections.abc import Iterable, Sequence
from zlib import crc32

# Told apart with the common colour blindnesses, on white and on near-black.
PALETTE = (
    "#2f5bea",
    "#7aa2ff",
    "#14b8a6",
    "#f2994a",
    "#b39ddb",
    "#f6c453",
    "#d6456f",
    "#5aa9c9",
    "#8a6d3b",
    "#7cb342",
    "#9c4dcc",
    "#e57373",
    "#0f766e",
    "#c2885b",
    "#5b6bbf",
    "#d68fd6",
    "#a3b84c",
    "#b4451f",
    "#3fbf7f",
    "#8f5b7a",
    "#4a7f9e",
    "#e8a0a0",
    "#6d7a2f",
    "#79c7d4",
)
OTHER = "#98a2b3"
TOKEN_COLOURS = {
    "uncached": "#2f5bea",
    "cached": "#7aa2ff",
    "cache_write": "#f6c453",
    "output": "#14b8a6",
}


def colours(shown: Iterable[str], ranked: Sequence[str]) -> dict[str, str]:
    """A key's rank over all history gives its colour, a hash gives it to the others.

    Two on one chart may share a colour, which a legend shows; one that changed its colour from
    page to page would mislead unseen.
    """
    rank = {key: index for index, key in enumerate(ranked)}
    return {key: PALETTE[rank.get(key, crc32(key.encode())) % len(PALETTE)] for key in shown}
