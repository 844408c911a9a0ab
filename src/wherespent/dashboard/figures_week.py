"""The hours of the week as a Plotly figure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from wherespent.dashboard.figures import BASE, Figure


def week(
    cells: Mapping[tuple[int, int], int],
    days: Sequence[str],
    *,
    shown: Callable[[float], str],
    unread: Collection[int] = (),
    zone: str = "UTC",
) -> Figure:
    """A heat map of 7 by 24 bars: the basic bundle has no heat map, and 100 kB less to load.

    Days of the week that are `unread` (0 is Monday) are left out.
    """
    places = [(day, hour) for day in range(7) if day not in unread for hour in range(24)]
    most = max(cells.values(), default=0) or 1
    # The root keeps a quiet night visible beside a busy noon.
    strength = [(cells.get(place, 0) / most) ** 0.6 for place in places]
    bars = {
        "type": "bar",
        "x": [hour for _, hour in places],
        "y": [0.92] * len(places),
        "base": [day - 0.46 for day, _ in places],
        "customdata": [
            f"{days[day]} {hour}:00–{hour + 1}:00 {zone}<br>"
            f"{shown(cells.get((day, hour), 0))} requests"
            for day, hour in places
        ],
        "marker": {"color": [f"rgba(71,113,245,{0.05 + 0.95 * it:.2f})" for it in strength]},
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    layout = BASE | {
        "barmode": "overlay",
        "bargap": 0.08,
        "hovermode": "closest",
        "showlegend": False,
        "margin": {"l": 38, "r": 4, "t": 4, "b": 24},
        "xaxis": _fixed([0, 6, 12, 18, 23], ["0:00", "6:00", "12:00", "18:00", "23:00"]),
        "yaxis": _fixed(list(range(7)), days) | {"range": [6.5, -0.5]},
    }
    return {"data": [bars], "layout": layout}


def _fixed(values: Sequence[int], texts: Sequence[str]) -> dict[str, Any]:
    return {
        "tickmode": "array",
        "tickvals": list(values),
        "ticktext": list(texts),
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
