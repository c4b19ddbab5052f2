"""What reply tells the others about deadlines and replies."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.bus.topics import REPLIES
from shared.events.event import Event
from shared.vocabulary import Level

Stage = Literal["accept", "first_contact", "on_site", "resolve", "reply", "call_back"]
MISSED = 100
"""The step at which a deadline is missed; the others are shares of its time, in percent."""


Round = Annotated[int, Field(ge=1)]
"""1: counted from the ticket. A rework, or a resident's no, starts the next one."""


ReplyKind = Literal["answer", "return", "interim"]
"""`return`: not ours; the ticket goes back with a reason. `interim`: the limit comes before the
repair; it says what is known so far, and another answer follows."""


class SetDeadline(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    round: Round = 1
    due_at: AwareDatetime
    warn_at: AwareDatetime
    provisional: bool
    """Counted over a year whose holidays are not published yet."""
    source: str
    """`printed`, or the id of the policy in force."""
    unverified: bool = False
    """No source, or another city's only, stands behind the policy."""
    paused_since: AwareDatetime | None = None
    """Its clock stands still: it is neither warned of nor missed, and due later than `due_at`."""
    paused_for: Literal["parts", "resident", "outage"] | None = None
    step: int = Field(default=0, ge=0, lt=MISSED)
    """The last step of its ladder that it has been warned at and that still stands; 0: none."""


class _ReplyEvent(Event):
    topic: ClassVar[str] = REPLIES
    complaint_id: str
    county: str = Field(pattern=r"^\d{6}$")

    @property
    def key(self) -> str:
        return self.complaint_id


class MovedDeadline(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    round: Round = 1
    old_due_at: AwareDatetime
    new_due_at: AwareDatetime


class RulebookChange(BaseModel):
    """A version of the county's policies or calendar, as the person named it who saved it, and what
    it moved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["policies", "calendar"]
    number: int = Field(ge=1)
    note: str = ""
    moved: tuple[MovedDeadline, ...] = ()


class DeadlinesSet(_ReplyEvent):
    """The deadlines of a complaint are counted; sent again where they change."""

    type: ClassVar[str] = "cn.waterdesk.deadline.set.v1"

    deadlines: tuple[SetDeadline, ...]
    limit_unreadable: bool = False
    """The printed limit could not be read: the policy counts until a person looks."""
    because: RulebookChange | None = None
    """They are counted again by this version; None: for another reason, or the first time."""


class DeadlineWarned(_ReplyEvent):
    """It has come to a step of its ladder: people up to a level are told."""

    type: ClassVar[str] = "cn.waterdesk.deadline.warned.v1"

    stage: Stage
    round: Round = 1
    due_at: AwareDatetime
    warned_at: AwareDatetime
    step: int = Field(ge=1, lt=MISSED)
    """The share of its time that is used, in percent."""
    level: Level
    despite_acknowledgement: bool = False
    """Told also where somebody has taken it on already."""


class DeadlineMissed(_ReplyEvent):
    type: ClassVar[str] = "cn.waterdesk.deadline.missed.v1"

    stage: Stage
    round: Round = 1
    due_at: AwareDatetime
    recorded_at: AwareDatetime
    level: Level | None = None
    """Up to whom people are told. None: nobody, for it is done by now."""


class DeadlineMet(_ReplyEvent):
    type: ClassVar[str] = "cn.waterdesk.deadline.met.v1"

    stage: Stage
    round: Round = 1
    due_at: AwareDatetime
    met_at: AwareDatetime
    late: bool


class ExtensionChanged(_ReplyEvent):
    """A platform is, or was, asked for more time on one deadline: the whole of it as it is now."""

    type: ClassVar[str] = "cn.waterdesk.deadline.extension-changed.v1"

    request_id: str
    stage: Stage
    round: Round = 1
    until: AwareDatetime
    """What is asked for."""
    asked_by: str
    asked_at: AwareDatetime
    state: Literal["by_hand", "to_send", "sending", "asked", "stuck", "granted", "declined"]
    """`by_hand`: a person asks, and enters the answer."""
    why: str | None = None
    """The result of the last attempt, while it waits or is stuck."""
    next_try_at: AwareDatetime | None = None
    granted_until: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    resident: Literal["none", "to_tell", "being_told", "by_hand", "told"]
    """Whether the resident knows of the new limit; `by_hand`: a person phones."""
    told_at: AwareDatetime | None = None
    told_by: str | None = None
    """Who phoned; None: our channel to the platform told them."""


class ReplyDrafted(_ReplyEvent):
    """A draft waits for a reviewer. Its words stay in reply."""

    type: ClassVar[str] = "cn.waterdesk.reply.drafted.v1"

    version: int = Field(ge=1)
    kind: ReplyKind
    drafted_at: AwareDatetime


class ReplyApproved(_ReplyEvent):
    """Recorded again, with `by_hand`, where its channel turns out not to reach the resident."""

    type: ClassVar[str] = "cn.waterdesk.reply.approved.v1"

    version: int = Field(ge=1)
    approved_by: str
    approved_at: AwareDatetime
    by_hand: bool = False
    """No channel of ours reaches its platform, or its resident: a person phones or posts it."""


class ReplyRetryScheduled(_ReplyEvent):
    """An approved reply has not arrived yet, or its receipt is not there: it is tried again."""

    type: ClassVar[str] = "cn.waterdesk.reply.retry-scheduled.v1"

    version: int = Field(ge=1)
    state: Literal["approved", "sending", "awaiting_receipt"]
    """`sending`: it may have arrived, and is looked for before it is sent again."""
    why: Literal[
        "unavailable", "ambiguous", "taken", "not_shown", "sent_again", "not_reached", "unreachable"
    ]
    """`not_reached`: the resident did not answer the phone. `sent_again`: a person said so.
    `unreachable`: its channel does not reach the resident, who is sent a text message instead."""
    next_try_at: AwareDatetime
    attempts: int


class ReplyWithdrawn(_ReplyEvent):
    """The facts have changed: this version is dropped, and there is no other yet."""

    type: ClassVar[str] = "cn.waterdesk.reply.withdrawn.v1"

    version: int = Field(ge=1)
    withdrawn_at: AwareDatetime


class ReplyDelivered(_ReplyEvent):
    """The platform's receipt is in our hands."""

    type: ClassVar[str] = "cn.waterdesk.reply.delivered.v1"

    version: int = Field(ge=1)
    kind: ReplyKind
    solved: bool = True
    """False: it says that the problem is not solved yet, and another answer follows."""
    receipt: str
    delivered_at: AwareDatetime


class ReplyStuck(_ReplyEvent):
    """A person must look: refused by the platform, or its arrival cannot be proven."""

    type: ClassVar[str] = "cn.waterdesk.reply.stuck.v1"

    version: int = Field(ge=1)
    why: Literal["refused", "unconfirmed"]
    stuck_at: AwareDatetime


class CallBackChanged(_ReplyEvent):
    """Was it solved? Where asking the resident about one delivered answer stands. The words they
    used stay in reply and intake."""

    type: ClassVar[str] = "cn.waterdesk.reply.call-back-changed.v1"

    version: int = Field(ge=0)
    """Of the answer; 0: the platform evaluates what reply knows no answer of."""
    state: Literal["to_ask", "asked", "answered", "closed"]
    asked_by: Literal["wechat", "phone", "platform"]
    changed_at: AwareDatetime
    tries: int = 0
    next_try_at: AwareDatetime | None = None
    """When a person should call (again)."""
    asked_at: AwareDatetime | None = None
    satisfied: bool | None = None
    answered_at: AwareDatetime | None = None
    source: Literal["hotline_12345", "message_board", "wechat", "phone"] | None = None
    noted_by: str | None = None
    why_closed: Literal["unreachable", "declined", "no_answer", "followed"] | None = None


class ResidentTold(_ReplyEvent):
    type: ClassVar[str] = "cn.waterdesk.reply.resident-told.v1"

    version: int = Field(ge=1)
    by: Literal["platform", "wechat", "sms", "phone"]
    told_at: AwareDatetime
