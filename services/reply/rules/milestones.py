"""When each stage of a complaint was done, from the facts known by now.

The answer depends on the facts alone, not on the order in which we heard of them. A later stage
done proves the earlier ones: who stands in the village has accepted the order, and an answer the
platform has taken ends them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .deadlines import Stage

_LAST_FIRST = tuple(reversed(Stage))


@dataclass(frozen=True, slots=True)
class Linked:
    """The time a complaint hung on one work order, and what was done about that."""

    since: datetime
    until: datetime | None
    """When it was moved to another; None: it hangs there still."""
    arrived_at: datetime | None
    finished_at: datetime | None
    """Repaired, or nothing was found."""

    def within(self, at: datetime | None) -> datetime | None:
        """The fact as this complaint has it: what was done before it came counts from then on,
        what was done after it left does not count."""
        if at is None or (self.until is not None and at >= self.until):
            return None
        return max(at, self.since)


@dataclass(frozen=True, slots=True)
class Facts:
    decided_at: datetime | None
    """A person decided what the complaint is: the desk has it."""
    contacted_at: datetime | None
    delivered_at: datetime | None
    """The platform had our answer, or had the order back."""
    links: tuple[Linked, ...] = ()


def done_at(facts: Facts) -> Mapping[Stage, datetime]:
    """The earliest time each stage was done; a stage not done yet is missing."""
    seen: dict[Stage, list[datetime | None]] = {
        Stage.ACCEPT: [facts.decided_at, *(link.since for link in facts.links)],
        Stage.FIRST_CONTACT: [
            facts.contacted_at,
            *(link.within(link.arrived_at) for link in facts.links),
        ],
        Stage.RESOLVE: [link.within(link.finished_at) for link in facts.links],
        Stage.REPLY: [facts.delivered_at],
    }
    done: dict[Stage, datetime] = {}
    proven: datetime | None = None
    for stage in _LAST_FIRST:
        proven = _earliest([proven, *seen[stage]])
        if proven is not None:
            done[stage] = proven
    return done


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
