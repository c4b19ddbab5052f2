"""Deadlines that a new version of a county's policies or calendar has moved."""

from sqlalchemy import BigInteger, SmallInteger
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class DeadlineMove(DispatchTable, table=True):
    """One move; rows are only added."""

    __tablename__ = "deadline_move"

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    round: int = Field(primary_key=True, sa_type=SmallInteger)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    """Of the event that told it."""
    county: str
    old_due_at: Moment
    new_due_at: Moment
    kind: str
    """`policies` or `calendar`, and the number of its version."""
    number: int
    note: str
