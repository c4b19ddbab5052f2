"""Is a letter ours, what is it about, can it wait?

Decided by cues: evidence.py weighs them, lexicon_*.py list them. Confidence grows with what speaks
for the answer and shrinks with what speaks against it; below `CLEAR_ENOUGH` a person decides. The
formula and its constants are our own, set by reading letters.
"""

from dataclasses import dataclass
from math import exp

from services.intake.rules.evidence import OURS_FROM, Evidence, Scores, weigh
from services.intake.rules.letter import Letter
from services.intake.rules.lexicon import Elsewhere
from services.intake.rules.lexicon_components import COMPONENT_WORDS, USUAL_COMPONENT
from services.intake.rules.lexicon_supply import LETTER_OF_THANKS, SUPPLY_WORDS, WATERWORKS
from services.intake.rules.pattern_index import PatternIndex
from services.intake.rules.urgency import says_it_happens_again, why_it_cannot_wait
from shared.vocabulary import Category, Component

CLEAR_ENOUGH = 0.6
"""Below this confidence a person decides."""

_WHOLLY_OURS_FROM = 0.8
_GRAVEST_FIRST = tuple(Category)
_A_RIVAL = 0.85
"""A second category with this part of the first one's score could as well be the first."""
_FURTHER_CUES = 0.5
_OUTRIGHT = 3.0
"""The score of one outright mention."""
_MOSTLY = 2.0
"""The score of one mention that mostly says it."""
_THANKED = 0.6
"""Whether thanks still ask for something, a person must see."""
_PARTLY_OURS_FROM = 0.35
"""From this share on, a letter that is not ours may still hold something of ours."""


@dataclass(frozen=True, slots=True)
class Categorised:
    """What the words of a letter tell, its place left aside."""

    is_ours: bool
    category: Category
    second_category: Category | None
    category_confidence: float
    """0 to 1; of category and ours-ness together."""
    urgent: bool
    says_repeated: bool
    """The resident says it keeps happening, or that this is not the first complaint."""
    needs_human: bool
    elsewhere: Elsewhere | None
    """Whose matter it seems to be, where it is not ours."""
    reasons: tuple[str, ...]
    """Names of the cues that were found; never the resident's words."""


def categorise(letter: Letter) -> Categorised:
    """Total: any letter has an answer, if only "a person must look"."""
    evidence = weigh(letter)
    is_ours = (share := evidence.share) >= OURS_FROM
    category, second, confidence = (
        _what_it_is_about(evidence)
        if is_ours
        else (Category.NOT_OURS, None, _sure_it_is_not_ours(evidence))
    )
    if is_ours and LETTER_OF_THANKS.match(letter.text):
        confidence *= _THANKED
    confidence = round(confidence, 2)
    urgent = why_it_cannot_wait(letter) if share >= _PARTLY_OURS_FROM else ()
    again = says_it_happens_again(letter)
    cues = sorted(cue.name for cue in (*evidence.for_us, *evidence.for_others))
    return Categorised(
        is_ours=is_ours,
        category=category,
        second_category=second,
        category_confidence=confidence,
        urgent=bool(urgent),
        says_repeated=again,
        needs_human=confidence < CLEAR_ENOUGH,
        elsewhere=None if is_ours else _whose(evidence.for_others),
        reasons=(*cues, *urgent, *(("says_repeated",) if again else ())),
    )


_COMPONENTS = PatternIndex(COMPONENT_WORDS.items())


def component_hint(category: Category, letter: Letter) -> Component | None:
    """The part of the scheme that the words point to, or None where they point nowhere."""
    if category in (Category.SERVICE, Category.NOT_OURS):
        return None
    parts = _COMPONENTS.candidates(letter.ngrams)
    named = (part for part in parts if COMPONENT_WORDS[part].search(letter.text))
    return next(named, USUAL_COMPONENT.get(category))


def _what_it_is_about(evidence: Evidence) -> tuple[Category, Category | None, float]:
    totals = _totals(evidence.for_us)
    general = totals.pop(Category.OTHER, 0.0)
    if general > 2.0 * max(totals.values(), default=0.0):
        return Category.OTHER, None, 0.5 * evidence.share
    ranked = sorted(totals.items(), key=lambda item: (-item[1], _GRAVEST_FIRST.index(item[0])))
    first, best = ranked[0]
    second, runner_up = ranked[1] if len(ranked) > 1 else (None, 0.0)
    whole = min(1.0, evidence.share / _WHOLLY_OURS_FROM) ** 1.5
    unrivalled = (
        best / (best + 0.35 * runner_up) * (0.8 if _A_RIVAL * best < runner_up < _OUTRIGHT else 1.0)
    )
    confidence = _strength(best) * unrivalled * whole
    if (
        first is Category.SERVICE and second and runner_up >= _MOSTLY
    ):  # a fault comes before how its report was answered
        first, second = second, first
    return first, second if runner_up >= max(_OUTRIGHT, 0.4 * best) else None, confidence


def _totals(scores: Scores) -> dict[Category, float]:
    """Per category its strongest cue in full and the others by half: 水费 is not told twice where
    水费太高 is.
    """
    found: dict[Category, list[float]] = {}
    for cue, score in scores.items():
        if isinstance(cue.speaks_for, Category):
            found.setdefault(cue.speaks_for, []).append(score)
    return {
        category: max(its) + _FURTHER_CUES * (sum(its) - max(its))
        for category, its in found.items()
    }


def _strength(score: float) -> float:
    """0 for nothing, 0.85 for one outright mention (3), towards 1 for several."""
    return 1.0 - exp(-score / 1.6)


def _sure_it_is_not_ours(evidence: Evidence) -> float:
    """Sure where others' words stand and no word of supply; less so for a short, bare letter."""
    theirs = _strength(sum(evidence.for_others.values()))
    if not evidence.for_us and not SUPPLY_WORDS.search(evidence.unexplained):
        return max(0.9 * theirs, 0.8 * (1.0 - exp(-len(evidence.unexplained) / 40)))
    if all(cue.name == WATERWORKS for cue in evidence.for_us):
        return 0.9 * theirs * (1.0 - 0.5 * evidence.share)
    partly_ours = evidence.share > _PARTLY_OURS_FROM / 2
    return theirs * (1.0 - evidence.share) * (0.7 if partly_ours else 1.0)


def _whose(elsewhere: Scores) -> Elsewhere | None:
    totals: dict[Elsewhere, float] = {}
    for cue, score in elsewhere.items():
        if isinstance(cue.speaks_for, Elsewhere):
            totals[cue.speaks_for] = totals.get(cue.speaks_for, 0.0) + score
    return max(totals, key=lambda whose: (totals[whose], whose), default=None)
