"""The first decision about a complaint: what the rules read in its words."""

from dataclasses import dataclass

from services.intake.platforms.incoming import Incoming
from services.intake.rules import places
from services.intake.rules.letter import letter_of
from services.intake.rules.place_names import Gazetteer, spoken_name
from services.intake.rules.triage import component_hint, triage_of
from shared.events.complaints import Decision
from shared.vocabulary import Category


@dataclass(frozen=True, slots=True)
class Reading:
    decision: Decision
    clear_category: Category | None
    """None where the words alone do not tell what it is about."""
    reasons: tuple[str, ...]
    """Names of the cues and rules; never the resident's words."""


def read(incoming: Incoming, gazetteer: Gazetteer) -> Reading:
    """What it is about, where, whether it can wait, and whether a person must look first."""
    letter = letter_of(incoming.title, incoming.text)
    found = triage_of(letter)
    place = places.place(gazetteer, letter, incoming.resident.address_line)
    component = component_hint(found.category, letter)
    place_is_open = found.is_ours and place.confidence < places.SURE_ENOUGH
    reasons = (
        *found.reasons,
        *((f"elsewhere:{found.elsewhere}",) if found.elsewhere else ()),
        *(("printed_urgent",) if incoming.printed_urgent else ()),
        *(("category_unsure",) if found.needs_human else ()),
        *(("place_unsure",) if place_is_open else ()),
    )
    decision = Decision(
        is_ours=found.is_ours,
        category=found.category,
        second_category=found.second_category,
        component=component,
        urgent=found.urgent or incoming.printed_urgent,
        says_repeated=found.says_repeated,
        village_code=place.village_code,
        village=spoken_name(place.village) if place.village else None,
        town=place.town,
        group=place.group,
        category_confidence=found.category_confidence,
        place_confidence=place.confidence,
        needs_human=found.needs_human or place_is_open,
    )
    return Reading(decision, None if found.needs_human else found.category, reasons)


def after_edit(decided: Decision, read_now: Decision) -> Decision:
    """A person's decision stands when the platform edits the order. It may only become urgent; and
    it waits for a person again where the new words clearly say something else.
    """
    says_something_else = not read_now.needs_human and (
        (read_now.is_ours, read_now.category) != (decided.is_ours, decided.category)
        or (read_now.is_ours and read_now.village_code != decided.village_code)
    )
    return decided.model_copy(
        update={
            "urgent": decided.urgent or read_now.urgent,
            "needs_human": decided.needs_human or says_something_else,
        }
    )
