"""How a work order moves from its first complaint to its end, and who may move it.

    waiting_for_crew → assigned → accepted → on_site → repaired → closed

A person may give it to another crew or back, close it where nothing is to be done, merge it into
another, and open it again for rework. What is not in the table cannot be done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WAITING_FOR_CREW = "waiting_for_crew"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    REPAIRED = "repaired"
    CLOSED = "closed"


WITH_CREW = frozenset({State.ASSIGNED, State.ACCEPTED, State.ON_SITE})
"""A crew is busy with it."""
UNDER_WAY = frozenset({State.ON_SITE, State.REPAIRED, State.CLOSED})
"""Somebody has been there: it no longer ends by itself when its complaints leave it."""


class Step(StrEnum):
    ASSIGN = "assign"
    RELEASE = "release"
    """Give it back: it waits for another crew."""
    ACCEPT = "accept"
    ARRIVE = "arrive"
    EXPECT = "expect"
    """Say when the repair is to be expected; its state stays."""
    REPAIR = "repair"
    CLOSE = "close"
    MERGE = "merge"
    """Into another work order, which is the same fault."""
    REOPEN = "reopen"
    """Rework: it was not repaired after all."""


class Actor(StrEnum):
    """Who does it, as far as the rules care."""

    OFFICE = "office"
    ITS_CREW = "its_crew"
    ANOTHER_CREW = "another_crew"


class StepRefusal(StrEnum):
    """Why a step is refused. The values are message keys."""

    NOT_YOUR_CREWS = "not_your_crews"
    ONLY_THE_OFFICE = "only_the_office_may"
    NO_CREW_YET = "no_crew_yet"
    NOT_ACCEPTED_YET = "not_accepted_yet"
    NOT_ARRIVED_YET = "not_arrived_yet"
    ALREADY_FURTHER = "already_further"
    ALREADY_REPAIRED = "already_repaired"
    ALREADY_CLOSED = "already_closed"
    STILL_OPEN = "still_open"
    MERGED_FOR_GOOD = "merged_for_good"
    UNANSWERED = "residents_unanswered"
    EXPECTED_BEFORE_NOW = "expected_before_now"


_S = State
_AWAY = {
    Step.ASSIGN: _S.ASSIGNED,
    Step.RELEASE: _S.WAITING_FOR_CREW,
    Step.CLOSE: _S.CLOSED,
    Step.MERGE: _S.CLOSED,
}
TRANSITIONS: Mapping[State, Mapping[Step, State]] = {
    _S.WAITING_FOR_CREW: {
        Step.EXPECT: _S.WAITING_FOR_CREW,
        Step.ASSIGN: _S.ASSIGNED,
        Step.CLOSE: _S.CLOSED,
        Step.MERGE: _S.CLOSED,
    },
    _S.ASSIGNED: _AWAY | {Step.EXPECT: _S.ASSIGNED, Step.ACCEPT: _S.ACCEPTED},
    _S.ACCEPTED: _AWAY | {Step.EXPECT: _S.ACCEPTED, Step.ARRIVE: _S.ON_SITE},
    _S.ON_SITE: _AWAY | {Step.EXPECT: _S.ON_SITE, Step.REPAIR: _S.REPAIRED},
    _S.REPAIRED: {Step.CLOSE: _S.CLOSED, Step.REOPEN: _S.WAITING_FOR_CREW},
    _S.CLOSED: {Step.REOPEN: _S.WAITING_FOR_CREW},
}
_BY_ITS_CREW = frozenset({Step.ACCEPT, Step.ARRIVE, Step.EXPECT, Step.REPAIR, Step.RELEASE})
_RESULT = {Step.ACCEPT: _S.ACCEPTED, Step.ARRIVE: _S.ON_SITE, Step.REPAIR: _S.REPAIRED}
_MISSING_BEFORE = {
    _S.WAITING_FOR_CREW: StepRefusal.NO_CREW_YET,
    _S.ASSIGNED: StepRefusal.NOT_ACCEPTED_YET,
    _S.ACCEPTED: StepRefusal.NOT_ARRIVED_YET,
    _S.ON_SITE: StepRefusal.ALREADY_FURTHER,
    _S.REPAIRED: StepRefusal.ALREADY_REPAIRED,
    _S.CLOSED: StepRefusal.ALREADY_CLOSED,
}


def is_done_already(state: State, step: Step) -> bool:
    """A second click: the crew's step has been taken, and nothing has followed it."""
    return _RESULT.get(step) is state or (state is State.CLOSED and step is Step.CLOSE)


def refusal(state: State, step: Step, actor: Actor, *, merged: bool = False) -> StepRefusal | None:
    """Why `actor` may not do this now, or None. `merged`: it was closed into another one."""
    if actor is not Actor.OFFICE and step not in _BY_ITS_CREW:
        return StepRefusal.ONLY_THE_OFFICE
    if actor is Actor.ANOTHER_CREW:
        return StepRefusal.NOT_YOUR_CREWS
    if merged:
        return StepRefusal.MERGED_FOR_GOOD
    if step in TRANSITIONS[state]:
        return None
    if step is Step.REOPEN:
        return StepRefusal.STILL_OPEN
    if step is Step.ACCEPT and state in WITH_CREW:
        return StepRefusal.ALREADY_FURTHER
    return _MISSING_BEFORE[state]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What is still owed to those who complained of the fault."""

    residents: int
    """Complaints whose newest reply has not been delivered."""
    deadlines: int
    """Deadlines of complaints that are neither met nor made good since."""

    def __bool__(self) -> bool:
        return self.residents > 0 or self.deadlines > 0


def refusal_to_close(unanswered: Unanswered, despite: str | None) -> StepRefusal | None:
    """A person may close what is still owed only with a reason (`despite`), which the timeline
    keeps."""
    return StepRefusal.UNANSWERED if unanswered and not despite else None


def after(state: State, step: Step) -> State:
    """The state that follows. Raises KeyError for what `refusal` refuses."""
    return TRANSITIONS[state][step]
