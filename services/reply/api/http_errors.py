"""How an objection to a command reads over HTTP."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from services.reply.rules.objections import CommandRejected, Objection
from shared.problems import Problem, Text, problem_response

_TEXTS: Mapping[Objection, tuple[int, Text]] = {
    Objection.UNKNOWN_COMPLAINT: (404, Text("没有这件诉求。", "There is no such complaint.")),
    Objection.UNKNOWN_VERSION: (
        404,
        Text("这件诉求没有这一版答复。", "The complaint has no such version of a reply."),
    ),
    Objection.UNKNOWN_DEADLINE: (
        404,
        Text("这件诉求没有这一环节的时限。", "The complaint has no deadline for this stage."),
    ),
    Objection.UNKNOWN_CALL_BACK: (
        404,
        Text("这件诉求没有这一次回访。", "The complaint has no such call-back."),
    ),
    Objection.CALL_BACK_ENDED: (
        409,
        Text("这次回访已有结果。", "This call-back has ended already."),
    ),
    Objection.NO_WORDS: (
        422,
        Text("请写明哪里没有解决。", "Write what is not solved."),
    ),
    Objection.STALE: (
        409,
        Text(
            "答复已有更新的版本，请重新打开后再改。",
            "There is a newer version of this reply; open it again.",
        ),
    ),
    Objection.ON_ITS_WAY: (
        409,
        Text("答复正在送出，现在不能改。", "The reply is on its way and cannot be changed now."),
    ),
    Objection.MUST_BE_CONFIRMED: (
        409,
        Text(
            "不确定上一版是否已送达，请先核实。",
            "Nobody knows whether the last version arrived; find out first.",
        ),
    ),
    Objection.NOT_A_DRAFT: (
        409,
        Text("这一版已不是草稿，不能批准。", "This version is no draft any more."),
    ),
    Objection.NOTHING_TO_PAUSE: (
        409,
        Text(
            "没有可暂停的时限：已到期、已办完、按规定不能暂停，或由平台规定（请向平台申请延期）。",
            "No clock of it can be paused: it is over, its policy lets none pause, or the limit is"
            " the platform's (ask for an extension).",
        ),
    ),
    Objection.PAUSED_ALREADY: (
        409,
        Text("已因同一原因暂停。", "It is paused for that already."),
    ),
    Objection.PAUSE_USED_UP: (
        409,
        Text("已达规定的最长暂停时间。", "Its policy allows no longer pause."),
    ),
    Objection.PAUSE_ENDS_BEFORE: (
        422,
        Text("预计恢复时间须晚于现在。", "A pause must be expected to end later than now."),
    ),
    Objection.NOT_PAUSED: (409, Text("没有正在进行的暂停。", "It is not paused.")),
    Objection.EMPTY: (422, Text("答复内容不能为空。", "A reply needs words.")),
    Objection.TOO_LONG: (
        422,
        Text("答复太长，超过了该平台的字数限制。", "The reply is too long for its platform."),
    ),
    Objection.RESPONSIBLE_MISSING: (
        409,
        Text(
            "退回须写明责任单位，请补充后再批准。",
            "A return must name who is responsible; write that before approving.",
        ),
    ),
    Objection.OWN_WORDS: (
        409,
        Text("自己写的答复须由他人批准。", "Somebody else must approve what you wrote."),
    ),
    Objection.UNKNOWN_RULE: (404, Text("没有这条规则。", "There is no such rule.")),
    Objection.OWN_RULE: (
        409,
        Text("自己写的规则须由他人启用。", "Somebody else must switch on the rule you wrote."),
    ),
    Objection.TEMPLATE_HAS_NUMBER: (
        422,
        Text(
            "模板里有疑似个人的号码，请删去；服务电话用 {service_phone}。",
            "The template has what may be somebody's number: our own phone is {service_phone}.",
        ),
    ),
    Objection.CHECKS_AGAINST: (
        409,
        Text(
            "检查发现号码或未填写的内容，请核对后确认批准。",
            "The checks found a number or words not filled in: confirm that it is right.",
        ),
    ),
    Objection.NOT_STUCK: (
        409,
        Text("这一版无需人工处理。", "Nothing has to be decided about this version."),
    ),
    Objection.NOT_BY_HAND: (
        409,
        Text(
            "这一版未批准，或由系统自动送出，不能人工登记。",
            "This version is not approved, or we send it ourselves.",
        ),
    ),
    Objection.NO_CHANNEL: (
        409,
        Text(
            "本系统未接通该平台，请人工送达后登记。",
            "We have no channel to this platform; deliver it by hand and note it.",
        ),
    ),
    Objection.BEFORE_RECEIPT: (
        422,
        Text("联系时间早于诉求派发时间。", "The contact is earlier than the complaint."),
    ),
    Objection.IN_THE_FUTURE: (422, Text("联系时间还没到。", "The contact lies in the future.")),
    Objection.UNKNOWN_EXTENSION: (
        404,
        Text("没有这个延期申请。", "There is no such request for an extension."),
    ),
    Objection.NOTHING_ASKED: (
        409,
        Text("没有待答复的延期申请。", "No extension waits for an answer."),
    ),
    Objection.DEADLINE_ENDED: (
        409,
        Text("这一环节已经结束，不能延期。", "This stage has ended and cannot be extended."),
    ),
    Objection.EXPIRED: (
        409,
        Text("时限已过，不能再申请延期。", "The limit has passed; it is too late to ask."),
    ),
    Objection.ASKED_ALREADY: (
        409,
        Text("已申请延期，正在等答复。", "An extension was asked for and is not answered yet."),
    ),
    Objection.USED_UP: (409, Text("延期次数已用完。", "No more extensions are allowed.")),
    Objection.NOT_LATER: (
        422,
        Text("新的时限须晚于现在的时限。", "The new limit must be later than the present one."),
    ),
    Objection.AFTER_NEXT_STAGE: (
        422,
        Text(
            "新的时限晚于下一环节的时限，请先为下一环节申请延期。",
            "The new limit is later than the next stage's: ask for the next stage first.",
        ),
    ),
    Objection.NO_REASON: (422, Text("申请延期须写明理由。", "An extension needs a reason.")),
    Objection.RULEBOOK_CHANGED: (
        409,
        Text(
            "您打开之后，别人已保存了新的版本。请重新打开再改。",
            "Somebody has saved another version since you opened this; open it again.",
        ),
    ),
    Objection.RULEBOOK_SAME: (
        422,
        Text("内容与现在的版本相同，没有可保存的。", "It says what the present version says."),
    ),
    Objection.UNKNOWN_RULEBOOK_VERSION: (404, Text("没有这个版本。", "There is no such version.")),
    Objection.UNKNOWN_RULEBOOK_PLACE: (
        404,
        Text("现在的版本里没有要改的这一项。", "The present version has no such place."),
    ),
}


def problem_of(objection: Objection) -> Problem:
    status, text = _TEXTS[objection]
    return Problem(status, objection.value, text)


async def _on_rejected(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CommandRejected)
    return problem_response(request, problem_of(error.objection))


def answer_rejected_commands(app: FastAPI) -> None:
    """Make `app` answer every CommandRejected as problem+json."""
    app.add_exception_handler(CommandRejected, _on_rejected)
