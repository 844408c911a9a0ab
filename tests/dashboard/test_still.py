"""What stands still is the same elements as HTML, with every text escaped."""

import dash_mantine_components as dmc
import pytest
from dash import dcc, html
from organization import HOSTILE

from wherespent.dashboard.components import element
from wherespent.dashboard.still import html_of


def test_elements_keep_their_text_attributes_and_order() -> None:
    drawn = html.Div(
        [html.B("a < b"), " & ", 3, None, element("Td", "x", className="left", title='"q"')],
        className="row",
        tabIndex=0,
        style={"--w": "3%", "flexGrow": 2},
        hidden=False,
    )
    assert html_of(drawn) == (
        '<div class="row" style="--w:3%;flex-grow:2" tabindex="0"><b>a &lt; b</b> &amp; 3'
        '<td class="left" title="&quot;q&quot;">x</td></div>'
    )


def test_a_hostile_name_is_text_everywhere() -> None:
    drawn = html_of(html.Span(HOSTILE, title=HOSTILE, **{"data-x": HOSTILE}))
    assert drawn.count("<") == 2
    assert "&lt;img src=x" in drawn


@pytest.mark.parametrize("href", ["javascript:alert(1)", "https://evil.example", "//evil.example"])
def test_a_link_leads_to_pages_of_ours_only(href: str) -> None:
    assert html_of(dcc.Link("go", href=href)) == '<a href="?">go</a>'
    assert html_of(dcc.Link("go", href="/costs?a=1&b=2")) == '<a href="/costs?a=1&amp;b=2">go</a>'


@pytest.mark.parametrize("lively", [dmc.Button("press"), html.Button("press", n_clicks=0)])
def test_what_reacts_cannot_stand_still(lively: object) -> None:
    with pytest.raises(ValueError, match=r"plain HTML|stands still"):
        html_of(lively)
