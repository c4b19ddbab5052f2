"""What counting deadlines again by another edition does to them, in figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .deadlines import Stage

_SECOND = timedelta(seconds=1)


class Moved(NamedTuple):
    """One deadline that changed, though perhaps not in when it is due."""

    stage: Stage
    before: datetime
    after: datetime
    is_missed: bool
    """It was not missed, its stage is not done, and it is past by the new limit."""
    becomes_firm: bool
    """It was provisional, and is not any more."""

    @property
    def has_moved(self) -> bool:
        return self.after != self.before

    @property
    def seconds(self) -> int:
        """How much later it is due; negative: earlier."""
        return (self.after - self.before) // _SECOND


class Effect(NamedTuple):
    """Of a batch of complaints."""

    complaints: int
    complaints_moved: int
    moved: int
    missed: int
    firm: int
    earliest_by: int
    """The most that one came forward, in seconds; 0: none came earlier."""
    latest_by: int
    """The most that one was put off, in seconds."""


def add_up(one: Effect, other: Effect) -> Effect:
    """Of two batches together."""
    counts = (mine + others for mine, others in zip(one[:5], other[:5], strict=True))
    extremes = (max(mine, others) for mine, others in zip(one[5:], other[5:], strict=True))
    return Effect(*counts, *extremes)


def effect_of(changes: Sequence[Iterable[Moved]]) -> Effect:
    """`changes`: of each complaint that was counted again, what changed."""
    moved = [[each for each in one if each.has_moved] for one in changes]
    by_seconds = [each.seconds for one in moved for each in one]
    return Effect(
        complaints=len(changes),
        complaints_moved=sum(map(bool, moved)),
        moved=len(by_seconds),
        missed=sum(each.is_missed for one in moved for each in one),
        firm=sum(each.becomes_firm for one in changes for each in one),
        earliest_by=-min([0, *by_seconds]),
        latest_by=max([0, *by_seconds]),
    )
