"""Who complained, sealed; and who looked at it or erased it."""

from sqlalchemy import Index
from sqlmodel import Field

from shared.columns import Moment

from .base import IntakeTable


class ResidentData(IntakeTable, table=True):
    """Name, phone, address line and handle of who complained: sealed, as JSON."""

    __tablename__ = "resident"

    complaint_id: str = Field(primary_key=True)
    sealed: bytes


class PrivacyKey(IntakeTable, table=True):
    """A key that sealed values of this database were made with: a start without it is refused."""

    __tablename__ = "privacy_key"

    fingerprint: str = Field(primary_key=True)
    """shared.privacy.vault.fingerprint_of_key: tells which key it is, and nothing about it."""
    first_used_at: Moment


class Disclosure(IntakeTable, table=True):
    """Who looked at a resident's personal data, and when. Rows are only added."""

    __tablename__ = "disclosure"
    __table_args__ = (
        Index("disclosure_of", "disclosed_id", "id"),
        Index("disclosure_in_county", "county", "id"),
    )

    id: str = Field(primary_key=True)
    """Time first, so that ids are in the order of the looks."""
    county: str
    disclosed_id: str
    """A complaint's id, or that of an unreadable raw message."""
    disclosed_to: str
    role: str
    disclosed_at: Moment


class Erasure(IntakeTable, table=True):
    """Whose data were erased, by whom and why. Rows are only added."""

    __tablename__ = "erasure"
    __table_args__ = (Index("erasure_in_county", "county", "id"),)

    id: str = Field(primary_key=True)
    county: str
    erased_id: str
    """A complaint's id, or that of an unreadable raw message."""
    erased_by: str
    reason: str
    erased_at: Moment
