"""What may be wrong with the words of a reply or of a template, each with the words meant.

A person decides: a check says where to look. What is `serious` is not approved unless a person
confirms it, and no template is saved with it. Names, addresses and blame are found by patterns of
ours: they miss some, and mark some that are harmless.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PERSONAL_NUMBER: Final = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile
    r"|\(?0\d{2,3}\)?[- ]?\d{7,8}|\d{7,8}"  # landline, with and without its area code
    r"|\d{17}[\dXx]|\d{15})(?!\d)"  # identity card
)


class Check(StrEnum):
    """The values are keys of the console's catalogue."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    PLACEHOLDER = "placeholder"
    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    BLAME = "blame"


SERIOUS: Final = frozenset({Check.EMPTY, Check.TOO_LONG, Check.PLACEHOLDER, Check.NUMBER})


@dataclass(frozen=True, slots=True)
class Finding:
    check: Check
    words: str = ""
    """The first ones that it is about; empty: the whole text."""

    @property
    def serious(self) -> bool:
        return self.check in SERIOUS


@dataclass(frozen=True, slots=True)
class Checked:
    text: str
    longest: int
    """Characters the platform takes."""
    office_phone: str | None = None


_Rule = Callable[[Checked], Finding | None]

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_NAME = re.compile(
    rf"[{_SURNAMES}](?:[\u4e00-\u9fff]{{0,2}}(?:先生|女士|大爷|大妈|大娘|老师|同志)|某某?)"
)
_ADDRESS = re.compile(r"\d+\s*(?:号楼|栋|幢|单元|室|门牌)|[组村路街巷社]\s*\d+\s*号|门牌号?\s*\d+")
_BLAME = re.compile(
    r"(?:村民|居民|用户|住户|反映人|群众|您|你们?)(?:自己|自身|个人)(?:原因|造成|的?问题|责任|不)?"
    r"|(?:不属于|不是|非)(?:我们|我方|我单位|我中心|我办)的?(?:错|过错|责任|问题)"
    r"|与(?:我们|我方|我单位|我中心)无关|不归(?:我们|我方)?管|无理取闹|恶意投诉|小题大做|夸大其词"
)


def _is_empty(checked: Checked) -> Finding | None:
    return None if checked.text.strip() else Finding(Check.EMPTY)


def _is_too_long(checked: Checked) -> Finding | None:
    return Finding(Check.TOO_LONG) if len(checked.text) > checked.longest else None


def _has_a_placeholder(checked: Checked) -> Finding | None:
    found = re.search(r"\{\w*\}|(?<![A-Za-z])None(?![A-Za-z])", checked.text)
    return Finding(Check.PLACEHOLDER, found[0]) if found else None


def _has_somebodys_number(checked: Checked) -> Finding | None:
    ours = _digits(checked.office_phone or "")
    for found in PERSONAL_NUMBER.finditer(checked.text):
        if not ours or _digits(found[0]) not in (ours, ours[-7:], ours[-8:]):
            return Finding(Check.NUMBER, found[0])
    return None


def _names_a_person(checked: Checked) -> Finding | None:
    return _found(Check.NAME, _NAME, checked)


def _has_an_address(checked: Checked) -> Finding | None:
    return _found(Check.ADDRESS, _ADDRESS, checked)


def _blames(checked: Checked) -> Finding | None:
    return _found(Check.BLAME, _BLAME, checked)


CHECKS: Final[tuple[_Rule, ...]] = (
    _is_empty,
    _is_too_long,
    _has_a_placeholder,
    _has_somebodys_number,
    _names_a_person,
    _has_an_address,
    _blames,
)


def findings_in(checked: Checked) -> tuple[Finding, ...]:
    """All of them, the serious ones first."""
    return tuple(found for check in CHECKS if (found := check(checked)) is not None)


def findings_in_template(text: str, longest: int, office_phone: str | None) -> tuple[Finding, ...]:
    """Of its own words; what stands in braces is filled in, and checked, in every draft."""
    words = re.sub(r"\{\w*\}", "", text)
    return findings_in(Checked(words, longest, office_phone))


def is_serious(findings: Iterable[Finding]) -> bool:
    return any(each.serious for each in findings)


def _found(check: Check, pattern: re.Pattern[str], checked: Checked) -> Finding | None:
    found = pattern.search(checked.text)
    return Finding(check, found[0]) if found else None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
