"""Why deadlines were missed."""

from enum import StrEnum

from sqlalchemy import SmallInteger
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class Cause(StrEnum):
    """Why a deadline was missed. The values are message keys."""

    PARTS = "parts"
    OUTAGE = "power_outage"
    WEATHER = "weather"
    CREW_SHORT = "crew_short"
    LARGE_REPAIR = "large_repair"
    RESIDENT = "resident_not_reached"
    RESPONSIBILITY = "responsibility_disputed"
    PLATFORM = "platform_failed"
    LATE_ENTRY = "entered_late"
    OTHER = "other"


class MissedCause(DispatchTable, table=True):
    """Why one deadline was missed, as a person says. It stays missed in all figures."""

    __tablename__ = "missed_cause"

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    round: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    due_at: Moment = Field(primary_key=True)
    """A deadline that is moved and missed again wants a cause of its own."""
    county: str
    cause: str
    """A Cause."""
    note: str
    given_by: str
    given_at: Moment
