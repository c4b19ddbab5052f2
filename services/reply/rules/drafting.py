"""The first draft of a reply, in the platform's form; a person reads and approves it.

A draft says what the facts say and no more: no date, cause or deadline that nobody entered, and
nothing of the resident's. Numbers that could be somebody's phone or identity card are left out of
the crew's words.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from .calendar import SHANGHAI
from .platform_profile import PlatformProfile

ROOM_FOR_RESPONSIBLE = "（请填写责任单位）"
"""Stands in the draft of a return until a person says who is responsible."""
_NOT_OURS = "该问题不属于农村饮水工程的供水职责范围"


@dataclass(frozen=True, slots=True)
class HandledFacts:
    """What was done about one complaint. Texts are the crew's, about the fault."""

    category: str
    place: str
    """The scheme or the village; empty where unknown. Never an address."""
    crew: str
    found: str
    done: str
    repaired_at: datetime | None
    contacted_at: datetime | None
    solved: bool


@dataclass(frozen=True, slots=True)
class NothingFoundFacts:
    """The office closed the work order because nothing was found; `note` is what it wrote. Whether
    that solves the complaint is for the person to say who reviews the draft."""

    category: str
    place: str
    note: str
    contacted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnedFacts:
    """Why a ticket goes back (退回): a return names the reason and who is responsible."""

    category: str
    place: str
    reason: str = _NOT_OURS
    responsible: str = ROOM_FOR_RESPONSIBLE


DraftFacts = HandledFacts | NothingFoundFacts | ReturnedFacts


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

_PERSONAL_NUMBER = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile
    r"|\(?0\d{2,3}\)?[- ]?\d{7,8}|\d{7,8}"  # landline, with and without its area code
    r"|\d{17}[\dXx]|\d{15})(?!\d)"  # identity card
)


def draft_reply(facts: DraftFacts, profile: PlatformProfile, signature: Signature) -> str:
    """The draft for the platform the complaint came from."""
    slots = {
        "subject": f"{_clean(facts.place)}{_MATTERS.get(facts.category, _SOME_MATTER)}",
        "phone": f"服务电话：{signature.service_phone}。" if signature.service_phone else "",
        "office": signature.office,
        "signed_on": _day(signature.signed_on),
    }
    if isinstance(facts, ReturnedFacts):
        return profile.returned_form.format(
            reason=_clean(facts.reason), responsible=_clean(facts.responsible), **slots
        )
    return profile.handled_form.format(handling=_handling(facts), outcome=_outcome(facts), **slots)


def asks_for_another_answer(
    facts: DraftFacts | None, *, solved: bool, repair: int | None, repair_known: int | None
) -> bool:
    """Whether another answer follows a delivered one: that said "not solved", and its writer did
    not know of the repair. Both repairs by the sequence of their event; None: there is none."""
    if solved or not isinstance(facts, HandledFacts) or repair is None:
        return False
    return repair_known is None or repair > repair_known


def is_return(*, is_ours: bool, needs_human: bool) -> bool:
    """Whether the answer to a complaint returns it: only what is known not to be ours goes back."""
    return not is_ours and not needs_human


def is_another_matter(*, returned: bool, is_ours: bool, needs_human: bool) -> bool:
    """Whether the complaint turned out to be ours after all, or not to be: a return is no answer
    to what is ours, nor the other way round. Nothing is known while a person has to decide."""
    decided = is_ours or not needs_human
    return decided and returned == is_ours


def still_true(text: str, by_the_facts: str | None, *, by_person: bool) -> bool:
    """Whether a version that is about the right matter may stay as it is.

    What a person wrote or approved stays (`by_person`); our own draft stays while it says what the
    facts say. `by_the_facts`: as it would be drafted now; None: there is nothing to answer.
    """
    return by_person or text == by_the_facts


def _handling(facts: HandledFacts | NothingFoundFacts) -> str:
    contacted = f"{_moment(facts.contacted_at)}已与反映人联系。" if facts.contacted_at else ""
    if isinstance(facts, NothingFoundFacts):
        return f"{_outcome(facts)}核查说明：{_clean(facts.note)}。{contacted}"
    found, done = _clean(facts.found), _clean(facts.done)
    sentences = (
        f"{facts.crew}到场查看：{found}。" if found else "",
        f"处理措施：{done}。" if done else "",
        _outcome(facts),
        contacted,
    )
    return "".join(sentences)


def _outcome(facts: HandledFacts | NothingFoundFacts) -> str:
    if isinstance(facts, NothingFoundFacts):
        return "经核查，未发现所反映的问题。"
    repaired = f"{_moment(facts.repaired_at)}完成维修，" if facts.repaired_at else ""
    return f"{repaired}{'问题已解决' if facts.solved else '问题尚未解决'}。"


def _clean(words: str) -> str:
    """One line, without personal numbers and without the full stop the form brings itself."""
    return _PERSONAL_NUMBER.sub("（号码略）", " ".join(words.split())).rstrip("。.；;，, ")


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{_day(local)}{local.hour}时{local.minute:02d}分"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
