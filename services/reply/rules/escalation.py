"""What happens to one deadline: it is warned of, missed, met or moved.

A deadline ends met in time or missed (also where its stage is done later). Whole seconds count, as
platforms print them: a reply in the very second it is due is in time. What was done when decides,
not when its event came: sweep and event may come in any order and end alike.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

_ONE_SECOND = timedelta(seconds=1)


class Standing(StrEnum):
    """The state of a deadline; the last two are final."""

    OPEN = "open"
    WARNED = "warned"
    MET = "met"
    MISSED = "missed"


WAITING = frozenset({Standing.OPEN, Standing.WARNED})


class SweepAction(StrEnum):
    """What the sweep does now."""

    NOTHING = "nothing"
    WARN = "warn"
    RECORD_MISSED = "record_missed"


class DeadlineState(NamedTuple):
    """What a deadline's course depends on. Instants are UTC."""

    standing: Standing
    warn_at: datetime
    """When the next step of its ladder comes; `due_at` where only the miss is left."""
    due_at: datetime
    met_at: datetime | None = None
    """When the stage was done, in time or late."""
    step: int = 0
    """The step of its ladder it is at: a share of its time in percent; 0: none yet."""
    is_paused: bool = False
    """Its clock stands still (pauses.py): there is nothing to warn of and nothing to miss."""

    @property
    def next_at(self) -> datetime | None:
        """When the sweep has to act on it next; None: it has ended, or is paused."""
        if self.standing not in WAITING or self.is_paused:
            return None
        return self.warn_at if self.warn_at < self.due_at else self.due_at + _ONE_SECOND

    def waiting(self, step: int, warn_at: datetime) -> Self:
        """It waits at this step for the next."""
        standing = Standing.WARNED if step else Standing.OPEN
        return self._replace(standing=standing, step=step, warn_at=warn_at)


def is_past(due_at: datetime, now: datetime) -> bool:
    return now.replace(microsecond=0) > due_at


def next_action(deadline: DeadlineState, now: datetime) -> SweepAction:
    """What is to be done at `now`.

    A sweep that comes too late for the warning records the miss only: warning of what is
    already missed helps nobody.
    """
    if deadline.standing not in WAITING or deadline.is_paused:
        return SweepAction.NOTHING
    if is_past(deadline.due_at, now):
        return SweepAction.RECORD_MISSED
    if deadline.warn_at <= now and deadline.warn_at < deadline.due_at:
        return SweepAction.WARN
    return SweepAction.NOTHING


def swept(
    deadline: DeadlineState, now: datetime, step: int, following_at: datetime
) -> DeadlineState:
    """The deadline after the sweep has acted on it. `step`: the one that follows where it is at;
    `following_at`: when the step after that comes."""
    match next_action(deadline, now):
        case SweepAction.WARN:
            return deadline.waiting(step, following_at)
        case SweepAction.RECORD_MISSED:
            return deadline._replace(standing=Standing.MISSED)
        case SweepAction.NOTHING:
            return deadline


def met(deadline: DeadlineState, at: datetime) -> DeadlineState:
    """The stage was done at `at`: met in time, else missed.

    A miss that was recorded because no event had come becomes met once the proof (a platform's
    receipt) says that it was done in time. The earliest time counts.
    """
    if deadline.met_at is not None and deadline.met_at <= at:
        return deadline
    late = is_past(deadline.due_at, at)
    return deadline._replace(met_at=at, standing=Standing.MISSED if late else Standing.MET)


def moved(deadline: DeadlineState, step: int, warn_at: datetime, due_at: datetime) -> DeadlineState:
    """A new limit: an extension was granted, a pause ended, or a calendar was published.

    `step`: the one it is at now (ladder.Climb.reached): steps that lie ahead again are warned of
    anew. What has ended stays as it ended: no extension takes a recorded miss back.
    """
    if deadline.standing not in WAITING:
        return deadline
    return deadline._replace(due_at=due_at).waiting(step, warn_at)


def counted_again(
    deadline: DeadlineState, step: int, warn_at: datetime, due_at: datetime
) -> DeadlineState:
    """The limit was counted again: what is done already is judged by the new one."""
    if deadline.met_at is None:
        return moved(deadline, step, warn_at, due_at)
    return met(DeadlineState(Standing.OPEN, warn_at, due_at, step=step), deadline.met_at)


def judged(deadline: DeadlineState, done_at: datetime | None, *, missed: bool) -> DeadlineState:
    """The deadline by all that is known of its stage now: done then, or not done (`None`).

    What counted as done may turn out not to: a repair of the work order that the complaint had left
    by then. The deadline waits again, unless its miss is recorded already (`missed`).
    """
    if done_at == deadline.met_at:
        return deadline
    if done_at is not None:
        return met(deadline._replace(met_at=None), done_at)
    if missed:
        return deadline._replace(met_at=None, standing=Standing.MISSED)
    return deadline._replace(met_at=None).waiting(deadline.step, deadline.warn_at)
