"""What a platform delivers to us, as it came."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, Column, Identity, Index, String, UniqueConstraint, text
from sqlmodel import Field

from services.intake.platforms.incoming import Incoming
from services.intake.rules.classification import Classification
from services.intake.rules.deduplication import DeliveryResult
from shared.columns import Moment

from .base import IntakeTable


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one delivery meant."""

    result: DeliveryResult
    complaint_id: str | None
    """None for an unreadable one."""


@dataclass(slots=True)
class NewDelivery:
    """One delivery that is not stored yet."""

    incoming: Incoming
    """Its dates can be: those that cannot are replaced by the time of receipt."""
    raw_id: str
    classification: Classification
    content_hash: bytes
    person_key: bytes | None
    stated_sent_at: datetime | None
    """The `sent_at` that the platform states, where that cannot be."""

    def doubt(self, reason: str) -> None:
        """A person must look at what it says."""
        reasons = (*self.classification.reasons, reason)
        self.classification = replace(self.classification, needs_human=True, reasons=reasons)


class RawMessage(IntakeTable, table=True):
    """One delivery as the platform made it: stored once, whatever it means."""

    __tablename__ = "raw_message"
    __table_args__ = (
        UniqueConstraint("platform", "county", "delivery_id"),
        Index(
            "raw_message_unreadable",
            "county",
            "received_at",
            postgresql_where=text("result = 'unreadable'"),
        ),
    )

    id: str = Field(primary_key=True)
    platform: str
    county: str
    delivery_id: str
    """The platform's name for this delivery; of an unreadable one, a hash of its bytes."""
    external_id: str | None
    received_at: Moment
    result: DeliveryResult = Field(sa_type=String)
    why: str | None = None
    """Of an unreadable one: which field, never its content."""
    sealed_body: bytes
    """Empty of a duplicate, which says nothing new, and after erasure."""
    complaint_id: str | None = None
    handled_at: Moment | None = None
    handled_by: str | None = None

    def mark_handled(self, by: str, at: datetime) -> None:
        """A person has dealt with an unreadable message; the first mark stands."""
        if self.handled_at is None:
            self.handled_at, self.handled_by = at, by


class Words(IntakeTable, table=True):
    """The words of one delivery about a complaint: title and text, sealed, as JSON."""

    __tablename__ = "words"
    __table_args__ = (Index("words_of_complaint", "complaint_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    """Of one complaint's words, those with the higher id were stored later."""
    complaint_id: str
    raw_message_id: str
    result: DeliveryResult = Field(sa_type=String)
    """Of their delivery."""
    stated_at: Moment
    sealed: bytes
