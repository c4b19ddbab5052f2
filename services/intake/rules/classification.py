"""What a letter is about, where, whether it can wait, and whether a person must look first."""

from dataclasses import dataclass

from services.intake.rules import location
from services.intake.rules.categories import categorise, component_hint
from services.intake.rules.gazetteer import Gazetteer, spoken_name
from services.intake.rules.letter import letter_of
from shared.vocabulary import Category, Component


@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules found in one complaint. A person can change all of it."""

    is_ours: bool
    category: Category
    second_category: Category | None
    component: Component | None
    urgent: bool
    says_repeated: bool
    village_code: str | None
    village: str | None
    town: str | None
    group: str | None
    category_confidence: float
    place_confidence: float
    needs_human: bool
    reasons: tuple[str, ...]
    """Names of the cues and rules; never the resident's words."""
    category_is_clear: bool
    """False where the words alone do not tell what it is about."""


def classify(
    gazetteer: Gazetteer,
    title: str,
    text: str,
    *,
    address_line: str | None = None,
    printed_urgent: bool = False,
    doubts: tuple[str, ...] = (),
) -> Classification:
    """`doubts`: reasons known before why a person must look."""
    letter = letter_of(title, text)
    found = categorise(letter)
    place = location.locate(gazetteer, letter, address_line)
    place_is_open = found.is_ours and place.confidence < location.SURE_ENOUGH
    return Classification(
        is_ours=found.is_ours,
        category=found.category,
        second_category=found.second_category,
        component=component_hint(found.category, letter),
        urgent=found.urgent or printed_urgent,
        says_repeated=found.says_repeated,
        village_code=place.village_code,
        village=spoken_name(place.village) if place.village else None,
        town=place.town,
        group=place.group,
        category_confidence=found.category_confidence,
        place_confidence=place.confidence,
        needs_human=found.needs_human or place_is_open or bool(doubts),
        reasons=(
            *found.reasons,
            *((f"elsewhere:{found.elsewhere}",) if found.elsewhere else ()),
            *(("printed_urgent",) if printed_urgent else ()),
            *(("category_unsure",) if found.needs_human else ()),
            *(("place_unsure",) if place_is_open else ()),
            *doubts,
        ),
        category_is_clear=not found.needs_human,
    )


def contradicts(
    classified: Classification, *, is_ours: bool, category: str, village_code: str | None
) -> bool:
    """Whether newer words clearly say something else than a person has decided."""
    return not classified.needs_human and (
        (classified.is_ours, classified.category) != (is_ours, category)
        or (classified.is_ours and classified.village_code != village_code)
    )
