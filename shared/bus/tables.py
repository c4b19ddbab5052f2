"""The bus in each service's own database: what waits to be sent, was sent, was handled, is parked.

migration.py makes the same tables; a test compares the two.
"""

from sqlalchemy import (
    DDL,
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
    event,
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
"""Events recorded in the transaction of their state. They stay when the bus has stored them, and
can be sent again until they are pruned."""

outbox_unsent = Table(
    "outbox_unsent",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
)
"""The rows of the outbox that the bus has not stored yet; the trigger below enters them. With a
column of the outbox instead, every row would be written twice."""

NOTE_UNSENT = (
    """
CREATE FUNCTION note_unsent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_unsent (id) SELECT id FROM recorded;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER note_unsent AFTER INSERT ON outbox
REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION note_unsent()
""",
)
for statement in NOTE_UNSENT:
    event.listen(outbox, "after_create", DDL(statement))  # type: ignore[no-untyped-call]

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
