"""Fills a database with a large organization, by SQL: what a year of syncs would have left.

2,300 usage series (40 projects, 15 models, 230 users, 2,000 keys) in every hour, and 2,740
cost series (300 line items) in every day, newest hour `now`.
"""

from datetime import datetime

from sqlalchemy import Connection, insert, text

from wherespent.domain.line_items import parse_line_item
from wherespent.domain.streams import USAGE_DIMENSIONS, Stream
from wherespent.domain.windows import DAY, HOUR, epoch, floor_day
from wherespent.providers import STREAMS
from wherespent.storage.engine import Database
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.tables import (
    cost_series,
    cost_slice,
    coverage,
    line_item,
    name,
    usage_series,
    usage_slice,
)

COMPLETIONS = STREAMS["openai.usage.completions"]
SERIES, COST_SERIES = 2_300, 2_740
PROJECTS, MODELS, USERS, KEYS, LINE_ITEMS = 200, 40, 230, 2_000, 300
_DIRECTIONS = ("input", "cached input", "output", "cache writes", "audio, input", "image, output")


def fill(
    database: Database, usage_rows: int, cost_rows: int, now: datetime, *, every_hours: int = 1
) -> None:
    """About that many rows of usage (hours) and costs (days), with rollups and coverage.

    `every_hours`: only every so many hours have usage, over the same days.
    """
    hours, days = usage_rows // SERIES, cost_rows // COST_SERIES
    with database.write() as connection:
        account = account_id(connection, "default")
        _names(connection, account, now)
        stream = stream_id(connection, COMPLETIONS.name)
        _usage_series(connection, account, stream)
        end = epoch(now) - epoch(now) % HOUR + HOUR
        _usage_facts(connection, account, stream, (end - hours * HOUR, end), every_hours)
        costs = stream_id(connection, "openai.costs")
        _cost_series(connection, account)
        _cost_facts(connection, account, floor_day(epoch(now)) - (days - 1) * DAY, days)
        for number, first in ((stream, end - hours * HOUR), (costs, end - days * DAY)):
            _coverage(connection, account, number, floor_day(first), now)
    _settle(database)


def _settle(database: Database) -> None:
    """What the databases do by themselves within minutes: count, and know what all can see."""
    raw = database.writer.raw_connection()
    try:
        if not database.is_sqlite:
            # Otherwise the driver begins a transaction, and what was counted goes with it.
            raw.driver_connection.autocommit = True
        raw.cursor().execute("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")
    finally:
        raw.invalidate()


def _names(connection: Connection, account: int, now: datetime) -> None:
    kinds = (("project", "proj", PROJECTS), ("user", "user", USERS), ("api_key", "key", KEYS))
    rows = [
        {
            "account_id": account,
            "kind": kind,
            "id": f"{prefix}_{number}",
            "name": f"{kind.replace('_', ' ').title()} {number}",
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for kind, prefix, count in kinds
        for number in range(count)
    ]
    connection.execute(insert(name), rows)


def _usage_series(connection: Connection, account: int, stream: int) -> None:
    slices: dict[tuple[int, int], int] = {}
    rows: list[dict[str, object]] = []
    for number in range(SERIES):
        project, model = number // 4 % PROJECTS, number // 4 % MODELS
        key = slices.setdefault((project, model), len(slices) + 1)
        texts = dict.fromkeys(USAGE_DIMENSIONS, "")
        rows.append(
            {
                "id": number + 1,
                "account_id": account,
                "stream_id": stream,
                "slice_id": key,
                **texts,
                "project_id": f"proj_{project}",
                "user_id": f"user_{number % USERS}",
                "api_key_id": f"key_{number % KEYS}",
                "model": f"gpt-{model}",
                "model_key": f"gpt-{model}",
                "batch": str(number % 7 == 0).lower(),
                "service_tier": "default" if number % 3 else "flex",
                # Keeps combinations distinct once the numbers above come round again.
                "api_source": "" if number < KEYS else "agents_api",
            }
        )
    connection.execute(
        insert(usage_slice),
        [
            {
                "id": number,
                "account_id": account,
                "stream_id": stream,
                "project_id": f"proj_{project}",
                "model": f"gpt-{model}",
                "model_key": f"gpt-{model}",
            }
            for (project, model), number in slices.items()
        ],
    )
    connection.execute(insert(usage_series), rows)


def _numbers(connection: Connection, first: int, last: int, step: int) -> str:
    if connection.dialect.name == "postgresql":
        return f"(SELECT generate_series({first}, {last}, {step})::bigint AS t) n"
    return (
        f"(WITH RECURSIVE n(t) AS (SELECT {first} UNION ALL SELECT t + {step} FROM n"
        f" WHERE t + {step} <= {last}) SELECT t FROM n) n"
    )


def _usage_facts(
    connection: Connection, account: int, stream: int, span: tuple[int, int], every_hours: int
) -> None:
    start, end = span
    spread = f"((n.t / {HOUR} * 7919 + s.id * 104729) % 997)"
    values = {
        "num_model_requests": f"{spread} + 1",
        "input_tokens": f"{spread} * 1700 + {spread} * 900",
        "output_tokens": f"{spread} * 310",
        "input_uncached_tokens": f"{spread} * 1700",
        "input_cached_tokens": f"{spread} * 900",
        "input_text_tokens": f"{spread} * 1700",
        "input_cached_text_tokens": f"{spread} * 900",
        "output_text_tokens": f"{spread} * 310",
    }
    columns = ", ".join(COMPLETIONS.measures)
    formulas = ", ".join(values.get(measure, "0") for measure in COMPLETIONS.measures)
    connection.execute(
        text(
            f"INSERT INTO usage_hour (account_id, stream_id, bucket_start, series_id, {columns})"
            f" SELECT {account}, {stream}, n.t, s.id, {formulas}"
            f" FROM {_numbers(connection, start, end - HOUR, every_hours * HOUR)}"
            " CROSS JOIN usage_series s ORDER BY n.t, s.id"
        )
    )
    _rollup(connection, COMPLETIONS, "usage_hour", "usage_day", "series_id", DAY)
    _rollup(connection, COMPLETIONS, "usage_hour", "usage_slice_hour", "slice_id", HOUR)
    _rollup(connection, COMPLETIONS, "usage_day", "usage_slice_day", "slice_id", DAY)


def _rollup(
    connection: Connection, stream: Stream, facts: str, table: str, number: str, width: int
) -> None:
    columns = ", ".join(stream.measures)
    sums = ", ".join(f"CAST(SUM(f.{measure}) AS BIGINT)" for measure in stream.measures)
    group = "f.series_id" if number == "series_id" else "s.slice_id"
    start = f"f.bucket_start - f.bucket_start % {width}"
    connection.execute(
        text(
            f"INSERT INTO {table} (account_id, stream_id, bucket_start, {number}, {columns})"
            f" SELECT f.account_id, f.stream_id, {start}, {group}, {sums} FROM {facts} f"
            f" JOIN usage_series s ON s.id = f.series_id"
            f" GROUP BY f.account_id, f.stream_id, {start}, {group}"
        )
    )


def _cost_series(connection: Connection, account: int) -> None:
    items = [f"gpt-{n % MODELS} , {_DIRECTIONS[n % 6]}".replace(" ,", ",") for n in range(240)]
    items += [f"Tool number {n}" for n in range(LINE_ITEMS - 240)]
    items = [f"{item} {n}" if items.count(item) > 1 else item for n, item in enumerate(items)]
    connection.execute(
        insert(line_item),
        [
            {"id": n + 1, "name": item, "model_key": parse_line_item(item).model_key}
            for n, item in enumerate(items)
        ],
    )
    slices: dict[tuple[int, int], int] = {}
    rows: list[dict[str, object]] = []
    for number in range(COST_SERIES):
        project, item = number // 3 % PROJECTS, number // 3 % LINE_ITEMS + 1
        rows.append(
            {
                "id": number + 1,
                "account_id": account,
                "slice_id": slices.setdefault((project, item), len(slices) + 1),
                "project_id": f"proj_{project}",
                "user_id": f"user_{number % USERS}",
                "api_key_id": f"key_{number % KEYS}",
                "api_source": "" if number < KEYS else "agents_api",
                "line_item_id": item,
                "quantity_unit": "tokens",
            }
        )
    connection.execute(
        insert(cost_slice),
        [
            {
                "id": number,
                "account_id": account,
                "project_id": f"proj_{project}",
                "line_item_id": item,
                "quantity_unit": "tokens",
            }
            for (project, item), number in slices.items()
        ],
    )
    connection.execute(insert(cost_series), rows)


def _cost_facts(connection: Connection, account: int, start: int, days: int) -> None:
    spread = f"((n.t / {DAY} * 7919 + s.id * 104729) % 997)"
    last = start + (days - 1) * DAY
    connection.execute(
        text(
            "INSERT INTO cost_day"
            " (account_id, grouping, bucket_start, series_id, amount, quantity)"
            f" SELECT {account}, 0, n.t, s.id, {spread} * 1234567, {spread} * 1000"
            f" FROM {_numbers(connection, start, last, DAY)} CROSS JOIN cost_series s"
            " ORDER BY n.t, s.id"
        )
    )
    connection.execute(
        text(
            "INSERT INTO cost_slice_day (account_id, bucket_start, slice_id, amount, quantity)"
            " SELECT f.account_id, f.bucket_start, s.slice_id, CAST(SUM(f.amount) AS BIGINT),"
            " SUM(f.quantity) FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
            " GROUP BY f.account_id, f.bucket_start, s.slice_id"
        )
    )


def _coverage(connection: Connection, account: int, stream: int, first: int, now: datetime) -> None:
    days = range(first, floor_day(epoch(now)) + DAY, DAY)
    connection.execute(
        insert(coverage),
        [
            {
                "account_id": account,
                "stream_id": stream,
                "grouping": 0,
                "bucket_start": day,
                "bucket_end": day + DAY,
                "read_at": now,
            }
            for day in days
        ],
    )
