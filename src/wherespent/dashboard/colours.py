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
)
OTHER = "#98a2b3"
TOKEN_COLOURS = {
    "uncached": "#2f5bea",
    "cached": "#7aa2ff",
    "cache_write": "#f6c453",
    "output": "#14b8a6",
}


def colours(shown: Iterable[str], ranked: Sequence[str]) -> dict[str, str]:
    """Colours of the keys shown. A key's rank over all history gives its colour, a hash gives
    it to the others; where two would share one on the same chart, the later takes a free one.
    """
    rank = {key: index for index, key in enumerate(ranked)}
    chosen: dict[str, str] = {}
    for key in sorted(shown, key=lambda name: (rank.get(name, len(rank)), name)):
        wanted = rank.get(key, len(PALETTE))
        if wanted >= len(PALETTE):
            wanted = crc32(key.encode()) % len(PALETTE)
        chosen[key] = _free(wanted, set(chosen.values()))
    return chosen


def _free(wanted: int, taken: set[str]) -> str:
    for step in range(len(PALETTE)):
        colour = PALETTE[(wanted + step) % len(PALETTE)]
        if colour not in taken:
            return colour
    return PALETTE[wanted]
