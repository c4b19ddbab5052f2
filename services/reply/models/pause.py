"""A pause of one complaint's clocks: who stopped them, when and why, and who let them go on."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.reply.rules.limits import Interval
from services.reply.rules.pauses import PauseEnd
from shared.columns import Moment

from .base import ReplyTable


class Pause(ReplyTable, table=True):
    __tablename__ = "pause"
    __table_args__ = (
        Index("pause_of_complaint", "complaint_id", "started_at"),
        Index("pause_ends", "ends_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    complaint_id: str
    round: int = Field(sa_type=SmallInteger)
    county: str
    kind: str
    """A PauseKind."""
    reason: str
    started_at: Moment
    started_by: str
    ends_at: Moment
    """It ends by itself then: when the person expects it to, or when the policy allows no more."""
    is_expected: bool
    """`ends_at` is what the person expects."""
    ended_at: Moment | None = None
    ended_by: str | None = None
    """None: it ended by itself."""
    why_ended: str | None = None
    """A PauseEnd."""

    def end(self, at: datetime, why: PauseEnd, by: str | None = None) -> None:
        """Once; no earlier than it started."""
        self.ended_at, self.why_ended, self.ended_by = max(at, self.started_at), why.value, by

    def until(self, at: datetime) -> Interval:
        """What of it had passed at `at`; empty where it started later."""
        end = min(at, self.ended_at or at)
        return Interval(self.started_at, max(end, self.started_at))
