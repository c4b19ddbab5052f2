"""Where a complaint stands before any work order is looked for."""

from enum import StrEnum

from .faults import Category


class Standing(StrEnum):
    WAITS_FOR_PERSON = "waiting_for_person"
    """Nobody is sure what or where it is."""
    NO_SCHEME = "no_scheme"
    """Its village is known, and drinks from no scheme we know."""
    NOT_OURS = "not_ours"
    TO_LINK = "to_link"


def standing(
    *, is_ours: bool, category: Category, needs_human: bool, has_village: bool, has_scheme: bool
) -> Standing:
    """The first that holds: unsure, not ours, no village, no scheme; else it wants a work order."""
    if needs_human:
        return Standing.WAITS_FOR_PERSON
    if not is_ours or category is Category.NOT_OURS:
        return Standing.NOT_OURS
    if not has_village:
        return Standing.WAITS_FOR_PERSON
    return Standing.TO_LINK if has_scheme else Standing.NO_SCHEME
