"""What the three databases say about one thing, side by side: what the rules judge.

Ids and states only; nothing of a resident's is read.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What a service believes was decided about a complaint."""

    is_ours: bool
    needs_human: bool


@dataclass(frozen=True, slots=True)
class AtDispatch:
    decided: Decided
    state: str
    """A dispatch ComplaintState."""
    work_order_id: str | None
    is_merged: bool = False
    """That work order was closed into another."""
    is_repaired: bool = False


@dataclass(frozen=True, slots=True)
class AtReply:
    decided: Decided
    state: str
    """A reply ComplaintState."""
    work_order_id: str | None
    """Of its newest link."""
    deadlines: int = 4
    has_reply: bool = False
    """In any version and state."""
    has_return: bool = False
    """A version that gives the order back, and that no other has replaced."""
    has_left: bool = False
    """A version is with the platform, or may be, or was refused there."""
    has_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint, as far as each service knows it."""

    id: str
    intake: Decided | None
    dispatch: AtDispatch | None
    reply: AtReply | None
    parked_at: frozenset[str] = frozenset()
    """Services where news of it, or of its work order, is parked: what they do not know of it is
    in a person's hands, or a finding of its own until a person has seen it."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A delivery that belongs to no complaint intake has."""

    id: str
    is_readable: bool
    names_complaint: bool
    is_settled: bool


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
    """Up to when reply has swept all deadlines; None: never."""


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
    words: str | None
    """MD5 of a WeChat message, by which alone it is known there."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What reply sent to a simulated platform, and what that platform wrote down about it."""

    ids: tuple[str, ...]
    """`complaint/version`. Several only where the platform cannot tell them apart: WeChat is given
    no number, so equal words to the same person are one delivery made several times."""
    attempted: int
    delivered: int
    """How many of them reply says it has a receipt for."""
    stored: int
    """How often the platform has it."""
