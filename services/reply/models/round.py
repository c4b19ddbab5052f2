"""A later round of one complaint: why and when it started, and what was known by then."""

from sqlalchemy import BigInteger, SmallInteger, UniqueConstraint
from sqlmodel import Field

from services.reply.rules.rounds import RoundStart
from shared.columns import Moment

from .base import ReplyTable


class LaterRound(ReplyTable, table=True):
    """Rounds from the second on; the first one is the complaint's own."""

    __tablename__ = "later_round"
    __table_args__ = (UniqueConstraint("complaint_id", "cause", name="later_round_once_a_cause"),)

    complaint_id: str = Field(primary_key=True)
    round: int = Field(primary_key=True, sa_type=SmallInteger)
    why: str
    """A RoundCause."""
    cause: str
    """The id of what it follows from: the same cause starts one round."""
    started_at: Moment
    after_sequence: int = Field(sa_type=BigInteger)
    after_version: int

    @property
    def start(self) -> RoundStart:
        return RoundStart(self.started_at, self.after_sequence, self.after_version)
