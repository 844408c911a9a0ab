"""The first schema: accounts, series, facts, rollups, coverage, names, runs, revisions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("label", name=op.f("uq_account")),
    )
    op.create_table(
        "cost_day",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grouping", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "grouping", "bucket_start", "series_id", name=op.f("pk_cost_day")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_cost_day_series",
        "cost_day",
        ["account_id", "grouping", "series_id", "bucket_start", "amount"],
    )
    op.create_table(
        "cost_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("grouping", sa.SmallInteger(), nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("old_amount", sa.BigInteger(), nullable=True),
        sa.Column("new_amount", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_revision")),
    )
    op.create_index(
        op.f("ix_cost_revision_account_id_bucket_start"),
        "cost_revision",
        ["account_id", "bucket_start"],
    )

    op.create_table(
        "cost_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("slice_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("api_key_id", sa.Text(), server_default="", nullable=False),
        sa.Column("api_source", sa.Text(), server_default="", nullable=False),
        sa.Column("line_item_id", sa.Integer(), nullable=False),
        sa.Column("quantity_unit", sa.Text(), server_default="", nullable=False),
        sa.Column("grouped_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_series")),
        sa.UniqueConstraint(
            "account_id",
            "grouped_by",
            "project_id",
            "user_id",
            "api_key_id",
            "api_source",
            "line_item_id",
            "quantity_unit",
            name=op.f("uq_cost_series"),
        ),
    )
    op.create_table(
        "cost_slice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Text(), server_default="", nullable=False),
        sa.Column("line_item_id", sa.Integer(), nullable=False),
        sa.Column("quantity_unit", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_slice")),
        sa.UniqueConstraint(
            "account_id", "project_id", "line_item_id", "quantity_unit", name=op.f("uq_cost_slice")
        ),
    )
    op.create_table(
        "cost_slice_day",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "bucket_start", "slice_id", name=op.f("pk_cost_slice_day")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grouping", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket_end", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "grouping", "bucket_start", name=op.f("pk_coverage")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "empty_bucket",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grouping", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "grouping", "bucket_start", name=op.f("pk_empty_bucket")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "line_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text(), server_default="", nullable=False),
        sa.Column("tier", sa.Text(), server_default="", nullable=False),
        sa.Column("modality", sa.Text(), server_default="", nullable=False),
        sa.Column("direction", sa.Text(), server_default="", nullable=False),
        sa.Column("long_context", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_item")),
        sa.UniqueConstraint("name", name=op.f("uq_line_item")),
    )
    op.create_table(
        "name",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_id", sa.Text(), server_default="", nullable=False),
        sa.Column("project_id", sa.Text(), server_default="", nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "kind", "id", name=op.f("pk_name")),
    )
    op.create_table(
        "refresh_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_request")),
    )
    op.create_table(
        "refusal",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stream_id", "kind", name=op.f("pk_refusal")),
    )
    op.create_table(
        "stream",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream")),
        sa.UniqueConstraint("name", name=op.f("uq_stream")),
    )
    op.create_table(
        "stream_state",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grouping", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("last_success_at", sa.BigInteger(), nullable=True),
        sa.Column("last_failure_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_full_read_at", sa.BigInteger(), nullable=True),
        sa.Column("unsupported_at", sa.BigInteger(), nullable=True),
        sa.Column("error_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "grouping", name=op.f("pk_stream_state")
        ),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stream_id", sa.Integer(), nullable=False),
        sa.Column("grouping", sa.SmallInteger(), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("buckets_changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("violations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    op.create_index(
        op.f("ix_sync_run_account_id_stream_id_started_at"),
        "sync_run",
        ["account_id", "stream_id", "started_at"],
    )

    op.create_table(
        "usage_day",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("num_model_requests", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_uncached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_30m_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_12h_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("images", sa.BigInteger(), nullable=True),
        sa.Column("characters", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("usage_bytes", sa.BigInteger(), nullable=True),
        sa.Column("num_sessions", sa.BigInteger(), nullable=True),
        sa.Column("num_requests", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "bucket_start", "series_id", name=op.f("pk_usage_day")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_usage_day_series",
        "usage_day",
        ["account_id", "stream_id", "series_id", "bucket_start", "num_model_requests"],
    )
    op.create_table(
        "usage_hour",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("num_model_requests", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_uncached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_30m_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_12h_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("images", sa.BigInteger(), nullable=True),
        sa.Column("characters", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("usage_bytes", sa.BigInteger(), nullable=True),
        sa.Column("num_sessions", sa.BigInteger(), nullable=True),
        sa.Column("num_requests", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "bucket_start", "series_id", name=op.f("pk_usage_hour")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stream_id", sa.Integer(), nullable=False),
        sa.Column("slice_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("api_key_id", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("service_tier", sa.Text(), server_default="", nullable=False),
        sa.Column("api_source", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("vector_store_id", sa.Text(), server_default="", nullable=False),
        sa.Column("context_level", sa.Text(), server_default="", nullable=False),
        sa.Column("model_key", sa.Text(), server_default="", nullable=False),
        sa.Column("grouped_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_series")),
        sa.UniqueConstraint(
            "account_id",
            "stream_id",
            "grouped_by",
            "project_id",
            "user_id",
            "api_key_id",
            "model",
            "batch",
            "service_tier",
            "api_source",
            "size",
            "source",
            "vector_store_id",
            "context_level",
            name=op.f("uq_usage_series"),
        ),
    )
    op.create_table(
        "usage_slice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stream_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("model_key", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_slice")),
        sa.UniqueConstraint(
            "account_id", "stream_id", "project_id", "model", name=op.f("uq_usage_slice")
        ),
    )
    op.create_table(
        "usage_slice_day",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("num_model_requests", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_uncached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_30m_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_12h_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("images", sa.BigInteger(), nullable=True),
        sa.Column("characters", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("usage_bytes", sa.BigInteger(), nullable=True),
        sa.Column("num_sessions", sa.BigInteger(), nullable=True),
        sa.Column("num_requests", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "bucket_start", "slice_id", name=op.f("pk_usage_slice_day")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_slice_hour",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("num_model_requests", sa.BigInteger(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_uncached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_30m_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cache_write_12h_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("input_cached_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_text_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_audio_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_image_tokens", sa.BigInteger(), nullable=True),
        sa.Column("images", sa.BigInteger(), nullable=True),
        sa.Column("characters", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("usage_bytes", sa.BigInteger(), nullable=True),
        sa.Column("num_sessions", sa.BigInteger(), nullable=True),
        sa.Column("num_requests", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "bucket_start", "slice_id", name=op.f("pk_usage_slice_hour")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("usage_slice_hour")
    op.drop_table("usage_slice_day")
    op.drop_table("usage_slice")
    op.drop_table("usage_series")
    op.drop_table("usage_hour")
    op.drop_index("ix_usage_day_series", table_name="usage_day")
    op.drop_table("usage_day")
    op.drop_index(op.f("ix_sync_run_account_id_stream_id_started_at"), table_name="sync_run")

    op.drop_table("sync_run")
    op.drop_table("stream_state")
    op.drop_table("stream")
    op.drop_table("refusal")
    op.drop_table("refresh_request")
    op.drop_table("name")
    op.drop_table("line_item")
    op.drop_table("installation")
    op.drop_table("empty_bucket")
    op.drop_table("coverage")
    op.drop_table("cost_slice_day")
    op.drop_table("cost_slice")
    op.drop_table("cost_series")
    op.drop_index(op.f("ix_cost_revision_account_id_bucket_start"), table_name="cost_revision")

    op.drop_table("cost_revision")
    op.drop_index("ix_cost_day_series", table_name="cost_day")
    op.drop_table("cost_day")
    op.drop_table("account")
