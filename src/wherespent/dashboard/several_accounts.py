"""What pages show only where there are several accounts."""

# pyright: reportUnknownMemberType=false
# Dash does not type how a component is found by its id.

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.accounts import ACCOUNT
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.url_state import PageChoice, View


def laid_out(page: Any, view: View, desk: Desk) -> Component:
    """The layout of a page, without the choice of the account where there is none to make."""
    content: Component = page.layout(desk.offered(view))
    if desk.has_several_accounts:
        return content
    for name, choice in page.CHOICES.items():
        if choice.words and ACCOUNT in choice.words:
            control = cast("Any", content[name])
            control.data = [it for it in control.data if it["value"] != ACCOUNT]
    return content


def offered_choices(choices: Mapping[str, PageChoice], desk: Desk) -> dict[str, Any]:
    """The choices of pages as the browser keeps them; the account only where there are several."""
    found: dict[str, Any] = {}
    for name, choice in choices.items():
        words = choice.words
        if words and not desk.has_several_accounts:
            words = tuple(word for word in words if word != ACCOUNT)
        found[name] = asdict(replace(choice, words=words))
    return found


def of_each_account(desk: Desk, draw: Callable[[Desk, datetime], Component]) -> Component:
    """What can only be told of one account: one below the other, each under its label."""
    now = desk.clock()
    if not desk.has_several_accounts:
        return draw(desk, now)
    parts: list[Component] = []
    for label in desk.accounts():
        parts += [html.H3(label), draw(desk.of(label), now)]
    return html.Div(parts)
