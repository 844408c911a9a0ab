"""Every figure is valid, small, and shows names as text."""

import orjson
import plotly.graph_objects as go
import pytest
from organization import HOSTILE

from wherespent.analytics.filters import Granularity
from wherespent.dashboard import figures, figures_week
from wherespent.dashboard.colours import PALETTE, colours
from wherespent.dashboard.formats import count
from wherespent.dashboard.series import Series, axis, top_series
from wherespent.domain.windows import DAY, Window

WINDOW = Window(1_760_659_200, 1_760_659_200 + 30 * DAY)
GRAINS = [g for g in Granularity if g is not Granularity.TOTAL]


def lines(buckets: int, names: int = 3) -> list[Series]:
    return [
        Series(f"k{n}", HOSTILE if n == 0 else f"name {n}", PALETTE[n], (1.5,) * buckets, 9.0)
        for n in range(names)
    ]


@pytest.mark.parametrize("grain", GRAINS)
def test_charts_over_time_are_valid(grain: Granularity) -> None:
    buckets = axis(WINDOW, grain)
    some = lines(len(buckets.starts))
    for figure in (
        figures.stacked_bars(
            some, buckets, grain, shown=count, provisional=WINDOW.end - DAY, money=True
        ),
        figures.stacked_areas(some, buckets, grain, shown=count),
    ):
        go.Figure(figure)
        assert_text_only(figure)


def test_other_charts_are_valid() -> None:
    some = lines(2)
    for figure in (
        figures.donut(some, shown=count, unit="requests"),
        figures.flat_bars(some, [HOSTILE, "b"], shown=count),
        figures_week.week(
            {(0, 5): 3}, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], shown=count
        ),
        figures.BLANK,
    ):
        go.Figure(figure)
        assert_text_only(figure)


def assert_text_only(figure: figures.Figure) -> None:
    text = orjson.dumps(figure).decode()
    assert "<a" not in text
    assert "<img" not in text
    assert "&amp;amp;" in text or "click" not in text


def test_only_provisional_buckets_are_hatched() -> None:
    buckets = axis(WINDOW, Granularity.DAY)
    figure = figures.stacked_bars(
        lines(30), buckets, Granularity.DAY, shown=count, provisional=WINDOW.end - 4 * DAY
    )
    assert figure["data"][0]["marker"]["pattern"]["shape"] == [""] * 26 + ["/"] * 4


def test_the_rest_is_one_series_and_nothing_is_lost() -> None:
    points = [(day, f"k{n}", float(n)) for n in range(300) for day in (0, DAY)]
    shown = top_series(points, (0, DAY), label=str, ranked=[])
    assert len(shown) == 9
    assert shown[-1].label == "Other (292)"
    assert sum(line.total for line in shown) == sum(value for _, _, value in points)


def test_a_key_keeps_its_colour_whatever_is_shown_beside_it() -> None:
    ranked = [f"m{n}" for n in range(40)]
    assert colours(["m3"], ranked)["m3"] == colours(["m0", "m3", "m7"], ranked)["m3"]
    assert len(set(colours(ranked, ranked).values())) == min(len(ranked), len(PALETTE))


def test_beyond_the_palette_nothing_shares_a_colour_with_what_is_beside_it() -> None:
    many = [f"m{n}" for n in range(200)]
    chart = colours(many[20:44], many)
    assert len(set(chart.values())) == len(PALETTE)
    assert {key: chart[key] for key in many[20:24]} == dict(
        zip(many[20:24], PALETTE[20:24], strict=True)
    )
    # The order of what came later has no say.
    assert colours(["m99"], many) == colours(["m99"], [*many[:24], *reversed(many[24:])])


@pytest.mark.parametrize(
    ("grain", "buckets"),
    [
        (Granularity.HOUR, 720),
        (Granularity.DAY, 30),
        (Granularity.WEEK, 5),
        (Granularity.MONTH, 2),
        (Granularity.QUARTER, 1),
    ],
)
def test_an_axis_covers_its_window(grain: Granularity, buckets: int) -> None:
    covered = axis(WINDOW, grain)
    assert len(covered.starts) == buckets
    assert covered.starts[0] <= WINDOW.start
    assert covered.ends()[-1] >= WINDOW.end


def test_ninety_days_of_a_full_chart_stay_small() -> None:
    buckets = axis(Window(0, 90 * DAY), Granularity.DAY)
    figure = figures.stacked_bars(lines(90, 9), buckets, Granularity.DAY, shown=count)
    assert len(orjson.dumps(figure)) < 30_000


@pytest.mark.parametrize("largest", [0.004, 7.0, 950.0, 1_234_567.0, 98_765_432.0])
def test_the_longest_label_of_dollars_fits(largest: float) -> None:
    line = Series("a", "a", "#123456", (largest,) * 20, largest * 20)
    buckets = axis(Window(0, 20 * DAY), Granularity.DAY)
    figure = figures.stacked_bars([line], buckets, Granularity.DAY, shown=str, money=True)
    label = f"$-{largest:,.0f}" if largest >= 1 else f"${largest:g}"
    # 7 px is a digit of 11.5 px Inter.
    assert figure["layout"]["margin"]["l"] >= 7 * len(label)
