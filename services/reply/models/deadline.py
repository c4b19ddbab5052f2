"""One stage of one complaint that is due at a time; how it is warned of, missed, met and moved."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.reply.rules.counting import CountedDeadline
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import (
    WAITING,
    DeadlineState,
    Standing,
    SweepAction,
    counted_again,
    is_past,
    judged,
    moved,
    next_action,
    swept,
)
from services.reply.rules.extensions import Extensible
from services.reply.rules.ladder import MISSED, Climb, TimeToAct, extended
from services.reply.rules.pauses import PauseKind
from services.reply.rules.rounds import FIRST_ROUND
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.replies import (
    DeadlineMet,
    DeadlineMissed,
    DeadlineWarned,
)
from shared.vocabulary import Level

from .base import ReplyTable
from .complaint import Complaint

DeadlineEvent = DeadlineWarned | DeadlineMissed | DeadlineMet


class Deadline(ReplyTable, table=True):
    __tablename__ = "deadline"
    __table_args__ = (
        Index("deadline_due_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index(
            "deadline_warned",
            "due_at",
            postgresql_where=text("standing = 'warned' AND stage IN ('resolve', 'reply')"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    round: int = Field(default=FIRST_ROUND, primary_key=True, sa_type=SmallInteger)
    county: str
    due_at: Moment
    warn_at: Moment
    """When the next step of its ladder comes; `due_at` where only the miss is left."""
    provisional: bool
    source: str
    unverified: bool
    """See CountedDeadline."""
    standing: str = Standing.OPEN.value
    next_at: Moment | None
    """When the sweep looks at it again; None once it has ended."""
    warned_at: Moment | None = None
    met_at: Moment | None = None
    missed_recorded_at: Moment | None = None
    paused_since: Moment | None = None
    """Its clock stands still since then: the sweep passes it over."""
    paused_for: str | None = None
    """A PauseKind."""
    ladder: str
    """The id of its ladder."""
    step: int = Field(default=0, sa_type=SmallInteger)
    """The step of it that was taken last: a share of its time in percent; 0: none yet."""
    length_seconds: int
    in_office_time: bool
    """See TimeToAct."""
    extensions_allowed: int
    extensions_granted: int = 0
    extension_asked_until: Moment | None = None
    """Asked for and not answered; see ExtensionRequest."""

    @classmethod
    def set(cls, complaint: Complaint, counted: CountedDeadline) -> Self:
        return new_row(
            cls,
            complaint_id=complaint.id,
            stage=counted.stage.value,
            round=counted.round,
            county=complaint.county,
            due_at=counted.due_at,
            warn_at=counted.warn_at,
            provisional=counted.provisional,
            source=counted.source,
            unverified=counted.unverified,
            next_at=counted.next_at,
            ladder=counted.ladder,
            length_seconds=int(counted.time.length.total_seconds()),
            in_office_time=counted.time.in_office_time,
            extensions_allowed=counted.extensions_allowed,
        )

    @property
    def state(self) -> DeadlineState:
        return DeadlineState(
            Standing(self.standing),
            self.warn_at,
            self.due_at,
            self.met_at,
            self.step,
            is_paused=self.paused_since is not None,
        )

    def extensible(self, next_stage_due_at: datetime | None) -> Extensible:
        return Extensible(
            standing=Standing(self.standing),
            due_at=self.due_at,
            asked_until=self.extension_asked_until,
            granted=self.extensions_granted,
            allowed=self.extensions_allowed,
            next_stage_due_at=next_stage_due_at,
        )

    @property
    def time(self) -> TimeToAct:
        return TimeToAct(timedelta(seconds=self.length_seconds), self.in_office_time)

    CHANGED_BY_SWEEP: ClassVar = (
        "standing",
        "step",
        "warn_at",
        "next_at",
        "warned_at",
        "missed_recorded_at",
    )

    def sweep(self, climb: Climb, now: datetime) -> list[DeadlineEvent]:
        """Take the next step of its ladder, or record the miss, where that is due."""
        before = self.state
        following = climb.ladder.following(self.step)
        if next_action(before, now) is not SweepAction.WARN or following.share == MISSED:
            level = climb.ladder.steps[-1].level
            return self._become(swept(before, now, self.step, self.due_at), now, level)
        self.warned_at = now
        warned = DeadlineWarned(
            complaint_id=self.complaint_id,
            county=self.county,
            stage=Stage(self.stage).value,
            round=self.round,
            due_at=self.due_at,
            warned_at=now,
            step=following.share,
            level=following.level,
            despite_acknowledgement=following.despite_acknowledgement,
        )
        following_at = climb.next_at(following.share, self.due_at, self.time)
        return [warned, *self._become(swept(before, now, following.share, following_at), now)]

    def is_met_by(self, done_at: datetime | None) -> bool:
        """Whether this is the first news, or earlier news, of its stage. Of a later round only the
        last work is known, so what once met its deadlines stays."""
        return done_at is not None and (self.met_at is None or done_at < self.met_at)

    CHANGED_BY_JUDGEMENT: ClassVar = ("standing", "next_at", "met_at", "missed_recorded_at")

    def judge(self, done_at: datetime | None, now: datetime) -> list[DeadlineEvent]:
        """Meet or miss it by when its stage was done; None: it is not done, as far as is known."""
        before = self.state
        after = judged(before, done_at, missed=self.missed_recorded_at is not None)
        return [] if after is before else self._become(after, now)

    def count_again(
        self, counted: CountedDeadline, climb: Climb, now: datetime
    ) -> tuple[bool, list[DeadlineEvent]]:
        """Its limit was counted again. Returns whether anything of it changed, and the events."""
        before = self._told
        due_at, time = counted.due_at, counted.time
        step = climb.reached(self.step, due_at, time, now)
        after = counted_again(self.state, step, climb.next_at(step, due_at, time), due_at)
        if after.due_at != counted.due_at:
            return False, []  # it is missed, and stays so
        self.provisional = counted.provisional
        self.source = counted.source
        self.unverified = counted.unverified
        self.ladder = counted.ladder
        self._keep(counted.time)
        self.extensions_allowed = counted.extensions_allowed
        events = self._become(after, now)
        return before != self._told, events

    @property
    def _told(self) -> tuple[object, ...]:
        """What the others are told of its limit."""
        limit = self.due_at, self.warn_at, self.step, self.paused_since
        return *limit, self.provisional, self.source, self.unverified

    def ask_extension(self, until: datetime) -> None:
        """The platform is asked; the old limit counts until it agrees."""
        self.extension_asked_until = until

    def decline_extension(self) -> None:
        """The platform said no."""
        self.extension_asked_until = None

    def extend(self, due_at: datetime, climb: Climb, now: datetime) -> list[DeadlineEvent]:
        """The platform granted it. Its limit is no longer ours to pause."""
        self.extension_asked_until = None
        self.resume()
        self.extensions_granted += 1
        return self.move(due_at, climb, now)

    def move(self, due_at: datetime, climb: Climb, now: datetime) -> list[DeadlineEvent]:
        """Another limit counts: it was granted, or another stage's takes this one along."""
        time = extended(self.time, self.due_at, due_at, climb.calendar)
        self._keep(time)
        step = climb.reached(self.step, due_at, time, now)
        return self._become(moved(self.state, step, climb.next_at(step, due_at, time), due_at), now)

    def _keep(self, time: TimeToAct) -> None:
        self.length_seconds = int(time.length.total_seconds())
        self.in_office_time = time.in_office_time

    @property
    def can_be_paused(self) -> bool:
        """A miss stays one, and what a platform has granted is the platform's."""
        return Standing(self.standing) in WAITING and self.extensions_granted == 0

    def pause(self, kind: PauseKind, now: datetime) -> None:
        """Its clock stands still until it is resumed; a pause that runs already goes on."""
        self.paused_since = self.paused_since or now
        self.paused_for = kind.value
        self.next_at = self.state.next_at

    def resume(self) -> None:
        """Its clock goes on; its limit is counted again by the caller."""
        self.paused_since = self.paused_for = None
        self.next_at = self.state.next_at

    def _become(
        self, after: DeadlineState, now: datetime, level: Level | None = None
    ) -> list[DeadlineEvent]:
        """Write the new state; the events say how it ended, where that is new. `level`: up to whom
        a miss is told."""
        ended_otherwise = (after.met_at, after.standing) != (self.met_at, self.standing)
        if (after.due_at, after.warn_at) != (self.due_at, self.warn_at):
            self.due_at, self.warn_at = after.due_at, after.warn_at
        self.met_at = after.met_at
        if after.step != self.step:
            self.step = after.step
        self.standing = after.standing.value
        if after.standing not in WAITING and self.paused_since is not None:
            self.paused_since = self.paused_for = None
        self.next_at = after.next_at
        events: list[DeadlineEvent] = []
        stage = Stage(self.stage).value
        if after.standing is Standing.MET and self.missed_recorded_at is not None:
            self.missed_recorded_at = None
        if after.standing is Standing.MISSED and self.missed_recorded_at is None:
            self.missed_recorded_at = now
            events.append(
                DeadlineMissed(
                    complaint_id=self.complaint_id,
                    county=self.county,
                    stage=stage,
                    round=self.round,
                    due_at=self.due_at,
                    recorded_at=now,
                    level=level,
                )
            )
        if after.met_at is not None and ended_otherwise:
            events.append(
                DeadlineMet(
                    complaint_id=self.complaint_id,
                    county=self.county,
                    stage=stage,
                    round=self.round,
                    due_at=self.due_at,
                    met_at=after.met_at,
                    late=is_past(self.due_at, after.met_at),
                )
            )
        return events
