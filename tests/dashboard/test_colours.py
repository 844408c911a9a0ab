"""The colours of charts, as people with the common colour blindnesses see them."""

from itertools import combinations

import pytest

from wherespent.dashboard.colours import PALETTE, TOKEN_COLOURS

Colour = tuple[float, float, float]

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
# Distances in OKLab, in hundredths; 2 is just noticed side by side.
LEAST = 10


def linear(colour: str) -> Colour:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return (_linear(red), _linear(green), _linear(blue))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def oklab(rgb: Colour) -> Colour:
    """Ottosson 2020."""
    r, g, b = (min(1.0, max(0.0, part)) for part in rgb)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def seen(colour: str, sight: str) -> Colour:
    rgb = linear(colour)
    mixed = [sum(part * it for part, it in zip(row, rgb, strict=True)) for row in SIGHT[sight]]
    return oklab((mixed[0], mixed[1], mixed[2]))


def distance(one: str, other: str, sight: str) -> float:
    pairs = zip(seen(one, sight), seen(other, sight), strict=True)
    return 100 * sum((a - b) ** 2 for a, b in pairs) ** 0.5


@pytest.mark.parametrize("sight", SIGHT)
def test_the_first_eight_colours_are_told_apart(sight: str) -> None:
    for one, other in combinations(PALETTE[:8], 2):
        assert distance(one, other, sight) >= LEAST, (one, other)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_kinds_of_tokens_are_told_apart(sight: str) -> None:
    for one, other in combinations(TOKEN_COLOURS.values(), 2):
        assert distance(one, other, sight) >= LEAST, (one, other)


def test_every_colour_is_its_own() -> None:
    assert len(set(PALETTE)) == len(PALETTE)
