"""The names of villages and towns as people write them, found in a text in one pass.

Every form a name takes is a path in a trie; a text is gone through once, and at each place the
longest name wins: in 樊家坡村 there is no 樊家村.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from services.intake.rules.plain_text import plain


@dataclass(frozen=True, slots=True)
class Village:
    """One row of a gazetteer, names as the gazetteer writes them."""

    code: str
    name: str
    town: str
    county: str = ""

    @property
    def spoken_name(self) -> str:
        return spoken_name(self.name)


@dataclass(slots=True)
class Names:
    """What one way of writing may be the name of. Villages by code, towns and counties by name."""

    full: tuple[str, ...] = ()
    """樊家村, 蓝关社区."""
    stem: tuple[str, ...] = ()
    """樊家: the village without its suffix."""
    town: tuple[str, ...] = ()
    """三里镇, 蓝关街道."""
    town_stem: tuple[str, ...] = ()
    """三里: the town without 镇."""
    county: tuple[str, ...] = ()
    """蓝田县."""

    @property
    def villages(self) -> tuple[str, ...]:
        """Those whose full name it is; where it is none, those whose stem."""
        return self.full or self.stem


Form = Literal["full", "stem", "town", "town_stem", "county"]


@dataclass(slots=True)
class Mention:
    """A name found in a text: where it stands and what it may be the name of."""

    begin: int
    end: int
    names: Names


@dataclass(slots=True)
class _Node:
    next: dict[str, "_Node"] = field(default_factory=dict)
    names: Names | None = None


_VILLAGE_COMMITTEE = re.compile(r"(?:村民委员会|村委会)$")
_RESIDENTS_COMMITTEE = re.compile(r"(?:居民委员会|居委会)$")
_VILLAGE_SUFFIX = re.compile(r"(?:社区|村)$")
_WAYS_TO_SAY_COMMUNITY = ("社区", "居委会", "社区居委会")
_TOWN_SUFFIX = re.compile(r"(?:街道办事处|街道办|街道|地区|镇|乡)$")
_WAYS_TO_SAY_TOWN = ("镇", "乡", "街道", "街办", "街道办", "街道办事处")
# Characters people write for one another in place names.
_VARIANTS = tuple(zip("洩硷塬候匾蘭藍", "泄碱原侯扁兰蓝", strict=True))


def spoken_name(name: str) -> str:
    """The place itself, where the gazetteer names its committee: 樊家村委会 is 樊家村, 城关居委会
    is 城关社区. People read this; whoever compares with the gazetteer keeps the gazetteer's name.
    """
    for committee, kind in ((_VILLAGE_COMMITTEE, "村"), (_RESIDENTS_COMMITTEE, "社区")):
        place = committee.sub("", name)
        if place and place != name:
            return place if _VILLAGE_SUFFIX.search(place) else place + kind
    return name


def folded(text: str) -> str:
    """Plain text with the characters that people mix up in place names written one way."""
    return written_one_way(plain(text))


def written_one_way(plain_text: str) -> str:
    for variant, usual in _VARIANTS:  # faster than str.translate
        plain_text = plain_text.replace(variant, usual)
    return plain_text


class Gazetteer:
    """The villages of one or more counties, with a trie of every form their names take."""

    def __init__(self, villages: Iterable[Village]) -> None:
        self.villages = {village.code: village for village in villages}
        self._root = _Node()
        for village in self.villages.values():
            for name, form in _forms_of_village(village):
                self._add(name, form, village.code)
        for town in {village.town for village in self.villages.values()}:
            for name, form in _forms_of_town(town):
                self._add(name, form, town)
        self.counties = frozenset(village.county for village in self.villages.values()) - {""}
        for county in self.counties:
            self._add(county, "county", county)
        firsts = "".join(map(re.escape, self._root.next))
        self._first = re.compile(f"[{firsts}]" if firsts else r"(?!)")

    def _add(self, name: str, form: Form, key: str) -> None:
        node = self._root
        for character in folded(name):
            node = node.next.setdefault(character, _Node())
        node.names = node.names or Names()
        known: tuple[str, ...] = getattr(node.names, form)
        if key not in known:
            setattr(node.names, form, (*known, key))

    def mentions(self, folded_text: str) -> Iterator[Mention]:
        """Every name in `folded_text`, from the left, the longest at each place."""
        root, end, length = self._root.next, 0, len(folded_text)
        for first in self._first.finditer(folded_text):
            at = first.start()
            if at < end:
                continue
            node: _Node | None = root[folded_text[at]]
            names, i = None, at + 1
            while node is not None:
                if node.names is not None:
                    names, end = node.names, i
                node = node.next.get(folded_text[i]) if i < length else None
                i += 1
            if names is not None:
                yield Mention(at, end, names)


def _forms_of_village(village: Village) -> Iterator[tuple[str, Form]]:
    spoken = village.spoken_name
    yield spoken, "full"
    stem = _VILLAGE_SUFFIX.sub("", spoken)
    if spoken == stem:
        yield spoken + "村", "full"
        return
    if spoken.endswith("社区") and len(stem) > 1:
        yield from ((stem + said, "full") for said in _WAYS_TO_SAY_COMMUNITY)
    if len(stem) > 1:
        yield stem, "stem"


def _forms_of_town(town: str) -> Iterator[tuple[str, Form]]:
    yield town, "town"
    stem = _TOWN_SUFFIX.sub("", town)
    if len(stem) > 1:
        yield from ((stem + said, "town") for said in _WAYS_TO_SAY_TOWN)
        yield stem, "town_stem"
