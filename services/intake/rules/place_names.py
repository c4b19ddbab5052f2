"""The names of villages and towns as people write them, found in a text in one pass.

Every form a name takes is a path in a trie; a text is gone through once, and at each place the
longest name wins: in 樊家坡村 there is no 樊家村.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

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
        """The name without the committee: 樊家村委会 is 樊家村."""
        return _COMMITTEE.sub("村", self.name)


class Form(Enum):
    """What kind of name stands in the text."""

    STEM = "stem"
    """樊家: the village without its suffix."""
    FULL = "full"
    """樊家村, 蓝关社区."""
    TOWN_STEM = "town_stem"
    """三里: the town without 镇."""
    TOWN = "town"
    """三里镇, 蓝关街道."""
    COUNTY = "county"
    """蓝田县."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in a text: where it stands and what it may be the name of."""

    begin: int
    end: int
    names: tuple[tuple[Form, str], ...]
    """Forms, each with a village code, or a town's or county's name."""

    def of(self, *forms: Form) -> tuple[str, ...]:
        return tuple(key for form, key in self.names if form in forms)


@dataclass(slots=True)
class _Node:
    next: dict[str, "_Node"] = field(default_factory=dict)
    names: tuple[tuple[Form, str], ...] = ()


_COMMITTEE = re.compile(r"(?:村民委员会|村委会)$")
_VILLAGE_SUFFIX = re.compile(r"(?:居民委员会|居委会|社区|村)$")
_TOWN_SUFFIX = re.compile(r"(?:街道办事处|街道办|街道|地区|镇|乡)$")
_WAYS_TO_SAY_TOWN = ("镇", "乡", "街道", "街办", "街道办", "街道办事处")
# Characters people write for one another in place names.
_VARIANTS = str.maketrans("洩硷塬候匾蘭藍", "泄碱原侯扁兰蓝")


def folded(text: str) -> str:
    """Plain text with the characters that people mix up in place names written one way."""
    return plain(text).translate(_VARIANTS)


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
        for county in {village.county for village in self.villages.values()} - {""}:
            self._add(county, Form.COUNTY, county)

    def _add(self, name: str, form: Form, key: str) -> None:
        node = self._root
        for character in folded(name):
            node = node.next.setdefault(character, _Node())
        if (form, key) not in node.names:
            node.names = (*node.names, (form, key))

    def mentions(self, folded_text: str) -> Iterator[Mention]:
        """Every name in `folded_text`, from the left, the longest at each place."""
        root, at, length = self._root.next, 0, len(folded_text)
        while at < length:
            node = root.get(folded_text[at])
            found, end, i = None, at + 1, at + 1
            while node is not None:
                if node.names:
                    found, end = node, i
                node = node.next.get(folded_text[i]) if i < length else None
                i += 1
            if found is not None:
                yield Mention(at, end, found.names)
            at = end


def _forms_of_village(village: Village) -> Iterator[tuple[str, Form]]:
    spoken = village.spoken_name
    yield spoken, Form.FULL
    stem = _VILLAGE_SUFFIX.sub("", spoken)
    if spoken == stem:
        return
    if spoken.endswith("村"):
        yield stem + "村", Form.FULL
    if len(stem) > 1:
        yield stem, Form.STEM


def _forms_of_town(town: str) -> Iterator[tuple[str, Form]]:
    yield town, Form.TOWN
    stem = _TOWN_SUFFIX.sub("", town)
    if len(stem) > 1:
        yield from ((stem + said, Form.TOWN) for said in _WAYS_TO_SAY_TOWN)
        yield stem, Form.TOWN_STEM
