"""Was it solved? What reply tells of it, and what became of each "not solved"."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from services.dispatch.rules.rework import ReworkOutcome
from shared.columns import Moment
from shared.events.replies import CallBackChanged

from .base import DispatchTable


class CallBackView(DispatchTable, table=True):
    """Asking the resident about one delivered answer, as reply tells it."""

    __tablename__ = "call_back_view"
    __table_args__ = (
        Index(
            "call_back_to_do",
            "county",
            "next_try_at",
            postgresql_where=text("state = 'to_ask'"),
        ),
        Index("call_back_listed", "county", "state", "changed_at"),
    )

    complaint_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    """Of the answer; 0: one that reply does not know."""
    county: str
    sequence: int = Field(sa_type=BigInteger)
    """Of the newest event; an older one changes nothing."""
    state: str
    """to_ask, asked, answered or closed."""
    asked_by: str
    """wechat, phone or platform."""
    changed_at: Moment
    tries: int
    next_try_at: Moment | None
    asked_at: Moment | None
    satisfied: bool | None
    answered_at: Moment | None
    source: str | None
    noted_by: str | None
    why_closed: str | None


@dataclass(slots=True)
class CallBack:
    """Columns as of CallBackView."""

    complaint_id: str
    version: int
    county: str
    sequence: int
    state: str
    asked_by: str
    changed_at: datetime
    tries: int
    next_try_at: datetime | None
    asked_at: datetime | None
    satisfied: bool | None
    answered_at: datetime | None
    source: str | None
    noted_by: str | None
    why_closed: str | None

    @classmethod
    def told(cls, sequence: int, news: CallBackChanged) -> "CallBack":
        return cls(sequence=sequence, **dict(news))


class Rework(DispatchTable, table=True):
    """What became of one "not solved" about one answer: decided once, whoever said it."""

    __tablename__ = "rework"
    __table_args__ = (
        Index(
            "rework_to_decide",
            "county",
            "answered_at",
            postgresql_where=text("outcome = 'for_person'"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    """Of the answer that turned out not to be true."""
    county: str
    answered_at: Moment
    """When the resident said so."""
    outcome: str
    """A ReworkOutcome."""
    why: str | None = None
    """A WhyPerson, where a person decides or has decided."""
    former_work_order_id: str | None = None
    work_order_id: str | None = None
    """Where the complaint is linked from now on."""
    decided_at: Moment
    decided_by: str | None = None
    """None: the rules."""
    reason: str = ""

    def decide(
        self,
        outcome: ReworkOutcome,
        by: str,
        reason: str,
        now: datetime,
        work_order_id: str | None = None,
    ) -> None:
        """A person has decided it."""
        self.outcome, self.decided_by, self.decided_at = outcome.value, by, now
        self.reason, self.work_order_id = reason, work_order_id or self.work_order_id
