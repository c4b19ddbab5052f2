"""What intake keeps. A resident's words, name, phone and address stand here alone, and sealed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.events.complaints import Decision
from shared.sql import table_of

metadata = MetaData()

Moment = Annotated[datetime, Field(sa_type=DateTime(timezone=True))]


class IntakeTable(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata


class Outcome(StrEnum):
    """What one delivery of a platform came to."""

    RECEIVED = "received"
    """A complaint we did not have."""
    EDITED = "edited"
    CHASED = "chased"
    DUPLICATE = "duplicate"
    """Says nothing we did not know."""
    OUTDATED = "outdated"
    """An order older than what we have: its words are kept, and change nothing."""
    UNREADABLE = "unreadable"
    """Waits for a person."""


class RawMessage(IntakeTable, table=True):
    """One delivery as the platform made it: stored once, whatever becomes of it."""

    __tablename__ = "raw_message"
    __table_args__ = (
        UniqueConstraint("platform", "county", "delivery_id"),
        Index(
            "raw_message_waiting",
            "county",
            "received_at",
            postgresql_where=text("outcome = 'unreadable' AND settled_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    platform: str
    county: str
    delivery_id: str
    """The platform's name for this delivery; of an unreadable one, a hash of its bytes."""
    external_id: str | None
    received_at: Moment
    outcome: Outcome = Field(sa_type=String)
    why: str | None = None
    """Of an unreadable one: which field, never what stood in it."""
    sealed_body: bytes
    complaint_id: str | None = None
    settled_at: Moment | None = None
    settled_by: str | None = None


class Complaint(IntakeTable, table=True):
    """One complaint of one platform, and what was decided about it."""

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("platform", "county", "external_id"),
        Index(
            "complaint_waiting",
            "county",
            "sent_at",
            postgresql_where=text("needs_human"),
        ),
        Index(
            "complaint_to_reread",
            "county",
            "sent_at",
            postgresql_where=text("platform = 'message_board'"),
        ),
        Index(
            "complaint_of_person",
            "person_key",
            "sent_at",
            postgresql_where=text("person_key IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    county: str
    platform: str
    external_id: str
    sent_at: Moment
    """When the platform sent it: deadlines count from here."""
    received_at: Moment
    changed_at: Moment | None
    """When the platform made the newest change that is applied; an older one changes nothing.
    None: it has only chased so far; what it chases has not come."""
    time_limit: str | None
    content_hash: bytes
    """Keyed hash of all that an edit can change: the same again is nothing new."""
    person_key: bytes | None
    """Keyed hash of the handle or phone number, to know the same person again."""
    chases: int

    is_ours: bool
    category: str
    second_category: str | None
    component: str | None
    urgent: bool
    says_repeated: bool
    village_code: str | None
    village: str | None
    town: str | None
    group: str | None
    category_confidence: float
    place_confidence: float
    needs_human: bool
    """It waits for a person."""
    reasons: list[str] = Field(sa_type=ARRAY(String))
    """Names of the cues and rules that decided; never the resident's words."""
    decided_by: str | None = None
    decided_at: Moment | None = None

    @property
    def decision(self) -> Decision:
        return Decision.model_validate(self, from_attributes=True)

    def decide(self, decision: Decision) -> None:
        for name, value in decision:
            setattr(self, name, value)


class Words(IntakeTable, table=True):
    """What one delivery said about a complaint: title and text, sealed, as JSON."""

    __tablename__ = "words"
    __table_args__ = (Index("words_of_complaint", "complaint_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    """Of one complaint's words, those with the higher id were taken later."""
    complaint_id: str
    raw_message_id: str
    outcome: Outcome = Field(sa_type=String)
    """Of the delivery that said them."""
    said_at: Moment
    sealed: bytes


class ResidentData(IntakeTable, table=True):
    """Name, phone, address line and handle of who complained: sealed, as JSON."""

    __tablename__ = "resident"

    complaint_id: str = Field(primary_key=True)
    sealed: bytes


class Disclosure(IntakeTable, table=True):
    """Who looked at a resident's personal data, and when. Rows are only added."""

    __tablename__ = "disclosure"
    __table_args__ = (Index("disclosure_of", "disclosed_id", "disclosed_at"),)

    id: str = Field(primary_key=True)
    disclosed_id: str
    """A complaint's id, or that of an unreadable raw message."""
    disclosed_to: str
    role: str
    disclosed_at: Moment


class Rereading(IntakeTable, table=True):
    """When a thread of the message board was last read again for edits."""

    __tablename__ = "rereading"

    complaint_id: str = Field(primary_key=True)
    read_at: Moment


class PlatformCursor(IntakeTable, table=True):
    """How far a pulled platform was read; moves in the transaction that stores its page."""

    __tablename__ = "platform_cursor"

    platform: str = Field(primary_key=True)
    county: str = Field(primary_key=True)
    cursor: str | None
    moved_at: Moment


raw_messages, words, residents = table_of(RawMessage), table_of(Words), table_of(ResidentData)
"""The same tables for SQLAlchemy Core: what is written by the batch."""
