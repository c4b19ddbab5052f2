"""An index of many patterns by the characters that a match must hold.

A letter is about few of the many things people write about, so most patterns need a character or a
pair of characters that it does not hold. The index leaves the few patterns worth a search, and
never leaves out one that would match.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from operator import add
from typing import Generic, TypeVar

T = TypeVar("T")

_Keys = frozenset[str]
"""Characters, or pairs of them, of which a match holds at least one."""

# They stand in nearly every letter, so they exclude little.
_EVERYWHERE = frozenset("水的一不有了没我是在到用们")
_COST_OF_A_PAIR, _COST_OF_A_CHARACTER, _COST_OF_A_COMMON_ONE = 1, 8, 50
_MOST_PAIRS = 40

_ATOM = re.compile(
    r"\(\?(?P<group>:|<?[=!])|\[(?P<class>\^?[^\]]+)\]|\\(?P<escaped>.)|(?P<other>.)"
)
_QUANTIFIER = re.compile(
    r"(?P<optional>[?*]|\{0?,\d+\}|\{0\})\??|(?P<repeated>\+|\{\d+(?:,\d*)?\})\??"
)
_ZERO_WIDTH = frozenset("^$")
_ANYTHING = "."


def characters_and_pairs(text: str) -> frozenset[str]:
    """The characters of `text` and the pairs that stand side by side in it."""
    return frozenset((*text, *map(add, text, text[1:])))


class PatternIndex(Generic[T]):
    """Things that are each found by a pattern; built once, asked for each text."""

    def __init__(self, things: Iterable[tuple[T, re.Pattern[str]]]) -> None:
        found = list(things)
        self._things = [thing for thing, _ in found]
        self._always = 0
        self._bits: dict[str, int] = {}
        for i, (_, pattern) in enumerate(found):
            for bit, keys in zip(
                (1 << i, 1 << i + len(found)), keys_of(pattern.pattern), strict=True
            ):
                if not keys:
                    self._always |= bit
                for key in keys:
                    self._bits[key] = self._bits.get(key, 0) | bit
        self._keys = frozenset(self._bits)

    def candidates(self, ngrams: frozenset[str]) -> list[T]:
        """Those whose pattern may match the text that has these n-grams, in their order."""
        bits, marks, found = self._bits, self._always, []
        for key in self._keys & ngrams:
            marks |= bits[key]
        left = marks & marks >> len(self._things) & (1 << len(self._things)) - 1
        while left:
            lowest = left & -left
            found.append(self._things[lowest.bit_length() - 1])
            left ^= lowest
        return found


def keys_of(pattern: str) -> tuple[_Keys, _Keys]:
    """Characters and pairs of which every match of `pattern` holds one, and others of which it
    holds one as well; empty where nothing is sure.
    """
    part = _Parser(pattern).alternatives()
    return part.keys, part.more_keys


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern. `characters`: it is exactly one of these."""

    keys: _Keys = frozenset()
    more_keys: _Keys = frozenset()
    characters: _Keys = frozenset()


class _Parser:
    """Parses the part of regular expressions that the lexicons use; of any other part it says
    "nothing is sure".
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> _Part:
        branches = [self._sequence()]
        while self._pattern.startswith("|", self._at):
            self._at += 1
            branches.append(self._sequence())
        return _Part(
            _all_or_none([branch.keys for branch in branches]),
            _all_or_none([branch.more_keys for branch in branches]),
            _all_or_none([branch.characters for branch in branches]),
        )

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            if (part := self._atom()) is not None:
                parts.append(part)
        pairs = (_pairs(left.characters, right.characters) for left, right in pairwise(parts))
        singly = (keys for part in parts for keys in (part.keys, part.more_keys))
        sure = sorted({keys for keys in (*singly, *pairs) if keys}, key=_cost)
        best, second = (*sure, frozenset[str](), frozenset[str]())[:2]
        return _Part(best, second, parts[0].characters if len(parts) == 1 else frozenset())

    def _atom(self) -> _Part | None:
        """The next piece with its quantifier; None where it takes no room in the text."""
        found = _ATOM.match(self._pattern, self._at)
        assert found is not None  # any character is at least `other`
        self._at = found.end()
        if kind := found["group"]:
            part = self.alternatives()
            self._at += 1  # its closing bracket
            if kind != ":":
                return None
        elif found["class"]:
            part = _class(found["class"])
        elif found["escaped"]:
            part = _Part()
        elif found["other"] in _ZERO_WIDTH:
            return None
        else:
            part = _Part() if found["other"] == _ANYTHING else _exactly(found["other"])
        return self._quantified(part)

    def _quantified(self, part: _Part) -> _Part:
        found = _QUANTIFIER.match(self._pattern, self._at)
        if found is None:
            return part
        self._at = found.end()
        least = found["repeated"] or "{0}"
        return _Part() if least.startswith("{0") else _Part(part.keys, part.more_keys)


def _class(inside: str) -> _Part:
    """One of the characters of `[…]`; ranges, escapes and negations are too many to list."""
    if inside.startswith("^") or "-" in inside or "\\" in inside:
        return _Part()
    return _exactly(inside)


def _exactly(characters: str) -> _Part:
    return _Part(frozenset(characters), characters=frozenset(characters))


def _all_or_none(sets: list[_Keys]) -> _Keys:
    """Together, where each says something; else nothing is sure."""
    return frozenset().union(*sets) if all(sets) else frozenset()


def _pairs(left: _Keys, right: _Keys) -> _Keys:
    if len(left) * len(right) > _MOST_PAIRS:
        return frozenset()
    return frozenset(one + other for one in left for other in right)


def _cost(keys: _Keys) -> int:
    """How often keys would let a pattern through that is not there, on a scale of our own."""
    return sum(
        _COST_OF_A_PAIR
        if len(key) > 1
        else _COST_OF_A_COMMON_ONE
        if key in _EVERYWHERE
        else _COST_OF_A_CHARACTER
        for key in keys
    )
