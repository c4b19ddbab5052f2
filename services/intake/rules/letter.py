"""A letter prepared for the rules: plain words, their clauses, and the n-grams they hold."""

import re
from bisect import bisect_left
from dataclasses import dataclass

from services.intake.rules.lexicon import CLAUSE_END
from services.intake.rules.pattern_index import characters_and_pairs
from services.intake.rules.plain_text import plain

_CLAUSE_END = re.compile(f"[{CLAUSE_END}]")


@dataclass(slots=True)
class Letter:
    text: str
    """Title and text, plain, with a clause end between them."""
    title_end: int
    clause_ends: list[int]
    ngrams: frozenset[str]
    """Its characters and pairs of characters, for pattern_index.py."""

    def clause(self, at: int) -> tuple[int, int]:
        """Where the clause around position `at` begins and ends."""
        ends = self.clause_ends
        i = bisect_left(ends, at)
        return ends[i - 1] + 1 if i else 0, ends[i] if i < len(ends) else len(self.text)


def letter_of(title: str, text: str) -> Letter:
    head = plain(title)
    whole = f"{head}。{plain(text)}"
    ends = [found.start() for found in _CLAUSE_END.finditer(whole)]
    return Letter(whole, len(head), ends, characters_and_pairs(whole))
