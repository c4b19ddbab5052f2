"""The numbers of PostgreSQL's advisory locks: one registry, so that no two uses share a number.

A lock is named by one 64-bit key, or by two 32-bit keys of which the class is the first; the two
spaces are apart. Source: https://www.postgresql.org/docs/current/functions-admin.html, table
"Advisory Lock Functions".
"""

from enum import IntEnum


class AdvisoryLock(IntEnum):
    """What each number protects, in a service's own database."""

    MIGRATION = 7000
    """One process migrates a database at a time (one key)."""
    OUTBOX_KEY = 7001
    """Ids of the outbox grow in the order of commits for one event key (class, stripe of key)."""
    RELAY = 7002
    """One relay per service at a time (class, 0); held by the relay's session."""
    PARKED_KEY = 7003
    """Parking and releasing the events of one key (class, hash of consumer and key)."""
    PERSON = 7004
    """Intake: deduplication of one resident's complaints (class, hash of the person)."""
    MESSAGES_TO_PERSON = 7005
    """Dispatch: messages to one person are counted and claimed (class, hash of the sign-in
    name)."""
    ALERTS_OF_FAULT = 7006
    """Dispatch: alerts of one fault change one after the other (class, hash of its id)."""
    REPLY_COMPLAINT = 7010
    """Reply: batches that touch one complaint follow each other (class, hash of its id; the one key
    is shared by batches, and held by one that touches very many complaints)."""
    REPLY_RULEBOOK = 7011
    """Reply: versions of policies and calendars are saved one after the other (class, 0)."""


class EmbeddedBusLock(IntEnum):
    """In the database of the embedded bus, which no service shares."""

    TABLES = 1
    """One process makes the bus's tables at a time (class, 0)."""
    GROUP = 2
    """One reader per consumer group and topic (class, id of the group's row); held by the
    reader's session."""
