"""The bus's tables and intake's own."""

import sqlalchemy as sa
from alembic import op

from shared.bus.migration import make_bus_tables_1

revision = "2026_11_27"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    make_bus_tables_1()
    op.create_table(
        "raw_message",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("delivery_id", sa.String, nullable=False),
        sa.Column("external_id", sa.String),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("why", sa.String),
        sa.Column("sealed_body", sa.LargeBinary, nullable=False),
        sa.Column("complaint_id", sa.String),
        sa.Column("handled_at", _MOMENT),
        sa.Column("handled_by", sa.String),
        sa.UniqueConstraint("platform", "county", "delivery_id"),
    )
    op.create_index(
        "raw_message_unreadable",
        "raw_message",
        ["county", "received_at"],
        postgresql_where=sa.text("result = 'unreadable'"),
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("external_id", sa.String, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("stated_sent_at", _MOMENT),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT),
        sa.Column("time_limit", sa.String),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("person_key", sa.LargeBinary),
        sa.Column("chases", sa.Integer, nullable=False),
        sa.Column("is_ours", sa.Boolean, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("second_category", sa.String),
        sa.Column("component", sa.String),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("says_repeated", sa.Boolean, nullable=False),
        sa.Column("village_code", sa.String),
        sa.Column("village", sa.String),
        sa.Column("town", sa.String),
        sa.Column("group", sa.String),
        sa.Column("category_confidence", sa.Float, nullable=False),
        sa.Column("place_confidence", sa.Float, nullable=False),
        sa.Column("needs_human", sa.Boolean, nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.String), nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_at", _MOMENT),
        sa.Column("came_back_at", _MOMENT),
        sa.Column("came_back_by", sa.String),
        sa.Column("came_back_why", sa.String),
        sa.Column("cannot_be_returned", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("erased_at", _MOMENT),
        sa.UniqueConstraint("platform", "county", "external_id"),
    )
    op.create_index(
        "complaint_needs_human",
        "complaint",
        ["county", "sent_at"],
        postgresql_where=sa.text("needs_human"),
    )
    op.create_index(
        "complaint_to_reread",
        "complaint",
        ["county", "sent_at"],
        postgresql_where=sa.text("platform = 'message_board'"),
    )
    op.create_index(
        "complaint_of_person",
        "complaint",
        ["person_key", "sent_at"],
        postgresql_where=sa.text("person_key IS NOT NULL"),
    )
    op.create_table(
        "words",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("complaint_id", sa.String, nullable=False),
        sa.Column("raw_message_id", sa.String, nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("stated_at", _MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("words_of_complaint", "words", ["complaint_id", "id"])
    op.create_table(
        "resident",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "privacy_key",
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("first_used_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "disclosure",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("disclosed_id", sa.String, nullable=False),
        sa.Column("disclosed_to", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("disclosed_at", _MOMENT, nullable=False),
    )
    op.create_index("disclosure_of", "disclosure", ["disclosed_id", "id"])
    op.create_index("disclosure_in_county", "disclosure", ["county", "id"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("erased_id", sa.String, nullable=False),
        sa.Column("erased_by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("erased_at", _MOMENT, nullable=False),
    )
    op.create_index("erasure_in_county", "erasure", ["county", "id"])
    op.create_table(
        "thread_reread",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("read_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "question",
        sa.Column("complaint_id", sa.String, primary_key=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "platform_cursor",
        sa.Column("platform", sa.String, primary_key=True),
        sa.Column("county", sa.String, primary_key=True),
        sa.Column("cursor", sa.String),
        sa.Column("moved_at", _MOMENT, nullable=False),
    )
