"""How fast usage rows get in, against the driver's own bulk insert of the same narrow rows.

    uv run python benchmarks/ingest.py [--rows 1000000] [--engine sqlite|postgres]

(a) records to committed facts and rollups, (b) the same from the bytes of the JSON pages,
(c) the same window again, unchanged. Each against (0): the driver alone, in this run.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from sqlalchemy import text

from servers import ENGINES, empty_database, show
from wherespent.domain.windows import DAY, HOUR, Window
from wherespent.ingestion.groupings import Refusals
from wherespent.ingestion.sync import StreamSync
from wherespent.providers import STREAMS
from wherespent.providers.openai.schemas import Page, read_page
from wherespent.storage import sync_state
from wherespent.storage.bulk import insert_rows
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id

STREAM = STREAMS["openai.usage.completions"]
PAGE_HOURS = 168
ROWS_PER_HOUR = 100
SERIES = 2300
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def make_pages(rows: int) -> list[bytes]:
    """JSON pages of 168 hours as OpenAI sends them: 100 of 2,300 series are active in a week."""
    dice = random.Random(7)
    series = [_dimensions(number) for number in range(SERIES)]
    pages: list[bytes] = []
    start = int(NOW.timestamp()) - rows // ROWS_PER_HOUR * HOUR
    start -= start % DAY
    for first in range(0, rows // ROWS_PER_HOUR, PAGE_HOURS):
        week = first // PAGE_HOURS
        active = [series[(week * ROWS_PER_HOUR + n) % SERIES] for n in range(ROWS_PER_HOUR)]
        hours = range(first, min(first + PAGE_HOURS, rows // ROWS_PER_HOUR))
        buckets = [
            {
                "object": "bucket",
                "start_time": start + hour * HOUR,
                "end_time": start + (hour + 1) * HOUR,
                "results": [_result(dice, s) for s in active],
            }
            for hour in hours
        ]
        page = {"object": "page", "data": buckets, "has_more": False, "next_page": None}
        pages.append(msgspec.json.encode(page))
    return pages


def _dimensions(number: int) -> dict[str, object]:
    """Four keys use each pair of project and model."""
    slice_ = number // 4
    return {
        "project_id": f"proj_{slice_ % 40:04}",
        "user_id": f"user-{number % 230:04}",
        "api_key_id": f"key_{number % 1150:05}",
        "model": f"gpt-5.{slice_ // 40}-2026-04-23",
        "batch": number % 11 == 0,
        "service_tier": "default",
        "api_source": None,
    }


def _result(dice: random.Random, dimensions: dict[str, object]) -> dict[str, object]:
    uncached, cached, output = (
        dice.randrange(900_000),
        dice.randrange(400_000),
        dice.randrange(90_000),
    )
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": uncached + cached,
        "output_tokens": output,
        "num_model_requests": dice.randrange(1, 900),
        "input_uncached_tokens": uncached,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": 0,
        "input_cache_write_30m_tokens": 0,
        "input_cache_write_12h_tokens": 0,
        "input_text_tokens": uncached,
        "input_audio_tokens": 0,
        "input_image_tokens": 0,
        "input_cached_text_tokens": cached,
        "input_cached_audio_tokens": 0,
        "input_cached_image_tokens": 0,
        "output_text_tokens": output,
        "output_audio_tokens": 0,
        "output_image_tokens": 0,
        **dimensions,
    }


class Replay:
    """A provider that answers with pages that are already here."""

    requests = 0

    def __init__(self, pages: list[bytes] | list[Page]) -> None:
        self._pages = pages

    def fetch_pages(self, *_: object) -> Iterator[Page]:
        for page in self._pages:
            yield read_page(STREAM, page) if isinstance(page, bytes) else page


def read_in(database: Database, pages: list[bytes] | list[Page], window: Window) -> float:
    """Seconds to bring the pages into the database through the real sync."""
    with database.write() as connection:
        place = Place(account_id(connection, "default"), stream_id(connection, STREAM.name))
        sync_state.claim(connection, sync_state.Reading(place, 0), "bench", NOW, steal=True)
    sync = StreamSync(database, Replay(pages), STREAM, place, "bench", lambda: NOW, Refusals())
    for page in pages[:-1]:
        if isinstance(page, Page):
            page.has_more = True
    return timed(lambda: sync.read(0, window, sync_state.Written()))


def driver_alone(database: Database, pages: list[Page]) -> float:
    """Seconds of the driver's own bulk insert of the same rows, a transaction a page."""
    numbers: dict[object, int] = {}
    batches = [
        [
            (1, 1, bucket.start, numbers.setdefault(d, len(numbers) + 1), *measures)
            for bucket in page.buckets
            for d, measures in bucket.records.items()
        ]
        for page in pages
    ]
    for batch in batches:
        batch.sort(key=lambda row: row[2:4])
    columns = ("account_id", "stream_id", "bucket_start", "series_id", *STREAM.measures)

    def insert() -> None:
        for batch in batches:
            with database.write() as connection:
                insert_rows(connection, "usage_hour", columns, batch)

    seconds = timed(insert)
    with database.write() as connection:
        connection.execute(text("DELETE FROM usage_hour"))
    return seconds


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(engine: str, bodies: list[bytes], rows: int) -> bool:
    pages = [read_page(STREAM, body) for body in bodies]
    starts = [bucket.start for page in pages for bucket in page.buckets]
    window = Window(min(starts), max(starts) + HOUR)
    window = Window(window.start - window.start % DAY, -(-window.end // DAY) * DAY)
    with empty_database(engine) as database:
        alone = rows / driver_alone(database, pages)
    with empty_database(engine) as database:
        fresh = rows / read_in(database, pages, window)
        again = rows / read_in(database, pages, window)
    with empty_database(engine) as database:
        from_json = rows / read_in(database, bodies, window)
    print(f"{engine}: {rows:,} rows, {len(pages)} pages")
    show("(0) the driver's own bulk insert", alone, "rows/s", None, least=True)
    show("(a) records to facts and rollups", fresh, "rows/s", None, least=True)
    show("(b) JSON bytes to facts and rollups", from_json, "rows/s", None, least=True)
    show("(c) the same again, unchanged", again, "rows/s", None, least=True)
    return all(
        [
            show("(a) / (0)", fresh / alone, "x", 0.4, least=True),
            show("(b) / (0)", from_json / alone, "x", 0.2, least=True),
            show("(c) / (a)", again / fresh, "x", 1.0, least=True),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    options = parser.parse_args()
    bodies = make_pages(options.rows)
    met = [measure(engine, bodies, options.rows) for engine in options.engine or ENGINES]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
