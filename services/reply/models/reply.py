"""One version of the answer to one complaint, from draft to delivery. Its words stay here."""

from datetime import datetime
from typing import Self, cast

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field

from services.reply.rules.delivery import (
    ATTEMPT_IN,
    Attempt,
    AttemptResult,
    ReplyState,
    Step,
    StuckReason,
)
from services.reply.rules.platform_profile import ToldBy
from services.reply.rules.release import is_by_rule
from services.reply.rules.reviewing import Version
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.replies import (
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyKind,
    ReplyRetryScheduled,
    ReplyStuck,
    ReplyWithdrawn,
    ResidentTold,
)
from shared.ids import new_id

from .base import ReplyTable
from .complaint import Complaint


class Reply(ReplyTable, table=True):
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
    kind: str
    """answer, return (not ours: the ticket goes back) or interim."""
    is_true: bool = True
    """诉求属实: what the resident said is so. 12345 asks for it."""
    said: str = ""
    """What our own draft says of the fault, apart from the form; empty where a person wrote it."""
    responsible: str = ""
    """Who is, where the ticket goes back; empty: a person has to say so before it is approved."""
    drafted_at: Moment
    written_by: str | None = None
    """None: our own draft, which follows the facts until a person has written."""
    repair_sequence: int | None = Field(None, sa_type=BigInteger)
    """Sequence of the last repair that was known when it was written; None: there was none."""
    contested: bool = False
    """The resident says that it is not solved, though it says so: another follows the repair."""
    approved_by: str | None = None
    approved_at: Moment | None = None
    attempts: int = 0
    """How often it was claimed; the number of the present claim."""
    sent_at: Moment | None = None
    """When it was last handed to the channel, or was about to be."""
    next_attempt_at: Moment | None = None
    """When to send, to look, or to take over from a sender that died; None: nothing is to do."""
    receipt: str | None = None
    delivered_at: Moment | None = None
    by_sms: bool = False
    """It goes as a text message: its platform does not reach the resident."""
    by_hand: bool = False
    """A person phones or posts it: no channel reaches its platform, or its resident."""
    why_stuck: str | None = None
    stuck_at: Moment | None = None
    resolved_by: str | None = None
    """Who said by hand that it had arrived, or should be sent again."""
    told_at: Moment | None = None
    told_by: str | None = None

    @classmethod
    def draft(
        cls,
        complaint: Complaint,
        version: int,
        text: str,
        now: datetime,
        *,
        solved: bool,
        kind: ReplyKind,
        is_true: bool = True,
        said: str = "",
        responsible: str = "",
        written_by: str | None = None,
        repair_sequence: int | None = None,
    ) -> Self:
        return new_row(
            cls,
            complaint_id=complaint.id,
            version=version,
            county=complaint.county,
            platform=complaint.platform,
            request_id=new_id("", now),
            text=text,
            solved=solved,
            kind=kind,
            is_true=is_true,
            said=said,
            responsible=responsible,
            drafted_at=now,
            written_by=written_by,
            repair_sequence=repair_sequence,
        )

    @property
    def drafted(self) -> ReplyDrafted:
        return ReplyDrafted(
            complaint_id=self.complaint_id,
            county=self.county,
            version=self.version,
            kind=self.told_kind,
            drafted_at=self.drafted_at,
        )

    @property
    def returned(self) -> bool:
        return self.kind == "return"

    @property
    def interim(self) -> bool:
        return self.kind == "interim"

    @property
    def told_kind(self) -> ReplyKind:
        return cast(ReplyKind, self.kind)

    def as_version(self, newest: int) -> Version:
        return Version(
            state=ReplyState(self.state),
            is_newest=self.version == newest,
            length=len(self.text),
            returned=self.returned,
            interim=self.interim,
            responsible=self.responsible,
            written_by=self.written_by,
            stuck=StuckReason(self.why_stuck) if self.why_stuck else None,
        )

    @property
    def is_by_person(self) -> bool:
        """Written or approved by one, and by no rule."""
        approved = self.state == ReplyState.APPROVED and not is_by_rule(self.approved_by)
        return self.written_by is not None or approved

    def supersede(self) -> None:
        """A newer version replaces it; what was delivered stays delivered. An interim reply on its
        way goes on: nothing waits for it."""
        on_its_way = self.state in (ReplyState.SENDING, ReplyState.AWAITING_RECEIPT)
        if self.state != ReplyState.DELIVERED and not (self.interim and on_its_way):
            self.state, self.next_attempt_at = ReplyState.SUPERSEDED.value, None

    def withdraw(self, now: datetime) -> ReplyWithdrawn:
        """It is not true any more, and nothing replaces it yet."""
        self.supersede()
        return ReplyWithdrawn(
            complaint_id=self.complaint_id,
            county=self.county,
            version=self.version,
            withdrawn_at=now,
        )

    def approve(self, by: str, now: datetime, *, by_hand: bool) -> ReplyApproved:
        """Let it be sent; `by_hand`: by a person."""
        self.state = ReplyState.APPROVED.value
        self.approved_by, self.by_hand = by, by_hand
        self.approved_at = self.next_attempt_at = now
        return self._approved

    def hold(self) -> ReplyDrafted:
        """What approved it does not stand any more, and it has not left: it is a draft again."""
        self.state, self.by_hand = ReplyState.DRAFT.value, False
        self.approved_by = self.approved_at = self.next_attempt_at = None
        return self.drafted

    @property
    def _approved(self) -> ReplyApproved:
        assert self.approved_by is not None
        assert self.approved_at is not None
        return ReplyApproved(
            complaint_id=self.complaint_id,
            county=self.county,
            version=self.version,
            approved_by=self.approved_by,
            approved_at=self.approved_at,
            by_hand=self.by_hand,
        )

    def claim(self, now: datetime, until: datetime) -> Attempt:
        """Take the attempt that is due; after `until` another sender may take it over."""
        attempt = ATTEMPT_IN[ReplyState(self.state)]
        if attempt is Attempt.SEND:
            self.state = ReplyState.SENDING.value
            self.sent_at = now
        self.attempts += 1
        self.next_attempt_at = until
        return attempt

    def is_claimed_by(self, number: int) -> bool:
        """Whether the attempt of this number is still the newest, and nobody has ended it."""
        under_way = self.state in (ReplyState.SENDING, ReplyState.AWAITING_RECEIPT)
        return under_way and self.attempts == number

    def follow(
        self, step: Step, result: AttemptResult, now: datetime
    ) -> ReplyStuck | ReplyRetryScheduled | ReplyApproved:
        """What comes after an attempt that brought no receipt."""
        self.state = step.state.value
        self.next_attempt_at = step.at
        self.by_sms = self.by_sms or step.by_sms
        if step.by_hand:
            self.by_hand = True
            return self._approved
        return self._get_stuck(step.stuck, now) if step.stuck else self._try_again(result.value)

    def _try_again(self, why: str) -> ReplyRetryScheduled:
        assert self.next_attempt_at is not None
        return ReplyRetryScheduled.model_validate(
            {
                "complaint_id": self.complaint_id,
                "county": self.county,
                "version": self.version,
                "state": self.state,
                "why": why,
                "next_try_at": self.next_attempt_at,
                "attempts": self.attempts,
            }
        )

    def _get_stuck(self, why: StuckReason, now: datetime) -> ReplyStuck:
        self.why_stuck, self.stuck_at = why.value, now
        return ReplyStuck(
            complaint_id=self.complaint_id,
            county=self.county,
            version=self.version,
            why=why.value,
            stuck_at=now,
        )

    def send_again(self, by: str, now: datetime) -> ReplyRetryScheduled:
        """A person has seen that it did not arrive."""
        self.state, self.next_attempt_at = ReplyState.APPROVED.value, now
        self.why_stuck, self.resolved_by = None, by
        return self._try_again("sent_again")

    def not_reached(self, again_at: datetime) -> ReplyRetryScheduled:
        """Nobody answered the phone: it is tried later."""
        self.attempts += 1
        self.next_attempt_at = again_at
        return self._try_again("not_reached")

    def resolve(self, by: str) -> None:
        """A person has seen that it arrived."""
        self.resolved_by = by

    def deliver(
        self, receipt: str, at: datetime, told_by: ToldBy
    ) -> list[ReplyDelivered | ResidentTold]:
        """The platform has it. A receipt proves that at any time; once is enough."""
        if self.state == ReplyState.DELIVERED:
            return []
        self.state = ReplyState.DELIVERED.value
        self.receipt = receipt
        self.delivered_at = self.told_at = at
        self.told_by = told_by
        self.next_attempt_at = self.why_stuck = None
        return [
            ReplyDelivered(
                complaint_id=self.complaint_id,
                county=self.county,
                version=self.version,
                kind=self.told_kind,
                solved=self.solved,
                receipt=receipt,
                delivered_at=at,
            ),
            ResidentTold(
                complaint_id=self.complaint_id,
                county=self.county,
                version=self.version,
                by=told_by,
                told_at=at,
            ),
        ]
