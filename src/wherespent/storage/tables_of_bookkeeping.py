"""The tables of everything around the facts: names, runs, claims, proofs, what people keep."""

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text

from wherespent.storage.table_columns import account_id, key, metadata, text
from wherespent.storage.types import Money, UtcDateTime

# How the key of an account was last received; of the key itself only a salted fingerprint.
account_key = Table(
    "account_key",
    metadata,
    account_id(),
    text("fingerprint"),
    Column("since", UtcDateTime, nullable=False),  # when this key was first used
    Column("asked_at", UtcDateTime, nullable=False),  # when it was last accepted or refused
    text("error_kind"),  # '' while the key is accepted
    text("error"),
)

# What the provider answers when it is asked for a day's bill without any grouping.
billed_total = Table(
    "billed_total",
    metadata,
    account_id(),
    key("bucket_start", BigInteger),
    Column("amount", Money, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    # 1: the day changed between its two readings, so they prove nothing about each other.
    Column("moved", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

# The newest result of each invariant that is checked after a sync.
proof = Table(
    "proof",
    metadata,
    account_id(),
    Column("name", Text, primary_key=True),
    text("status"),  # holds, fails, or skipped with the reason
    Column("checked", BigInteger, nullable=False),
    Column("failing", BigInteger, nullable=False, server_default="0"),
    text("reason"),
    text("offending"),  # the first failing rows, as a JSON list of objects
    Column("checked_at", UtcDateTime, nullable=False),
    # The first UTC day that the check looked at; null: at everything that is stored.
    Column("since", BigInteger),
    Column("whole_at", UtcDateTime),  # when everything was last checked
    Column("failing_since", UtcDateTime),
)

# What the provider sent and this version does not know: kept as it came, counted.
unrecognized = Table(
    "unrecognized",
    metadata,
    account_id(),
    key("stream_id"),
    Column("kind", Text, primary_key=True),  # field, result
    Column("name", Text, primary_key=True),
    text("sample"),  # the newest one, as JSON
    Column("seen", BigInteger, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)

# Which minutes were read last, and when somebody last looked at them.
live_tail = Table(
    "live_tail",
    metadata,
    account_id(),
    key("stream_id"),
    Column("window_start", BigInteger),
    Column("window_end", BigInteger),
    Column("read_at", UtcDateTime),
    Column("watched_at", UtcDateTime),
    text("error"),
)

name = Table(
    "name",
    metadata,
    account_id(),
    Column("kind", Text, primary_key=True),  # project, user, api_key
    Column("id", Text, primary_key=True),
    text("name"),
    text("email"),
    text("status"),
    text("owner_id"),
    text("project_id"),
    text("hint"),
    Column("created_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    # A person who asked to be forgotten: the id stays, name and address never come back.
    Column("erased_at", UtcDateTime),
)

stream_state = Table(
    "stream_state",
    metadata,
    account_id(),
    key("stream_id"),
    key("grouping", SmallInteger),
    text("claimed_by"),
    Column("claimed_until", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("last_failure_at", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_full_read_at", UtcDateTime),  # the weekly 35-day reading
    Column("unsupported_at", UtcDateTime),
    # Hours before this UTC day were let go of; their rollups stay and they count as covered.
    Column("pruned_before", BigInteger),
    text("error_kind"),
    text("error"),
)

refusal = Table(
    "refusal",
    metadata,
    account_id(),
    key("stream_id"),
    Column("kind", Text, primary_key=True),
    text("value"),
    # End of the newest window that was refused; null: it holds for every window.
    Column("until", BigInteger),
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
    text("status"),  # running, done, failed, stopped
    text("error"),
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

# A page with its question, under a name that everybody who uses the deployment sees.
saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    # The name without case and surplus spaces: two views that read the same would be confused.
    Column("folded", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False),
    text("query"),
    Column("saved_at", UtcDateTime, nullable=False),
)
