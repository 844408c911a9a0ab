"""Explore: every URL draws something or says why not; drawings are valid and show names as text."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import plotly.graph_objects as go
import pytest
import serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from organization import HOSTILE

from wherespent.analytics.cost import cost_total
from wherespent.analytics.measures import MEASURES
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.app import ASSETS
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.drawings_explore import answer, answerable, chart
from wherespent.dashboard.drawings_explore_controls import controls
from wherespent.dashboard.drawings_explore_tables import breakdown, by_bucket
from wherespent.dashboard.explore_link import CHARTS, SPLITS, SWITCHES, explore_href
from wherespent.dashboard.explore_question import exploring
from wherespent.dashboard.figure_tables import table_of
from wherespent.dashboard.figures import Figure
from wherespent.dashboard.pages import explore as page
from wherespent.dashboard.table_export import exported
from wherespent.dashboard.table_model import Table
from wherespent.dashboard.table_view import TableView, arranged
from wherespent.dashboard.tables import TablePart
from wherespent.dashboard.url_state import View
from wherespent.dashboard.whole_bundle import bundle
from wherespent.errors import QuestionRefused
from wherespent.exports.writers import Format
from wherespent.storage.engine import Database

NOW: datetime = serving.NOW


@pytest.fixture
def desk(acme: Database) -> Desk:
    return Desk(Answers(acme), lambda: NOW, DashboardOptions())


def drawn(desk: Desk, query: str) -> Figure | None:
    """The chart of a query string, or None where it says in words why there is none."""
    asking = answerable(desk, exploring(desk, desk.asked({"view": query})))
    figure, is_hidden, below, _ = chart(desk, asking).outputs()
    if is_hidden:
        assert below is not None or asking.chart == "table"
        return None
    go.Figure(dict(figure))  # Plotly refuses what is no figure
    return figure


def table(desk: Desk, query: str) -> Table:
    return breakdown(desk, desk.asked({"view": query}))


@pytest.mark.parametrize("words", [(), ("project",), ("project", "model")])
@pytest.mark.parametrize("name", [it for it in CHARTS if it != "table"])
def test_every_chart_of_billed_cost_is_valid(desk: Desk, name: str, words: tuple[str, ...]) -> None:
    href = explore_href(View(), measure="billed_cost", split=words, chart=name)
    figure = drawn(desk, href.removeprefix("/explore"))
    needs_a_split = name in ("bar", "donut", "treemap")
    assert (figure is None) == (needs_a_split and not words)
    if figure:
        assert HOSTILE not in orjson.dumps(figure).decode().replace('\\"', '"')


def test_names_are_text_in_every_chart(desk: Desk) -> None:
    for name in CHARTS:
        figure = drawn(desk, f"?split=project&chart={name}&top=50")
        if figure is not None:
            said = orjson.dumps(figure).decode()
            assert "&lt;a href" in said
            assert "<a href" not in said


def test_the_table_is_the_whole_and_its_total_that_of_the_bill(desk: Desk, acme: Database) -> None:
    shown = table(desk, "?split=project&then=model&top=3")
    assert shown.total is not None
    with acme.read() as connection:
        billed = cost_total(connection, View().filters(NOW))
    assert shown.total["value"] == billed
    assert sum((row.values["value"] for row in shown.rows), Decimal()) == billed
    assert abs(sum(row.values["share"] for row in shown.rows) - 1) < Decimal("1e-20")


def test_the_table_of_buckets_adds_up_both_ways(desk: Desk) -> None:
    asked = desk.asked({"view": "?split=model&chart=table&top=3&bucket=week"})
    shown = by_bucket(desk, asked)
    assert shown.total is not None
    keys = [column.key for column in shown.columns if column.key.startswith("line-")]
    for row in shown.rows:
        assert sum(row.values[key] for key in keys) == row.values["value"]
    for key in (*keys, "value"):
        assert sum(row.values[key] for row in shown.rows) == shown.total[key]
    assert shown.total["value"] == table(desk, "?split=model").total["value"]  # type: ignore[index]


def test_a_bucket_of_the_bill_is_what_the_chart_says_in_words(desk: Desk) -> None:
    figure = drawn(desk, "?split=model&top=3")
    asking = exploring(desk, desk.asked({"view": "?split=model&top=3"}))
    found = answer(desk, asking)
    assert figure is not None
    said = [
        Decimal(word.replace("$", "").replace(",", "").replace("−", "-"))
        for trace in figure["data"]
        if trace["type"] == "bar"
        for word in trace["customdata"]
        if word.startswith(("$", "−$"))
    ]
    assert sum(said, Decimal()) == found.total


def test_a_running_sum_ends_with_the_total(desk: Desk) -> None:
    figure = drawn(desk, "?split=none&with=cumulative&measure=requests")
    assert figure is not None
    found = answer(desk, exploring(desk, desk.asked({"view": "?split=none&measure=requests"})))
    assert max(it for it in figure["data"][0]["y"] if it is not None) == found.total


def test_shares_of_a_bucket_are_a_whole(desk: Desk) -> None:
    figure = drawn(desk, "?split=model&measure=requests&with=share&top=3")
    assert figure is not None
    bars = [trace["y"] for trace in figure["data"] if trace["type"] == "bar"]
    for column in zip(*bars, strict=True):
        known = [value for value in column if value is not None]
        if known:
            assert sum(known) == pytest.approx(1, abs=1e-6)


def test_a_filter_of_ratios_has_no_sum_of_them(desk: Desk) -> None:
    shown = table(desk, "?measure=cost_per_1000_requests&split=project")
    some = arranged(shown, TableView(text="e"))
    assert some.is_filtered
    assert some.total is not None
    assert "value" not in some.total
    assert {"amount-0", "amount-1"} <= set(some.total)


@pytest.mark.parametrize(
    ("query", "adds"),
    [
        ("?split=model", True),
        ("?split=model&chart=lines", True),
        ("?split=model&with=cumulative", False),
        ("?split=model&chart=lines&with=cumulative", False),
        ("?measure=cost_per_1000_requests&split=model", False),
        ("?measure=cost_per_1000_requests&split=project&chart=bar", False),
        ("?measure=billed_cost&split=project&chart=bar", True),
    ],
)
def test_a_chart_as_a_table_has_a_total_where_its_numbers_add_up(
    desk: Desk, query: str, adds: bool
) -> None:
    figure = drawn(desk, query)
    assert figure is not None
    assert (table_of(figure).total is not None) == adds


@pytest.mark.parametrize(
    ("tz", "first", "heading"),
    [
        ("UTC", "2026-11-20T00:00:00Z", "From (UTC)"),
        ("Europe/Berlin", "2026-11-20 00:00", "From (Europe/Berlin)"),
    ],
)
def test_hours_of_a_zone_are_never_called_utc(
    desk: Desk, tz: str, first: str, heading: str
) -> None:
    query = f"?measure=requests&split=none&range=yesterday&tz={tz}&bucket=hour"
    file = exported(table(desk, query), TableView(sorted_by="at"), Format.CSV).decode()
    head, top, *_ = file.splitlines()
    assert head.startswith(heading)
    assert top.startswith(first)


class OneName(Desk):
    """Where everything is called the same."""

    def label(self, dimension: str) -> Callable[[str], str]:
        return lambda _: "Default project"


def test_keys_of_one_name_keep_their_own_numbers_and_links(desk: Desk) -> None:
    same = OneName(desk.answers, lambda: NOW, DashboardOptions())
    query = "?measure=requests&split=project"
    truth = table(desk, query)
    figure = drawn(same, f"{query}&chart=donut")
    assert figure is not None
    shown = table_of(figure)
    numbers = sorted(row.values["value"] for row in truth.rows)
    assert sorted(row.values["value"] for row in shown.rows) == numbers
    assert shown.total == {"value": (truth.total or {})["value"]}
    slices = figure["data"][0]
    assert len(set(slices["labels"])) == len(set(slices["meta"])) == len(numbers)


@pytest.mark.parametrize("split", ["none", "project"])
def test_days_a_year_apart_are_two_places(desk: Desk, split: str) -> None:
    figure = drawn(
        desk,
        f"?measure=requests&split={split}&chart=heatmap&bucket=day&from=2025-10-01&to=2026-11-21",
    )
    assert figure is not None
    across = figure["data"][0]["x"]
    assert "\N{ZERO WIDTH SPACE}" not in "".join(across)
    assert across[-1].endswith("2026")
    assert across[0].endswith("2025")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?bucket=hour&range=7d", "no hours of it"),
        ("?bucket=minute", "no minutes of it"),
        ("?measure=requests&split=line_item", "on the bill alone"),
        ("?measure=cached_share&chart=donut", "do not add up"),
        ("?measure=dollars", "no measure"),
    ],
)
def test_what_a_url_cannot_ask_is_said_with_ways_out(desk: Desk, query: str, words: str) -> None:
    asking = answerable(desk, exploring(desk, desk.asked({"view": query})))
    assert words in asking.refusal
    below: Any = chart(desk, asking).outputs()[2]
    assert words in str(below)


def test_the_controls_grey_what_is_refused_with_the_reason(desk: Desk) -> None:
    asking = exploring(desk, desk.asked({"view": "?measure=requests&split=none"}))
    first, _, buckets, charts, _ = controls(desk, asking)
    reasons = {option["value"]: option.get("reason", "") for option in first}
    assert "on the bill alone" in reasons["line_item"]
    assert reasons["model"] == ""
    assert "account" not in reasons  # there is one only
    assert {it["value"] for it in charts if it["disabled"]} == {"bar", "donut", "treemap"}
    asking = exploring(desk, desk.asked({"view": ""}))
    buckets = controls(desk, asking)[2]
    assert "no hours of it" in next(it for it in buckets if it["value"] == "hour")["reason"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    measure=st.sampled_from([*MEASURES, "x"]),
    split=st.sampled_from(["none", *SPLITS, "x"]),
    then=st.sampled_from(["none", *SPLITS]),
    name=st.sampled_from(CHARTS),
    bucket=st.sampled_from(["auto", "minute", "hour", "week", "quarter", "x"]),
    switched=st.lists(st.sampled_from(SWITCHES), max_size=4),
    more=st.sampled_from(
        [
            "",
            "&range=today",
            "&range=all&compare=year",
            "&from=2031-01-01&to=2031-01-02",
            "&project=!proj_eval&tz=Asia/Kolkata&range=7d",
            "&compare=none&top=3",
        ]
    ),
)
def test_any_url_is_answered_or_refused(
    desk: Desk,
    measure: str,
    split: str,
    then: str,
    name: str,
    bucket: str,
    switched: list[str],
    more: str,
) -> None:
    query = f"?measure={measure}&split={split}&then={then}&chart={name}&bucket={bucket}{more}"
    query += "".join(f"&with={it}" for it in switched)
    asked = desk.asked({"view": query})
    for part in page.PARTS:
        if isinstance(part, TablePart):
            try:
                part.ask(desk, asked)
            except QuestionRefused:
                continue
        else:
            assert len(part.draw(desk, asked)) == len(part.outputs)  # type: ignore[union-attr]
    drawn(desk, query)


def test_links_to_explore_are_short_and_come_back_as_they_were_meant() -> None:
    view = View.parse("?range=7d&project=!p1&stack=project")
    assert explore_href(view, measure="billed_cost", split=("model",)) == (
        "/explore?range=7d&project=%21p1"
    )
    href = explore_href(view, measure="tokens", split=("project_id", "model"), chart="heatmap")
    back = View.parse(href.partition("?")[2])
    assert [back.choice(it) for it in ("measure", "split", "then", "chart")] == [
        "tokens",
        "project",
        "model",
        "heatmap",
    ]
    with pytest.raises(ValueError, match="not by"):
        explore_href(view, measure="tokens", split=("colour",))
    with pytest.raises(ValueError, match="chart=pie"):
        explore_href(view, measure="tokens", chart="pie")


def test_both_bundles_of_plotly_are_of_one_version() -> None:
    def version(file: Path) -> str:
        with file.open(encoding="utf-8") as opened:
            return next(line for line in opened if "plotly.js" in line).rsplit("v", 1)[1].strip()

    assert version(bundle()) == version(ASSETS / "plotly-basic.min.js")
