"""The first reading of a letter: is it ours, what is it about, can it wait?

A letter is read by cues (lexicon_supply.py, lexicon_elsewhere.py). Each mention counts by how
outright it is, more in the title, less where the clause says it is over or long past, not at all
where it is denied. Confidence grows with what speaks for the answer and shrinks with what speaks
against it; below `CLEAR_ENOUGH` a person decides. The formula and its constants are our own, set
by reading letters; no source prescribes them.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from math import exp

from services.intake.rules import lexicon_urgency as urgency
from services.intake.rules.lexicon import CLAUSE_END, Category, Cue, Elsewhere, words
from services.intake.rules.lexicon_components import (
    COMPONENT_WORDS,
    USUAL_COMPONENT,
    Component,
)
from services.intake.rules.lexicon_elsewhere import ELSEWHERE_CUES, NOT_WATER
from services.intake.rules.lexicon_supply import SUPPLY_CUES, SUPPLY_WORDS
from services.intake.rules.plain_text import plain

CLEAR_ENOUGH = 0.6
"""Below this confidence a person decides."""

_IN_TITLE = 1.6
_OVER = 0.15
_LONG_PAST = 0.5
_IN_A_LIST = 0.35
_AGAIN = 0.3
_MOST_MENTIONS = 4
_OURS_FROM = 0.5
_PARTLY_OURS_FROM = 0.35

_DENIED_BEFORE = words(
    r"(?:(?:不|没|没有|没再|不再|不会|从不|从没|未|并未|未曾|从未|别|防止|避免|以免|免得|担心|害怕|怕)(?:有|再|出现|发生|过)?)$"
)
_NOT_THIS = words(r"(?<!是)不是$")
_DENIED_INSIDE = words(
    r"(?:不|没|没有|并不|不算|不太|不再|不怎么|也不)(?:低|小|弱|差|浑|浊|黄|黑|臭|腥|脏|漏|停|断|缺|贵|高|乱|爆|苦|咸|有味)"
)
_OVER_NOW = words(
    r"""(?:已经?|现在|目前|今天|刚刚?|终于|都|早就|早已)(?:都|已经?|全部|就)?(?:恢复|修好|解决|处理好|好了|来水|通水|正常|不漏|不停|清了)
    |修好了|处理好了|解决了$|不漏了|不停了|恢复正常了|感谢…(?:修好|解决|恢复)"""
)
_OTHER_UTILITIES = words(r"[停断没无通](?:了|有|天然?|燃)?(?:电|气|暖|网|路|天然气|燃气)(?!话)")
_PAST = words(
    r"以前|之前|过去|原来|曾经|前几年|早些年|往年|当年|小时候|[0-9]{4}年(?=[^至到今起来]{4})"
)


@dataclass(frozen=True, slots=True)
class Triage:
    """What the first reading found. It decides nothing that a person cannot change."""

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
    """Names of the cues that were found, ours; never the resident's words."""


@dataclass(frozen=True, slots=True)
class _Letter:
    text: str
    """Title and text, plain, with a clause end between them."""
    title_end: int
    clause_ends: tuple[int, ...]

    def clause(self, at: int) -> tuple[int, int]:
        """Where the clause around position `at` begins and ends."""
        i = bisect_left(self.clause_ends, at)
        begin = self.clause_ends[i - 1] + 1 if i else 0
        end = self.clause_ends[i] if i < len(self.clause_ends) else len(self.text)
        return begin, end


_CLAUSE_END = re.compile(f"[{CLAUSE_END}]")


def _letter(title: str, text: str) -> _Letter:
    head, body = plain(title), plain(text)
    whole = f"{head}。{body}"
    ends = tuple(m.start() for m in _CLAUSE_END.finditer(whole))
    return _Letter(whole, len(head), ends)


def triage(title: str, text: str) -> Triage:
    """Reads one letter. Total: any text has an answer, if only "a person must look"."""
    letter = _letter(title, text)
    elsewhere, rest = _mentions_of_others(letter)
    ours = _mentions_of_supply(rest, elsewhere)
    share = _share(ours, elsewhere)
    is_ours = share >= _OURS_FROM
    category, second, confidence = (
        _what_it_is_about(ours, share)
        if is_ours
        else (Category.NOT_OURS, None, _sure_it_is_not_ours(rest, elsewhere, share))
    )
    urgent = why_it_cannot_wait(letter.text) if share >= _PARTLY_OURS_FROM else ()
    says_repeated = urgency.REPEATED.search(letter.text) is not None
    return Triage(
        is_ours=is_ours,
        category=category,
        second_category=second,
        category_confidence=round(confidence, 3),
        urgent=bool(urgent),
        says_repeated=says_repeated,
        needs_human=confidence < CLEAR_ENOUGH,
        elsewhere=None if is_ours else _whose(elsewhere),
        reasons=(
            *(cue.name for cue in sorted((ours | elsewhere), key=lambda c: c.name)),
            *urgent,
            *(("says_repeated",) if says_repeated else ()),
        ),
    )


def component_hint(category: Category, text: str) -> Component | None:
    """The part of the scheme that the words point to, or None where they point nowhere."""
    if category in (Category.SERVICE, Category.NOT_OURS):
        return None
    said = plain(text)
    named = (part for part, pattern in COMPONENT_WORDS if pattern.search(said))
    return next(named, USUAL_COMPONENT.get(category))


Scores = dict[Cue, float]

OWN_CUES = tuple(cue for cue in SUPPLY_CUES if not cue.borrowed)
BORROWED_CUES = tuple(cue for cue in SUPPLY_CUES if cue.borrowed)


def _share(ours: Scores, elsewhere: Scores) -> float:
    """What part of the letter is ours, 0 to 1; a word of ours weighs as two of others'."""
    for_us, against = sum(ours.values()), sum(elsewhere.values())
    return for_us / (for_us + 0.5 * against) if for_us else 0.0


def _score(letter: _Letter, cue: Cue) -> float:
    """How much of `cue` the letter holds: the best mention in full, further ones a little."""
    worths = sorted(
        (_worth(letter, cue, m) for m in islice(cue.pattern.finditer(letter.text), _MOST_MENTIONS)),
        reverse=True,
    )
    return cue.weight * (worths[0] + _AGAIN * sum(worths[1:])) if worths else 0.0


def _worth(letter: _Letter, cue: Cue, mention: re.Match[str]) -> float:
    begin, end = letter.clause(mention.start())
    if cue.deniable and _is_denied(letter.text, begin, mention, end):
        return 0.0
    if _OTHER_UTILITIES.search(letter.text, mention.start() - 5, mention.end() + 5):
        return _IN_A_LIST
    clause = letter.text[begin:end]
    if _OVER_NOW.search(clause):
        return _OVER
    if _PAST.search(clause):
        return _LONG_PAST
    return _IN_TITLE if mention.start() < letter.title_end else 1.0


def _is_denied(text: str, begin: int, mention: re.Match[str], end: int) -> bool:
    before = text[max(begin, mention.start() - 5) : mention.start()]
    if _DENIED_BEFORE.search(before) or _DENIED_INSIDE.search(mention[0]):
        return True
    return _NOT_THIS.search(before) is not None and "就是" not in text[mention.end() : end + 6]


def _mentions_of_others(letter: _Letter) -> tuple[Scores, _Letter]:
    """What speaks for another body, and the letter without the words that this explains."""
    scores: Scores = {}
    rest = NOT_WATER.sub(_blank, letter.text)
    for cue in ELSEWHERE_CUES:
        if score := _score(replace(letter, text=rest), cue):
            scores[cue] = score
            if cue.explains_away:
                rest = cue.pattern.sub(_blank, rest)
    return scores, replace(letter, text=rest)


def _blank(found: re.Match[str]) -> str:
    return "□" * len(found[0])


def _mentions_of_supply(letter: _Letter, elsewhere: Scores) -> Scores:
    scores = {cue: score for cue in OWN_CUES if (score := _score(letter, cue))}
    if not elsewhere or _share(scores, elsewhere) >= _OURS_FROM:
        scores |= {cue: score for cue in BORROWED_CUES if (score := _score(letter, cue))}
    of_a_building = any(c.speaks_for is Elsewhere.BUILDING_LEAK for c in elsewhere)
    of_a_pipe = any(c.name in ("pipe_burst_or_leak", "pipe_broken") for c in scores)
    if of_a_building and not of_a_pipe:
        return {cue: score for cue, score in scores.items() if cue.name != "leak_named"}
    return scores


def _what_it_is_about(ours: Scores, share: float) -> tuple[Category, Category | None, float]:
    totals: dict[Category, float] = {}
    for cue, score in ours.items():
        if isinstance(cue.speaks_for, Category):
            totals[cue.speaks_for] = totals.get(cue.speaks_for, 0.0) + score
    general = totals.pop(Category.OTHER, 0.0)
    if general > 2.0 * max(totals.values(), default=0.0):
        return Category.OTHER, None, 0.5 * share
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    first, best = ranked[0]
    second, runner_up = ranked[1] if len(ranked) > 1 else (None, 0.0)
    confidence = _strength(best) * best / (best + 0.35 * runner_up) * min(1.0, 0.2 + share)
    if first is Category.SERVICE and second:  # a fault comes before how its report was answered
        first, second = second, first
    return first, second if runner_up >= max(2.5, 0.4 * best) else None, confidence


def _strength(score: float) -> float:
    """0 for nothing, 0.85 for one outright mention (3), towards 1 for several."""
    return 1.0 - exp(-score / 1.6)


def _sure_it_is_not_ours(rest: _Letter, elsewhere: Scores, share: float) -> float:
    """Sure where others' words stand and no word of supply; less so for a short, bare letter."""
    theirs = _strength(sum(elsewhere.values()))
    if share == 0.0 and not SUPPLY_WORDS.search(rest.text):
        return max(0.9 * theirs, 0.8 * (1.0 - exp(-len(rest.text) / 40)))
    return theirs * (1.0 - share)


def _whose(elsewhere: Scores) -> Elsewhere | None:
    totals: dict[Elsewhere, float] = {}
    for cue, score in elsewhere.items():
        if isinstance(cue.speaks_for, Elsewhere):
            totals[cue.speaks_for] = totals.get(cue.speaks_for, 0.0) + score
    return max(totals, key=lambda whose: (totals[whose], whose), default=None)


def several_days_without_water(text: str) -> bool:
    return _on_end(text, urgency.SOME_DAYS_DRY)


def whole_village_without_water(text: str) -> bool:
    return _on_end(text, urgency.WHOLE_VILLAGE_DRY)


def _on_end(text: str, dry: re.Pattern[str]) -> bool:
    """Whether a sentence says `dry` without saying that water comes back in between."""
    for found in dry.finditer(text):
        begin = max(text.rfind(end, 0, found.start()) for end in "。!?") + 1
        end = min((e for c in "。!?" if (e := text.find(c, found.end())) >= 0), default=len(text))
        if not urgency.COMES_BACK.search(text, begin, end):
            return True
    return False


def _said(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.search(text) is not None


URGENCY_POLICY: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("several_days_without_water", several_days_without_water),
    ("whole_village_without_water", whole_village_without_water),
    ("burst_and_flooding", _said(urgency.BURST_AND_FLOODING)),
    ("people_ill", _said(urgency.PEOPLE_ILL)),
    ("place_of_care_hit", _said(urgency.CARE_PLACE_HIT)),
    ("frail_person_without_water", _said(urgency.FRAIL_AND_DRY)),
    ("emergency_named", _said(urgency.EMERGENCY_NAMED)),
)
"""What makes a complaint urgent: any one of these."""


def why_it_cannot_wait(text: str) -> tuple[str, ...]:
    """Names of the urgency rules that plain `text` meets."""
    return tuple(name for name, holds in URGENCY_POLICY if holds(text))
