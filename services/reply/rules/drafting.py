"""The first draft of a reply, in each platform's form; a person reads and approves it.

A draft says what the facts say and no more: no date, cause or deadline that nobody entered, and
nothing of the resident's. Numbers that could be somebody's phone or identity card are left out of
the crew's words.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from .calendar import SHANGHAI


@dataclass(frozen=True, slots=True)
class HandledFacts:
    """What was done about one complaint. Texts are the crew's, about the fault."""

    platform: str
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
class ReturnedFacts:
    """Why an order goes back: a return names the reason and who is responsible
    [domain.md: 退回]."""

    platform: str
    category: str
    place: str
    reason: str
    responsible: str


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

_HANDLED_FORMS = {
    "hotline_12345": (
        "办理情况：{handling}\n"
        "答复内容：您好！您反映的{subject}问题，{outcome}感谢您的反映。{phone}"
    ),
    "message_board": (
        "网友您好：\n"
        "您反映的{subject}问题已收悉，现回复如下：\n"
        "{handling}\n"
        "感谢您对农村供水工作的关心和监督。{phone}\n"
        "{office}\n"
        "{signed_on}"
    ),
    "wechat": "您好！您反映的{subject}问题：{handling}如仍有问题，请直接回复我们。",
}
_RETURNED_FORMS = {
    "hotline_12345": "退回原因：{reason}。责任单位：{responsible}。",
    "message_board": (
        "网友您好：\n"
        "您反映的{subject}问题已收悉。经核实，{reason}，由{responsible}负责。\n"
        "感谢您的理解。{phone}\n"
        "{office}\n"
        "{signed_on}"
    ),
    "wechat": "您好！您反映的{subject}问题，经核实，{reason}，由{responsible}负责。",
}
_FORM_OF_OTHERS = "hotline_12345"
"""What came by phone or in a spreadsheet is answered as an order of the hotline is."""

_PERSONAL_NUMBER = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile
    r"|\(?0\d{2,3}\)?[- ]?\d{7,8}|\d{7,8}"  # landline, with and without its area code
    r"|\d{17}[\dXx]|\d{15})(?!\d)"  # identity card
)


def draft_reply(facts: HandledFacts | ReturnedFacts, signature: Signature) -> str:
    """The draft for the platform the complaint came from."""
    slots = {
        "subject": f"{_clean(facts.place)}{_MATTERS.get(facts.category, _SOME_MATTER)}",
        "phone": f"服务电话：{signature.service_phone}。" if signature.service_phone else "",
        "office": signature.office,
        "signed_on": _day(signature.signed_on),
    }
    if isinstance(facts, ReturnedFacts):
        form = _RETURNED_FORMS.get(facts.platform, _RETURNED_FORMS[_FORM_OF_OTHERS])
        return form.format(
            reason=_clean(facts.reason), responsible=_clean(facts.responsible), **slots
        )
    form = _HANDLED_FORMS.get(facts.platform, _HANDLED_FORMS[_FORM_OF_OTHERS])
    return form.format(handling=_handling(facts), outcome=_outcome(facts), **slots)


def _handling(facts: HandledFacts) -> str:
    found, done = _clean(facts.found), _clean(facts.done)
    sentences = (
        f"{facts.crew}到场查看：{found}。" if found else "",
        f"处理措施：{done}。" if done else "",
        _outcome(facts),
        f"{_moment(facts.contacted_at)}已与反映人联系。" if facts.contacted_at else "",
    )
    return "".join(sentences)


def _outcome(facts: HandledFacts) -> str:
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
