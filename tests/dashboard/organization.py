"""A small organization written through the real storage: what the dashboard tests look at."""

# ruff: noqa: ANN001, ANN202 - helpers of one test file

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wherespent.domain.accounts import DEFAULT_ACCOUNT
from wherespent.domain.money import to_nanos
from wherespent.domain.records import CostAmount, CostBucket, Name, UsageBucket
from wherespent.domain.streams import Stream
from wherespent.domain.windows import DAY, HOUR, Window, epoch, floor_day
from wherespent.providers.openai.streams import COSTS, STREAMS
from wherespent.storage import sync_state
from wherespent.storage.cost_writes import replace_costs
from wherespent.storage.engine import Database
from wherespent.storage.names import upsert_names
from wherespent.storage.rollups import Place
from wherespent.storage.series import CostSeries, UsageSeries, account_id, stream_id
from wherespent.storage.tables import MAIN, metadata
from wherespent.storage.writes import Written, advance_version, replace_usage

HOSTILE = '<a href="http://evil.example/x">click</a><img src=x onerror=alert(1)>&amp;'
PROJECTS = {
    "proj_search": "Search",
    "proj_support": "Support bot",
    "proj_eval": "Evaluations",
    "proj_hostile": HOSTILE,
}
USERS = {"user-noor": "Noor Haddad", "user-ida": "Ida Berg", "user-svc": "search-prod (service)"}
MODELS = {
    "gpt-5.2-2025-12-11": (1.75, 14.0, 9.0),
    "gpt-5.2-mini-2025-12-11": (0.25, 2.0, 16.0),
    "o4-mini-2025-04-16": (1.1, 4.4, 5.0),
    "gpt-4.1-2025-04-14": (2.0, 8.0, 3.0),
    "gpt-4o-audio-preview": (2.5, 10.0, 0.4),
}
EXTRA_ITEMS = {"web search tool calls": 12.0, "code interpreter sessions": 2.1}
_BY_NAME = {stream.short_name: stream for stream in STREAMS}


def build(
    database: Database,
    now: datetime,
    *,
    days: int = 60,
    tail: int = 0,
    label: str = DEFAULT_ACCOUNT,
) -> None:
    """`tail` adds that many tiny models, line items, projects and keys."""
    metadata.create_all(database.writer)
    dice = random.Random(7)
    with database.write() as connection:
        account = account_id(connection, label)
        names = [Name("project", known, name) for known, name in PROJECTS.items()]
        names += [Name("user", known, name, f"{known}@acme.test") for known, name in USERS.items()]
        names += [Name("api_key", f"key_{n}", f"key {n}", hint=f"sk-…{n:04d}") for n in range(9)]
        upsert_names(connection, account, names, now)
        costs: dict[int, CostBucket] = {}
        today = floor_day(epoch(now))
        for back in range(days + 1):
            day = today - back * DAY
            bucket = costs[day] = CostBucket(day)
            _completions_day(connection, account, day, now, dice, bucket, tail)
        place = Place(account, stream_id(connection, COSTS.name))
        replace_costs(
            connection,
            place,
            CostSeries(account),
            COSTS.dimensions,
            list(costs.values()),
            grouping=MAIN,
            settled_before=today - 3 * DAY,
            now=now,
        )
        _record_runs(connection, account, now, days)
        advance_version(connection, account)


def _completions_day(connection, account, day, now, dice, bill, tail) -> None:  # type: ignore[no-untyped-def]
    stream = _BY_NAME["completions"]
    weekend = datetime.fromtimestamp(day, UTC).weekday() >= 5
    models = dict(MODELS) | {f"tiny-{n}-model": (1.0, 2.0, 0.02) for n in range(tail)}
    buckets = []
    for start in range(day, min(day + DAY, epoch(now)), HOUR):
        hour = start % DAY // HOUR
        load = math.exp(-(((hour - 13.5) / 5) ** 2)) * (0.35 if weekend else 1) + 0.04
        bucket = UsageBucket(start)
        for index, (model, (_, _, weight)) in enumerate(models.items()):
            project = f"proj_{index}" if index >= 5 else list(PROJECTS)[index % 4]
            who = (project, list(USERS)[index % 3], f"key_{index if tail else index % 9}")
            calls = int(weight * load * 90 * dice.uniform(0.8, 1.2)) + (index < 5)
            dims = (*who, model, False if index % 2 else None, "default", None)
            bucket.records[_text(dims)] = _measures(stream, calls, audio="audio" in model)
        buckets.append(bucket)
    place = Place(account, stream_id(connection, stream.name))
    series = UsageSeries(account, place.stream_id, stream)
    replace_usage(
        connection,
        place,
        stream,
        series,
        stream.dimensions,
        buckets,
        settled_before=floor_day(epoch(now)) - DAY,
        now=now,
    )
    _embeddings(connection, account, buckets, now)
    done = (min(day + DAY, epoch(now)) - day) / DAY
    for index, (model, (price_in, price_out, weight)) in enumerate(models.items()):
        project = f"proj_{index}" if index >= 5 else list(PROJECTS)[index % 4]
        who = (project, list(USERS)[index % 3])
        key = f"key_{index if tail else index % 9}"
        tokens = weight * 1.4e6 * (0.4 if weekend else 1) * done * dice.uniform(0.9, 1.1)
        for item, price, part in (("input", price_in, 4), ("output", price_out, 1)):
            line = f"{model}, {item}"
            usd = Decimal(f"{tokens * part * price / 1e6:.9f}")
            amount = CostAmount(to_nanos(usd), tokens * part)
            bill.records[(*who, line, key, None, "tokens")] = amount
    for line, usd in EXTRA_ITEMS.items():
        amount = CostAmount(to_nanos(Decimal(str(usd)) * Decimal(str(round(done, 3)))), usd * 100)
        bill.records[("proj_search", "user-noor", line, None, None, "calls")] = amount


def _text(dims):  # type: ignore[no-untyped-def]
    return tuple(str(it).lower() if isinstance(it, bool) else it for it in dims)


def _measures(stream: Stream, calls: int, *, audio: bool) -> tuple[int | None, ...]:
    values = dict.fromkeys(stream.measures, None) | {
        "num_model_requests": calls,
        "input_tokens": calls * 2340,
        "input_uncached_tokens": calls * 900,
        "input_cached_tokens": calls * 1400,
        "input_cache_write_tokens": calls * 40,
        "output_tokens": calls * 145,
        "input_audio_tokens": calls * 300 if audio else 0,
        "output_audio_tokens": calls * 60 if audio else 0,
    }
    return tuple(values[name] for name in stream.measures)


def _embeddings(connection, account, buckets, now) -> None:  # type: ignore[no-untyped-def]
    stream = _BY_NAME["embeddings"]
    place = Place(account, stream_id(connection, stream.name))
    series = UsageSeries(account, place.stream_id, stream)
    rows = []
    for bucket in buckets:
        one = UsageBucket(bucket.start)
        one.records[("proj_search", "user-svc", "key_1", "text-embedding-3-large")] = (40, 90_000)
        rows.append(one)
    replace_usage(
        connection,
        place,
        stream,
        series,
        stream.dimensions,
        rows,
        settled_before=floor_day(epoch(now)) - DAY,
        now=now,
    )


def _record_runs(connection, account, now, days) -> None:  # type: ignore[no-untyped-def]
    today = floor_day(epoch(now))
    for stream in STREAMS:
        reading = sync_state.Reading(Place(account, stream_id(connection, stream.name)), MAIN)
        sync_state.ensure_state(connection, reading)
        read = [today - back * DAY for back in range(days + 1)]
        sync_state.record_coverage(connection, reading, read, now - timedelta(minutes=2))
        window = Window(today - 3 * DAY, today + DAY)
        started = now - timedelta(minutes=2)
        run = sync_state.start_run(connection, reading, window, started)
        sync_state.finish_run(
            connection,
            run,
            Written(rows=120, buckets_changed=4),
            requests=1,
            status=sync_state.DONE,
            error="",
            now=started + timedelta(seconds=1),
        )
        sync_state.record_success(connection, reading, now - timedelta(minutes=2))
