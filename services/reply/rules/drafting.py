"""What a draft says: the facts by the names that templates call them, and the words they fill.

A draft says what the facts say and no more: no date, cause or deadline that nobody entered, and
nothing of the resident's. Numbers that could be somebody's phone or identity card are left out of
the crew's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from .calendar import SHANGHAI
from .reply_checks import PERSONAL_NUMBER
from .template import Template

ROOM_FOR_RESPONSIBLE: Final = "（请填写责任单位）"
"""Stands in the draft of a return until a person says who is responsible."""
NOT_OURS: Final = "该问题不属于农村饮水工程的供水职责范围"


class Answering(StrEnum):
    """What a draft answers with; every platform has a template for each."""

    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    NOTHING_FOUND = "nothing_found"
    """The office closed the work order because nothing was found. Whether that solves the complaint
    is for the person to say who reviews the draft."""
    RETURN = "return"
    INTERIM = "interim"
    """The limit comes before the repair: what is known so far; another answer follows."""


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What is known of one complaint. Texts are the crew's or the office's, about the fault; empty
    or None where nothing is known."""

    answering: Answering
    category: str
    place: str = ""
    """The village, else the scheme. Never an address."""
    scheme: str = ""
    crew: str = ""
    found: str = ""
    done: str = ""
    note: str = ""
    """What the office wrote where nothing was found."""
    reason: str = ""
    responsible: str = ""
    arrived_at: datetime | None = None
    repaired_at: datetime | None = None
    contacted_at: datetime | None = None
    expected_at: datetime | None = None
    """When the crew or the office expects the repair."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who answers, and on which day."""

    office: str
    service_phone: str | None
    signed_on: date


_MATTERS = {
    "outage": "停水",
    "low_pressure": "水压低、水量小",
    "water_quality": "水质",
    "pipe_leak": "管道漏水",
    "billing": "水费计量",
    "new_connection": "通水新装",
    "service": "供水服务",
}
_SOME_MATTER = "用水"
_SOME_CREW = "维修人员"


def draft_reply(facts: DraftFacts, template: Template, signature: Signature) -> str:
    """The draft in the words of the template for the complaint's platform."""
    return template.fill(values_of(facts, signature))


def values_of(facts: DraftFacts, signature: Signature) -> Mapping[str, str]:
    """By the names of template.NAMES; empty where nothing is known."""
    matter = _MATTERS.get(facts.category, _SOME_MATTER)
    place, found = _clean(facts.place), _clean(facts.found)
    somebody_came = found and facts.answering is Answering.SOLVED
    return {
        "subject": f"{place}{matter}",
        "place": place,
        "matter": matter,
        "scheme": _clean(facts.scheme),
        "crew": _clean(facts.crew) or (_SOME_CREW if somebody_came else ""),
        "found": found,
        "done": _clean(facts.done),
        "note": _clean(facts.note),
        "reason": _clean(facts.reason),
        "responsible": _clean(facts.responsible),
        "arrived_at": _moment(facts.arrived_at),
        "repaired_at": _moment(facts.repaired_at),
        "contacted_at": _moment(facts.contacted_at),
        "expected_at": _moment(facts.expected_at),
        "service_phone": signature.service_phone or "",
        "office": signature.office,
        "today": _day(signature.signed_on),
    }


def said_by(facts: DraftFacts) -> str:
    """What the draft says of the fault: equal for two drafts that differ in nothing but platform,
    place and date."""
    pieces = (
        facts.crew,
        facts.found,
        facts.done,
        facts.note,
        facts.reason,
        facts.responsible,
        _moment(facts.expected_at),
    )
    known = [*map(_clean, filter(None, pieces)), *(["已联系"] if facts.contacted_at else [])]
    return f"{_IN_SHORT[facts.answering]}：{'；'.join(known)}。"


_IN_SHORT = {
    Answering.SOLVED: "已解决",
    Answering.NOT_SOLVED: "未解决",
    Answering.NOTHING_FOUND: "未发现问题",
    Answering.RETURN: "退回",
    Answering.INTERIM: "处理中",
}


def asks_for_another_answer(
    facts: DraftFacts | None, *, solved: bool, repair: int | None, repair_known: int | None
) -> bool:
    """Whether another answer follows a delivered one: that said "not solved", and its writer did
    not know of the repair. Both repairs by the sequence of their event; None: there is none."""
    if solved or facts is None or facts.answering is not Answering.SOLVED or repair is None:
        return False
    return repair_known is None or repair > repair_known


def is_return(*, is_ours: bool, needs_human: bool) -> bool:
    """Whether the answer to a complaint returns it: only what is known not to be ours goes back."""
    return not is_ours and not needs_human


def is_another_matter(*, returned: bool, is_ours: bool, needs_human: bool) -> bool:
    """Whether the complaint turned out to be ours after all, or not to be: a return is no answer
    to what is ours, nor the other way round. While a person has to decide no return stands, and
    nothing else is known."""
    if needs_human and not is_ours:
        return returned
    return returned == is_ours


def still_true(text: str, by_the_facts: str | None, *, by_person: bool) -> bool:
    """Whether a version that is about the right matter may stay as it is.

    What a person wrote or approved stays (`by_person`); our own draft stays while it says what the
    facts say. `by_the_facts`: as it would be drafted now; None: there is nothing to answer.
    """
    return by_person or text == by_the_facts


@lru_cache(maxsize=512)
def _clean(words: str) -> str:
    """One line, without personal numbers and without the full stop the form brings itself.

    Cached, as `_moment` is: the drafts of one repair share the crew's words and its times."""
    return PERSONAL_NUMBER.sub("（号码略）", " ".join(words.split())).rstrip("。.；;，, ")


@lru_cache(maxsize=512)
def _moment(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{_day(local)}{local.hour}时{local.minute:02d}分"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
