"""What the sweep does with one deadline: nothing, warn, or record that it was missed.

A deadline ends kept in time, missed (also where it is kept later), or withdrawn with its complaint.
Whole seconds count, as platforms print them: a reply in the very second it is due is in time.
What happened decides, not when we heard of it: the sweep and the news of a stage done may come in
any order and end alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """The state of a deadline; the last three are final."""

    OPEN = "open"
    WARNED = "warned"
    MET = "met"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


WAITING = frozenset({Standing.OPEN, Standing.WARNED})


class Action(StrEnum):
    """What the sweep does now."""

    NOTHING = "nothing"
    WARN = "warn"
    RECORD_MISSED = "record_missed"


@dataclass(frozen=True, slots=True)
class Watched:
    """A deadline as the sweep sees it. Instants are UTC."""

    standing: Standing
    warn_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    """When the stage was done, in time or late."""

    @property
    def met_late(self) -> bool:
        return self.met_at is not None and is_past(self.due_at, self.met_at)


def is_past(due_at: datetime, now: datetime) -> bool:
    return now.replace(microsecond=0) > due_at


def next_action(deadline: Watched, now: datetime) -> Action:
    """What is to be done at `now`. After `swept` at the same `now` this is nothing again.

    A sweep that comes too late for the warning records the miss only: warning of what is
    already missed helps nobody.
    """
    if deadline.standing not in WAITING:
        return Action.NOTHING
    if is_past(deadline.due_at, now):
        return Action.RECORD_MISSED
    if deadline.standing is Standing.OPEN and now >= deadline.warn_at:
        return Action.WARN
    return Action.NOTHING


def swept(deadline: Watched, now: datetime) -> Watched:
    """The deadline after the sweep has acted on it."""
    match next_action(deadline, now):
        case Action.WARN:
            return replace(deadline, standing=Standing.WARNED)
        case Action.RECORD_MISSED:
            return replace(deadline, standing=Standing.MISSED)
        case Action.NOTHING:
            return deadline


def met(deadline: Watched, at: datetime) -> Watched:
    """The stage was done at `at`: met in time, else missed and kept late.

    A miss recorded for want of news becomes met once the proof (a platform's receipt) says it was
    done in time. The earliest time counts; a withdrawn deadline stays withdrawn.
    """
    if deadline.standing is Standing.WITHDRAWN:
        return deadline
    if deadline.met_at is not None and deadline.met_at <= at:
        return deadline
    late = is_past(deadline.due_at, at)
    return replace(deadline, met_at=at, standing=Standing.MISSED if late else Standing.MET)


def withdrawn(deadline: Watched) -> Watched:
    """The complaint was taken back or returned: what still waits, waits no more."""
    if deadline.standing not in WAITING:
        return deadline
    return replace(deadline, standing=Standing.WITHDRAWN)


def moved(deadline: Watched, warn_at: datetime, due_at: datetime) -> Watched:
    """A new limit: an extension was granted, or the calendar of a year was published.

    It is warned of anew where the warning moves to later. What has ended stays as it ended: a miss
    once recorded is not granted away.
    """
    if deadline.standing not in WAITING:
        return deadline
    later = warn_at > deadline.warn_at
    standing = Standing.OPEN if later else deadline.standing
    return replace(deadline, standing=standing, warn_at=warn_at, due_at=due_at)
