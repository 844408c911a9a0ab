"""The bill of a month as it adds up, beside the month before and where it will end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from wherespent.analytics.projection import Month
from wherespent.dashboard.figures import BASE, Figure, escaped
from wherespent.domain.forecast import Forecast

THIS, BEFORE, EXPECTED = "#2f5bea", "#98a2b3", "#7aa2ff"
_BAND = "rgba(122,162,255,0.18)"

_DAY = timedelta(days=1)

Points = Sequence[tuple[date, Decimal]]


def running(amounts: Mapping[date, Decimal], first: date) -> list[tuple[date, Decimal]]:
    """Sums from `first` on, up to the first day that is not known."""
    found: list[tuple[date, Decimal]] = []
    total, day = Decimal(0), first
    while day in amounts:
        total += amounts[day]
        found.append((day, total))
        day += _DAY
    return found


def expected_points(forecast: Forecast) -> list[tuple[date, Decimal]]:
    """From today so far to the projected end; today's rest is in tomorrow's step."""
    (today, _), *later = forecast.usual
    done = forecast.expected - sum((amount for _, amount in later), Decimal(0))
    found = [(today, forecast.to_date if later else max(forecast.to_date, done))]
    total = done
    for day, amount in later:
        total += amount
        found.append((day, total))
    return found


def adding_up(month: Month, *, shown: Callable[[Decimal], str]) -> Figure:
    """Lines over the days of the month; days of the month before stand under the same number."""
    first = month.today.replace(day=1)
    end = (first + timedelta(days=32)).replace(day=1)
    first_before = (first - _DAY).replace(day=1)
    before = [
        (first + (day - first_before), total, day)
        for day, total in running(month.days_before, first_before)
        if first + (day - first_before) < end
    ]
    data = [
        _line(
            f"{first_before:%B}",
            [(place, total) for place, total, _ in before],
            [f"{shown(total)} to {day.day} {day:%b}" for _, total, day in before],
            {"color": BEFORE, "width": 2},
        )
    ]
    if month.forecast is not None:
        data += _projected(month.forecast, shown)
    so_far = running(month.days, first)
    line = _line(
        f"{first:%B}",
        so_far,
        [f"{shown(total)} to {day.day} {day:%b}" for day, total in so_far],
        {"color": THIS, "width": 2.6},
    )
    data.append(line | {"fill": "tozeroy", "fillcolor": "rgba(47,91,234,0.08)"})
    return {"data": data, "layout": _layout(first, end)}


def _projected(forecast: Forecast, shown: Callable[[Decimal], str]) -> list[dict[str, Any]]:
    points = expected_points(forecast)
    line = _line(
        "Projected",
        points,
        ["", *(shown(total) for _, total in points[1:])],
        {"color": EXPECTED, "width": 2, "dash": "dot"},
    )
    spread = forecast.spread
    if spread is None:
        return [line]
    # The range opens evenly from what is billed to its width at the end of the month.
    rise = forecast.expected - forecast.to_date
    parts = [(total - forecast.to_date) / rise if rise else Decimal(0) for _, total in points]

    def edge(name: str, end: Decimal) -> dict[str, Any]:
        wide = end - forecast.to_date
        places = zip(points, parts, strict=True)
        ends = [(day, forecast.to_date + wide * part) for (day, _), part in places]
        return _line(name, ends, [], {"width": 0}) | {"hoverinfo": "skip"}

    high = edge("High", spread.high) | {"fill": "tonexty", "fillcolor": _BAND}
    return [edge("Low", spread.low), high, line]


def _line(
    name: str, points: Points, texts: Sequence[str], look: Mapping[str, Any]
) -> dict[str, Any]:
    drawn = {
        "type": "scatter",
        "mode": "lines",
        "name": escaped(name),
        "x": [day.isoformat() for day, _ in points],
        "y": [float(f"{total:.7g}") for _, total in points],
        "line": dict(look),
    }
    return drawn | {"customdata": list(texts), "hovertemplate": "%{customdata}"} if texts else drawn


def _layout(first: date, end: date) -> Figure:
    return BASE | {
        "hovermode": "x unified",
        "showlegend": False,
        "margin": {"l": 58, "r": 12, "t": 8, "b": 24},
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            # Half a day of room, or the first date would stand on the $0.
            "range": [f"{first - _DAY} 12:00", f"{end - _DAY} 12:00"],
            "tickvals": [first.replace(day=day).isoformat() for day in (1, 8, 15, 22, 28)],
            "tickformat": "%-d %b",
            "hoverformat": "Day %-d of the month",
        },
        "yaxis": {
            "zeroline": False,
            "rangemode": "tozero",
            "fixedrange": True,
            "tickprefix": "$",
            "nticks": 5,
            "separatethousands": True,
            "exponentformat": "B",
        },
        "uirevision": first.isoformat(),
    }
