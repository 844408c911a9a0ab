"""Proof and history: restatements of usage, invariants, ungrouped totals, the live minutes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "account_key",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("error_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_key")),
    )
    op.create_table(
        "billed_total",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "bucket_start", name=op.f("pk_billed_total")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "live_tail",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=True),
        sa.Column("window_end", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("watched_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stream_id", name=op.f("pk_live_tail")),
    )
    op.create_table(
        "proof",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("offending", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("whole_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_proof")),
    )
    op.create_table(
        "unrecognized",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sample", sa.Text(), server_default="", nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "stream_id", "kind", "name", name=op.f("pk_unrecognized")
        ),
    )
    op.create_table(
        "usage_minute",
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
            "account_id", "stream_id", "bucket_start", "series_id", name=op.f("pk_usage_minute")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stream_id", sa.Integer(), nullable=False),
        sa.Column("bucket_start", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("old_measures", sa.Text(), nullable=True),
        sa.Column("new_measures", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_revision")),
    )
    op.create_index(
        op.f("ix_usage_revision_account_id_bucket_start"),
        "usage_revision",
        ["account_id", "bucket_start"],
        unique=False,
    )
    op.add_column(
        "account", sa.Column("organization_id", sa.Text(), server_default="", nullable=False)
    )
    op.create_index(
        "ix_cost_revision_restated",
        "cost_revision",
        ["account_id", "bucket_start"],
        unique=False,
        sqlite_where=sa.text("settled = 1"),
        postgresql_where=sa.text("settled = 1"),
    )
    op.add_column("coverage", sa.Column("first_read_at", sa.BigInteger(), nullable=True))
    op.add_column("name", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.add_column("refusal", sa.Column("until", sa.BigInteger(), nullable=True))
    op.add_column("stream_state", sa.Column("pruned_before", sa.BigInteger(), nullable=True))


def downgrade() -> None:

    op.drop_column("stream_state", "pruned_before")
    op.drop_column("refusal", "until")
    op.drop_column("name", "erased_at")
    op.drop_column("coverage", "first_read_at")
    op.drop_column("account", "organization_id")
    op.drop_index("ix_cost_revision_restated", table_name="cost_revision")
    op.drop_index(op.f("ix_usage_revision_account_id_bucket_start"), table_name="usage_revision")
    op.drop_table("usage_revision")
    op.drop_table("usage_minute")
    op.drop_table("unrecognized")
    op.drop_table("proof")
    op.drop_table("live_tail")
    op.drop_table("billed_total")
    op.drop_table("account_key")
