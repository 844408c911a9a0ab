"""Moving from one model to another: which two, how far it is, what it changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.filters import Choice, Granularity
from wherespent.analytics.migration import Migration, ProjectMove, Stage, Work, migration
from wherespent.analytics.usage import tokens_by
from wherespent.dashboard import figures, formats, gaps
from wherespent.dashboard.colours import colours
from wherespent.dashboard.comparison import changed
from wherespent.dashboard.components import Children, Drawing, blank, element, legend, table
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.mentions import is_named
from wherespent.dashboard.people_facts import narrowed
from wherespent.dashboard.series import Series
from wherespent.dashboard.tables import Column, Kind, Row, Table
from wherespent.dashboard.url_state import PageChoice
from wherespent.errors import QuestionRefused

OLD_CHOICE = PageChoice("old")
NEW_CHOICE = PageChoice("new")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two models that are compared; '' where there are not two. `is_suggested`: chosen by
    what moved most in the range, not by a person.
    """

    old: str
    new: str
    is_suggested: bool
    offered: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.old and self.new and self.old != self.new)


def pair_of(desk: Desk, asked: Asked) -> Pair:
    """What the URL says; what it does not say is the model that lost or won the most."""
    old, new = OLD_CHOICE.of(asked.view), NEW_CHOICE.of(asked.view)
    everything = narrowed(asked, "model", ())
    points = desk.answers.ask(tokens_by, everything.total, "model")
    sizes = {it.key: it.requests or 0 for it in points if is_named(it.key)}
    offered = sorted(sizes, key=lambda key: (-sizes[key], key))
    known = [*dict.fromkeys([*offered, *filter(None, (old, new))])]
    lost, won = _moved_most(desk, everything, {old, new} - {""})
    return Pair(old or lost, new or won, not (old and new), tuple(known))


def _moved_most(desk: Desk, asked: Asked, taken: set[str]) -> tuple[str, str]:
    """The models whose share of the requests fell and rose the most between the two halves of
    the range. Of models of one organization only some take over from each other: a suggestion.
    """
    points = desk.answers.ask(
        tokens_by, replace(asked.filters, granularity=Granularity.DAY), "model"
    )
    starts = sorted({it.bucket_start for it in points if it.bucket_start is not None})
    middle = starts[len(starts) // 2] if len(starts) > 1 else None
    if middle is None:
        return "", ""
    sums: dict[str, list[int]] = {}
    for it in points:
        if is_named(it.key) and it.bucket_start is not None and it.output_tokens:
            sums.setdefault(it.key, [0, 0])[it.bucket_start >= middle] += it.requests or 0
    wholes = [sum(half[side] for half in sums.values()) or 1 for side in (0, 1)]
    shift = {key: b / wholes[1] - a / wholes[0] for key, (a, b) in sums.items() if key not in taken}
    if len(shift) < 2:
        return "", ""
    return min(shift, key=lambda key: (shift[key], key)), max(
        shift, key=lambda key: (shift[key], key)
    )


def moving(desk: Desk, asked: Asked, pair: Pair) -> Migration:
    """Raises QuestionRefused."""
    return desk.answers.ask(migration, asked.filters, pair.old, pair.new)


def controls(pair: Pair) -> tuple[Any, ...]:
    """Data and placeholder of both selects, and what the suggestion is."""
    offered = [{"value": key, "label": formats.shortened(key)} for key in pair.offered]
    suggested = "Suggested: those whose share of the requests fell and rose most in this range."
    words = suggested if pair and pair.is_suggested else ""
    return offered, pair.old or "Choose a model", offered, pair.new or "Choose a model", words


def share_over_time(desk: Desk, asked: Asked, pair: Pair) -> Drawing:
    """How the requests of the two divide, bucket by bucket."""
    if not pair:
        return Drawing(None, _no_pair())
    try:
        found = moving(desk, asked, pair)
    except QuestionRefused as refused:
        return Drawing(None, blank("This cannot be split that way", str(refused), sign="note"))
    if not found.whole.both.requests:
        return Drawing(None, _no_requests())
    filters = asked.by_day
    buckets = gaps.axis_of(desk, asked, filters, gaps.REQUEST_STREAMS)
    stages = [found.buckets.get(start, Stage()) for start in buckets.starts]
    colour = colours((pair.old, pair.new), desk.ranked("model"))
    sides = {
        pair.old: [(it.old.requests, it.both.requests) for it in stages],
        pair.new: [(it.new.requests, it.both.requests) for it in stages],
    }
    lines = [
        Series(
            key,
            formats.shortened(key),
            colour[key],
            tuple(part / whole if whole else None for part, whole in parts),
            float(sum(part for part, _ in parts)),
        )
        for key, parts in sides.items()
    ]
    figure = figures.stacked_bars(lines, buckets, filters.granularity, shown=formats.percent)
    for trace, parts in zip(figure["data"], sides.values(), strict=False):
        trace["customdata"] = [_told(*it) for it in parts]
    shares = {"tickformat": ".0%", "range": [0, 1]}
    figure["layout"] |= {"yaxis": figure["layout"]["yaxis"] | shares, "bargap": 0.1}
    # Bars reach the top: below the menu of the chart.
    figure["layout"]["margin"] = figure["layout"]["margin"] | {"t": 34}
    links = {it.key: asked.entity("model", it.key) for it in lines if it.key is not None}
    two = replace(asked.view, model=Choice((pair.old, pair.new)))
    explore = explore_href(two, measure="requests", split=("model",))
    return Drawing(figure, legend(lines, links, unread=bool(buckets.gaps)), explore=explore)


def _told(part: int, whole: int) -> str:
    return f"{formats.percent(part / whole)} · {formats.count(part)} requests" if part else ""


def _no_pair() -> Component:
    return blank("Choose two models", "One that work moves from, and one that it moves to.")


def _no_requests() -> Component:
    return blank("No requests of these two", "Neither of them was used in this range.")


def verdict(desk: Desk, asked: Asked, pair: Pair) -> Children:
    """When the new model took over, and what 1,000 requests cost before and after."""
    if not pair:
        return _no_pair()
    try:
        found = moving(desk, asked, pair)
    except QuestionRefused as refused:
        return blank("This cannot be split that way", str(refused), sign="note")
    if not found.whole.both.requests:
        return _no_requests()
    whole = found.whole
    old, new = (formats.shortened(key, 24) for key in (pair.old, pair.new))
    parts: list[Children] = [
        html.P(_sentence(found), className="migration-said"),
        _compared((old, new), (_only(whole.old), _only(whole.new)), "One model against the other"),
    ]
    if found.turned_at is not None:
        day = formats.day(found.turned_at, year=True)
        names = (f"Before {day}", "Since then")
        stages = ((found.before.both, found.before.moved), (found.after.both, found.after.moved))
        parts.append(_compared(names, stages, "Both models, before and after"))
    return html.Div(parts, className="migration-verdict")


def _only(work: Work) -> tuple[Work, None]:
    return work, None


def _sentence(found: Migration) -> str:
    if found.turned_at is None:
        share = formats.percent(found.whole.moved)
        return f"{share} of their requests in this range go to the new model."
    day, share = formats.day(found.turned_at, year=True), formats.percent(found.after.moved)
    led = f"The new model has led since {day}, with {share} of the requests."
    before, after = found.before.both.per_thousand, found.after.both.per_thousand
    if not before or after is None:
        return led
    size = formats.percent(abs(after / before - 1))
    than = "more" if after > before else "less"
    return f"{led} 1,000 requests cost {size} {than} than before."


def _compared(
    names: tuple[str, str], sides: Sequence[tuple[Work, float | None]], caption: str
) -> Component:
    (left, left_share), (right, right_share) = sides
    rows: list[list[Children]] = [
        ["Requests", formats.compact(left.requests), formats.compact(right.requests), ""],
        ["Billed cost", formats.usd(left.billed), formats.usd(right.billed), ""],
        [
            "Cost per 1,000 requests",
            formats.usd(left.per_thousand),
            formats.usd(right.per_thousand),
            _change(left, right),
        ],
    ]
    if left_share is not None and right_share is not None:
        shares = formats.percent(left_share), formats.percent(right_share)
        rows.append(["On the new model", *shares, ""])
    return table(["Measure", *names, "Change"], rows, caption=caption, words=("Measure",))


def _change(left: Work, right: Work) -> Children:
    change = changed(_rounded(right.per_thousand), _rounded(left.per_thousand))
    if change is None or isinstance(change, str):
        return formats.MISSING
    look = "tag up" if change > 0 else "tag down" if change < 0 else "tag"
    return element("Span", formats.change(1 + change, 1), className=look)


def _rounded(usd: Decimal | None) -> Decimal | None:
    return None if usd is None else usd.quantize(Decimal("1e-9"))


def projects(desk: Desk, asked: Asked, pair: Pair) -> Table:
    """How far each project has moved, and what it pays on either model."""
    if not pair:
        return Table("Projects", (), (), empty=_no_pair())
    found = moving(desk, asked, pair)
    label = desk.label("project_id")
    turned = found.turned_at is not None
    offered = (
        (True, Column("project", "Project")),
        (True, Column("requests", "Requests", Kind.COUNT, about="Of both models")),
        (True, Column("moved", "On the new model", Kind.SHARE, about="In this range")),
        (turned, Column("before", "Before", Kind.SHARE, about="On the new model, before it led")),
        (turned, Column("after", "Since then", Kind.SHARE, about="On the new model, since it led")),
        (True, Column("old", "Billed, old", Kind.MONEY, about=pair.old)),
        (True, Column("new", "Billed, new", Kind.MONEY, about=pair.new)),
        (True, _rate("old_rate", "Old, per 1,000")),
        (True, _rate("new_rate", "New, per 1,000")),
        (True, Column("change", "Change", Kind.CHANGE, about="Of the cost of 1,000 requests")),
    )
    whole = _values(found.whole, found.before, found.after)
    return Table(
        caption="Projects that use either model",
        columns=tuple(column for is_offered, column in offered if is_offered),
        rows=[_row(asked, it, label(it.project)) for it in found.projects],
        total={"project": f"All {len(found.projects)}", **whole} if found.projects else None,
        sorted_by="-requests",
        empty=_no_requests(),
    )


def _rate(key: str, title: str) -> Column:
    return Column(key, title, Kind.MONEY, about="US dollars for 1,000 requests", adds=False)


def _row(asked: Asked, move: ProjectMove, name: str) -> Row:
    hrefs = {"project": asked.entity("project_id", move.project)} if is_named(move.project) else {}
    values = _values(move.whole, move.before, move.after)
    return Row(move.project, {"project": name, **values}, hrefs)


def _values(whole: Stage, before: Stage, after: Stage) -> dict[str, Any]:
    old, new = _rounded(whole.old.per_thousand), _rounded(whole.new.per_thousand)
    return {
        "requests": whole.both.requests,
        "moved": whole.moved,
        "before": before.moved,
        "after": after.moved,
        "old": whole.old.billed,
        "new": whole.new.billed,
        "old_rate": old,
        "new_rate": new,
        "change": changed(new, old),
    }
