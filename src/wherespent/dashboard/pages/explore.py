"""Explore: any measure, split by up to two dimensions, in any chart; all of it in the URL."""

# pyright: reportUnknownMemberType=false
# Dash does not type its decorators.

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import drawings_explore, drawings_explore_tables
from wherespent.dashboard.components import chart, chart_outputs, icon, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_explore_controls import (
    CHART_NAMES,
    chart_options,
    controls,
    measure_options,
    split_options,
    switches,
)
from wherespent.dashboard.drawings_explore_notes import notes
from wherespent.dashboard.explore_link import (
    BUCKET,
    BUCKETS,
    CHART,
    MEASURE,
    SPLIT,
    THEN,
    TOP,
    WITH,
)
from wherespent.dashboard.explore_link import PATH as _PATH
from wherespent.dashboard.explore_question import exploring
from wherespent.dashboard.explore_words import titled
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.saved_view_dialogs import SAVE_HERE
from wherespent.dashboard.tables import TablePart, table_place
from wherespent.dashboard.url_state import View

PATH = _PATH
TITLE = "Explore"

MEASURE_SELECT = "explore-measure"
SPLIT_SELECT = "explore-split"
THEN_SELECT = "explore-then"
BUCKET_SELECT = "explore-bucket"
TOP_SELECT = "explore-top"
CHART_CONTROL = "explore-chart"
SWITCHES = "explore-with"
ANSWER = "explore-answer"
QUESTION = "explore-question"
HEADLINE = "explore-headline"
NOTES = "explore-notes"
KEYS = "explore-keys"
KEYS_TITLE = "explore-keys-title"
KEYS_FRAME = "explore-keys-frame"
BUCKETS_TABLE = "explore-buckets"
BUCKETS_FRAME = "explore-buckets-frame"

CHOICES = {
    MEASURE_SELECT: MEASURE,
    SPLIT_SELECT: SPLIT,
    THEN_SELECT: THEN,
    BUCKET_SELECT: BUCKET,
    TOP_SELECT: TOP,
    CHART_CONTROL: CHART,
    SWITCHES: WITH,
}
_ABOUT = "Any number that OpenAI reports, split the way you ask. The address holds the question."
_OPTION: Any = {"function": "exploreOption"}


def layout(view: View) -> Component:
    save = html.Button([icon("bookmark"), "Save this view"], id=SAVE_HERE, className="button")
    about = html.Div([html.H1(TITLE), html.P(_ABOUT, className="sub")])
    head = html.Div([about, save], className="explore-head")
    return html.Div(
        [
            head,
            _question(view),
            html.Section(
                [
                    html.Div(
                        [
                            html.H2(TITLE, id=QUESTION),
                            html.Div(id=HEADLINE, className="explore-headline"),
                        ],
                        className="card-head explore-answer-head",
                    ),
                    chart(ANSWER, height=420),
                    html.Div(table_place(BUCKETS_TABLE), id=BUCKETS_FRAME, hidden=True),
                    html.Div(id=NOTES, className="explore-notes"),
                ],
                className="card w12 explore-answer",
                **labelled("Answer"),
            ),
            html.Section(
                [
                    html.Div(html.H2("Every key", id=KEYS_TITLE), className="card-head"),
                    table_place(KEYS, label="keys"),
                ],
                id=KEYS_FRAME,
                className="card w12",
                **labelled("The answer as a table"),
            ),
        ],
        className="explore",
    )


def _question(view: View) -> Component:
    every = {word: word.capitalize() for word in BUCKETS}
    fields = [
        _select(MEASURE_SELECT, "Show", measure_options(), MEASURE.of(view), wide=True),
        _select(SPLIT_SELECT, "Split by", _splits("Nothing"), SPLIT.of(view)),
        _select(THEN_SELECT, "Then by", _splits("Nothing else"), THEN.of(view)),
        _select(
            BUCKET_SELECT,
            "Per",
            [{"value": word, "label": title} for word, title in every.items()],
            BUCKET.of(view),
        ),
        _select(
            TOP_SELECT,
            "Largest",
            [{"value": word, "label": f"Top {word}"} for word in TOP.words or ()],
            TOP.of(view),
        ),
    ]
    charts = dmc.SegmentedControl(
        id=CHART_CONTROL,
        data=chart_options({}),
        value=CHART.of(view),
        size="xs",
        **labelled("Chart"),
    )
    chips = dmc.ChipGroup(switches({}), id=SWITCHES, multiple=True, value=list(WITH.all_of(view)))
    return html.Section(
        [
            html.Div(fields, className="explore-fields"),
            html.Div(
                [
                    html.Div(charts, className="explore-charts"),
                    html.Div(chips, className="explore-switches", role="group"),
                ],
                className="explore-look",
            ),
        ],
        className="card explore-question",
        **labelled("Question"),
    )


def _splits(empty: str) -> list[dict[str, Any]]:
    return split_options({}, accounts=True, empty=empty)


def _select(
    name: str, label: str, options: list[dict[str, Any]], value: str, *, wide: bool = False
) -> Component:
    return dmc.Select(
        id=name,
        label=label,
        data=options,
        value=value,
        allowDeselect=False,
        searchable=wide,
        renderOption=_OPTION,
        maxDropdownHeight=420,
        comboboxProps={"width": 300, "position": "bottom-start", "shadow": "md"},
        size="xs",
        className="explore-wide" if wide else None,
    )


def _draw_controls(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (*controls(desk, exploring(desk, asked)),)


def _draw_answer(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    asking = drawings_explore.answerable(desk, exploring(desk, asked))
    is_table = asking.chart == "table" and not asking.refusal
    by = titled(asking.measure, asking.dimensions)
    return (
        by,
        drawings_explore.headline(desk, asking),
        *drawings_explore.chart(desk, asking).outputs(),
        not is_table,
        notes(desk, asking),
        f"{by}: {'every key' if asking.dimensions else 'each bucket'}",
        # A time table alone would stand there twice.
        bool(asking.refusal) or (is_table and not asking.dimensions),
    )


PARTS = (
    Part(
        [
            Output(SPLIT_SELECT, "data"),
            Output(THEN_SELECT, "data"),
            Output(BUCKET_SELECT, "data"),
            Output(CHART_CONTROL, "data"),
            Output(SWITCHES, "children"),
        ],
        _draw_controls,
    ),
    Part(
        [
            Output(QUESTION, "children"),
            Output(HEADLINE, "children"),
            *chart_outputs(ANSWER),
            Output(BUCKETS_FRAME, "hidden"),
            Output(NOTES, "children"),
            Output(KEYS_TITLE, "children"),
            Output(KEYS_FRAME, "hidden"),
        ],
        _draw_answer,
    ),
    TablePart(BUCKETS_TABLE, drawings_explore_tables.by_bucket),
    TablePart(KEYS, drawings_explore_tables.breakdown),
)

assert set(CHART_NAMES) == set(CHART.words or ())


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
    app.clientside_callback(
        ClientsideFunction("explore", "titled"),
        Output(QUESTION, "data-titled"),
        Input(QUESTION, "children"),
    )
