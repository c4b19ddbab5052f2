"""The index leaves out what cannot match, and never what does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules import lexicon_urgency
from services.intake.rules.lexicon import words
from services.intake.rules.lexicon_components import COMPONENT_WORDS
from services.intake.rules.lexicon_elsewhere import ELSEWHERE_CUES, NOT_WATER
from services.intake.rules.lexicon_supply import SUPPLY_CUES
from services.intake.rules.pattern_index import PatternIndex, characters_and_pairs, keys_of
from services.intake.rules.plain_text import plain
from tests.unit.intake.letters import OPEN, SURE
from tests.unit.intake.more_letters import CLEAR, UNCLEAR

PATTERNS = [
    *(cue.pattern for cue in (*ELSEWHERE_CUES, *SUPPLY_CUES)),
    *COMPONENT_WORDS.values(),
    *(it for it in vars(lexicon_urgency).values() if isinstance(it, re.Pattern)),
    NOT_WATER,
]
INDEX = PatternIndex([(pattern, pattern) for pattern in PATTERNS])
LETTERS = [plain(letter.title + letter.text) for letter in (*SURE, *CLEAR, *OPEN, *UNCLEAR)]
CHARACTERS = sorted(set("".join(LETTERS)))


def assert_nothing_is_left_out(text: str) -> None:
    candidates = INDEX.candidates(characters_and_pairs(text))
    assert [it for it in PATTERNS if it.search(text) and it not in candidates] == []


@pytest.mark.parametrize("text", LETTERS, ids=lambda text: text[:12])
def test_leaves_out_nothing_of_a_letter(text: str) -> None:
    assert_nothing_is_left_out(text)


@given(st.lists(st.sampled_from([*CHARACTERS, *(text[:9] for text in LETTERS)])).map("".join))
def test_leaves_out_nothing_of_any_pile_of_words(text: str) -> None:
    assert_nothing_is_left_out(text)


@given(st.data())
def test_leaves_out_nothing_that_a_pattern_was_written_for(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    assert_nothing_is_left_out(data.draw(st.from_regex(pattern)))


def test_leaves_few_of_the_cues_for_a_letter() -> None:
    cues = PatternIndex([(cue, cue.pattern) for cue in (*ELSEWHERE_CUES, *SUPPLY_CUES)])
    left = [len(cues.candidates(characters_and_pairs(text))) for text in LETTERS]
    assert sum(left) / len(left) < 0.2 * (len(ELSEWHERE_CUES) + len(SUPPLY_CUES))


@pytest.mark.parametrize(
    ("notation", "keys"),
    [
        ("水压", "水压"),
        ("暖气|水压", "暖气 水压"),
        ("(?:停|断)水", "停水 断水"),
        ("压(?:很|太)?低", "压"),
        ("泵…坏", "泵"),
        ("水?", ""),
        (".", ""),
        ("[^,]", ""),
        ("水(?!费)表", "水表"),
        ("(?<!一)滴水", "滴水"),
        ("[0-9]{2}天", "天"),
        ("停{1,2}电", "停"),
    ],
)
def test_what_a_match_must_hold(notation: str, keys: str) -> None:
    best, more = keys_of(words(notation).pattern)
    assert best == set(keys.split()) or more == set(keys.split())
