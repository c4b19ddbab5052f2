"""Up to when every deadline has been swept."""

from sqlalchemy import CheckConstraint, SmallInteger
from sqlmodel import Field

from shared.columns import Moment

from .base import ReplyTable


class SweepHeartbeat(ReplyTable, table=True):
    """One row: up to when every deadline has been swept. What fell due before it and is neither
    met nor missed was overlooked; what fell due after it waits for a sweep."""

    __tablename__ = "sweep_heartbeat"
    __table_args__ = (CheckConstraint("id = 1", name="sweep_heartbeat_is_one"),)

    id: int = Field(default=1, sa_type=SmallInteger, primary_key=True)
    last_swept_at: Moment
