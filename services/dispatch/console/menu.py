"""The main menu: the pages somebody may open, each with its access key."""

from typing import NamedTuple

from shared.auth.permissions import Permission
from shared.auth.tokens import Person


class Entry(NamedTuple):
    address: str
    key: str
    """Of its word in the catalogue."""
    access_key: str


_P = Permission
_ENTRIES = (
    (Entry("/", "board", "1"), {_P.BOARD_SEE}),
    (Entry("/waiting", "waiting", "2"), {_P.COMPLAINT_DECIDE}),
    (Entry("/review", "review", "3"), {_P.REPLY_WRITE, _P.REPLY_APPROVE}),
    (Entry("/replies", "replies", "R"), {_P.BOARD_SEE}),
    (Entry("/call-backs", "call_backs", "C"), {_P.BOARD_SEE}),
    (Entry("/hotspots", "hotspots", "4"), {_P.HOTSPOT_SEE}),
    (Entry("/report", "report", "0"), {_P.HOTSPOT_SEE}),
    (Entry("/complaints/new", "enter", "5"), {_P.COMPLAINT_ENTER}),
    (Entry("/parked", "parked", "6"), {_P.PARKED_DECIDE}),
    (Entry("/disclosures", "disclosures", "8"), {_P.DISCLOSURE_SEE}),
    (Entry("/settings", "settings", "9"), {_P.POLICY_SEE}),
)
_CREW = Entry("/crew", "crew", "7")


def menu_of(person: Person | None) -> tuple[Entry, ...]:
    if person is None:
        return ()
    allowed = tuple(entry for entry, needs in _ENTRIES if any(map(person.may, needs)))
    return (*allowed, _CREW) if person.crew_id else allowed
