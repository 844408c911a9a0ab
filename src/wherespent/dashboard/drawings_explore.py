"""The answer of Explore as a chart, or in words why there is none."""

from dataclasses import replace
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from wherespent.analytics import explore as questions
from wherespent.analytics.explore import Explored, Question
from wherespent.analytics.measures import Fact, Unit
from wherespent.dashboard import explore_words as words
from wherespent.dashboard import figures, figures_explore, figures_lines, formats, gaps
from wherespent.dashboard.components import Drawing, blank, legend
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_explore_grid import grid
from wherespent.dashboard.drawings_explore_parts import donut, ranking, tree_map
from wherespent.dashboard.explore_lines import Drawn, drawn, lines_of, links
from wherespent.dashboard.explore_link import BUCKET, CHART, NO_SPLIT, PATH, SPLIT, THEN
from wherespent.dashboard.explore_question import OVER_TIME, Exploring
from wherespent.dashboard.ranges import COMPARISONS
from wherespent.dashboard.series import Axis, Series
from wherespent.domain.windows import MINUTE, epoch
from wherespent.errors import QuestionRefused
from wherespent.providers.openai.streams import COSTS


def answer(desk: Desk, asking: Exploring, question: Question | None = None) -> Explored:
    """What the page shows, kept until the data changes. Raises QuestionRefused."""
    if asking.refusal:
        raise QuestionRefused(asking.refusal)
    return desk.answers.ask(questions.explore, question or asking.question)


def answerable(desk: Desk, asking: Exploring) -> Exploring:
    """The same question, with the refusal of the data as its own."""
    try:
        answer(desk, asking)
    except QuestionRefused as reason:
        return replace(asking, refusal=str(reason))
    return asking


def chart(desk: Desk, asking: Exploring) -> Drawing:
    if asking.refusal:
        return Drawing(None, refused(asking))
    found = answer(desk, asking)
    if found.whole is None:
        streams = asking.measure.streams
        return Drawing(None, gaps.nothing(desk, asking.asked, streams, by=asking.dimensions))
    if asking.chart in OVER_TIME:
        return _over_time(desk, asking, found)
    if asking.chart == "table":
        return Drawing(None)
    if asking.chart == "bar":
        before = _before(desk, asking) if "compare" in asking.switches else None
        return ranking(desk, asking, found, before)
    draw = {"donut": donut, "treemap": tree_map, "heatmap": grid}[asking.chart]
    return draw(desk, asking, found)


def refused(asking: Exploring) -> Component:
    """Why the question has no answer, and the nearest ones that do."""
    view = asking.asked.view
    ways: dict[str, Any] = {}
    if asking.question.dimensions:
        ways["Without a split"] = view.with_choice(SPLIT.name, NO_SPLIT).with_choice(THEN.name)
    if len(asking.question.dimensions) > 1:
        ways["By the first alone"] = view.with_choice(THEN.name)
    if asking.bucket != BUCKET.default:
        ways["By the day"] = view.with_choice(BUCKET.name, "day")
    if asking.chart != CHART.default:
        ways["As bars"] = view.with_choice(CHART.name)
    links = [
        dcc.Link(text, href=PATH + way.query(), className="button small")
        for text, way in ways.items()
    ]
    said = asking.refusal
    text = [html.P(f"{said[:1].upper()}{said[1:]}."), html.Div(links, className="explore-ways")]
    return blank("This cannot be asked", text, sign="note")


def axis_of(desk: Desk, asking: Exploring, filters: Any = None) -> Axis:
    """The buckets of the answer; minutes are those that are kept."""
    minutes = asking.question.minutes
    if minutes is not None:
        return Axis(tuple(range(minutes.start, minutes.end, MINUTE)), MINUTE, minutes.end)
    asked = asking.asked if filters is None else replace(asking.asked, filters=filters)
    wanted = filters or asking.question.filters
    return gaps.axis_of(desk, asked, wanted, asking.measure.streams, by=asking.dimensions)


def drawn_lines(desk: Desk, asking: Exploring, found: Explored, axis: Axis) -> list[Drawn]:
    """Every line of the answer, summed up or as shares where that is switched on."""
    shares = found.buckets if "share" in asking.switches else None
    return [
        drawn(
            asking.measure,
            line,
            axis,
            now=epoch(asking.asked.now),
            cumulative="cumulative" in asking.switches,
            shares_of=shares,
        )
        for line in lines_of(desk, found, asking.dimensions)
    ]


def _over_time(desk: Desk, asking: Exploring, found: Explored) -> Drawing:
    axis = axis_of(desk, asking)
    lines = drawn_lines(desk, asking, found, axis)
    if "log" in asking.switches:
        lines = [_above_zero(line) for line in lines]
    figure = _figure(desk, asking, axis, [line.series for line in lines])
    figure = figures_explore.with_words(figure, [(it.series.values, it.words) for it in lines])
    figure = _dressed(asking, figure)
    if "cumulative" in asking.switches or not asking.measure.is_flow:
        figure = figures_explore.without_sums(figure)
    if "compare" in asking.switches and "share" not in asking.switches:
        figure = _with_before(desk, asking, figure, axis)
    is_loose = Fact.BILLED in asking.measure.facts and desk.provisional(asking.asked.now) < axis.end
    below = legend(
        [line.series for line in lines] if asking.dimensions else [],
        links(asking.asked.view, found.keys, asking.dimensions),
        provisional=is_loose,
        unread=bool(axis.gaps),
    )
    return Drawing(figure, below)


def _above_zero(line: Drawn) -> Drawn:
    """Nothing has no place on a log scale."""
    values = tuple(value if value and value > 0 else None for value in line.series.values)
    return replace(line, series=replace(line.series, values=values))


def _figure(desk: Desk, asking: Exploring, axis: Axis, lines: list[Series]) -> figures.Figure:
    measure, grain = asking.measure, asking.grain
    is_share = "share" in asking.switches
    is_money = measure.is_money and not is_share
    if asking.chart == "lines":
        return figures_lines.lines(
            lines,
            axis,
            grain,
            shown=formats.count,
            prefix="$" if is_money else "",
            percent=is_share or measure.unit is Unit.SHARE,
            log="log" in asking.switches,
            adds=measure.is_flow,
        )
    if asking.chart == "area":
        # Bars where a line would lead across what was not read.
        return figures.stacked_areas(lines, axis, grain, shown=formats.count)
    figure = figures.stacked_bars(
        lines,
        axis,
        grain,
        shown=formats.count,
        provisional=desk.provisional(asking.asked.now)
        if measure.streams == (COSTS.name,)
        else None,
        money=is_money,
    )
    return figure if measure.is_additive else figures_explore.side_by_side(figure)


def _dressed(asking: Exploring, figure: figures.Figure) -> figures.Figure:
    """The axis of values in the unit of the measure."""
    if asking.question.minutes:
        figure = figures_explore.by_minute(figure)
    if "share" in asking.switches:
        return figures_explore.with_value_axis(figure, tickformat=".0%", tickprefix="")
    if asking.measure.unit is Unit.SHARE:
        return figures_explore.with_value_axis(figure, tickformat=".0%")
    if asking.measure.unit is Unit.BYTES:
        return figures_explore.with_value_axis(figure, tickformat="~s", ticksuffix="B")
    if asking.measure.is_money and asking.chart == "area":
        return figures_explore.with_value_axis(figure, tickprefix="$", tickformat=",~g")
    return figure


def _before(desk: Desk, asking: Exploring) -> Explored | None:
    """The same question about the compared period, as many keys as there may be."""
    question = asking.compared
    if question is None:
        return None
    return answer(desk, asking, replace(question, most=questions.MOST_KEPT))


def _with_before(
    desk: Desk, asking: Exploring, figure: figures.Figure, axis: Axis
) -> figures.Figure:
    """The compared period as dotted lines, bucket by bucket: of each line, else of everything."""
    question = asking.compared
    if question is None:
        return figure
    named = COMPARISONS[asking.asked.view.compare]
    then = axis_of(desk, asking, question.filters)
    if asking.chart == "lines" and asking.dimensions:
        keys = {line.key: line for line in lines_of(desk, answer(desk, asking), asking.dimensions)}
        every = replace(question, most=questions.MOST_KEPT)
        lines = lines_of(desk, answer(desk, asking, every), asking.dimensions)
        shown = [
            (it, f"{it.label}, {named.lower()}", keys[it.key].colour)
            for it in lines
            if it.key is not None and it.key in keys
        ]
    else:
        whole = answer(desk, asking, replace(question, dimensions=()))
        shown = [(lines_of(desk, whole, ())[0], named, figures_explore.BEFORE_COLOUR)]
    most = len(axis.starts)
    for line, name, colour in shown:
        one = drawn(
            asking.measure,
            line,
            then,
            now=epoch(asking.asked.now),
            cumulative="cumulative" in asking.switches,
        )
        values = [*one.series.values, *[None] * most][:most]
        said = [*one.words, *[""] * most][:most]
        figure = figures_explore.with_period_before(figure, axis, values, said, name, colour)
    return figure


def headline(desk: Desk, asking: Exploring) -> list[Component]:
    """The measure over the whole range, and how it changed."""
    if asking.refusal:
        return []
    total = answer(desk, asking).total
    parts: list[Component] = [
        html.Span(
            words.in_short(asking.measure, total),
            className="explore-total",
            title=words.in_full(asking.measure, total),
            id="explore-total",
        ),
        html.Span(words.unit_of(asking.measure), className="unit"),
    ]
    return [*parts, *_change(desk, asking, total)]


def _change(desk: Desk, asking: Exploring, total: questions.Value) -> list[Component]:
    question = asking.compared
    streams = asking.measure.streams
    if question is None or total is None:
        return []
    for filters in (asking.question.filters, question.filters):
        days = gaps.utc_days(filters, streams)
        if gaps.unread(desk, asking.asked, streams, days, by=asking.dimensions):
            return []
    then = desk.answers.ask(questions.total_of, question)
    change = formats.change(total, then)
    if not change:
        return []
    named = COMPARISONS[asking.asked.view.compare].lower()
    rose = "up" if then is not None and total > then else "down"
    return [
        html.Span(change, className=f"explore-change {rose}"),
        html.Span(
            f"{words.in_short(asking.measure, then)} {named}",
            className="unit",
            title=words.in_full(asking.measure, then),
        ),
    ]
