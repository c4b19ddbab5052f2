"""The bus's tables as the first migration of every service makes them (see tables.py)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.bus.tables import NOTE_UNSENT


def make_bus_tables_1() -> None:
    """Frozen once released: a change of the tables is then a new function and a new migration."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "outbox_unsent",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    for statement in NOTE_UNSENT:
        op.execute(statement)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "parked",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("county", sa.Text),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("waits_for", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("seen_by", sa.Text),
    )
    op.create_index("parked_in_order", "parked", ["consumer", "key", "topic", "sequence"])
    op.create_index(
        "parked_waiting",
        "parked",
        ["consumer", "waits_for"],
        postgresql_where=sa.text("waits_for IS NOT NULL"),
    )
