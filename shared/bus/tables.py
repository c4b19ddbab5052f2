"""The bus in each service's own database: what waits to be sent, was sent, was handled, is parked.

A function of the same tables stands in migration.py; a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
)
"""Events recorded with the state they tell of, until the bus has stored them."""

outbox_sent = Table(
    "outbox_sent",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
)
"""Events the bus has stored, kept so that they can be sent again. Apart from the outbox: that
stays small, and this one only grows at its end and is pruned at its beginning."""

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("handled_at", DateTime(timezone=True), nullable=False),
)
"""Every event whose effects are in this database, or which is parked here."""

parked = Table(
    "parked",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("county", Text),
    Column("cause", Text, nullable=False),
    Column("waits_for", Text),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False),
    Column("tried_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True)),
    Column("seen_by", Text),
    Index("parked_in_order", "consumer", "key", "topic", "sequence"),
    Index(
        "parked_waiting", "consumer", "waits_for", postgresql_where=text("waits_for IS NOT NULL")
    ),
)
"""Events that cannot be handled now, and all later events of their keys from the same source.

`waits_for`: the key whose event must come first; NULL where a person must act. `county`: whose
event it is, as far as its body says so.
"""
