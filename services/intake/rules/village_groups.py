"""村民小组: residents name their group (三组, 七、八组) far more often than an address."""

import re
from functools import lru_cache

_DIGITS = "〇一二三四五六七八九"
_ONE = "[一二三四五六七八九十0-9]"
_JOINED = r"[、,.和及与跟]"
_RANGE = r"(?:至|到|\-|~|—|–)"
_NUMBERS = rf"{_ONE}{{1,4}}(?:(?:{_JOINED}|{_RANGE}){_ONE}{{1,4}}){{0,12}}"
_CALLED_GROUP = r"(?:村民小组|居民小组|村民组|小组|组)"
_CALLED_GROUP_OR_TEAM = rf"(?:{_CALLED_GROUP}|(?:生产)?队(?![伍员长]))"


def _groups(called: str) -> re.Pattern[str]:
    one = f"第?{_NUMBERS}{called}"
    return re.compile(rf"{one}(?:{_JOINED}{one}){{0,6}}|[东西南北上下前后中]组")


GROUP = _groups(_CALLED_GROUP)
"""A group, or several (一组和二组), anywhere in a text. 七个小组 is a count and does not match."""

GROUP_OR_TEAM = _groups(_CALLED_GROUP_OR_TEAM)
"""Right behind a village's name the old 三队 is a group too."""

_NOT_A_NUMBER = re.compile(rf"第|{_CALLED_GROUP_OR_TEAM}")


def group_name(found: re.Match[str]) -> str:
    """The group that either pattern found, written one way: 3组 and 第三小组 are 三组."""
    return _written_one_way(found[0])


@lru_cache(1024)
def _written_one_way(groups: str) -> str:
    spans = re.split(_JOINED, _NOT_A_NUMBER.sub("", groups))
    return "、".join(_span(span) for span in spans if span) + "组"


def _span(span: str) -> str:
    ends = [end for end in re.split(_RANGE, span) if end]
    return "至".join(_number(end) for end in ends)


def _number(written: str) -> str:
    """`written` in Chinese numerals; 七八 (no 十) is two groups: 七、八."""
    if written.isdecimal():
        return _in_chinese(int(written))
    if len(written) > 1 and not set(written) & set("十0123456789"):
        return "、".join(written)
    return "".join(_in_chinese(int(c)) if c.isdecimal() else c for c in written)


def _in_chinese(number: int) -> str:
    """1 to 99 in Chinese numerals; anything else as digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return ten + (_DIGITS[ones] if ones else "")
