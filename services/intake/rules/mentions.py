"""What each place name in a text is worth, by how it is written and by what stands around it.

A bare two-character stem is too often an ordinary word; 刘村长 is a person; a place may be named
only in passing (娘家在…, …都有水).
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.rules.gazetteer import Gazetteer, Mention
from services.intake.rules.lexicon import CLAUSE_END
from services.intake.rules.village_groups import GROUP, GROUP_OR_TEAM, group_name

# Our own scale, 0 to 1.
BESIDE_ITS_TOWN = 0.98
FULL_NAME = 0.9
STEM_POINTED_AT = 0.85
LONG_STEM_ITS_TOWN_NAMED = 0.75
ANOTHER_TOWN_NAMED = 0.55
LONG_STEM_ALONE = 0.55
RUNS_ON_FROM_BEFORE = 0.75
PERHAPS_A_LONGER_NAME = 0.55
IN_PASSING = 0.3

_NOWHERE_NEAR = 1000
_LONG_STEM = 3
_SHORT_NAME = 2

_SUFFIX_AFTER = re.compile(r"(?:(?:村|居)?民?委员?会|行政村|自然村|村)?的?[,、(]?")
_PERSON_AFTER = re.compile(r"长|主任|支书|书记|干部|会计|医")
_STREET_AFTER = re.compile(r"街|集镇|镇区|辖区|中心")
_LONGER_NAME_BEFORE = frozenset("东西南北上下前后大小新老")
# 杨河口村 is hardly 河口村: villages are named after families.
_FAMILY_BEFORE = frozenset(
    "张王李赵刘陈杨吴周徐孙朱胡郭何罗宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
)
_TOWN_BEFORE = frozenset("镇乡")
_COUNTY_BEFORE = frozenset("县区市")
_FREE_BEFORE = frozenset("的是在住我们县到于映诉问询区人和为让给对本及家")
_PASSING_BEFORE = re.compile(
    r"(?:从|娘家(?:是|在)?|老家(?:是|在)?|原籍|路过|经过|途经|隔壁的?|邻村的?|旁边的?|附近的?|周边的?"
    r"|相邻的?|对面的?|不像|就像|像|比如|例如|跑到|跑去|去到?)$"
)
_PASSING_AFTER = re.compile(
    r"(?:那边|那里|人家|他们|村|的){0,3}(?:嫁|搬|拉水|挑水|担水|买水|打工|上班|亲戚|都有水|就有水|也有水|有水|没停|不停"
    r"|都不停|水压正常|一切正常|都正常|都通|早就通|已经通|早都通)"
)
_COMPLAINT = re.compile(
    r"停水|断水|没水|无水|没有水|没来水|不来水|缺水|吃水|用水|饮水|自来水|水压|水小|水质|浑|黄水|异味|漏|爆管|水管|水费"
    r"|水表|供水|龙头"
)
_LIST_BETWEEN = re.compile(r"村?(?:[一二三四五六七八九十0-9、]{1,12}组)?(?:、|和|及|与|以及|跟|,)")


@dataclass(frozen=True, slots=True)
class NamedVillage:
    """A mention that names a village, or several that share the name."""

    codes: frozenset[str]
    worth: float
    distance: int
    """Characters to the nearest complaint word."""
    in_a_list: bool
    """Stands beside another village in a list."""
    group: str | None
    """The group named right behind it."""

    @property
    def in_passing(self) -> bool:
        return self.worth <= IN_PASSING


@dataclass(frozen=True, slots=True)
class NamedPlaces:
    """The places that one text names."""

    towns: tuple[str, ...]
    """Towns named otherwise than in passing, in the order of the text."""
    villages: tuple[NamedVillage, ...]
    first_group: str | None


def named_places(gazetteer: Gazetteer, text: str, towns_known: tuple[str, ...] = ()) -> NamedPlaces:
    """`text` is folded; `towns_known` help where the text itself names no town."""
    mentions = tuple(gazetteer.mentions(text))
    group = GROUP.search(text)
    first_group = group_name(group) if group else None
    if not mentions:
        return NamedPlaces((), (), first_group)
    return _MentionScorer(gazetteer, text, mentions).named_places(towns_known, first_group)


class _MentionScorer:
    """One text and its mentions: each is judged by the words around it."""

    def __init__(self, gazetteer: Gazetteer, text: str, mentions: Sequence[Mention]) -> None:
        self._gazetteer = gazetteer
        self._text = text
        self._mentions = mentions
        # Only where there are several villages does it matter which is nearest to a complaint.
        several = sum(bool(mention.names.villages) for mention in mentions) > 1
        self._complaints = [found.start() for found in _COMPLAINT.finditer(text)] if several else []
        self._counties = {name for mention in mentions for name in mention.names.county}
        self._town_at = [self._town(i) for i in range(len(mentions))]

    def named_places(self, towns_known: tuple[str, ...], first_group: str | None) -> NamedPlaces:
        towns = tuple(
            dict.fromkeys(
                town
                for i, town in enumerate(self._town_at)
                if town and not self._is_in_passing(i, i)
            )
        )
        villages = (self._village(i, towns or towns_known) for i in range(len(self._mentions)))
        return NamedPlaces(towns, tuple(named for named in villages if named), first_group)

    def _town(self, i: int) -> str | None:
        """The town that mention `i` names. Without 镇 it must stand right before one of its
        villages (普化马湾村), or be its street (普化街上).
        """
        mention = self._mentions[i]
        if outright := mention.names.town:
            return outright[0]
        for town in mention.names.town_stem:
            if not mention.names.full and _STREET_AFTER.match(self._text, mention.end):
                return town
            if i + 1 < len(self._mentions) and self._mentions[i + 1].begin == mention.end:
                following = self._mentions[i + 1].names
                codes = (*following.full, *following.stem)
                if any(self._gazetteer.villages[code].town == town for code in codes):
                    return town
        return None

    def _village(self, i: int, towns: tuple[str, ...]) -> NamedVillage | None:
        """What mention `i` says about a village; None where it is a town or ordinary words."""
        mention = self._mentions[i]
        codes = frozenset(mention.names.villages)
        if not codes or self._town_at[i]:
            return None
        town_here = self._town_right_before(i)
        group = self._group_right_after(mention)
        in_a_list = self._is_in_a_list(i)
        worth = self._worth_as_written(
            mention, pointed_at=bool(group) or in_a_list, has_town=bool(town_here)
        )
        if not worth:
            return None
        near = (town_here,) if town_here else towns
        in_town = frozenset(c for c in codes if self._gazetteer.villages[c].town in near)
        if in_town:
            worth = max(worth, BESIDE_ITS_TOWN if town_here else LONG_STEM_ITS_TOWN_NAMED)
        elif near:
            worth = min(worth, ANOTHER_TOWN_NAMED)
        if self._is_in_passing(i - 1 if town_here else i, i):
            worth *= IN_PASSING
        return NamedVillage(
            codes=in_town or self._in_counties_named(codes),
            worth=worth,
            distance=self._distance_to_complaint(mention),
            in_a_list=in_a_list,
            group=group,
        )

    def _worth_as_written(self, mention: Mention, *, pointed_at: bool, has_town: bool) -> float:
        """What the name is worth before towns are compared; 0 for ordinary words.

        `pointed_at`: a group stands behind it, or another village beside it in a list.
        """
        length = mention.end - mention.begin
        if mention.names.full:
            if length <= _SHORT_NAME and _PERSON_AFTER.match(self._text, mention.end):
                return 0.0  # 刘村长
            return self._worth_by_what_is_before(mention, length) if not has_town else FULL_NAME
        if has_town:
            return STEM_POINTED_AT
        if self._text[mention.begin - 1 : mention.begin] in _LONGER_NAME_BEFORE:
            return 0.0
        if pointed_at:
            return STEM_POINTED_AT
        may_stand_alone = length >= _LONG_STEM and all(
            self._gazetteer.villages[code].spoken_name.endswith("村") for code in mention.names.stem
        )
        return LONG_STEM_ALONE if may_stand_alone else 0.0

    def _worth_by_what_is_before(self, mention: Mention, length: int) -> float:
        """A full name without its town, which may be the end of a longer one (东李家村, 小刘村)."""
        before = self._text[mention.begin - 1 : mention.begin]
        if before in _TOWN_BEFORE or (before in _COUNTY_BEFORE and self._is_elsewhere(mention)):
            return IN_PASSING  # of a town or county that the gazetteer does not know
        if before in _LONGER_NAME_BEFORE or before in _FAMILY_BEFORE:
            return PERHAPS_A_LONGER_NAME
        if before.isalnum() and before not in _FREE_BEFORE:
            return PERHAPS_A_LONGER_NAME if length <= _SHORT_NAME else RUNS_ON_FROM_BEFORE
        return FULL_NAME

    def _is_elsewhere(self, mention: Mention) -> bool:
        """Whether the county right before `mention` is none of a gazetteer that names its own."""
        ours = self._gazetteer.counties
        return bool(ours) and not any(self._text.endswith(c, 0, mention.begin) for c in ours)

    def _town_right_before(self, i: int) -> str | None:
        """The town whose name ends where mention `i` begins, give or take 的 or 下面的."""
        if i and self._mentions[i].begin - self._mentions[i - 1].end <= 4:
            between = self._text[self._mentions[i - 1].end : self._mentions[i].begin]
            if not set(between) & set(CLAUSE_END + "、和"):
                return self._town_at[i - 1]
        return None

    def _group_right_after(self, mention: Mention) -> str | None:
        suffix = _SUFFIX_AFTER.match(self._text, mention.end)
        found = GROUP_OR_TEAM.match(self._text, suffix.end() if suffix else mention.end)
        return group_name(found) if found else None

    def _distance_to_complaint(self, mention: Mention) -> int:
        if not self._complaints:
            return _NOWHERE_NEAR
        i = bisect_left(self._complaints, mention.begin)
        return min(abs(at - mention.begin) for at in self._complaints[max(0, i - 1) : i + 1])

    def _in_counties_named(self, codes: frozenset[str]) -> frozenset[str]:
        named = frozenset(c for c in codes if self._gazetteer.villages[c].county in self._counties)
        return named or codes

    def _is_in_passing(self, first: int, last: int) -> bool:
        """Whether what stands before mention `first` or behind mention `last` says so."""
        begin, end = self._mentions[first].begin, self._mentions[last].end
        return bool(
            _PASSING_BEFORE.search(self._text, max(0, begin - 5), begin)
            or _PASSING_AFTER.match(self._text, end)
        )

    def _is_in_a_list(self, i: int) -> bool:
        return self._are_in_a_list(i - 1) or self._are_in_a_list(i)

    def _are_in_a_list(self, i: int) -> bool:
        """Whether mentions `i` and the next are villages with nothing but 和 between them."""
        if i < 0 or i + 1 >= len(self._mentions):
            return False
        left, right = self._mentions[i], self._mentions[i + 1]
        return (
            bool(left.names.villages and right.names.villages)
            and _LIST_BETWEEN.fullmatch(self._text, left.end, right.begin) is not None
        )
