"""When each stage of a complaint was done, from the facts known by now.

The answer depends on the facts alone, not on the order in which their events came. A later stage
done proves the earlier ones: a crew in the village has accepted the ticket, and an answer that the
platform has taken ends them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .deadlines import Stage

_LAST_FIRST = tuple(reversed(Stage))


@dataclass(frozen=True, slots=True)
class Done:
    """Something done on a work order. `sequence` is its event's, and alone decides what came
    first; `at` is for the deadlines."""

    at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Linked:
    """The time a complaint was linked to one work order, and what was done on that."""

    since: Done
    until: int | None
    """Sequence of the link to another work order; None: it is linked to this one."""
    arrived: Done | None
    finished: Done | None
    """Repaired, or nothing was found."""

    def counts(self, fact: Done | None) -> datetime | None:
        """When this fact counts for the complaint: what was done before the link counts from the
        link on; what was done after the complaint left does not count."""
        if fact is None or (self.until is not None and fact.sequence >= self.until):
            return None
        return self.since.at if fact.sequence < self.since.sequence else fact.at


@dataclass(frozen=True, slots=True)
class Facts:
    decided_at: datetime | None
    """A person decided what the complaint is."""
    contacted_at: datetime | None
    delivered_at: datetime | None
    """The platform had our answer, or had the ticket back."""
    links: tuple[Linked, ...] = ()


def done_at(facts: Facts) -> Mapping[Stage, datetime]:
    """The earliest time each stage was done; a stage not done yet is missing."""
    seen: dict[Stage, list[datetime | None]] = {
        Stage.ACCEPT: [facts.decided_at, *(link.since.at for link in facts.links)],
        Stage.FIRST_CONTACT: [
            facts.contacted_at,
            *(link.counts(link.arrived) for link in facts.links),
        ],
        Stage.RESOLVE: [link.counts(link.finished) for link in facts.links],
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
