"""The tables of facts: what was used and billed, by series and by slice, and how it changed.

Every key begins with the account; facts hold integers only. Series tables hold each distinct
combination of dimensions once; a *slice* is a coarser series (project and model, project and
line item) that the small rollups are keyed by. Null dimensions are stored as '' because nulls
are distinct in a unique key.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from wherespent.domain.streams import COST_DIMENSIONS, USAGE_DIMENSIONS, USAGE_MEASURES
from wherespent.storage.table_columns import account_id, key, metadata, text
from wherespent.storage.types import Money, UtcDateTime

# The two readings of costs: `MAIN` carries all totals; `BY_USER` serves the questions about
# users where an organization refuses user beside project. They are never added up.
MAIN = 0
BY_USER = 1

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("label", Text, nullable=False, unique=True),
    # Moved by every write that changes an answer: whoever keeps answers compares it.
    Column("version", BigInteger, nullable=False, server_default="0"),
    # The OpenAI organization that the key belonged to when rows first named one.
    text("organization_id"),
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
    text("model_key"),
    text("tier"),
    text("modality"),
    text("direction"),
    Column("long_context", Integer, nullable=False, server_default="0"),
)

usage_slice = Table(
    "usage_slice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    text("project_id"),
    text("model"),
    text("model_key"),
    UniqueConstraint("account_id", "stream_id", "project_id", "model"),
)

usage_series = Table(
    "usage_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("slice_id", Integer, nullable=False),
    *(text(name) for name in USAGE_DIMENSIONS),
    text("model_key"),
    # Which dimensions the row was grouped by: '' in the others means unknown, not unattributed.
    text("grouped_by"),
    UniqueConstraint("account_id", "stream_id", "grouped_by", *USAGE_DIMENSIONS),
)

cost_slice = Table(
    "cost_slice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    text("project_id"),
    Column("line_item_id", Integer, nullable=False),
    text("quantity_unit"),
    UniqueConstraint("account_id", "project_id", "line_item_id", "quantity_unit"),
)

_COST_TEXTS = tuple(name for name in COST_DIMENSIONS if name != "line_item")

cost_series = Table(
    "cost_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("slice_id", Integer, nullable=False),
    *(text(name) for name in _COST_TEXTS),
    Column("line_item_id", Integer, nullable=False),
    text("quantity_unit"),
    text("grouped_by"),
    UniqueConstraint("account_id", "grouped_by", *_COST_TEXTS, "line_item_id", "quantity_unit"),
)


def _usage_facts(name: str, series: str) -> Table:
    return Table(
        name,
        metadata,
        account_id(),
        key("stream_id"),
        key("bucket_start", BigInteger),
        key(series),
        *(Column(measure, BigInteger) for measure in USAGE_MEASURES),
        sqlite_with_rowid=False,
    )


def _cost_facts(name: str, series: str, *extra: Column[int]) -> Table:
    return Table(
        name,
        metadata,
        account_id(),
        *extra,
        key("bucket_start", BigInteger),
        key(series),
        Column("amount", Money, nullable=False),
        Column("quantity", Double),
        sqlite_with_rowid=False,
    )


usage_hour = _usage_facts("usage_hour", "series_id")
usage_day = _usage_facts("usage_day", "series_id")
usage_slice_hour = _usage_facts("usage_slice_hour", "slice_id")
usage_slice_day = _usage_facts("usage_slice_day", "slice_id")
# The last hours by minute, for the live view; never summed into a rollup.
usage_minute = _usage_facts("usage_minute", "series_id")
cost_day = _cost_facts("cost_day", "series_id", key("grouping", SmallInteger))
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
    account_id(),
    key("stream_id"),
    key("grouping", SmallInteger),
    key("bucket_start", BigInteger),  # a UTC day
    Column("bucket_end", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    # Since when the day is known: what was read before it cannot be asked for "as of" then.
    Column("first_read_at", UtcDateTime),
    sqlite_with_rowid=False,
)

empty_bucket = Table(
    "empty_bucket",
    metadata,
    account_id(),
    key("stream_id"),
    key("grouping", SmallInteger),
    key("bucket_start", BigInteger),
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
    Column("settled", Integer, nullable=False),  # see `storage.revisions`
)
Index(None, cost_revision.c.account_id, cost_revision.c.bucket_start)
# Restatements are few among the revisions of days that were still provisional.
Index(
    "ix_cost_revision_restated",
    cost_revision.c.account_id,
    cost_revision.c.bucket_start,
    sqlite_where=cost_revision.c.settled == 1,
    postgresql_where=cost_revision.c.settled == 1,
)

# Settled days of usage that changed afterwards; the measures that differ, as a JSON object.
usage_revision = Table(
    "usage_revision",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("bucket_start", BigInteger, nullable=False),
    Column("series_id", Integer, nullable=False),
    Column("old_measures", Text),  # null: the series had no row on that day
    Column("new_measures", Text),  # null: the provider no longer sends the series
    Column("seen_at", UtcDateTime, nullable=False),
)
Index(None, usage_revision.c.account_id, usage_revision.c.bucket_start)
