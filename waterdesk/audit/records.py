"""What the audit compares: each record holds what the databases say about one thing.

Only ids and states; no resident's data is read.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DecisionCopy:
    """A service's copy of the decision about a complaint."""

    is_ours: bool
    needs_human: bool


@dataclass(frozen=True, slots=True)
class AtDispatch:
    decision: DecisionCopy
    state: str
    """A dispatch ComplaintState."""
    work_order_id: str | None
    is_merged: bool = False
    """That work order was merged into another."""
    is_repaired: bool = False


@dataclass(frozen=True, slots=True)
class AtReply:
    decision: DecisionCopy
    state: str
    """A reply ComplaintState."""
    work_order_id: str | None
    """Of its newest link."""
    deadlines: int = 4
    has_reply: bool = False
    """In any version and state."""
    has_return: bool = False
    """A current version returns the ticket to the platform."""
    has_left: bool = False
    """A version was sent, whatever its outcome."""
    has_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint as each service knows it; None where it is unknown."""

    id: str
    intake: DecisionCopy | None
    dispatch: AtDispatch | None
    reply: AtReply | None
    parked_at: frozenset[str] = frozenset()
    """Services that have parked an event of it or of its work order. Differences there are not
    findings: a person deals with the parked event."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A raw message without a complaint at intake."""

    id: str
    is_readable: bool
    names_complaint: bool
    is_handled: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    id: str
    """`complaint/stage`."""
    standing: str
    """A reply rules.escalation.Standing."""
    due_at: datetime
    next_at: datetime | None
    met_at: datetime | None
    missed_recorded_at: datetime | None
    swept_until: datetime | None
    """Due times up to here have been swept; None: never swept."""
    is_paused: bool = False
    """Its clock stands still, for a pause that is still to end."""


@dataclass(frozen=True, slots=True)
class Reply:
    id: str
    """`complaint/version`."""
    state: str
    """A ReplyState."""
    receipt: str | None
    delivered_at: datetime | None
    platform: str
    external_id: str | None
    """The complaint's number there; None: reply does not know the complaint."""
    request_id: str
    was_sent: bool
    by_hand: bool
    """A person has said whether it arrived."""
    text_md5: str | None
    """Of a WeChat message, which has no other identity there."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What reply sent to a simulated platform, and what that platform stored."""

    ids: tuple[str, ...]
    """`complaint/version`. Several where the platform cannot tell them apart: WeChat gets no
    request id, so equal texts to the same person are compared together."""
    attempted: int
    delivered: int
    """How many of them reply says it has a receipt for."""
    stored: int
    """How often the platform has it."""
