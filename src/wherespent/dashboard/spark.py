"""A small line without axes, beside a number."""

from collections.abc import Sequence
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from wherespent.dashboard.elements import UNHEARD


def spark(values: Sequence[float | None], *, second: bool = False) -> Component:
    """A small line without axes, drawn as a mask so that it takes the colour of the theme.

    None is a gap: the line ends before it and begins anew after it.
    """
    known = [value for value in values if value is not None]
    if len(values) < 2 or not any(known):
        return html.Div(className="spark")
    low, high = min(0.0, *known), max(known)
    span = (high - low) or 1.0
    step = 100 / (len(values) - 1)
    runs: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{i * step:.1f} {33 - (value - low) / span * 30:.1f}")
    drawn = [run for run in runs if run]
    # A day alone is a dot: a line to itself, with round ends.
    path = "".join("M" + "L".join(run if len(run) > 1 else run * 2) for run in drawn)
    line = _shape(
        f"<path d='{path}' fill='none' stroke='black' stroke-width='1.7' stroke-linecap='round'"
        " stroke-linejoin='round' vector-effect='non-scaling-stroke'/>"
    )
    area = _shape(f"<path d='{''.join(map(_area, drawn))}'/>")
    return html.Div(
        className="spark second" if second else "spark",
        style={"--line-shape": line, "--area-shape": area},
        # Not read out: the number beside it is.
        **UNHEARD,
    )


def _area(run: Sequence[str]) -> str:
    """Below one unbroken part of a line, down to the edge."""
    first, last = (dot.split(" ", 1)[0] for dot in (run[0], run[-1]))
    return f"M{'L'.join(run)}L{last} 36L{first} 36Z"


def _shape(inside: str) -> str:
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 36'"
        f" preserveAspectRatio='none'>{inside}</svg>"
    )
    return f'url("data:image/svg+xml,{quote(svg, safe=" =/:")}")'
