"""One colour per model, project, user or key: the same on every page and with any filter."""

from collections.abc import Iterable, Sequence
from zlib import crc32

# The first eight are told apart with the common colour blindnesses: tests/dashboard/test_colours.
PALETTE = (
    "#2f5bea",
    "#7aa2ff",
    "#14b8a6",
    "#f2994a",
    "#cfbeed",
    "#e6d972",
    "#b0475a",
    "#666c9f",
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
    """The first of `ranked` have a colour each, whatever they are shown with; a hash gives it to
    the others, and the next free one where that is taken on this chart.

    `ranked` is an order that new data only adds to (`Desk.ranked`): a key that changed its colour
    from page to page, or from one day to the next, would mislead unseen.
    """
    rank = {key: index for index, key in enumerate(ranked[: len(PALETTE)])}
    keys = list(dict.fromkeys(shown))
    found = {key: rank[key] for key in keys if key in rank}
    taken = set(found.values())
    for key in keys:
        if key not in rank:
            wanted = crc32(key.encode()) % len(PALETTE)
            free = ((wanted + step) % len(PALETTE) for step in range(len(PALETTE)))
            found[key] = next((it for it in free if it not in taken), wanted)
            taken.add(found[key])
    return {key: PALETTE[found[key]] for key in keys}
