"""What happens to one deadline: it is warned of, missed, met or moved.

A deadline ends met in time or missed (also where its stage is done later). Whole seconds count, as
platforms print them: a reply in the very second it is due is in time. What was done when decides,
not when its event came: sweep and event may come in any order and end alike.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

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
    due_at: datetime
    met_at: datetime | None = None
    """When the stage was done, in time or late."""

    @property
    def next_at(self) -> datetime | None:
        """When the sweep has to act on it next; None: it has ended."""
        if self.standing not in WAITING:
            return None
        return self.warn_at if self.standing is Standing.OPEN else self.due_at + _ONE_SECOND


def is_past(due_at: datetime, now: datetime) -> bool:
    return now.replace(microsecond=0) > due_at


def next_action(deadline: DeadlineState, now: datetime) -> SweepAction:
    """What is to be done at `now`. After `swept` at the same `now` this is nothing again.

    A sweep that comes too late for the warning records the miss only: warning of what is
    already missed helps nobody.
    """
    if deadline.standing not in WAITING:
        return SweepAction.NOTHING
    if is_past(deadline.due_at, now):
        return SweepAction.RECORD_MISSED
    if deadline.standing is Standing.OPEN and now >= deadline.warn_at:
        return SweepAction.WARN
    return SweepAction.NOTHING


def swept(deadline: DeadlineState, now: datetime) -> DeadlineState:
    """The deadline after the sweep has acted on it."""
    match next_action(deadline, now):
        case SweepAction.WARN:
            return deadline._replace(standing=Standing.WARNED)
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


def moved(deadline: DeadlineState, warn_at: datetime, due_at: datetime) -> DeadlineState:
    """A new limit: an extension was granted, or the calendar of a year was published.

    It is warned of anew where the warning moves to later. What has ended stays as it ended: no
    extension takes a recorded miss back.
    """
    if deadline.standing not in WAITING:
        return deadline
    later = warn_at > deadline.warn_at
    standing = Standing.OPEN if later else deadline.standing
    return deadline._replace(standing=standing, warn_at=warn_at, due_at=due_at)


def counted_again(deadline: DeadlineState, warn_at: datetime, due_at: datetime) -> DeadlineState:
    """The limit was counted again: what is done already is judged by the new one."""
    if deadline.met_at is None:
        return moved(deadline, warn_at, due_at)
    return met(DeadlineState(Standing.OPEN, warn_at, due_at), deadline.met_at)


def judged(deadline: DeadlineState, done_at: datetime | None, *, missed: bool) -> DeadlineState:
    """The deadline by all that is known of its stage now: done then, or not done (`None`).

    What counted as done may turn out not to: a repair of the work order that the complaint had left
    by then. The deadline waits again, unless its miss is recorded already (`missed`).
    """
    if done_at == deadline.met_at:
        return deadline
    if done_at is not None:
        return met(deadline._replace(met_at=None), done_at)
    standing = Standing.MISSED if missed else Standing.OPEN
    return deadline._replace(met_at=None, standing=standing)
