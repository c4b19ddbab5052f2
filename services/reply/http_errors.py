"""What the HTTP edge needs beside the database, and how a refusal reads there."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from shared.problems import Problem, Text, problem_response

from .handlers.drafting import Office
from .handlers.refusals import ReplyRefused, Why
from .rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class ReplyDesk:
    office: Office
    rulebook: Rulebook
    channels: frozenset[str]
    """The platforms we reach ourselves."""
    second_person: bool


async def desk_of(request: Request) -> ReplyDesk:
    """FastAPI dependency."""
    desk = request.app.state.reply_desk
    assert isinstance(desk, ReplyDesk)
    return desk


UNKNOWN_COMPLAINT = Text("没有这件诉求。", "There is no such complaint.")

_TEXTS: Mapping[Why, tuple[int, Text]] = {
    Why.UNKNOWN_COMPLAINT: (404, UNKNOWN_COMPLAINT),
    Why.UNKNOWN_VERSION: (
        404,
        Text("这件诉求没有这一版答复。", "The complaint has no such version of a reply."),
    ),
    Why.UNKNOWN_DEADLINE: (
        404,
        Text("这件诉求没有这一环节的时限。", "The complaint has no deadline for this stage."),
    ),
    Why.STALE: (
        409,
        Text(
            "答复已有更新的版本，请重新打开后再改。",
            "There is a newer version of this reply; open it again.",
        ),
    ),
    Why.ON_ITS_WAY: (
        409,
        Text("答复正在送出，现在不能改。", "The reply is on its way and cannot be changed now."),
    ),
    Why.MUST_BE_CONFIRMED: (
        409,
        Text(
            "不确定上一版是否已送达，请先核实。",
            "Nobody knows whether the last version arrived; find out first.",
        ),
    ),
    Why.NOT_A_DRAFT: (
        409,
        Text("这一版已不是草稿，不能批准。", "This version is no draft any more."),
    ),
    Why.EMPTY: (422, Text("答复内容不能为空。", "A reply needs words.")),
    Why.TOO_LONG: (
        422,
        Text("答复太长，超过了该平台的字数限制。", "The reply is too long for its platform."),
    ),
    Why.RESPONSIBLE_MISSING: (
        409,
        Text(
            "退回须写明责任单位，请补充后再批准。",
            "A return must name who is responsible; write that before approving.",
        ),
    ),
    Why.OWN_WORDS: (
        409,
        Text("自己写的答复须由他人批准。", "Somebody else must approve what you wrote."),
    ),
    Why.NOT_STUCK: (
        409,
        Text("这一版无需人工处理。", "Nothing has to be decided about this version."),
    ),
    Why.NOT_BY_HAND: (
        409,
        Text(
            "这一版未批准，或由系统自动送出，不能人工登记。",
            "This version is not approved, or we send it ourselves.",
        ),
    ),
    Why.NO_CHANNEL: (
        409,
        Text(
            "本系统未接通该平台，请人工送达后登记。",
            "We have no way out to this platform; deliver it by hand and note it.",
        ),
    ),
    Why.BEFORE_RECEIPT: (
        422,
        Text("联系时间早于诉求派发时间。", "The contact is earlier than the complaint."),
    ),
    Why.IN_THE_FUTURE: (422, Text("联系时间还没到。", "The contact lies in the future.")),
    Why.NOTHING_ASKED: (
        409,
        Text("没有待答复的延期申请。", "No extension waits for an answer."),
    ),
    Why.NOT_WAITING: (
        409,
        Text("这一环节已经结束，不能延期。", "This stage has ended and cannot be extended."),
    ),
    Why.EXPIRED: (
        409,
        Text("时限已过，不能再申请延期。", "The limit has passed; it is too late to ask."),
    ),
    Why.ASKED_ALREADY: (
        409,
        Text("已申请延期，正在等答复。", "An extension was asked for and is not answered yet."),
    ),
    Why.USED_UP: (409, Text("延期次数已用完。", "No more extensions are allowed.")),
    Why.NOT_LATER: (
        422,
        Text("新的时限须晚于现在的时限。", "The new limit must be later than the present one."),
    ),
    Why.NO_REASON: (422, Text("申请延期须写明理由。", "An extension needs a reason.")),
}


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ReplyRefused)
    status, text = _TEXTS[error.why]
    return problem_response(request, Problem(status, error.why.value, text))


def speak_refusals(app: FastAPI) -> None:
    """Make `app` answer every ReplyRefused as problem+json."""
    app.add_exception_handler(ReplyRefused, _on_refusal)
