"""A request for more time on one deadline: how it reaches the platform, its answer, and how the
resident is told of it."""

from datetime import datetime
from typing import Self

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from services.reply.rules.delivery import Attempt, AttemptResult, Step
from services.reply.rules.extensions import (
    ATTEMPT_OF,
    STATE_OF,
    ExtensionState,
    ResidentNews,
)
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.replies import ExtensionChanged
from shared.ids import new_id

from .base import ReplyTable
from .deadline import Deadline


class ExtensionRequest(ReplyTable, table=True):
    __tablename__ = "extension_request"
    __table_args__ = (
        Index("extension_of_complaint", "complaint_id"),
        Index("extension_due_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    id: str = Field(primary_key=True)
    """Names it on the wire, however often it is tried."""
    complaint_id: str
    county: str
    platform: str
    stage: str
    round: int
    until: Moment
    """The limit asked for."""
    reason: str = Field(sa_type=Text)
    asked_by: str
    asked_at: Moment
    state: str
    attempts: int = 0
    """How often it was claimed; the number of the present claim."""
    sent_at: Moment | None = None
    next_at: Moment | None = None
    """When to send, to look, or to tell the resident next; None: nothing is to do."""
    why: str | None = None
    """Why it waits or is stuck: the result of the last attempt."""
    granted_until: Moment | None = None
    answered_at: Moment | None = None
    answered_by: str | None = None
    """None: the platform itself."""
    resident: str = ResidentNews.NONE.value
    told_at: Moment | None = None
    told_by: str | None = None
    """Who phoned; None: the platform's channel."""

    @classmethod
    def ask(
        cls,
        deadline: Deadline,
        *,
        platform: str,
        until: datetime,
        reason: str,
        by: str,
        now: datetime,
        by_machine: bool,
    ) -> Self:
        return new_row(
            cls,
            id=new_id("x", now),
            complaint_id=deadline.complaint_id,
            county=deadline.county,
            platform=platform,
            stage=deadline.stage,
            round=deadline.round,
            until=until,
            reason=reason,
            asked_by=by,
            asked_at=now,
            state=(ExtensionState.TO_SEND if by_machine else ExtensionState.BY_HAND).value,
            next_at=now if by_machine else None,
        )

    def claim(self, now: datetime, until: datetime) -> Attempt | None:
        """Take what is due; after `until` another may take it over. None: tell the resident."""
        self.attempts += 1
        self.next_at = until
        attempt = ATTEMPT_OF.get(ExtensionState(self.state))
        if attempt is Attempt.SEND:
            self.state = ExtensionState.SENDING.value
            self.sent_at = now
        elif attempt is None:
            self.resident = ResidentNews.BEING_TOLD.value
        return attempt

    def follow(self, step: Step, result: AttemptResult) -> ExtensionChanged:
        """What comes after an attempt that brought no answer."""
        self.state = STATE_OF[step.state].value
        self.next_at, self.why = step.at, result.value
        return self.changed

    def answer(self, granted_until: datetime | None, now: datetime, by: str | None) -> None:
        """`granted_until`: None where the old limit stays."""
        state = ExtensionState.GRANTED if granted_until else ExtensionState.DECLINED
        self.state, self.why = state.value, None
        self.granted_until = granted_until
        self.answered_at, self.answered_by = now, by
        self.next_at, self.attempts = None, 0

    def tell_resident(self, now: datetime, *, by_channel: bool) -> None:
        """They are to be told of the new limit; otherwise by phone."""
        self.resident = (ResidentNews.TO_TELL if by_channel else ResidentNews.BY_HAND).value
        self.next_at = now if by_channel else None

    def tell_later(self, at: datetime) -> ExtensionChanged:
        """The channel is surely unavailable, or the resident did not answer the phone."""
        if self.resident == ResidentNews.BEING_TOLD:
            self.resident = ResidentNews.TO_TELL.value
            self.next_at = at
        return self.changed

    def leave_to_person(self) -> ExtensionChanged:
        """The channel does not reach them, or may have: a person phones."""
        self.resident, self.next_at = ResidentNews.BY_HAND.value, None
        return self.changed

    def told(self, now: datetime, by: str | None) -> ExtensionChanged:
        self.resident, self.next_at = ResidentNews.TOLD.value, None
        self.told_at, self.told_by = now, by
        return self.changed

    @property
    def changed(self) -> ExtensionChanged:
        return ExtensionChanged.model_validate(
            {
                "complaint_id": self.complaint_id,
                "county": self.county,
                "request_id": self.id,
                "stage": self.stage,
                "round": self.round,
                "until": self.until,
                "asked_by": self.asked_by,
                "asked_at": self.asked_at,
                "state": self.state,
                "why": self.why,
                "next_try_at": self.next_at if self.state in ATTEMPT_OF else None,
                "granted_until": self.granted_until,
                "answered_at": self.answered_at,
                "resident": self.resident,
                "told_at": self.told_at,
                "told_by": self.told_by,
            }
        )
