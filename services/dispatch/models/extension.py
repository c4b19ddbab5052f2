"""Requests to platforms for more time, as reply tells them."""

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class ExtensionView(DispatchTable, table=True):
    """One request, as the newest event (the largest sequence) says."""

    __tablename__ = "extension_view"
    __table_args__ = (
        Index("extension_of_complaint", "complaint_id"),
        Index("extension_to_tell", "county", postgresql_where=text("resident = 'by_hand'")),
    )

    request_id: str = Field(primary_key=True)
    complaint_id: str
    county: str
    stage: str
    round: int = Field(sa_type=SmallInteger)
    until: Moment
    """The limit asked for."""
    asked_by: str
    asked_at: Moment
    state: str
    """by_hand, to_send, sending, asked, stuck, granted or declined."""
    why: str | None
    next_try_at: Moment | None
    granted_until: Moment | None
    answered_at: Moment | None
    resident: str
    """none, to_tell, being_told, by_hand or told."""
    told_at: Moment | None
    told_by: str | None
    sequence: int = Field(sa_type=BigInteger)
