"""The key numbers of the Tokens page."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.explore import Explored, Question, explore
from wherespent.dashboard import comparison, formats, gaps, kpis
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_tokens_ratios import CACHED_SHARE, PER_REQUEST
from wherespent.dashboard.spark import spark

TITLES = ("Requests", "Input tokens", "Output tokens", "Cached share", "Tokens per request")


def cards(desk: Desk, asked: Asked) -> list[Component]:
    """One card for each of `TITLES`."""
    counted = kpis.used_cards(desk, asked)[:3]
    return [*counted, _cached_share(desk, asked), _per_request(desk, asked)]


def _cached_share(desk: Desk, asked: Asked) -> Component:
    found, now, then = _ratio(desk, asked, CACHED_SHARE)
    return kpis.card(
        TITLES[3],
        formats.percent(now),
        "" if now is None else f"{now * 100:.6f} % of the input came from the cache",
        _points(now, then),
        f"was {formats.percent(then)}" if then is not None else "of all input",
        spark(_line(desk, asked, found), second=True),
    )


def _points(now: Decimal | None, then: Decimal | None) -> list[Component]:
    """A share moves by points: "+25 %" of a share would be read as 25 points."""
    if now is None or then is None:
        return []
    points = (now - then) * 100
    sign = "+" if points > 0 else "\N{MINUS SIGN}" if points < 0 else ""
    look = "tag good" if points > 0 else "tag"
    text = f"{sign}{abs(points):.1f} points"
    return [html.Span(text, className=look, title="against the compared period")]


def _per_request(desk: Desk, asked: Asked) -> Component:
    found, now, then = _ratio(desk, asked, PER_REQUEST["all"])
    return kpis.card(
        TITLES[4],
        formats.MISSING if now is None else formats.count(round(now)),
        "" if now is None else f"{now:,.4f} input and output tokens per request",
        kpis.change_tags(now, then),
        f"was {formats.count(round(then))}" if then is not None else "input and output",
        spark(_line(desk, asked, found)),
    )


def _ratio(
    desk: Desk, asked: Asked, measure: str
) -> tuple[Explored, Decimal | None, Decimal | None]:
    """By bucket, over the range, and over the compared period."""
    found = desk.answers.ask(explore, Question(asked.filters, measure))
    compared = comparison.before(desk, asked, gaps.REQUEST_STREAMS)
    before = desk.answers.ask(explore, Question(compared, measure)) if compared else None
    then = before.total if before else None
    return found, _decimal(found.total), _decimal(then)


def _decimal(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _line(desk: Desk, asked: Asked, found: Explored) -> list[float | None]:
    buckets = gaps.axis_of(desk, asked, asked.filters, gaps.REQUEST_STREAMS)
    at = {
        bucket: None if (value := found.value(parts)) is None else float(value)
        for bucket, parts in found.buckets.items()
    }
    return [at.get(start) for start in buckets.starts]
