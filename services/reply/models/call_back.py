"""Was it solved? What the resident was asked, and said, about one delivered answer."""

from datetime import datetime
from typing import Self

from sqlalchemy import Index, text
from sqlmodel import Field

from services.reply.rules.call_backs import (
    AskedBy,
    CallBackPolicy,
    CallBackState,
    WhyClosed,
    gives_up,
    verdict,
)
from shared.columns import Moment
from shared.events.replies import CallBackChanged

from .base import ReplyTable
from .complaint import Complaint


class CallBack(ReplyTable, table=True):
    __tablename__ = "call_back"
    __table_args__ = (
        Index("call_back_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    complaint_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    """Of the answer; 0: the platform evaluates what we know no answer of."""
    county: str
    asked_by: str
    """An AskedBy."""
    state: str = CallBackState.TO_ASK.value
    due_at: Moment | None = None
    """When the machine looks at it next; None: never."""
    next_try_at: Moment | None = None
    """When a person should call (again); None: nobody should."""
    tries: int = 0
    """Calls, and messages tried, in vain."""
    asked_at: Moment | None = None
    satisfied: bool | None = None
    answered_at: Moment | None = None
    source: str | None = None
    """Who told us: the platform's name, or `phone`."""
    noted_by: str | None = None
    """The person who noted the answer; None: nobody had to."""
    note: str = Field(default="", repr=False)
    """What that person wrote."""
    why_closed: str | None = None

    @classmethod
    def open(
        cls,
        complaint: Complaint,
        version: int,
        asked_by: AskedBy,
        policy: CallBackPolicy,
        now: datetime,
    ) -> Self:
        """The answer has been delivered: the resident is to be asked."""
        waits = asked_by is AskedBy.PLATFORM
        return cls(
            complaint_id=complaint.id,
            version=version,
            county=complaint.county,
            asked_by=asked_by.value,
            state=(CallBackState.ASKED if waits else CallBackState.TO_ASK).value,
            due_at={
                AskedBy.WECHAT: now,
                AskedBy.PHONE: None,
                AskedBy.PLATFORM: now + policy.platform_within,
            }[asked_by],
            next_try_at=now if asked_by is AskedBy.PHONE else None,
        )

    @property
    def waits(self) -> bool:
        """Somebody is still to ask, or to answer."""
        return self.state not in (CallBackState.ANSWERED, CallBackState.CLOSED)

    def claim(self, until: datetime) -> None:
        """The question is about to be sent; a sender that dies leaves it so."""
        self.state, self.due_at = CallBackState.ASKING.value, until

    def postpone(self, until: datetime) -> None:
        """Nothing was sent: it is tried later."""
        self.state, self.due_at = CallBackState.TO_ASK.value, until
        self.tries += 1

    def sent(self, now: datetime, policy: CallBackPolicy) -> CallBackChanged:
        """The resident has the question, or may have it."""
        self.state, self.asked_at = CallBackState.ASKED.value, now
        self.due_at = now + policy.answer_within
        return self.changed(now)

    def leave_to_call(self, now: datetime) -> CallBackChanged:
        """The message cannot reach them: a person calls."""
        self.asked_by, self.state = AskedBy.PHONE.value, CallBackState.TO_ASK.value
        self.due_at, self.next_try_at, self.tries = None, now, 0
        return self.changed(now)

    def not_reached(self, by: str, now: datetime, policy: CallBackPolicy) -> CallBackChanged:
        """Nobody answered the phone."""
        self.tries, self.noted_by = self.tries + 1, by
        self.next_try_at = now + policy.try_again_in
        if gives_up(self.tries, policy):
            return self.close(WhyClosed.UNREACHABLE, now)
        return self.changed(now)

    def close(self, why: WhyClosed, now: datetime, by: str | None = None) -> CallBackChanged:
        self.state, self.why_closed = CallBackState.CLOSED.value, why.value
        self.due_at = self.next_try_at = None
        self.noted_by = by or self.noted_by
        return self.changed(now)

    def answer(
        self,
        satisfied: bool,
        at: datetime,
        source: str,
        now: datetime,
        *,
        by: str | None = None,
        note: str = "",
    ) -> CallBackChanged | None:
        """The resident has said it; None: that changes nothing."""
        stands = verdict(self.satisfied, satisfied)
        if self.state == CallBackState.ANSWERED and stands == self.satisfied:
            return None
        self.state, self.satisfied, self.answered_at = CallBackState.ANSWERED.value, stands, at
        self.source, self.noted_by, self.note = source, by, note
        self.due_at = self.next_try_at = self.why_closed = None
        return self.changed(now)

    def changed(self, now: datetime) -> CallBackChanged:
        """As the others are told of it."""
        return CallBackChanged.model_validate(
            {
                "complaint_id": self.complaint_id,
                "county": self.county,
                "version": self.version,
                "state": "to_ask" if self.state == CallBackState.ASKING else self.state,
                "asked_by": self.asked_by,
                "changed_at": now,
                "tries": self.tries,
                "next_try_at": self.next_try_at,
                "asked_at": self.asked_at,
                "satisfied": self.satisfied,
                "answered_at": self.answered_at,
                "source": self.source,
                "noted_by": self.noted_by,
                "why_closed": self.why_closed,
            }
        )
