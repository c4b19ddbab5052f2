"""Which village, and which group of it, a letter speaks of.

Residents write 樊家三组, 三里镇樊家村, 三里樊家, or only a name that two towns have: then the town
decides, and where none is named a person does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.intake.rules.gazetteer import Gazetteer, folded, written_one_way
from services.intake.rules.letter import Letter
from services.intake.rules.mentions import IN_PASSING, NamedVillage, named_places

SURE_ENOUGH = 0.6
"""Below this confidence a person places the complaint."""

_ONLY_TOWN = 0.5
_AMBIGUOUS = 0.4
_NEARER_OF_TWO = 0.8
_CLEARLY_BETTER = 0.2
_CLEARLY_NEARER = 10
"""Characters."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the complaint is, as far as its words tell."""

    village_code: str | None = None
    village: str | None = None
    """The village as the gazetteer writes it."""
    town: str | None = None
    group: str | None = None
    """村民小组, written one way: 三组, 七、八组."""
    confidence: float = 0.0
    """0 to 1, that the village (where there is none, the town) is right."""
    candidates: tuple[str, ...] = ()
    """Village codes to choose from, where the words fit several."""

    @property
    def is_doubtful(self) -> bool:
        """Whether a village seems to be named, but a person must say which."""
        named = self.village_code is not None or bool(self.candidates)
        return named and self.confidence < SURE_ENOUGH


def locate(gazetteer: Gazetteer, letter: Letter, address_line: str | None) -> Place:
    """Where the complaint of one letter is.

    The letter's own words go before the address the platform gives, since people also call about
    a house they do not live in; the address settles what the letter leaves open.
    """
    line = folded(address_line or "")
    address = named_places(gazetteer, line)
    words = named_places(gazetteer, written_one_way(letter.text), address.towns)
    if not address.towns and words.towns:
        address = named_places(gazetteer, line, words.towns)
    group = words.first_group or address.first_group
    at_home = [named for named in address.villages if not named.in_passing]
    if in_letter := [named for named in words.villages if not named.in_passing]:
        found = _choose(gazetteer, in_letter, at_home)
    elif at_home:
        found = _choose(gazetteer, at_home, ())
    else:
        found = _without_village(words.towns or address.towns, words.villages)
    return found if found.group or not group else replace(found, group=group)


def _without_village(towns: Sequence[str], in_passing: Iterable[NamedVillage]) -> Place:
    candidates = {code for named in in_passing for code in named.codes}
    if len(towns) == 1:
        return Place(town=towns[0], confidence=_ONLY_TOWN, candidates=tuple(sorted(candidates)))
    confidence = IN_PASSING if candidates or towns else 0.0
    return Place(confidence=confidence, candidates=tuple(sorted(candidates)))


def _choose(
    gazetteer: Gazetteer, named: Sequence[NamedVillage], at_home: Sequence[NamedVillage]
) -> Place:
    """The village that is named best; of several named as well, the one nearest the complaint."""
    homes = frozenset(code for home in at_home for code in home.codes)
    best, *others = sorted(named, key=lambda n: (-n.worth, n.distance))
    rivals = [
        other
        for other in others
        if not other.codes & best.codes and other.worth > best.worth - _CLEARLY_BETTER
    ]
    best = _narrowed(best, others, homes)
    if not rivals:
        return _placed(gazetteer, best) if len(best.codes) == 1 else _open(gazetteer, [best])
    contenders = sorted((best, *rivals), key=lambda n: n.distance)
    if any(contender.in_a_list for contender in contenders):
        return _open(gazetteer, contenders)
    if lived_in := [c for c in contenders if c.codes <= homes]:
        nearest = lived_in[0]
    elif contenders[0].distance + _CLEARLY_NEARER <= contenders[1].distance:
        nearest = contenders[0]
    else:
        return _open(gazetteer, contenders)
    if len(nearest.codes) > 1:
        return _open(gazetteer, contenders)
    place = _placed(gazetteer, nearest)
    candidates = tuple(sorted(code for c in contenders for code in c.codes))
    return replace(place, confidence=place.confidence * _NEARER_OF_TWO, candidates=candidates)


def _narrowed(
    best: NamedVillage, others: Iterable[NamedVillage], homes: frozenset[str]
) -> NamedVillage:
    """A name that two towns have, narrowed by another mention of it or by the address."""
    codes = best.codes
    for also in (*(other.codes for other in others), homes):
        codes = codes & also or codes
    groups = (n.group for n in (best, *others) if n.group and n.codes & codes)
    return replace(best, codes=codes, group=best.group or next(groups, None))


def _placed(gazetteer: Gazetteer, named: NamedVillage) -> Place:
    (code,) = named.codes
    village = gazetteer.villages[code]
    return Place(code, village.name, village.town, named.group, round(named.worth, 3))


def _open(gazetteer: Gazetteer, contenders: Sequence[NamedVillage]) -> Place:
    """Left to a person: all that fit, and what they have in common."""
    codes = sorted({code for contender in contenders for code in contender.codes})
    towns = {gazetteer.villages[code].town for code in codes}
    return Place(
        town=towns.pop() if len(towns) == 1 else None,
        group=contenders[0].group,
        confidence=_AMBIGUOUS,
        candidates=tuple(codes),
    )
