"""How a work order moves from its first complaint to its end, and who may move it.

    waiting_for_crew → assigned → accepted → on_site → repaired → closed

A person may give it to another crew or back, close it where nothing is to be done, merge it into
another, and open it again for rework. What is not in the table cannot be done.
"""

from collections.abc import Mapping
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


class Deed(StrEnum):
    ASSIGN = "assign"
    RELEASE = "release"
    """Give it back: it waits for another crew."""
    ACCEPT = "accept"
    ARRIVE = "arrive"
    REPAIR = "repair"
    CLOSE = "close"
    MERGE = "merge"
    """Into another order, which is the same fault."""
    REOPEN = "reopen"
    """Rework: it was not repaired after all."""


class Maker(StrEnum):
    """Who does it, as far as the rules care."""

    OFFICE = "office"
    ITS_CREW = "its_crew"
    ANOTHER_CREW = "another_crew"


class Refusal(StrEnum):
    """Why a deed is refused. The values are message keys."""

    NOT_YOUR_CREWS = "not_your_crews_order"
    ONLY_THE_OFFICE = "only_the_office_may"
    NO_CREW_YET = "no_crew_yet"
    NOT_ACCEPTED_YET = "not_accepted_yet"
    NOT_ARRIVED_YET = "not_arrived_yet"
    ALREADY_FURTHER = "already_further"
    ALREADY_REPAIRED = "already_repaired"
    ALREADY_CLOSED = "already_closed"
    STILL_OPEN = "still_open"
    MERGED_FOR_GOOD = "merged_for_good"


_S, _D = State, Deed
_AWAY = {
    _D.ASSIGN: _S.ASSIGNED,
    _D.RELEASE: _S.WAITING_FOR_CREW,
    _D.CLOSE: _S.CLOSED,
    _D.MERGE: _S.CLOSED,
}
TRANSITIONS: Mapping[State, Mapping[Deed, State]] = {
    _S.WAITING_FOR_CREW: {
        _D.ASSIGN: _S.ASSIGNED,
        _D.CLOSE: _S.CLOSED,
        _D.MERGE: _S.CLOSED,
    },
    _S.ASSIGNED: _AWAY | {_D.ACCEPT: _S.ACCEPTED},
    _S.ACCEPTED: _AWAY | {_D.ARRIVE: _S.ON_SITE},
    _S.ON_SITE: _AWAY | {_D.REPAIR: _S.REPAIRED},
    _S.REPAIRED: {_D.CLOSE: _S.CLOSED, _D.REOPEN: _S.WAITING_FOR_CREW},
    _S.CLOSED: {_D.REOPEN: _S.WAITING_FOR_CREW},
}
_BY_ITS_CREW = frozenset({_D.ACCEPT, _D.ARRIVE, _D.REPAIR, _D.RELEASE})
_RESULT = {_D.ACCEPT: _S.ACCEPTED, _D.ARRIVE: _S.ON_SITE, _D.REPAIR: _S.REPAIRED}
_MISSING_BEFORE = {
    _S.WAITING_FOR_CREW: Refusal.NO_CREW_YET,
    _S.ASSIGNED: Refusal.NOT_ACCEPTED_YET,
    _S.ACCEPTED: Refusal.NOT_ARRIVED_YET,
    _S.ON_SITE: Refusal.ALREADY_FURTHER,
    _S.REPAIRED: Refusal.ALREADY_REPAIRED,
    _S.CLOSED: Refusal.ALREADY_CLOSED,
}


def is_done_already(state: State, deed: Deed) -> bool:
    """A second click: the crew's step has been taken, and nothing has followed it."""
    return _RESULT.get(deed) is state or (state is State.CLOSED and deed is Deed.CLOSE)


def refusal(state: State, deed: Deed, maker: Maker, *, merged: bool = False) -> Refusal | None:
    """Why `maker` may not do this now, or None. `merged`: it was closed into another order."""
    if maker is not Maker.OFFICE and deed not in _BY_ITS_CREW:
        return Refusal.ONLY_THE_OFFICE
    if maker is Maker.ANOTHER_CREW:
        return Refusal.NOT_YOUR_CREWS
    if merged:
        return Refusal.MERGED_FOR_GOOD
    if deed in TRANSITIONS[state]:
        return None
    if deed is Deed.REOPEN:
        return Refusal.STILL_OPEN
    if deed is Deed.ACCEPT and state in WITH_CREW:
        return Refusal.ALREADY_FURTHER
    return _MISSING_BEFORE[state]


def after(state: State, deed: Deed) -> State:
    """The state that follows. Raises KeyError for what `refusal` refuses."""
    return TRANSITIONS[state][deed]
