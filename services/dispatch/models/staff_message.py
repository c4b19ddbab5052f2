"""What staff are told outside the console: messages, their cards, and how each way answers."""

from datetime import datetime
from typing import Self

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from services.dispatch.rules.staff_messages import Attempt, MessageState, Step, Way
from shared.columns import Moment
from shared.ids import new_id

from .base import DispatchTable, Names


class StaffMessage(DispatchTable, table=True):
    """One message about one alert to one person by one way. It never holds a resident's data."""

    __tablename__ = "staff_message"
    __table_args__ = (
        UniqueConstraint("alert_id", "sign_in_name", "way", name="staff_message_once"),
        Index(
            "staff_message_first_way",
            "alert_id",
            "sign_in_name",
            unique=True,
            postgresql_where=text("instead_of IS NULL"),
        ),
        Index(
            "staff_message_due",
            "next_attempt_at",
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index("staff_message_listed", "county", "queued_at"),
        Index(
            "staff_message_failed",
            "county",
            "queued_at",
            postgresql_where=text("state IN ('failed', 'gave_up')"),
        ),
        Index("staff_message_to_person", "sign_in_name", "sent_at"),
    )

    id: str = Field(primary_key=True)
    """Names the message on the wire: the same message sent twice carries the same value."""
    county: str
    alert_id: str
    """What it is about; a person is told of it once."""
    sign_in_name: str
    way: str
    """A Way."""
    instead_of: str | None = None
    """The message by another way that finally failed."""
    work_order_id: str | None = None
    """What its buttons act on."""
    title: str
    body: str
    buttons: Names
    """Button keys."""
    urgent: bool
    not_before: Moment
    queued_at: Moment
    state: str = MessageState.QUEUED.value
    attempts: int = 0
    next_attempt_at: Moment | None
    """None: nothing more is tried."""
    sent_at: Moment | None = None
    """When the sending began that has arrived, or of which nobody knows whether it has."""
    ended_at: Moment | None = None
    """When it was sent, failed or was given up."""
    provider_id: str | None = None
    """The provider's own id of it."""
    why: str | None = None
    """Why it was not sent (yet): a message key."""
    provider_code: str | None = None
    """The provider's code of its last refusal."""
    told_otherwise_by: str | None = None
    """Who decided about it after it had failed."""

    @classmethod
    def queued(
        cls,
        *,
        county: str,
        alert_id: str,
        sign_in_name: str,
        way: Way,
        title: str,
        body: str,
        urgent: bool,
        not_before: datetime,
        now: datetime,
        work_order_id: str | None = None,
        buttons: list[str] | None = None,
    ) -> Self:
        """By the console nothing is sent: such a message has arrived at once."""
        by_console = way is Way.CONSOLE
        return cls(
            id=new_id("msg-", now),
            county=county,
            alert_id=alert_id,
            sign_in_name=sign_in_name,
            way=way.value,
            work_order_id=work_order_id,
            title=title,
            body=body,
            buttons=buttons or [],
            urgent=urgent,
            not_before=not_before,
            queued_at=now,
            state=(MessageState.SENT if by_console else MessageState.QUEUED).value,
            next_attempt_at=None if by_console else max(not_before, now),
            sent_at=now if by_console else None,
            ended_at=now if by_console else None,
        )

    def by(self, way: Way, now: datetime) -> "StaffMessage":
        """The same message by the next way."""
        following = StaffMessage.queued(
            county=self.county,
            alert_id=self.alert_id,
            sign_in_name=self.sign_in_name,
            way=way,
            title=self.title,
            body=self.body,
            urgent=self.urgent,
            not_before=self.not_before,
            now=now,
            work_order_id=self.work_order_id,
            buttons=self.buttons,
        )
        following.instead_of = self.id
        return following

    def claim(self, attempt: Attempt, now: datetime, until: datetime) -> None:
        """The attempt is ours until then. `sent_at` moves only where nothing is in question."""
        if attempt is Attempt.SEND:
            self.sent_at = now
        self.attempts += 1
        self.state, self.next_attempt_at = MessageState.SENDING.value, until

    def wait_until(self, at: datetime) -> None:
        """Nothing is tried before."""
        self.next_attempt_at = at

    def is_claimed_by(self, attempt_number: int) -> bool:
        return self.state == MessageState.SENDING and self.attempts == attempt_number

    def follow(self, step: Step, now: datetime, code: str | None = None) -> None:
        """What came of the attempt that holds the claim. `code`: the provider's."""
        self.state, self.next_attempt_at, self.why = step.state.value, step.at, step.why
        self.provider_code = code
        if step.state not in (MessageState.QUEUED, MessageState.SENDING):
            self.ended_at = now
        elif step.state is MessageState.QUEUED:
            self.sent_at = None

    def arrive(self, provider_id: str | None, now: datetime) -> None:
        """The provider has it, however late that was found out."""
        self.provider_id = provider_id or self.provider_id
        self.follow(Step(MessageState.SENT), now)

    def try_again(self, now: datetime) -> None:
        """A person wants it sent, knowing that it may arrive a second time where it was given
        up."""
        self.state, self.next_attempt_at, self.ended_at = MessageState.QUEUED.value, now, None
        self.sent_at, self.not_before, self.attempts = None, now, 0

    def note_told_otherwise(self, who: str) -> None:
        """A person has told them otherwise: it counts as failed no more."""
        self.told_otherwise_by = who


class CardUpdate(DispatchTable, table=True):
    """What a card that was sent by WeCom is to show from now on. One for each response code, which
    WeCom takes once, within 72 hours: so a repeated press is found here."""

    __tablename__ = "card_update"
    __table_args__ = (
        Index("card_update_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
        Index("card_update_of_message", "message_id"),
    )

    response_code: str = Field(primary_key=True, repr=False)
    message_id: str = Field(foreign_key="staff_message.id")
    usable_until: Moment
    pressed: str | None = None
    """The Button whose press brought the code; None: it came when the card was sent."""
    pressed_at: Moment | None = None
    shown: str | None = None
    """The words in place of the buttons; None: nothing is to change (yet)."""
    buttons: Names
    """The buttons that stay."""
    state: str
    """`kept` (nothing to show yet), `queued`, `shown` or `lost` (the code was not taken)."""
    attempts: int = 0
    next_attempt_at: Moment | None = None

    def claim(self, now: datetime, until: datetime) -> bool:
        """The attempt is ours until then. False: WeCom takes the code no more."""
        if now >= self.usable_until:
            return False
        self.attempts += 1
        self.next_attempt_at = until
        return True

    def end(self, state: str) -> None:
        self.state, self.next_attempt_at = state, None


class WayHealth(DispatchTable, table=True):
    """How one way answers us, as the sender finds it."""

    __tablename__ = "way_health"

    way: str = Field(primary_key=True)
    last_success_at: Moment | None = None
    """When it last answered, be it with a refusal of one message."""
    last_failure_at: Moment | None = None
    failure: str | None = None
    """What the last failure was: `unavailable`, or `ambiguous` where it did not answer."""
    unavailable_since: Moment | None = None
    """The first failure since the last success; None: it answers."""

    def note(self, *, answered: bool, failure: str | None, now: datetime) -> None:
        """After a batch: whether it answered at all, and what failed."""
        if failure is not None:
            self.last_failure_at, self.failure = now, failure
        if answered:
            self.last_success_at, self.unavailable_since = now, None
        elif failure is not None:
            self.unavailable_since = self.unavailable_since or now
