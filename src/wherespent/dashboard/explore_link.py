"""The URL of a question in Explore: what "Open in Explore" of a chart leads to."""

from collections.abc import Sequence
from dataclasses import replace

from wherespent.dashboard.url_state import NONE, PageChoice, View

PATH = "/explore"

# How a URL names what an answer is split by, and the dimension that it means.
SPLITS = {
    "model": "model",
    "project": "project_id",
    "user": "user_id",
    "key": "api_key_id",
    "line_item": "line_item",
    "tier": "service_tier",
    "batch": "batch",
    "api_source": "api_source",
    "size": "size",
    "image_source": "source",
    "store": "vector_store_id",
    "context": "context_level",
    "account": "account",
}
NO_SPLIT = "none"
CHARTS = ("bars", "lines", "area", "bar", "donut", "treemap", "heatmap", "table")
BUCKETS = ("auto", "minute", "hour", "day", "week", "month", "quarter")
SWITCHES = ("cumulative", "share", "log", "compare")

MEASURE = PageChoice("measure", "billed_cost")
SPLIT = PageChoice("split", "model", (NO_SPLIT, *SPLITS))
THEN = PageChoice("then", NO_SPLIT, (NO_SPLIT, *SPLITS))
CHART = PageChoice("chart", "bars", CHARTS)
BUCKET = PageChoice("bucket", "auto", BUCKETS)
TOP = PageChoice("top", "8", ("3", "5", "8", "12", "20", "50"))
WITH = PageChoice("with", "", SWITCHES, many=True)
_CHOICES = {it.name: it for it in (MEASURE, SPLIT, THEN, CHART, BUCKET, TOP, WITH)}
_WORDS = {dimension: word for word, dimension in SPLITS.items()}


def explore_href(
    view: View,
    *,
    measure: str,
    split: Sequence[str] = (),
    chart: str = "bars",
    **choices: str,
) -> str:
    """The same view in Explore: a measure, split by at most two dimensions (or their URL words).

    `choices` are further ones of that page by their names in the URL (`top`, `bucket`). Raises
    ValueError for what Explore does not know.
    """
    first, second = (*map(_word, split), NO_SPLIT, NO_SPLIT)[:2]
    said = {"measure": measure, "split": first, "then": second, "chart": chart, **choices}
    # What the page that links chose of its own stays behind.
    asked = replace(view, words=())
    for name, word in said.items():
        choice = _choice(name, word)
        if word != choice.default:
            asked = asked.with_choice(name, word)
    return PATH + asked.query()


def _choice(name: str, word: str) -> PageChoice:
    choice = _CHOICES.get(name)
    if choice is None or (choice.words is not None and word not in (*choice.words, NONE)):
        raise ValueError(f"Explore knows no {name}={word}")
    return choice


def _word(dimension: str) -> str:
    word = _WORDS.get(dimension, dimension)
    if word not in SPLITS:
        raise ValueError(f"Explore splits by {', '.join(SPLITS)}, not by {dimension!r}")
    return word
