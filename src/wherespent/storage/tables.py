"""The tables. Every key begins with the account; facts hold integers only.

Series tables hold each distinct combination of dimensions once; a *slice* is a coarser
series (project and model, project and line item) that the small rollups are keyed by.
Null dimensions are stored as '' because nulls are distinct in a unique key.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from wherespent.domain.streams import COST_DIMENSIONS, USAGE_DIMENSIONS, USAGE_MEASURES
from wherespent.storage.types import Money, UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# The two readings of costs: `MAIN` carries all totals; `BY_USER` serves the questions about
# users where an organization refuses user beside project. They are never added up.
MAIN = 0
BY_USER = 1


def _account() -> Column[int]:
    return Column("account_id", Integer, primary_key=True, autoincrement=False)


def _key(name: str, type_: type[Integer] = Integer) -> Column[int]:
    return Column(name, type_, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("label", Text, nullable=False, unique=True),
    # Moved by every write that changes an answer: whoever keeps answers compares it.
    Column("version", BigInteger, nullable=False, server_default="0"),
)

stream = Table(
    "stream",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

line_item = Table(
    "line_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    _text("model_key"),
    _text("tier"),
    _text("modality"),
    _text("direction"),
    Column("long_context", Integer, nullable=False, server_default="0"),
)

usage_slice = Table(
    "usage_slice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    _text("project_id"),
    _text("model"),
    _text("model_key"),
    UniqueConstraint("account_id", "stream_id", "project_id", "model"),
)

usage_series = Table(
    "usage_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("slice_id", Integer, nullable=False),
    *(_text(name) for name in USAGE_DIMENSIONS),
    _text("model_key"),
    # Which dimensions the row was grouped by: '' in the others means unknown, not unattributed.
    _text("grouped_by"),
    UniqueConstraint("account_id", "stream_id", "grouped_by", *USAGE_DIMENSIONS),
)

cost_slice = Table(
    "cost_slice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    _text("project_id"),
    Column("line_item_id", Integer, nullable=False),
    _text("quantity_unit"),
    UniqueConstraint("account_id", "project_id", "line_item_id", "quantity_unit"),
)

_COST_TEXTS = tuple(name for name in COST_DIMENSIONS if name != "line_item")

cost_series = Table(
    "cost_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("slice_id", Integer, nullable=False),
    *(_text(name) for name in _COST_TEXTS),
    Column("line_item_id", Integer, nullable=False),
    _text("quantity_unit"),
    _text("grouped_by"),
    UniqueConstraint("account_id", "grouped_by", *_COST_TEXTS, "line_item_id", "quantity_unit"),
)


def _usage_facts(name: str, series: str) -> Table:
    return Table(
        name,
        metadata,
        _account(),
        _key("stream_id"),
        _key("bucket_start", BigInteger),
        _key(series),
        *(Column(measure, BigInteger) for measure in USAGE_MEASURES),
        sqlite_with_rowid=False,
    )


def _cost_facts(name: str, series: str, *extra: Column[int]) -> Table:
    return Table(
        name,
        metadata,
        _account(),
        *extra,
        _key("bucket_start", BigInteger),
        _key(series),
        Column("amount", Money, nullable=False),
        Column("quantity", Double),
        sqlite_with_rowid=False,
    )


usage_hour = _usage_facts("usage_hour", "series_id")
usage_day = _usage_facts("usage_day", "series_id")
usage_slice_hour = _usage_facts("usage_slice_hour", "slice_id")
usage_slice_day = _usage_facts("usage_slice_day", "slice_id")
cost_day = _cost_facts("cost_day", "series_id", _key("grouping", SmallInteger))
cost_slice_day = _cost_facts("cost_slice_day", "slice_id")

# Adds up a series over any span without sorting: totals by user and by key.
Index(
    "ix_cost_day_series",
    cost_day.c.account_id,
    cost_day.c.grouping,
    cost_day.c.series_id,
    cost_day.c.bucket_start,
    cost_day.c.amount,
)

Index(
    "ix_usage_day_series",
    usage_day.c.account_id,
    usage_day.c.stream_id,
    usage_day.c.series_id,
    usage_day.c.bucket_start,
    usage_day.c.num_model_requests,
)

coverage = Table(
    "coverage",
    metadata,
    _account(),
    _key("stream_id"),
    _key("grouping", SmallInteger),
    _key("bucket_start", BigInteger),  # a UTC day
    Column("bucket_end", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

empty_bucket = Table(
    "empty_bucket",
    metadata,
    _account(),
    _key("stream_id"),
    _key("grouping", SmallInteger),
    _key("bucket_start", BigInteger),
    Column("seen_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

cost_revision = Table(
    "cost_revision",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("grouping", SmallInteger, nullable=False),
    Column("bucket_start", BigInteger, nullable=False),
    Column("series_id", Integer, nullable=False),
    Column("old_amount", Money),  # null: the cell did not exist
    Column("new_amount", Money),  # null: the provider no longer sends the cell
    Column("seen_at", UtcDateTime, nullable=False),
    Column("settled", Integer, nullable=False),
)
Index(None, cost_revision.c.account_id, cost_revision.c.bucket_start)

name = Table(
    "name",
    metadata,
    _account(),
    Column("kind", Text, primary_key=True),  # project, user, api_key
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("email"),
    _text("status"),
    _text("owner_id"),
    _text("project_id"),
    _text("hint"),
    Column("created_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)

stream_state = Table(
    "stream_state",
    metadata,
    _account(),
    _key("stream_id"),
    _key("grouping", SmallInteger),
    _text("claimed_by"),
    Column("claimed_until", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("last_failure_at", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_full_read_at", UtcDateTime),  # the weekly 35-day reading
    Column("unsupported_at", UtcDateTime),
    _text("error_kind"),
    _text("error"),
)

refusal = Table(
    "refusal",
    metadata,
    _account(),
    _key("stream_id"),
    Column("kind", Text, primary_key=True),
    _text("value"),
    Column("learned_at", UtcDateTime, nullable=False),
)

sync_run = Table(
    "sync_run",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("grouping", SmallInteger, nullable=False),
    Column("window_start", BigInteger, nullable=False),
    Column("window_end", BigInteger, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("rows", Integer, nullable=False, server_default="0"),
    Column("buckets_changed", Integer, nullable=False, server_default="0"),
    Column("violations", Integer, nullable=False, server_default="0"),
    _text("status"),  # running, done, failed, stopped
    _text("error"),
)
Index(None, sync_run.c.account_id, sync_run.c.stream_id, sync_run.c.started_at)

refresh_request = Table(
    "refresh_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime),
)

# Values that this installation makes for itself and every process must share.
installation = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
