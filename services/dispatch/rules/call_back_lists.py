"""In which list of the console a call-back stands."""

from enum import StrEnum


class CallBackList(StrEnum):
    """The values are message keys, and stand in addresses. Each call-back is in the first that
    fits."""

    FOR_PERSON = "for_person"
    """Not solved, and a supervisor decides whether it is repaired again."""
    TO_CALL = "to_call"
    """A person calls, or calls again."""
    WAITING = "waiting"
    """Asked, or about to be, by a message or by the platform."""
    NOT_SOLVED = "not_solved"
    SOLVED = "solved"
    ENDED = "ended"
    """Nobody answered."""
