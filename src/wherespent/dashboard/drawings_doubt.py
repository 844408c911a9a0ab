"""What is kept though the provider says otherwise, and what it sends that is not known."""

from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics.doubts import DoubtedBucket, doubted_buckets
from wherespent.analytics.unknown import UnknownRow, unknown_data
from wherespent.dashboard import formats
from wherespent.dashboard.components import table, titled
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.drawings_coverage import stream_name
from wherespent.domain.windows import DAY, utc

_MOST_ROWS = 100


def doubted(desk: Desk, now: datetime) -> Component:
    """Buckets that came back empty over stored rows, or a line that there are none."""
    rows = desk.answers.fresh(doubted_buckets, desk.account)
    if not rows:
        text = (
            "None. A bucket that held rows and comes back empty would be kept and listed here,"
            " and believed only when a sync at least an hour later finds it empty again."
        )
        return html.P(text, className="sub")
    head = ["Stream", "Bucket (UTC)", "Holds", "Came back empty", "Will be believed"]
    cells = [_doubted_cells(row, now) for row in rows[:_MOST_ROWS]]
    words = ("Bucket (UTC)", "Came back empty", "Will be believed")
    return table(head, cells, caption="Buckets in doubt", words=words, tall=len(cells) > 20)


def _doubted_cells(row: DoubtedBucket, now: datetime) -> list[Any]:
    start = utc(row.bucket.start)
    is_day = row.bucket.seconds == DAY
    bucket = formats.day(start, year=True) + ("" if is_day else f", {start:%H:%M}")
    is_due = now >= row.believed_from
    when = "at the next sync that agrees" if is_due else f"from {row.believed_from:%H:%M} UTC on"
    return [
        stream_name(row.stream, row.grouping),
        bucket,
        _held(row),
        titled(formats.ago(row.seen_at, now), f"{row.seen_at:%Y-%m-%d %H:%M} UTC"),
        f"{when}, unless it comes back",
    ]


def _held(row: DoubtedBucket) -> Any:
    if row.billed is not None:
        return titled(formats.usd(row.billed), formats.exact_usd(row.billed))
    name = row.measure.removeprefix("num_").replace("_", " ")
    return titled(f"{formats.compact(row.amount)} {name}", f"{row.rows} rows")


def unknown(desk: Desk, now: datetime) -> Component:
    """Fields and results that this version does not know, or a line that there are none."""
    rows = desk.answers.fresh(unknown_data, desk.account)
    if not rows:
        text = "None: every field and every kind of result that OpenAI sent is known."
        return html.P(text, className="sub")
    head = ["Stream", "What", "Name", "Seen", "First", "Last", "Newest sample"]
    cells = [_unknown_cells(row, now) for row in rows[:_MOST_ROWS]]
    words = ("What", "Name", "Newest sample")
    return table(head, cells, caption="Unknown data", words=words, tall=len(cells) > 12)


def _unknown_cells(row: UnknownRow, now: datetime) -> list[Any]:
    sample = html.Details(
        [html.Summary(formats.shortened(row.sample, 40)), html.Pre(row.sample)], className="sample"
    )
    return [
        stream_name(row.stream),
        "result, in no sum" if row.kind == "result" else "field",
        html.Code(formats.shortened(row.name, 60)),
        formats.count(row.seen),
        formats.ago(row.first_seen_at, now),
        formats.ago(row.last_seen_at, now),
        sample,
    ]
