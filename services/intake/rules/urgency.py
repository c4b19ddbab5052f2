"""Can it wait? Every rule is a plain question about a letter's words; any one makes it urgent.

Source: what a county centre must never leave lying, a whole village without water or bad water
(domain notes), and whom it watches first, the frail and the places that care for people.
"""

import re
from collections.abc import Callable, Iterator

from services.intake.rules import lexicon_urgency as lexicon


def several_days_without_water(text: str) -> bool:
    return _without_a_break(text, lexicon.SOME_DAYS, reach=18)


def whole_village_without_water(text: str) -> bool:
    return _without_a_break(text, lexicon.MANY_HOUSEHOLDS, reach=10)


def frail_person_without_water(text: str) -> bool:
    return any(_near(text, lexicon.DRY, lexicon.FRAIL_PERSON, reach=40))


def place_of_care_hit(text: str) -> bool:
    return any(_near(text, lexicon.DRY_OR_FOUL, lexicon.PLACE_OF_CARE, reach=24))


def _without_a_break(text: str, how_much: re.Pattern[str], *, reach: int) -> bool:
    """Whether a sentence says so of dry taps without saying that water comes back in between."""
    return any(
        lexicon.COMES_BACK.search(text, *_sentence(text, at)) is None
        for at in _near(text, lexicon.DRY, how_much, reach=reach)
    )


def _near(
    text: str, what: re.Pattern[str], beside: re.Pattern[str], *, reach: int
) -> Iterator[int]:
    """Where `what` stands with `beside` no more than `reach` characters away in its sentence."""
    for found in what.finditer(text):
        begin, end = _sentence(text, found.start())
        if beside.search(text, max(begin, found.start() - reach), min(end, found.end() + reach)):
            yield found.start()


def _sentence(text: str, at: int) -> tuple[int, int]:
    begin = max(text.rfind(end, 0, at) for end in "。!?") + 1
    return begin, min((e for c in "。!?" if (e := text.find(c, at)) >= 0), default=len(text))


def _said(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.search(text) is not None


URGENCY_POLICY: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("several_days_without_water", several_days_without_water),
    ("whole_village_without_water", whole_village_without_water),
    ("burst_and_flooding", _said(lexicon.BURST_AND_FLOODING)),
    ("people_ill", _said(lexicon.PEOPLE_ILL)),
    ("place_of_care_hit", place_of_care_hit),
    ("frail_person_without_water", frail_person_without_water),
    ("emergency_named", _said(lexicon.EMERGENCY_NAMED)),
)
"""What makes a complaint urgent: any one of these."""


def why_it_cannot_wait(text: str) -> tuple[str, ...]:
    """Names of the urgency rules that plain `text` meets."""
    return tuple(name for name, holds in URGENCY_POLICY if holds(text))


def says_it_happens_again(text: str) -> bool:
    """Whether plain `text` says that it keeps happening, or was complained of before."""
    return lexicon.REPEATED.search(text) is not None
