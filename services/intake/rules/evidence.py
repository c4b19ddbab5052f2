"""What in a letter speaks for us, and what for somebody else.

Each mention of a cue counts by how outright the cue is: more in the title, less where the clause
says it is over or long past, not at all where it is denied. Words that another body's matter
explains (the leak in 房屋漏水) are taken out before ours are looked for. The weights are our own,
set by reading letters; no source prescribes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from services.intake.rules.letter import Letter
from services.intake.rules.lexicon import Cue, Elsewhere, words
from services.intake.rules.lexicon_elsewhere import ELSEWHERE_CUES, NOT_WATER
from services.intake.rules.lexicon_supply import SUPPLY_CUES, WATERWORKS
from services.intake.rules.pattern_index import PatternIndex
from shared.vocabulary import Category

_IN_TITLE = 1.6
_OVER = 0.15
_LONG_PAST = 0.5
_IN_A_LIST = 0.35
_AGAIN = 0.3
_MOST_MENTIONS = 4
_OUTRIGHT = 3.0
_ANY_WATER = 0.4
"""Beside another body's matter, 水臭 may be the ditch's, unless taps or supply are named."""
_BORROWED_ALONE = 0.4
"""收费不透明 where nothing else is ours: whose charge?"""

OURS_FROM = 0.5
"""From this share on, a letter is ours."""

_DENIED_BEFORE = words(
    r"""(?:(?:不|没|没有|没再|不再|不会|从不|从没|未|并未|未曾|从未|别|防止|避免|以免|免得|担心|害怕|怕)(?:有|再|出现|发生|过)?
    |(?:听说|据说|是否|会不会|要不要|威胁|扬言|恐吓)[^,。]{0,6})$"""
)
_NOT_THIS = words(r"(?<!是)不是$")
_DENIED_INSIDE = words(
    r"(?:不|没|没有|并不|不算|不太|不再|不怎么|也不)(?:低|小|弱|差|浑|浊|黄|黑|臭|腥|脏|漏|停|断|缺|贵|高|乱|爆|苦|咸|有味)"
)
_OVER_NOW = words(
    r"""(?:已经?|现在|目前|今天|刚刚?|终于|都|早就|早已)(?:都|已经?|全部|就)?(?:恢复|修好|解决|处理好|好了|来水|通水|正常|不漏|不停|清了)
    |修好了|处理好了|解决了$|不漏了|不停了|恢复正常了|感谢…(?:修好|解决|恢复|抢修)|(?<=[,。!?;])(?:及时|很快|终于)?解决了(?!吗|没)"""
)
_OTHER_UTILITIES = words(r"[停断没无通]有?(?:天然?|燃)?(?:电|气|暖|网|路)(?!话|了|以?后)")
_PAST = words(
    r"以前|之前|过去|原来|曾经|前几年|早些年|往年|当年|小时候|[0-9]{4}年(?=[^至到今起来]{4})"
)


Scores = dict[Cue, float]

_NAMES_SUPPLY = frozenset(("supply_named", WATERWORKS))
_CUES = PatternIndex([(cue, cue.pattern) for cue in (*ELSEWHERE_CUES, *SUPPLY_CUES)])
_ASIDES = PatternIndex(
    [(aside, aside) for aside in (NOT_WATER, _OTHER_UTILITIES, _OVER_NOW, _PAST)]
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found in a letter, each cue with its score."""

    for_us: Scores
    for_others: Scores
    unexplained: str
    """The letter's text without the words that others' matters explain."""

    @property
    def share(self) -> float:
        """What part of the letter is ours, 0 to 1; a word of ours weighs as two of others'."""
        return _share(self.for_us, self.for_others)


def weigh(letter: Letter) -> Evidence:
    return _Scale(letter).evidence()


def _blank(found: re.Match[str]) -> str:
    return "□" * len(found[0])


class _Scale:
    """One letter, and what is left of it once others' matters have explained their words."""

    def __init__(self, letter: Letter) -> None:
        self._letter = letter
        self._cues = _CUES.candidates(letter.ngrams)
        self._asides = _ASIDES.candidates(letter.ngrams)
        self._rest = letter.text
        """What is left of the letter, at the same places."""

    def evidence(self) -> Evidence:
        if NOT_WATER in self._asides:
            self._rest = NOT_WATER.sub(_blank, self._rest)
        others = self._found(cue for cue in self._cues if isinstance(cue.speaks_for, Elsewhere))
        unexplained = self._rest
        return Evidence(self._supply(others), others, unexplained)

    def _supply(self, others: Scores) -> Scores:
        ours = [cue for cue in self._cues if isinstance(cue.speaks_for, Category)]
        scores = self._found(cue for cue in ours if not cue.borrowed)
        if sum(others.values()) >= _OUTRIGHT and not any(
            cue.name in _NAMES_SUPPLY for cue in scores
        ):
            scores = {
                cue: score * (_ANY_WATER if cue.speaks_for is Category.WATER_QUALITY else 1.0)
                for cue, score in scores.items()
            }
        if not others or _share(scores, others) >= OURS_FROM:
            alone = not scores
            for cue, score in self._found(cue for cue in ours if cue.borrowed).items():
                of_a_pipe = cue.speaks_for is Category.PIPE_LEAK
                scores[cue] = score * (_BORROWED_ALONE if alone and not of_a_pipe else 1.0)
        of_a_building = any(cue.speaks_for is Elsewhere.BUILDING_LEAK for cue in others)
        of_a_pipe = any(cue.name in ("pipe_burst_or_leak", "pipe_broken") for cue in scores)
        if of_a_building and not of_a_pipe:
            return {cue: score for cue, score in scores.items() if cue.name != "leak_named"}
        return scores

    def _found(self, cues: Iterable[Cue]) -> Scores:
        """The score of each of `cues` that is there. What one explains, the next do not see."""
        scores: Scores = {}
        for cue in cues:
            if score := self._score(cue):
                scores[cue] = score
                if cue.explains_away:
                    self._rest = cue.pattern.sub(_blank, self._rest)
        return scores

    def _score(self, cue: Cue) -> float:
        """How much of `cue` is there: the best mention in full, further ones a little."""
        if cue.pattern.search(self._rest) is None:  # still most of them
            return 0.0
        mentions = islice(cue.pattern.finditer(self._rest), _MOST_MENTIONS)
        worths = [self._worth(cue, mention) for mention in mentions]
        best = max(worths)
        return cue.weight * (best + _AGAIN * (sum(worths) - best))

    def _worth(self, cue: Cue, mention: re.Match[str]) -> float:
        """What one mention is worth where it stands, 0 (denied) to 1.6 (in the title)."""
        text, start = self._rest, mention.start()
        begin, end = self._letter.clause(mention.end() - 1)  # where the telling word stands
        in_title = start < self._letter.title_end
        if cue.deniable:
            if _is_denied(text, begin, mention, end):
                return 0.0
            around = max(0, start - 5), mention.end() + 5
            if not in_title and self._says(_OTHER_UTILITIES, *around):
                return _IN_A_LIST
        if self._says(_OVER_NOW, begin, end):
            return _OVER
        if self._says(_PAST, begin, end):
            return _LONG_PAST
        return _IN_TITLE if in_title else 1.0

    def _says(self, aside: re.Pattern[str], begin: int, end: int) -> bool:
        return aside in self._asides and aside.search(self._rest, begin, end) is not None


def _share(for_us: Scores, for_others: Scores) -> float:
    us, others = sum(for_us.values()), sum(for_others.values())
    return us / (us + 0.5 * others) if us else 0.0


def _is_denied(text: str, begin: int, mention: re.Match[str], end: int) -> bool:
    before = text[max(begin, mention.start() - 9) : mention.start()]
    if _DENIED_BEFORE.search(before) or _DENIED_INSIDE.search(mention[0]):
        return True
    return _NOT_THIS.search(before) is not None and "就是" not in text[mention.end() : end + 6]
