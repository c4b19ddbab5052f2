"""The console's read models: deadlines and replies, from reply's events in any order.

Of two facts about one thing the one with the larger sequence stands, whatever the machines' clocks
say. So any order of arrival, and any repetition, gives the same picture.

`Deadline` and `Reply` are the rows while their news is handled: attributes of a table's class cost
ten times as much to set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment
from shared.events.replies import (
    MISSED,
    DeadlineMet,
    DeadlineMissed,
    DeadlineWarned,
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyRetryScheduled,
    ReplyStuck,
    ReplyWithdrawn,
    ResidentTold,
    SetDeadline,
)

from .base import DispatchTable

ReplyNews = (
    ReplyDrafted
    | ReplyApproved
    | ReplyRetryScheduled
    | ReplyStuck
    | ReplyWithdrawn
    | ReplyDelivered
    | ResidentTold
)
_KINDS: Final[Mapping[type[ReplyNews], str]] = {
    ReplyDrafted: "draft",
    ReplyApproved: "approved",
    ReplyRetryScheduled: "retry",
    ReplyStuck: "stuck",
    ReplyWithdrawn: "withdrawn",
    ReplyDelivered: "delivered",
    ResidentTold: "told",
}


class DeadlineView(DispatchTable, table=True):
    """One stage's deadline of one complaint, as reply tells it."""

    __tablename__ = "deadline_view"
    __table_args__ = (
        Index(
            "deadline_unmet",
            "county",
            "due_at",
            postgresql_where=text("met_at IS NULL AND state IN ('open', 'warned', 'missed')"),
        ),
        Index(
            "deadline_at_step", "complaint_id", postgresql_where=text("step > 0 AND met_at IS NULL")
        ),
    )

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    round: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    """1: counted from the ticket; a rework, or a resident's no, starts the next one."""
    county: str
    due_at: Moment
    warn_at: Moment | None
    """None: its warning came before its deadline was told."""
    provisional: bool
    source: str
    """`printed`, or the id of the policy in force."""
    unverified: bool = False
    """No source, or another city's only, stands behind that policy."""
    paused_since: Moment | None = None
    """Its clock stands still: it is neither warned of nor missed."""
    paused_for: str | None = None
    """parts, resident or outage."""
    was_paused: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Its clock stands still, or has."""
    limit_unreadable: bool
    state: str
    """open, warned, missed or met."""
    met_at: Moment | None = None
    late: bool = False
    set_step: int = Field(default=0, sa_type=SmallInteger)
    """The step of its ladder that it stood at when it was set."""
    told_step: int = Field(default=0, sa_type=SmallInteger)
    """The step that the newest news of the state told; MISSED, or 0 where it was met."""
    told_level: str | None = None
    """A shared.vocabulary.Level: up to whom people are told of that step; None: nobody."""
    despite_acknowledgement: bool = False
    step: int = Field(default=0, sa_type=SmallInteger)
    """The step it stands at: a limit that was moved away stands at an earlier one again."""
    set_sequence: int = Field(default=0, sa_type=BigInteger)
    """The sequence of the event that the deadline is from; 0: none yet."""
    state_sequence: int = Field(default=0, sa_type=BigInteger)
    """The sequence of the event that the state is from; 0: none yet."""


class Alarm(NamedTuple):
    """A step that a deadline has come to and still stands at."""

    step: int
    due_at: datetime
    is_paused: bool


@dataclass(slots=True)
class Deadline:
    """Columns as of DeadlineView."""

    complaint_id: str
    stage: str
    round: int
    county: str
    due_at: datetime
    warn_at: datetime | None = None
    provisional: bool = False
    source: str = ""
    unverified: bool = False
    paused_since: datetime | None = None
    paused_for: str | None = None
    was_paused: bool = False
    limit_unreadable: bool = False
    state: str = "open"
    met_at: datetime | None = None
    late: bool = False
    set_step: int = 0
    told_step: int = 0
    told_level: str | None = None
    despite_acknowledgement: bool = False
    step: int = 0
    set_sequence: int = 0
    state_sequence: int = 0

    @property
    def alarm(self) -> Alarm | None:
        """What people are to be told of; None: there is nothing."""
        stands = self.met_at is None and self.step == self.told_step != 0
        if not stands or self.told_level is None:
            return None
        return Alarm(self.step, self.due_at, self.paused_since is not None)

    def set(self, sequence: int, counted: SetDeadline, *, limit_unreadable: bool) -> None:
        """The deadline was counted, or counted again."""
        self.was_paused |= counted.paused_since is not None
        if sequence <= self.set_sequence:
            return
        self.set_sequence = sequence
        self.due_at, self.warn_at = counted.due_at, counted.warn_at
        self.provisional, self.source = counted.provisional, counted.source
        self.unverified = counted.unverified
        self.paused_since, self.paused_for = counted.paused_since, counted.paused_for
        self.limit_unreadable = limit_unreadable
        self.set_step = counted.step
        self._stand()

    def become(self, sequence: int, news: DeadlineWarned | DeadlineMissed | DeadlineMet) -> None:
        """It was warned of, missed or met; what is met late stays missed."""
        if sequence <= self.state_sequence:
            return
        self.state_sequence = sequence
        self.met_at, self.late = None, False
        self.told_step, self.told_level, self.despite_acknowledgement = 0, None, False
        match news:
            case DeadlineWarned():
                self.state, self.told_step, self.told_level = "warned", news.step, news.level.value
                self.despite_acknowledgement = news.despite_acknowledgement
            case DeadlineMissed():
                self.state, self.told_step = "missed", MISSED
                self.told_level = None if news.level is None else news.level.value
            case DeadlineMet():
                self.state = "missed" if news.late else "met"
                self.met_at, self.late = news.met_at, news.late
        if self.set_sequence == 0:
            self.due_at = news.due_at
        self._stand()

    def _stand(self) -> None:
        """Where it was set after it was warned of, it stands at the step that it was set with."""
        if self.state not in ("open", "warned"):
            self.step = self.told_step
            return
        is_set_later = self.set_sequence > self.state_sequence
        self.step = self.set_step if is_set_later else self.told_step
        self.state = "warned" if self.step else "open"


class ReplyView(DispatchTable, table=True):
    """The newest version of the reply to one complaint, as reply tells it, without its words."""

    __tablename__ = "reply_view"
    __table_args__ = (
        Index(
            "reply_to_do",
            "county",
            "state",
            "drafted_at",
            postgresql_where=text("state <> 'delivered'"),
        ),
        Index(
            "reply_delivered",
            "county",
            "delivered_at",
            "complaint_id",
            postgresql_where=text("state = 'delivered'"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    county: str
    version: int
    state: str
    """draft, approved, sending, awaiting_receipt, stuck, delivered or withdrawn."""
    kind: str
    """answer, return (not ours: the ticket goes back with a reason) or interim."""
    solved: bool = True
    """False: delivered, and it says that the problem is not solved yet."""
    sequences: Annotated[dict[str, int], Field(sa_type=JSONB)]
    """By kind of news (draft, approved, retry, stuck, withdrawn, delivered, told): the sequence of
    its event. The largest one says the state; the resident is told of what has been delivered."""
    drafted_at: Moment | None = None
    approved_by: str | None = None
    approved_at: Moment | None = None
    by_hand: bool = False
    """Approved, and a person phones or posts it."""
    retry_state: str | None = None
    """The state that the newest retry was scheduled in."""
    why_waiting: str | None = None
    next_try_at: Moment | None = None
    attempts: int = 0
    stuck_at: Moment | None = None
    why_stuck: str | None = None
    delivered_at: Moment | None = None
    receipt: str | None = None
    told_at: Moment | None = None
    told_by: str | None = None


@dataclass(slots=True)
class Reply:
    """Columns as of ReplyView."""

    complaint_id: str
    county: str
    version: int = 0
    state: str = ""
    kind: str = "answer"
    solved: bool = True
    sequences: dict[str, int] = field(default_factory=dict)
    drafted_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    by_hand: bool = False
    retry_state: str | None = None
    why_waiting: str | None = None
    next_try_at: datetime | None = None
    attempts: int = 0
    stuck_at: datetime | None = None
    why_stuck: str | None = None
    delivered_at: datetime | None = None
    receipt: str | None = None
    told_at: datetime | None = None
    told_by: str | None = None

    def note(self, sequence: int, news: ReplyNews) -> None:
        """Any news of a version; older versions count no more."""
        if news.version > self.version:
            self.__init__(self.complaint_id, self.county, news.version)  # type: ignore[misc]
        kind = _KINDS[type(news)]
        if news.version < self.version or sequence <= self.sequences.get(kind, 0):
            return
        match news:
            case ReplyDrafted():
                self.drafted_at = news.drafted_at
            case ReplyApproved():
                self.approved_by, self.approved_at = news.approved_by, news.approved_at
                self.by_hand = news.by_hand
            case ReplyRetryScheduled():
                self.retry_state, self.why_waiting = news.state, news.why
                self.next_try_at, self.attempts = news.next_try_at, news.attempts
            case ReplyStuck():
                self.why_stuck, self.stuck_at = news.why, news.stuck_at
            case ReplyDelivered():
                self.receipt, self.delivered_at = news.receipt, news.delivered_at
                self.solved = news.solved
            case ResidentTold():
                self.told_by, self.told_at = news.by, news.told_at
        if isinstance(news, ReplyDrafted | ReplyDelivered) and sequence > max(
            self.sequences.get("draft", 0), self.sequences.get("delivered", 0)
        ):
            self.kind = news.kind
        self.sequences = {**self.sequences, kind: sequence}
        newest = max(self.sequences, key=lambda each: self.sequences[each])
        self.state = {"told": "delivered", "retry": self.retry_state}.get(newest) or newest
