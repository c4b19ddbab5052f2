"""When each stage of a complaint was done, from the facts known by now.

The answer depends on the facts alone, not on the order in which their events came. A fact ends the
stages that were done in fact, and no others:

| fact                                             | accept | contact | on site | resolve | reply |
|--------------------------------------------------|--------|---------|---------|---------|-------|
| a person decided what the complaint is           |   x    |         |         |         |       |
| it was linked to a work order                    |   x    |         |         |         |       |
| somebody spoke to the resident, as recorded      |   x    |    x    |         |         |       |
| the crew arrived                                 |   x    |    x    |    x    |         |       |
| the crew repaired it                             |   x    |    x    |    x    |    x    |       |
| an answer was delivered                          |   x    |         |         |         |   x   |
| ... where the resident reads it (WeChat, a call) |   x    |    x    |         |         |   x   |
| ... and the person who approved it says: solved  |   x    |         |         |    x    |   x   |
| an interim reply was delivered                   |   x    |         |         |         |   ?   |
| ... where the resident reads it                  |   x    |    x    |         |         |   ?   |
| the platform has the ticket back (退回)          |   x    |    x    |    x    |    x    |   x   |
| the office closed or merged the work order       |        |         |         |         |       |

- 12345 passes an answer on and asks the office apart from it whether the resident was contacted, so
  an answer to it is no contact. On the message board the answer stands in the resident's thread,
  and there is no phone number to call: there the answer is the contact.
- ?: whether an interim reply is one in time is the policy's to say (`interim_meets_reply`); no
  source says that it is, and no policy of ours.
- An answer with "not solved" is in time for reply, and leaves resolve open. With "solved"
  it leaves on site open: nobody came.
- In a later round (rounds.py) the same facts end the same stages, where they happened after it
  started. Nobody accepts it again.
- The call-back is met by the resident's answer or by a recorded try alone
  (handlers/call_back_deadlines.py).
- A returned ticket is another office's: nobody of ours has anything left to do. The rates count
  only complaints that are ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from .deadlines import Stage
from .rounds import RoundStart

_Stages = tuple[Stage, ...]
_ACCEPTED: _Stages = (Stage.ACCEPT,)
_CONTACTED: _Stages = (*_ACCEPTED, Stage.FIRST_CONTACT)
_ARRIVED: _Stages = (*_CONTACTED, Stage.ON_SITE)
_REPAIRED: _Stages = (*_ARRIVED, Stage.RESOLVE)


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
    repaired: Done | None
    """The first time, as for `arrived`."""
    last_arrived: Done | None = None
    last_repaired: Done | None = None

    def after(self, start: RoundStart) -> Self:
        """Of the work done on it, the last that a round which starts there had not seen."""
        return replace(
            self,
            arrived=_unseen(self.last_arrived, start),
            repaired=_unseen(self.last_repaired, start),
        )

    def counts(self, fact: Done | None) -> datetime | None:
        """When this fact counts for the complaint: what was done before the link counts from the
        link on; what was done after the complaint left does not count."""
        if fact is None or (self.until is not None and fact.sequence >= self.until):
            return None
        return self.since.at if fact.sequence < self.since.sequence else fact.at


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that its platform has."""

    at: datetime
    solved: bool
    """The person who approved it says that the problem is solved."""
    returned: bool
    reaches_resident: bool
    """The resident reads or hears it without a platform passing it on."""
    version: int = 1
    interim: bool = False
    interim_meets_reply: bool = False
    """As the complaint's policy says."""

    @property
    def stages(self) -> _Stages:
        if self.returned:
            return (*_REPAIRED, Stage.REPLY)
        contacted = _CONTACTED if self.reaches_resident else _ACCEPTED
        if self.interim:
            return (*contacted, *((Stage.REPLY,) if self.interim_meets_reply else ()))
        return (*contacted, *((Stage.RESOLVE,) if self.solved else ()), Stage.REPLY)


@dataclass(frozen=True, slots=True)
class Facts:
    decided_at: datetime | None = None
    """A person decided what the complaint is."""
    contacted_at: datetime | None = None
    """The first time."""
    answers: tuple[Answer, ...] = ()
    links: tuple[Linked, ...] = ()
    last_contacted_at: datetime | None = None

    def after(self, start: RoundStart) -> Self:
        """What happened in a round that starts there. No decision and no link: neither is work."""
        contacted_at = self.last_contacted_at
        return replace(
            self,
            decided_at=None,
            contacted_at=contacted_at if contacted_at and contacted_at >= start.at else None,
            answers=tuple(each for each in self.answers if each.version > start.version),
            links=tuple(link.after(start) for link in self.links),
        )


def done_at(facts: Facts) -> Mapping[Stage, datetime]:
    """The earliest time each stage was done; a stage not done yet is missing."""
    done: dict[Stage, datetime] = {}
    for at, stages in _happened(facts):
        if at is None:
            continue
        for stage in stages:
            if stage not in done or at < done[stage]:
                done[stage] = at
    return done


def done_after(facts: Facts, start: RoundStart) -> Mapping[Stage, datetime]:
    """The same for the round that starts there; nothing was done before it."""
    done = done_at(facts.after(start))
    return {stage: max(at, start.at) for stage, at in done.items()}


def _unseen(fact: Done | None, start: RoundStart) -> Done | None:
    return fact if fact is not None and fact.sequence > start.sequence else None


def _happened(facts: Facts) -> Iterator[tuple[datetime | None, _Stages]]:
    """Each fact's time and the stages that it ends, as in the table above."""
    yield facts.decided_at, _ACCEPTED
    yield facts.contacted_at, _CONTACTED
    for link in facts.links:
        yield link.since.at, _ACCEPTED
        yield link.counts(link.arrived), _ARRIVED
        yield link.counts(link.repaired), _REPAIRED
    for answer in facts.answers:
        yield answer.at, answer.stages
