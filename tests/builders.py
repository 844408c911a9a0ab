"""A served organization, a database and a clock, and what reads them back for comparison."""

import json
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import Connection, text

from wherespent.demo import LoggedRequest, Organization, RunningServer
from wherespent.domain.streams import COST_DIMENSIONS, STOCK_MEASURES, Kind, Stream
from wherespent.domain.windows import DAY, Window, epoch, floor_day, utc
from wherespent.ingestion.account_sync import AccountSync
from wherespent.ingestion.cycle import Cycle
from wherespent.ingestion.outcomes import StreamOutcome
from wherespent.ingestion.plan import Wanted
from wherespent.providers import STREAMS, find_stream
from wherespent.providers.openai.client import AdminClient
from wherespent.providers.openai.keys import AdminKey
from wherespent.providers.openai.names import fetch_names
from wherespent.storage.engine import Database
from wherespent.storage.tables import MAIN

NOON = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
TODAY = floor_day(epoch(NOON))
KEY = "sk-admin-test"
Cell = tuple[str, ...]


@dataclass
class Clock:
    """A clock that only moves when told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def day(number: int) -> int:
    """The start of a UTC day, counted from today: -1 is yesterday."""
    return TODAY + number * DAY


def at(number: int, hour: float = 0) -> datetime:
    return utc(day(number)) + timedelta(hours=hour)


def a_client(url: str, **options: Any) -> AdminClient:
    """A client without a request budget and with short pauses."""
    given = {"key": SecretStr(KEY), "requests_per_minute": 0, "pause": 0.01, "now": Clock()}
    # Plain HTTP only, and a TLS context is slow to build.
    transport = httpx.HTTPTransport(verify=False)
    return AdminClient(base_url=url, **{**given, "transport": transport, **options})


def a_key(
    client: AdminClient,
    clock: Callable[[], datetime],
    newest: Callable[[], SecretStr | None] = lambda: None,
) -> AdminKey:
    return AdminKey(client, salt="salt", now=clock, newest=newest)


@dataclass
class Synced:
    """What one sync did, by the short name of the stream."""

    outcomes: dict[str, StreamOutcome]

    def __getitem__(self, stream: str) -> StreamOutcome:
        return next(o for name, o in self.outcomes.items() if name.endswith(stream))

    @property
    def changed(self) -> int:
        return sum(outcome.buckets_changed for outcome in self.outcomes.values())

    @property
    def statuses(self) -> set[str]:
        return {outcome.status for outcome in self.outcomes.values()}


@dataclass
class Rig:
    """Everything that a sync needs, and the facts that it leaves behind."""

    database: Database
    organization: Organization
    server: RunningServer
    clock: Clock
    _client: AdminClient | None = field(default=None)

    @property
    def client(self) -> AdminClient:
        if self._client is None:
            self._client = a_client(self.server.url, now=self.clock)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self.server.close()

    def account_sync(
        self, *streams: str, client: AdminClient | None = None, **options: Any
    ) -> AccountSync:
        given: dict[str, Any] = {"claimant": "test", "now": self.clock, **options}
        return AccountSync(
            database=self.database,
            client=client or self.client,
            account="default",
            streams=chosen(*streams),
            **given,
        )

    def sync(
        self,
        *streams: str,
        since: int = -3,
        until: int = 1,
        client: AdminClient | None = None,
        **options: Any,
    ) -> Synced:
        """Sync these streams (all when none is named) over days counted from NOON's."""
        wanted = Wanted(day(since), day(until))
        outcomes = self.account_sync(*streams, client=client, **options).run(
            dict.fromkeys(Kind, wanted)
        )
        return Synced({outcome.stream: outcome for outcome in outcomes})

    def cycle(self, *streams: str, client: AdminClient | None = None, **options: Any) -> Cycle:
        asking = client or self.client
        given: dict[str, Any] = {
            "backfill_days": 3,
            "interval": timedelta(minutes=5),
            "now": self.clock,
            **options,
        }
        return Cycle(
            database=self.database,
            client=asking,
            key=a_key(asking, self.clock),
            fetch_names=lambda: fetch_names(asking),
            streams=chosen(*streams),
            **given,
        )

    def round(self, cycle: Cycle) -> Synced:
        return Synced({o.stream: o for o in cycle.run(hurry=threading.Event())})

    def asked(self, path: str = "") -> list[LoggedRequest]:
        return [request for request in self.server.requests if path in request.path]

    def forget_requests(self) -> None:
        self.server.requests.clear()

    def rows(self, sql: str, **bound: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(text(sql), bound))

    def value(self, sql: str, **bound: Any) -> Any:
        return self.rows(sql, **bound)[0][0]

    def costs(self, grouping: int = MAIN) -> dict[Cell, int]:
        """(day, project, user, line item, key, source) → nanos."""
        with self.database.read() as connection:
            return stored_costs(connection, grouping)

    def total_nanos(self, grouping: int = MAIN) -> int:
        return sum(self.costs(grouping).values())

    def usage(self, stream: str) -> dict[Cell, dict[str, int]]:
        """(hour, dimensions …) → measures."""
        with self.database.read() as connection:
            return stored_usage(connection, the(stream))

    def covered(self, stream: str, grouping: int = MAIN) -> set[int]:
        """Days, counted from NOON's, that are recorded as read."""
        rows = self.rows(
            "SELECT bucket_start FROM coverage c JOIN stream s ON s.id = c.stream_id"
            " WHERE s.name = :name AND c.grouping = :grouping",
            name=the(stream).name,
            grouping=grouping,
        )
        return {(start - TODAY) // DAY for (start,) in rows}

    def version(self) -> int:
        return self.value("SELECT version FROM account")

    def contents(self) -> dict[str, list[Any]]:
        """Every fact, rollup, series and revision."""
        tables = (
            "usage_hour",
            "usage_day",
            "usage_slice_hour",
            "usage_slice_day",
            "cost_day",
            "cost_slice_day",
            "usage_series",
            "cost_series",
            "line_item",
            "cost_revision",
            "empty_bucket",
        )
        return {table: sorted(map(repr, self.rows(f"SELECT * FROM {table}"))) for table in tables}

    def assert_exact(self, *streams: str, since: int = -3, until: int = 1) -> None:
        """The database holds the organization's own truth, and the rollups add it up."""
        for stream in chosen(*streams):
            if stream.kind is Kind.COST:
                self._assert_costs(since, until)
            else:
                self._assert_usage(stream, since, until)
        assert_rollups(self.database)

    def _assert_costs(self, since: int, until: int) -> None:
        truth = {
            (str(day(number)), *map(as_text, dims)): nanos
            for number in range(since, until)
            for dims, nanos in self.organization.cost_truth_nanos(
                at(number), at(number + 1), COST_DIMENSIONS
            ).items()
        }
        assert self.costs() == truth

    def _assert_usage(self, stream: Stream, since: int, until: int) -> None:
        stored = self.usage(stream.short_name)
        for number in range(since, until):
            for hour in range(24):
                start = at(number, hour)
                truth = self.organization.usage_truth(
                    stream.short_name, start, start + timedelta(hours=1), stream.dimensions
                )
                key = str(epoch(start))
                expected = {tuple(map(as_text, dims)): known(m) for dims, m in truth.items()}
                found = {cell[1:]: m for cell, m in stored.items() if cell[0] == key}
                assert {dims: known(m) for dims, m in found.items()} == expected


def the(stream: str) -> Stream:
    found = find_stream(stream)
    assert found is not None, stream
    return found


def chosen(*streams: str) -> tuple[Stream, ...]:
    return tuple(map(the, streams)) or tuple(STREAMS.values())


def as_text(value: object) -> str:
    """A dimension as it is stored."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def known(measures: Mapping[str, int | None]) -> dict[str, int]:
    """Without what is unknown or zero: the truth does not tell the two apart."""
    return {name: value for name, value in measures.items() if value}


def stored_costs(connection: Connection, grouping: int = MAIN) -> dict[Cell, int]:
    rows = connection.execute(
        text(
            "SELECT f.bucket_start, s.project_id, s.user_id, i.name, s.api_key_id, s.api_source,"
            " f.amount FROM cost_day f JOIN cost_series s ON s.id = f.series_id"
            " JOIN line_item i ON i.id = s.line_item_id WHERE f.grouping = :grouping"
        ),
        {"grouping": grouping},
    )
    cells: dict[Cell, int] = defaultdict(int)
    for start, *dims, nanos in rows:
        cells[str(start), *dims] += nanos
    return dict(cells)


def stored_usage(connection: Connection, stream: Stream) -> dict[Cell, dict[str, int]]:
    dims = ", ".join(f"s.{name}" for name in stream.dimensions)
    measures = ", ".join(f"f.{name}" for name in stream.measures)
    rows = connection.execute(
        text(
            f"SELECT f.bucket_start, {dims}, {measures} FROM usage_hour f"
            " JOIN usage_series s ON s.id = f.series_id JOIN stream t ON t.id = f.stream_id"
            " WHERE t.name = :name"
        ),
        {"name": stream.name},
    )
    width = len(stream.dimensions) + 1
    return {
        (str(row[0]), *row[1:width]): dict(zip(stream.measures, row[width:], strict=True))
        for row in rows
    }


def assert_rollups(database: Database) -> None:
    """Every rollup holds exactly the sums of the facts, and nothing else."""
    with database.read() as connection:
        for stream in STREAMS.values():
            if stream.kind is Kind.USAGE:
                _assert_usage_rollups(connection, stream)
        slices: dict[tuple[int, int], int] = defaultdict(int)
        for start, number, nanos in connection.execute(
            text(
                "SELECT f.bucket_start, s.slice_id, f.amount FROM cost_day f"
                " JOIN cost_series s ON s.id = f.series_id WHERE f.grouping = 0"
            )
        ):
            slices[start, number] += nanos
        rows = connection.execute(text("SELECT bucket_start, slice_id, amount FROM cost_slice_day"))
        assert {(start, number): nanos for start, number, nanos in rows} == dict(slices)


def _assert_usage_rollups(connection: Connection, stream: Stream) -> None:
    names = ", ".join(f"f.{name}" for name in stream.measures)

    def read(table: str, number: str) -> dict[tuple[int, int], tuple[int | None, ...]]:
        rows = connection.execute(
            text(
                f"SELECT f.bucket_start, f.{number}, {names} FROM {table} f"
                " JOIN stream t ON t.id = f.stream_id WHERE t.name = :name"
            ),
            {"name": stream.name},
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in rows}

    slice_of = dict(connection.execute(text("SELECT id, slice_id FROM usage_series")).all())
    hours = read("usage_hour", "series_id")
    is_stock = not STOCK_MEASURES.isdisjoint(stream.measures)
    days: dict[tuple[int, int], list[tuple[int | None, ...]]] = defaultdict(list)
    for (start, series), measures in sorted(hours.items()):
        days[floor_day(start), series].append(measures)
    day_of = {key: each[-1] if is_stock else _added(each) for key, each in days.items()}
    assert read("usage_day", "series_id") == day_of
    assert read("usage_slice_hour", "slice_id") == _sliced(hours, slice_of)
    assert read("usage_slice_day", "slice_id") == _sliced(day_of, slice_of)


def _sliced(
    cells: Mapping[tuple[int, int], tuple[int | None, ...]], slice_of: Mapping[int, int]
) -> dict[tuple[int, int], tuple[int | None, ...]]:
    parts: dict[tuple[int, int], list[tuple[int | None, ...]]] = defaultdict(list)
    for (start, series), measures in cells.items():
        parts[start, slice_of[series]].append(measures)
    return {key: _added(each) for key, each in parts.items()}


def _added(rows: Iterable[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    columns = zip(*rows, strict=True)
    return tuple(
        sum(v for v in column if v is not None) if any(v is not None for v in column) else None
        for column in columns
    )


def cost_page(*buckets: tuple[int, list[tuple[str, str]]], **envelope: Any) -> dict[str, Any]:
    """A page of cost buckets: (start, [(line item, amount)])."""
    return {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": start,
                "end_time": start + DAY,
                "results": [
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": amount, "currency": "usd"},
                        "line_item": line_item,
                        "project_id": None,
                    }
                    for line_item, amount in results
                ],
            }
            for start, results in buckets
        ],
        "has_more": False,
        "next_page": None,
        **envelope,
    }


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def dollars(amount: str) -> int:
    """Whole nanos of an amount with at most nine decimals."""
    return int(Decimal(amount).scaleb(9))


def all_that_it_says(error: BaseException) -> str:
    """An error, everything chained to it, and its traceback."""
    said, waiting, seen = "", [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        said += f"{each!r} {each!s} {each.__dict__!r} {each.args!r}"
        said += "".join(traceback.format_exception(each))
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
    return said


def whole_days(since: int, until: int) -> Window:
    return Window(day(since), day(until))
