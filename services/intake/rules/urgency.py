"""Can it wait? Every rule is a plain question about a letter's words; any one makes it urgent.

Source: 《城市供水条例》 article 22: supply is not interrupted, and after an accident it is restored
as soon as possible. That many households, several days, bad water, the frail and places of care
come first is our own.
"""

import re
from collections.abc import Callable, Iterator

from services.intake.rules import lexicon_urgency as lexicon
from services.intake.rules.letter import Letter
from services.intake.rules.pattern_index import PatternIndex


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


UrgencyRule = tuple[str, Callable[[str], bool], re.Pattern[str]]
"""Its name, what it asks of a text, and the words without which the answer is no."""

URGENCY_POLICY: tuple[UrgencyRule, ...] = (
    ("several_days_without_water", several_days_without_water, lexicon.SOME_DAYS),
    ("whole_village_without_water", whole_village_without_water, lexicon.MANY_HOUSEHOLDS),
    ("burst_and_flooding", _said(lexicon.BURST_AND_FLOODING), lexicon.BURST_AND_FLOODING),
    ("people_ill", _said(lexicon.PEOPLE_ILL), lexicon.PEOPLE_ILL),
    ("place_of_care_hit", place_of_care_hit, lexicon.PLACE_OF_CARE),
    ("frail_person_without_water", frail_person_without_water, lexicon.FRAIL_PERSON),
    ("emergency_named", _said(lexicon.EMERGENCY_NAMED), lexicon.EMERGENCY_NAMED),
)
"""What makes a complaint urgent: any one of these."""

_POLICY = PatternIndex([(rule, rule[2]) for rule in URGENCY_POLICY])
_AGAIN = PatternIndex([(lexicon.REPEATED, lexicon.REPEATED)])


def why_it_cannot_wait(letter: Letter) -> tuple[str, ...]:
    """Names of the urgency rules that the letter meets."""
    return tuple(name for name, holds, _ in _POLICY.candidates(letter.ngrams) if holds(letter.text))


def says_it_happens_again(letter: Letter) -> bool:
    """Whether the letter says that it keeps happening, or was complained of before."""
    return any(words.search(letter.text) for words in _AGAIN.candidates(letter.ngrams))
