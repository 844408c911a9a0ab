"""Tokens: kinds over time, the cache, tokens per request, tiers, models and the other streams."""

from typing import Any

from dash import Dash, Output, html
from dash.development.base_component import Component

from wherespent.dashboard import (
    drawings_tokens_models,
    drawings_tokens_numbers,
    drawings_tokens_processing,
    drawings_tokens_ratios,
    drawings_tokens_streams,
    drawings_usage,
)
from wherespent.dashboard.chart_cards import chart, chart_outputs
from wherespent.dashboard.components import card, segmented
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.drawings_tokens_processing import OF_WORDS
from wherespent.dashboard.drawings_tokens_ratios import PER_REQUEST_WORDS
from wherespent.dashboard.parts import Part, register_parts
from wherespent.dashboard.tables import TablePart, table_place
from wherespent.dashboard.url_state import PageChoice, View

PATH = "/tokens"
TITLE = "Tokens"

NUMBERS = "tokens-numbers"
KINDS = "tokens-kinds"
BY_MODEL = "tokens-models"
CACHED = "tokens-cached"
PER_REQUEST = "tokens-per-request"
PER_REQUEST_OF = "tokens-per-request-of"
PROCESSING = "tokens-processing"
PROCESSING_OF = "tokens-processing-of"
TIERS = "tokens-tiers"
REQUESTS = "tokens-requests"
REQUESTS_BY = "tokens-requests-by"
SPECIAL = "tokens-special"
TABLE = "tokens-table"
STREAM = "tokens-stream"
STREAM_TITLE = "tokens-stream-title"
STREAMS = "tokens-streams"

_REQUEST_CHOICES = {
    "model": "Model",
    "project": "Project",
    "user": "User",
    "key": "Key",
    "account": "Account",
}
CHOICES = {
    REQUESTS_BY: PageChoice("stack", "model", (*_REQUEST_CHOICES, "tier", "batch")),
    PER_REQUEST_OF: PageChoice("per", "all", tuple(PER_REQUEST_WORDS)),
    PROCESSING_OF: PageChoice("of", "tokens", tuple(OF_WORDS)),
}
_ABOUT = (
    "Input is uncached + cached + cache write; cached tokens are part of input, not beside it."
    " Audio and image tokens are part of input and output."
)


def layout(view: View) -> Component:
    return html.Div(
        [
            html.H1(TITLE),
            html.P(_ABOUT, className="sub"),
            html.Div(_placeholders(), id=NUMBERS, className="kpis"),
            html.Div(
                [*_kinds(), *_ratios(view), *_processing(view), *_requests(view), _models()],
                className="grid",
            ),
            html.H2("Other streams", className="section"),
            html.Div(_streams(), className="grid"),
        ],
        className="tokens",
    )


def _placeholders() -> list[Component]:
    return [
        html.Div(
            [html.Div(title, className="title"), html.Div("\N{NO-BREAK SPACE}", className="value")],
            className="card kpi",
        )
        for title in drawings_tokens_numbers.TITLES
    ]


def _kinds() -> list[Component]:
    return [
        card("Tokens over time", chart(KINDS, height=320), width="w7", unit="by kind"),
        card("Tokens by model", chart(BY_MODEL, height=320), width="w5", unit="by kind"),
    ]


def _ratios(view: View) -> list[Component]:
    of = CHOICES[PER_REQUEST_OF].of(view)
    return [
        card(
            "Cached share of input",
            chart(CACHED, height=270),
            width="w6",
            unit="by model",
        ),
        card(
            "Tokens per request",
            chart(PER_REQUEST, height=270),
            width="w6",
            unit="by model",
            end=segmented(PER_REQUEST_OF, PER_REQUEST_WORDS, of, "Which tokens"),
        ),
    ]


def _processing(view: View) -> list[Component]:
    of = CHOICES[PROCESSING_OF].of(view)
    return [
        card(
            "Batch and service tiers",
            chart(PROCESSING, height=250),
            width="w6",
            unit="share of",
            end=segmented(PROCESSING_OF, OF_WORDS, of, "Share of what"),
        ),
        card(
            "By tier",
            table_place(TIERS, label="tiers"),
            width="w6 dense",
            unit="requests and tokens",
        ),
    ]


def _requests(view: View) -> list[Component]:
    by = CHOICES[REQUESTS_BY].of(view)
    return [
        card(
            "Requests over time",
            chart(REQUESTS, height=260),
            width="w7",
            unit="by",
            end=segmented(REQUESTS_BY, _REQUEST_CHOICES, by, "Split requests by"),
        ),
        card("Audio and image tokens", chart(SPECIAL, height=260), width="w5"),
    ]


def _models() -> Component:
    return card("Models", table_place(TABLE, label="models"), width="w12", unit="all with usage")


def _streams() -> list[Component]:
    return [
        card(
            "Each in its own unit",
            table_place(STREAMS, label="streams"),
            width="w5",
            unit="open one beside",
        ),
        card(
            "One stream over time",
            chart(STREAM, height=300),
            width="w7",
            unit=html.Span(id=STREAM_TITLE),
        ),
    ]


def _draw_numbers(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (drawings_tokens_numbers.cards(desk, asked),)


def _draw_kinds(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return (
        *drawings_usage.tokens(desk, asked).outputs(),
        *drawings_usage.tokens_by_model(desk, asked).outputs(),
    )


def _draw_cached(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return drawings_tokens_ratios.cached_share(desk, asked).outputs()


def _draw_per_request(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    of = CHOICES[PER_REQUEST_OF].of(asked.view)
    return drawings_tokens_ratios.per_request(desk, asked, of).outputs()


def _draw_processing(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    of = CHOICES[PROCESSING_OF].of(asked.view)
    return drawings_tokens_processing.over_time(desk, asked, of).outputs()


def _draw_requests(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    by = CHOICES[REQUESTS_BY].dimension(asked.view)
    return drawings_usage.requests(desk, asked, by).outputs()


def _draw_special(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    return drawings_usage.special_tokens(desk, asked).outputs()


def _draw_stream(desk: Desk, asked: Asked) -> tuple[Any, ...]:
    drawing = drawings_tokens_streams.over_time(desk, asked)
    return (*drawing.outputs(), drawings_tokens_streams.title(desk, asked))


PARTS = (
    Part([Output(NUMBERS, "children")], _draw_numbers),
    Part([*chart_outputs(KINDS), *chart_outputs(BY_MODEL)], _draw_kinds),
    Part(chart_outputs(CACHED), _draw_cached),
    Part(chart_outputs(PER_REQUEST), _draw_per_request),
    Part(chart_outputs(PROCESSING), _draw_processing),
    TablePart(TIERS, drawings_tokens_processing.table),
    Part(chart_outputs(REQUESTS), _draw_requests),
    Part(chart_outputs(SPECIAL), _draw_special),
    TablePart(TABLE, drawings_tokens_models.table, shown=15),
    TablePart(STREAMS, drawings_tokens_streams.table),
    Part([*chart_outputs(STREAM), Output(STREAM_TITLE, "children")], _draw_stream),
)


def register(app: Dash, desk: Desk) -> None:
    register_parts(app, desk, PARTS)
