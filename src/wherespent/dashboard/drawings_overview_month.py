"""The answer that comes first: the month so far, where it will end, and today."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.filters import Granularity
from wherespent.analytics.projection import Month, month_so_far
from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard import figures_month, formats, gaps
from wherespent.dashboard.components import UNHEARD, Drawing, blank, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.dashboard.url_state import AUTO
from wherespent.domain.forecast import FEWEST_STARTS, Forecast
from wherespent.domain.windows import DAY, Window, epoch, floor_day
from wherespent.errors import QuestionRefused

_MIDDLE = "80\N{NARROW NO-BREAK SPACE}%"
# Explore's switch.
_ADDING_UP = {"with": "cumulative"}
_PROVISIONAL = "Today and the 3 days before it are still being revised."


def drawn(desk: Desk, asked: Asked) -> tuple[list[Component], Drawing]:
    """Three figures, and the chart beside them. The range of the view has no say in it."""
    if unknown := gaps.unknown_account(desk, asked):
        return [], Drawing(None, unknown)
    try:
        month = _month(desk, asked)
    except QuestionRefused as reason:
        return [], Drawing(None, blank("This cannot be asked", str(reason), sign="note"))
    if asked.filters.cost_choices and not _is_billed(month):
        why = "Nothing that was billed in this month or the last passes them."
        return _empty(month), Drawing(None, blank("Nothing matches the filters", why))
    shown = [_so_far(month), _projected(month), _today(month)]
    if not month.days:
        why = "Nothing was read of this month. What was not read is not $0."
        return shown, Drawing(None, blank("Not read", why))
    return shown, _chart(asked, month)


def placeholders() -> list[Component]:
    """What stands there until the answer does."""
    titles = ("Month so far", "Month end, projected", "Today so far")
    return [_figure(title, "\N{NO-BREAK SPACE}", []) for title in titles]


def _is_billed(month: Month) -> bool:
    return any(month.days.values()) or any(month.days_before.values())


def _empty(month: Month) -> list[Component]:
    """The filters leave nothing: that is another thing than $0."""
    name, why = f"{month.today:%B}", "nothing matches the filters"
    titles = (f"{name} so far", f"{name}, projected", "Today so far")
    return [_figure(title, formats.MISSING, [html.Span(why)]) for title in titles]


def _month(desk: Desk, asked: Asked) -> Month:
    today = floor_day(epoch(asked.now))
    settled = min(desk.provisional(asked.now), today)
    # The same question for every range, zone and granularity: one answer serves them all.
    chosen = replace(
        asked.filters,
        window=Window(today, today + DAY),
        granularity=Granularity.TOTAL,
        zone=UTC_ZONE,
    )
    return desk.answers.ask(month_so_far, chosen, today=today, settled_until=settled)


def _so_far(month: Month) -> Component:
    name = f"{month.today:%B}"
    if month.billed is None:
        return _figure(f"{name} so far", formats.MISSING, _unread(month))
    same = month.same_day_before
    against = f"{formats.span(same.replace(day=1), same)}"
    if month.before is None:
        detail = [html.Span(f"{formats.span(same.replace(day=1), same)} was not all read")]
    else:
        text = formats.change(month.billed, month.before)
        detail = [
            _tag(text, month.billed, month.before, against),
            html.Span(f"{formats.usd(month.before)} to {same.day} {same:%b}"),
        ]
    return _figure(
        f"{name} so far",
        formats.usd(month.billed),
        detail,
        exact=formats.exact_usd(month.billed),
        about=f"Billed from 1 to {month.today.day} {name}, today so far included, against"
        f" {against}, whole days. {_PROVISIONAL}",
        look="first",
    )


def _tag(text: str, now: Decimal, before: Decimal, against: str) -> Component | None:
    if not text:
        return None
    look = "up" if now > before else "down" if now < before else ""
    return html.Span(text, className=f"tag {look}".strip(), title=f"against {against}")


def _projected(month: Month) -> Component:
    title, forecast = f"{month.today:%B}, projected", month.forecast
    if forecast is None:
        why = (
            _unread(month)
            if month.unread
            else [html.Span("needs 7 settled days of use: a mean of each weekday")]
        )
        return _figure(title, formats.MISSING, why)
    spread = forecast.spread
    detail: list[Any] = [html.Span("no range yet: the history is too short")]
    if spread is not None:
        ends = f"{formats.about_usd(spread.low)} – {formats.about_usd(spread.high)}"
        detail = [html.Span(f"{_MIDDLE}: {ends}")]
    part = forecast.to_date / forecast.expected if forecast.expected > 0 else Decimal(0)
    days = _length(month.today)
    return _figure(
        title,
        formats.about_usd(forecast.expected),
        detail,
        exact=formats.exact_usd(forecast.expected),
        about=method(month.today, forecast),
        bar=float(part),
        foot=f"{formats.percent(part)} of it billed on day {month.today.day} of {days}",
    )


def method(today: date, forecast: Forecast) -> str:
    """How the projection was made, with the numbers that it rests on."""
    left = len(forecast.usual) - 1
    days = "1 day" if left == 1 else f"{left} days"
    text = (
        f"Billed to date {formats.exact_usd(forecast.to_date)}, plus what today still lacks of a"
        f" usual {today:%A}, plus the {days} left. A usual day is the mean of its weekday over"
        f" the last {forecast.days} settled days."
    )
    spread = forecast.spread
    if spread is None:
        return (
            f"{text} A range needs {FEWEST_STARTS} past starts with settled days before and"
            " after them."
        )
    low, high = (formats.percent(ratio) for ratio in (spread.low_ratio, spread.high_ratio))
    return (
        f"{text} Range: started on each of {spread.starts} past days, the same method was met by"
        f" a bill of {low} to {high} of it over {len(forecast.usual)} days, in the middle 80 % of"
        " the starts."
    )


def _today(month: Month) -> Component:
    so_far = month.days.get(month.today)
    if so_far is None:
        return _figure("Today so far", formats.MISSING, [html.Span("not read yet")])
    about = f"Billed for {formats.day(month.today, year=True)} (UTC). {_PROVISIONAL}"
    if month.forecast is None:
        return _figure("Today so far", formats.usd(so_far), [], about=about)
    usual = month.forecast.usual_today
    part = float(so_far / usual) if usual > 0 else 0.0
    return _figure(
        "Today so far",
        formats.usd(so_far),
        [html.Span(f"a usual {month.today:%A}: {formats.about_usd(usual)}")],
        exact=formats.exact_usd(so_far),
        about=about,
        bar=part,
        foot=f"{formats.percent(part)} of it" if usual > 0 else "",
    )


def _unread(month: Month) -> list[Component]:
    days = "1 day was" if month.unread == 1 else f"{month.unread} days were"
    return [html.Span(f"{days} not read", className="tag warn")]


def _figure(
    title: str,
    value: str,
    detail: list[Any],
    *,
    exact: str = "",
    about: str = "",
    bar: float | None = None,
    foot: str = "",
    look: str = "",
) -> Component:
    heading: list[Any] = [html.Span(title)]
    if about:
        heading.append(about_mark(about))
    below: list[Any] = []
    if bar is not None:
        width = f"{max(0.0, min(1.0, bar)) * 100:.1f}%"
        below.append(html.Div(html.I(style={"width": width}), className="meter", **UNHEARD))
    if foot:
        below.append(html.Div(foot, className="foot"))
    return html.Div(
        [
            html.Div(heading, className="title"),
            html.Div(value, className="value", title=exact or value),
            html.Div(detail, className="detail"),
            *below,
        ],
        className=f"figure {look}".strip(),
        role="group",
        **labelled(title),
    )


def about_mark(text: str) -> Component:
    """A sign that says more on hover and on focus."""
    said: dict[str, Any] = {"data-about": text}
    return html.Span("i", className="about", tabIndex=0, role="note", **said, **labelled(text))


def _chart(asked: Asked, month: Month) -> Drawing:
    view = replace(asked.view, range="month", since=None, until=None, granularity=AUTO)
    return Drawing(
        figures_month.adding_up(month, shown=formats.usd),
        _legend(month),
        explore=explore_href(view, measure="billed_cost", chart="lines", **_ADDING_UP),
        table=_table(month),
    )


def _legend(month: Month) -> Component:
    before = month.today.replace(day=1) - timedelta(days=1)
    whole = "" if month.month_before is None else f" ({formats.usd(month.month_before)} in all)"
    entries = [
        (f"{month.today:%B}", figures_month.THIS, "entry line"),
        (f"{before:%B}{whole}", figures_month.BEFORE, "entry line"),
    ]
    if month.forecast is not None:
        entries.append(("projected", figures_month.EXPECTED, "entry line dotted"))
        if month.forecast.spread is not None:
            entries.append((f"{_MIDDLE} range", figures_month.EXPECTED, "entry band"))
    return html.Div(
        [html.Span(text, className=look, style={"--c": colour}) for text, colour, look in entries],
        className="legend",
    )


def _table(month: Month) -> Table:
    """What the lines are drawn from, day by day."""
    first = month.today.replace(day=1)
    first_before = (first - timedelta(days=1)).replace(day=1)
    now = dict(figures_month.running(month.days, first))
    before = dict(figures_month.running(month.days_before, first_before))
    points = figures_month.expected_points(month.forecast)[1:] if month.forecast else []
    expected = dict(points)
    rows = [
        Row(
            str(day),
            {
                "day": day,
                "billed": month.days.get(day),
                "so_far": now.get(day),
                "before": before.get(first_before + (day - first)),
                "expected": expected.get(day),
            },
        )
        for day in (
            first + timedelta(days=n) for n in range(monthrange(first.year, first.month)[1])
        )
    ]
    columns = [
        Column("day", "Day (UTC)", Kind.DAY),
        Column("billed", "Billed", Kind.MONEY),
        Column("so_far", f"{first:%B} so far", Kind.MONEY),
        Column("before", f"{first_before:%B} so far", Kind.MONEY),
        Column("expected", "Projected", Kind.MONEY),
    ]
    return Table("The month day by day", columns, rows)


def _length(day: date) -> int:
    """How many days the month of a day has."""
    return monthrange(day.year, day.month)[1]
