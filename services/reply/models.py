"""What reply keeps. No resident's name, phone, address or words; only what we answer them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import CheckConstraint, DateTime, Index, MetaData, SmallInteger, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = MetaData()

Moment = Annotated[datetime, Field(sa_type=DateTime(timezone=True))]
MaybeMoment = Annotated[datetime | None, Field(sa_type=DateTime(timezone=True))]


class ReplyTable(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata


class ComplaintState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    RETURNED = "returned"
    """Not ours, and the platform has it back."""


class ReplyState(StrEnum):
    """See README.md for who moves a reply from one to the next."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    """On its way, or nobody knows whether it arrived: it is looked for before it is sent again."""
    AWAITING_RECEIPT = "awaiting_receipt"
    """The platform took it and will show it later."""
    DELIVERED = "delivered"
    STUCK = "stuck"
    SUPERSEDED = "superseded"
    """A newer version stands in its place."""


class Complaint(ReplyTable, table=True):
    """What the deadlines and the answer of one complaint depend on."""

    __tablename__ = "complaint"
    __table_args__ = (
        Index("complaint_counted", "counted_by", postgresql_where=text("state = 'open'")),
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
    sent_at: Moment
    received_at: Moment
    time_limit: str | None
    """The limit printed on the order, verbatim."""
    limit_unreadable: bool
    category: str
    urgent: bool
    village: str | None
    is_ours: bool
    needs_human: bool
    counted_by: str
    """The edition of the rulebook its deadlines were counted by."""
    state: str = ComplaintState.OPEN.value
    decided_at: MaybeMoment = None
    """When a person first decided what it is."""
    contacted_at: MaybeMoment = None
    """When somebody first spoke to the resident, as recorded by hand."""
    chases: int = 0
    chased_at: MaybeMoment = None
    accepted_at: MaybeMoment = None
    acknowledge_at: MaybeMoment = None
    """When to tell the platform next that we have accepted it (签收); None: nothing to tell."""
    acknowledge_attempts: int = 0
    acknowledged_at: MaybeMoment = None


class Deadline(ReplyTable, table=True):
    """One stage of one complaint that is due at a time."""

    __tablename__ = "deadline"
    __table_args__ = (
        Index("deadline_due_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    county: str
    due_at: Moment
    warn_at: Moment
    provisional: bool
    source: str
    standing: str
    """A rules.escalation.Standing."""
    next_at: MaybeMoment
    """When the sweep looks at it again; None once it has ended."""
    warned_at: MaybeMoment = None
    met_at: MaybeMoment = None
    missed_recorded_at: MaybeMoment = None
    warn_before_seconds: int
    extensions_allowed: int
    extensions_granted: int = 0
    extension_asked_until: MaybeMoment = None
    extension_asked_at: MaybeMoment = None
    extension_reason: str | None = None


class SweepHeartbeat(ReplyTable, table=True):
    """One row: up to when every deadline has been swept. What fell due before it and stands neither
    kept nor missed was overlooked; what fell due after it waits for a sweep."""

    __tablename__ = "sweep_heartbeat"
    __table_args__ = (CheckConstraint("id = 1", name="sweep_heartbeat_is_one"),)

    id: int = Field(default=1, sa_type=SmallInteger, primary_key=True)
    last_swept_at: Moment


class WorkOrder(ReplyTable, table=True):
    """What a reply says about a repair."""

    __tablename__ = "work_order"

    id: str = Field(primary_key=True)
    county: str
    scheme_name: str = ""
    crew_name: str = ""
    arrived_at: MaybeMoment = None
    repaired_at: MaybeMoment = None
    found: str = ""
    done: str = ""
    finished_at: MaybeMoment = None
    """Repaired, or closed because nothing was found."""


class Link(ReplyTable, table=True):
    """From `linked_at` until its next link, a complaint hangs on this work order."""

    __tablename__ = "link"
    __table_args__ = (Index("link_of_work_order", "work_order_id"),)

    complaint_id: str = Field(primary_key=True)
    work_order_id: str = Field(primary_key=True)
    linked_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))


class Reply(ReplyTable, table=True):
    """One version of the answer to one complaint. Its words stay here."""

    __tablename__ = "reply"
    __table_args__ = (
        Index(
            "reply_due_next",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index("reply_listed", "county", "state", "drafted_at"),
    )

    complaint_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    county: str
    platform: str
    request_id: str = Field(unique=True)
    """Names this version on the wire, however often it is tried."""
    state: str = ReplyState.DRAFT.value
    text: str = Field(sa_type=Text, repr=False)
    solved: bool
    returned: bool
    responsible: str = ""
    """Who is, where the order goes back."""
    drafted_at: Moment
    written_by: str | None = None
    """None: our own draft, which follows the facts until a person has written."""
    approved_by: str | None = None
    approved_at: MaybeMoment = None
    attempts: int = 0
    """How often it was claimed; the number of the present claim."""
    sent_at: MaybeMoment = None
    """When it was last handed to the channel, or was about to be."""
    next_attempt_at: MaybeMoment = None
    """When to send, to look, or to take over from a sender that died; None: nothing is to do."""
    receipt: str | None = None
    delivered_at: MaybeMoment = None
    why_stuck: str | None = None
    stuck_at: MaybeMoment = None
    settled_by: str | None = None
    """Who decided by hand that it had arrived, or should leave again."""
    told_at: MaybeMoment = None
    told_by: str | None = None
