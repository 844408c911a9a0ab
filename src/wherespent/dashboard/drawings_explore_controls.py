"""What the controls of Explore offer: what cannot be asked is greyed, with the reason on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from wherespent.analytics.accounts import ACCOUNT
from wherespent.analytics.explore_rules import DIMENSIONS
from wherespent.analytics.filters import Granularity
from wherespent.analytics.measures import MEASURES
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.elements import icon
from wherespent.dashboard.explore_link import BUCKETS, CHARTS, NO_SPLIT, SPLITS, SWITCHES
from wherespent.dashboard.explore_question import (
    Exploring,
    refused_buckets,
    refused_charts,
    refused_splits,
    refused_switches,
)

CHART_NAMES = {
    "bars": "Bars",
    "lines": "Lines",
    "area": "Area",
    "bar": "Ranking",
    "donut": "Donut",
    "treemap": "Tree map",
    "heatmap": "Heat map",
    "table": "Table",
}
SWITCH_NAMES = {
    "compare": "Compare",
    "cumulative": "Cumulative",
    "share": "Share in %",
    "log": "Log scale",
}
assert set(CHART_NAMES) == set(CHARTS)
assert set(SWITCH_NAMES) == set(SWITCHES)

Option = dict[str, Any]


def measure_options() -> list[Option]:
    """All measures, by group."""
    groups: dict[str, list[Option]] = {}
    for measure in MEASURES.values():
        groups.setdefault(measure.group, []).append(_option(measure.name, measure.title))
    return [{"group": title, "items": items} for title, items in groups.items()]


def split_options(reasons: Mapping[str, str], *, accounts: bool, empty: str) -> list[Option]:
    """Every dimension; the account where there are several."""
    words = [word for word in SPLITS if accounts or word != ACCOUNT]
    titles = {word: DIMENSIONS[SPLITS[word]] for word in words}
    offered = [
        _option(word, title[:1].upper() + title[1:], reasons.get(word, ""))
        for word, title in titles.items()
    ]
    # What can be asked stands first: the list is long.
    offered.sort(key=lambda option: bool(option.get("disabled")))
    return [_option(NO_SPLIT, empty), *offered]


def bucket_options(reasons: Mapping[str, str], auto: Granularity) -> list[Option]:
    titles = {it: it.capitalize() for it in BUCKETS} | {"auto": f"Auto ({auto.value})"}
    return [_option(word, title, reasons.get(word, "")) for word, title in titles.items()]


def chart_options(reasons: Mapping[str, str]) -> list[Option]:
    return [
        {
            "value": word,
            "label": _sign(word, title, reasons.get(word, "")),
            "disabled": word in reasons,
        }
        for word, title in CHART_NAMES.items()
    ]


def _sign(word: str, title: str, reason: str) -> Component:
    return html.Span(
        [icon(f"chart-{word}"), html.Span(title)],
        className="explore-chart",
        title=f"{title}: {reason}" if reason else title,
    )


def switches(reasons: Mapping[str, str]) -> list[Component]:
    """One chip per switch; a greyed one says why."""
    return [_chip(word, title, reasons.get(word, "")) for word, title in SWITCH_NAMES.items()]


def _chip(word: str, title: str, reason: str) -> Component:
    chip = dmc.Chip(title, value=word, size="xs", radius="md", disabled=bool(reason))
    return html.Span(chip, className="explore-switch", title=reason or None)


def _option(value: str, label: str, reason: str = "") -> Option:
    option: Option = {"value": value, "label": label}
    return option | {"disabled": True, "reason": reason} if reason else option


def controls(desk: Desk, asking: Exploring) -> Sequence[Any]:
    """Data of the selects for the first and second split, buckets, charts, then the switches."""
    asked, measure, dimensions = asking.asked, asking.measure, asking.dimensions
    several = desk.has_several_accounts
    first, second = dimensions[:1], dimensions[1:]
    alone = refused_splits(desk, asked, measure, second)
    beside = (
        refused_splits(desk, asked, measure, first)
        if first
        else dict.fromkeys(SPLITS, "choose a first split")
    )
    return (
        split_options(alone, accounts=several, empty="Nothing"),
        split_options(beside, accounts=several, empty="Nothing else"),
        bucket_options(refused_buckets(desk, asked, measure), asked.filters.grain),
        chart_options(refused_charts(measure, dimensions)),
        switches(refused_switches(measure, dimensions, asking.chart, asked)),
    )
