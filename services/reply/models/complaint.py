"""One complaint, as far as its deadlines and its answer depend on it."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlmodel import Field

from services.reply.rules.deadlines import TicketFacts
from services.reply.rules.rounds import FIRST_ROUND
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.complaints import ComplaintReceived, Decision

from .base import ReplyTable


class ComplaintState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    RETURNED = "returned"
    """Not ours, and the platform has it back."""


class Complaint(ReplyTable, table=True):
    __tablename__ = "complaint"
    __table_args__ = (
        Index("complaint_counted", "county", "counted_by", postgresql_where=text("state = 'open'")),
        Index(
            "complaint_to_acknowledge",
            "acknowledge_at",
            postgresql_where=text("acknowledge_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    county: str
    platform: str
    external_id: str
    """The platform's number of the ticket."""
    sent_at: Moment
    """As the platform says, even where that cannot be."""
    received_at: Moment
    time_limit: str | None
    """The limit printed on the ticket, verbatim."""
    limit_unreadable: bool
    """Something is printed that could not be used: a person should look."""
    category: str
    urgent: bool
    village: str | None
    is_ours: bool
    needs_human: bool
    decision_sequence: int = Field(sa_type=BigInteger)
    """Sequence of the event that the decision above comes from; only a larger one replaces it."""
    counted_by: str
    """The edition of the rulebook its deadlines were counted by."""
    state: str = ComplaintState.OPEN.value
    decided_at: Moment | None = None
    """When a person first decided what it is."""
    contacted_at: Moment | None = None
    """When somebody first spoke to the resident, as recorded by hand."""
    last_contacted_at: Moment | None = None
    round: int = Field(default=FIRST_ROUND, sa_type=SmallInteger)
    """The number of its newest round."""
    chases: int = 0
    chased_at: Moment | None = None
    first_chased_at: Moment | None = None
    """In its newest round, as for the next."""
    first_supervised_at: Moment | None = None
    pauses: int = Field(default=0, sa_type=SmallInteger)
    """How often its clocks have been stopped."""
    accepted_at: Moment | None = None
    acknowledge_at: Moment | None = None
    """When to tell the platform next that we have accepted it (签收); None: nothing to tell."""
    acknowledge_attempts: int = 0
    acknowledged_at: Moment | None = None

    @classmethod
    def received(cls, data: ComplaintReceived, sequence: int, edition: str) -> Self:
        """Its deadlines are still to be counted."""
        decision = data.decision
        return new_row(
            cls,
            id=data.complaint_id,
            county=data.county,
            platform=data.platform,
            external_id=data.external_id,
            sent_at=data.sent_at,
            received_at=data.received_at,
            time_limit=data.time_limit,
            limit_unreadable=False,
            category=decision.category,
            urgent=decision.urgent,
            village=decision.village,
            is_ours=decision.is_ours,
            needs_human=decision.needs_human,
            decision_sequence=sequence,
            counted_by=edition,
        )

    @property
    def ticket(self) -> TicketFacts:
        return TicketFacts(
            county=self.county,
            platform=self.platform,
            kind=self.category,
            urgency="urgent" if self.urgent else "ordinary",
            sent_at=self.sent_at,
            received_at=self.received_at,
            printed_limit=self.time_limit,
            chased_at=self.first_chased_at,
            supervised_at=self.first_supervised_at,
        )

    def decide(self, decision: Decision, decided_at: datetime, sequence: int) -> None:
        """A person decided what it is."""
        self._take_over(decision, sequence)
        if self.decided_at is None:
            self.decided_at = decided_at

    @property
    def is_returned_wrongly(self) -> bool:
        """The platform has it back, and it is ours after all, or a person has to decide again."""
        return self.state == ComplaintState.RETURNED and (self.is_ours or self.needs_human)

    def edit(self, decision: Decision, time_limit: str | None, sequence: int) -> bool:
        """The platform changed the ticket. Returns whether it prints another limit now."""
        if not self._take_over(decision, sequence) or time_limit == self.time_limit:
            return False
        self.time_limit = time_limit
        return True

    def _take_over(self, decision: Decision, sequence: int) -> bool:
        """False: a newer decision is there already."""
        if sequence <= self.decision_sequence:
            return False
        self.decision_sequence = sequence
        self.is_ours = decision.is_ours
        self.needs_human = decision.needs_human
        self.category = decision.category
        self.urgent = decision.urgent
        self.village = decision.village
        return True

    def chase(self, times: int, chased_at: datetime, *, supervised: bool) -> bool:
        """The platform or the resident asked for the `times`-th time. Returns whether its limits
        may be shorter now."""
        if times > self.chases:
            self.chases, self.chased_at = times, chased_at
        before = self.first_chased_at, self.first_supervised_at
        self.first_chased_at = min(chased_at, self.first_chased_at or chased_at)
        if supervised:
            self.first_supervised_at = min(chased_at, self.first_supervised_at or chased_at)
        return before != (self.first_chased_at, self.first_supervised_at)

    def count(self, edition: str, *, limit_unreadable: bool) -> bool:
        """Its deadlines were counted again. Returns whether the mark on its limit changed."""
        self.counted_by = edition
        changed = self.limit_unreadable != limit_unreadable
        self.limit_unreadable = limit_unreadable
        return changed

    def contact(self, at: datetime) -> None:
        """Somebody spoke to the resident; the first time counts, in a later round the last."""
        self.contacted_at = min(at, self.contacted_at or at)
        self.last_contacted_at = max(at, self.last_contacted_at or at)

    def start_round(self) -> int:
        """It is to be done again; returns the number of the new round."""
        self.round += 1
        self.first_chased_at = self.first_supervised_at = None
        self.state = ComplaintState.OPEN.value
        return self.round

    CHANGED_BY_ACCEPTANCE: ClassVar = ("accepted_at", "acknowledge_at")

    def accept(self, accepted_at: datetime, now: datetime, *, acknowledges: bool) -> bool:
        """Somebody works on it; a platform that acknowledges is to be told, once. Returns whether
        that changed anything."""
        if accepted_at == self.accepted_at:
            return False
        if self.accepted_at is None and acknowledges and self.state == ComplaintState.OPEN:
            self.acknowledge_at = now
        self.accepted_at = accepted_at
        return True

    def claim_acknowledgement(self, until: datetime) -> None:
        """It is due again after `until`, should the process die."""
        self.acknowledge_at = until
        self.acknowledge_attempts += 1

    def acknowledge(self, at: datetime) -> None:
        """The platform was told."""
        self.acknowledge_at, self.acknowledged_at = None, at

    def acknowledge_later(self, at: datetime | None) -> None:
        """None: never; the platform refused."""
        self.acknowledge_at = at

    def end(self, *, returned: bool) -> None:
        """The platform has our answer, or has the ticket back."""
        self.state = (ComplaintState.RETURNED if returned else ComplaintState.ANSWERED).value
        self.acknowledge_at = None
