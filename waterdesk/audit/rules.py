"""The audit's rules, one function each: True where the rule is broken.

A function's name is the finding's name; the tables below say what it means. A difference between
services may be an event on its way: run.py repeats a pass before it reports a finding.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from .records import Complaint, Deadline, Delivery, RawMessage, Reply

_SWEEP_MAY_LAG = timedelta(seconds=5)
"""A deadline that was just recounted, or is locked by a transaction, is swept a moment later."""
_WAITING = ("open", "warned")


def readable_message_without_complaint(message: RawMessage) -> bool:
    return message.is_readable or message.names_complaint


def unknown_to_dispatch(complaint: Complaint) -> bool:
    return (
        complaint.intake is not None
        and complaint.dispatch is None
        and "dispatch" not in complaint.parked_at
    )


def unknown_to_reply(complaint: Complaint) -> bool:
    return (
        complaint.intake is not None
        and complaint.reply is None
        and "reply" not in complaint.parked_at
    )


def unknown_to_intake(complaint: Complaint) -> bool:
    return complaint.intake is None


def decision_differs(complaint: Complaint) -> bool:
    copies = {"dispatch": complaint.dispatch, "reply": complaint.reply}
    return complaint.intake is not None and any(
        at.decision != complaint.intake
        for service, at in copies.items()
        if at is not None and service not in complaint.parked_at
    )


def neither_linked_nor_waiting_nor_returned(complaint: Complaint) -> bool:
    at = complaint.dispatch
    if at is None:
        return False
    match at.state:
        case "linked":
            return at.work_order_id is None or at.is_merged
        case "waiting_for_person" | "no_scheme":
            return False
        case "not_ours":
            if complaint.reply is None or "reply" in complaint.parked_at:
                return False
            # A complaint answered before the decision changed is not returned any more.
            return not (complaint.reply.has_return or complaint.reply.has_left)
        case _:
            return True


def linked_elsewhere_at_reply(complaint: Complaint) -> bool:
    dispatch, reply = complaint.dispatch, complaint.reply
    if dispatch is None or reply is None or "reply" in complaint.parked_at:
        return False
    return dispatch.state == "linked" and dispatch.work_order_id != reply.work_order_id


def repaired_without_reply(complaint: Complaint) -> bool:
    dispatch, reply = complaint.dispatch, complaint.reply
    if dispatch is None or reply is None or "reply" in complaint.parked_at:
        return False
    return dispatch.state == "linked" and dispatch.is_repaired and not reply.has_reply


def without_deadlines(complaint: Complaint) -> bool:
    return complaint.reply is not None and complaint.reply.deadlines == 0


def answered_without_delivery(complaint: Complaint) -> bool:
    reply = complaint.reply
    return reply is not None and reply.state != "open" and not reply.has_arrived


def overdue_not_recorded(deadline: Deadline) -> bool:
    return (
        deadline.standing in _WAITING
        and not deadline.is_paused
        and deadline.swept_until is not None
        and deadline.due_at <= deadline.swept_until - _SWEEP_MAY_LAG
    )


def due_since_last_sweep(deadline: Deadline, now: datetime) -> bool:
    """Not a finding: no sweep has run since (the system was stopped); the next one records it."""
    waits_past_due = (
        deadline.standing in _WAITING and not deadline.is_paused and deadline.due_at < now
    )
    return waits_past_due and not overdue_not_recorded(deadline)


def deadline_not_watched(deadline: Deadline) -> bool:
    """A paused one is watched by its pause, which ends by itself."""
    is_watched = deadline.next_at is not None or deadline.is_paused
    return deadline.standing in _WAITING and not is_watched


def deadline_contradicts_itself(deadline: Deadline) -> bool:
    met, recorded = deadline.met_at is not None, deadline.missed_recorded_at is not None
    match deadline.standing:
        case "open" | "warned":
            return met or recorded
        case "met":
            return recorded or not met or _is_late(deadline)
        case "missed":
            return not recorded or (met and not _is_late(deadline))
        case "withdrawn":
            return False
        case _:
            return True


def delivered_without_receipt(reply: Reply) -> bool:
    return reply.state == "delivered" and not (reply.receipt and reply.delivered_at)


def delivered_more_than_once(delivery: Delivery) -> bool:
    return delivery.stored > delivery.attempted


def delivered_but_not_at_platform(delivery: Delivery) -> bool:
    return delivery.delivered > delivery.stored


def _is_late(deadline: Deadline) -> bool:
    """Compared in whole seconds, as platforms print them."""
    return deadline.met_at is not None and deadline.met_at.replace(microsecond=0) > deadline.due_at


OF_COMPLAINTS: Mapping[Callable[[Complaint], bool], str] = {
    unknown_to_dispatch: "派单服务没有这件诉求 known to intake but not to dispatch",
    unknown_to_reply: "答复服务没有这件诉求 known to intake but not to reply",
    unknown_to_intake: "受理服务没有这件诉求 known to dispatch or reply but not to intake",
    decision_differs: "各服务对研判的记录不一致"
    " dispatch or reply holds another decision than intake",
    neither_linked_nor_waiting_nor_returned: "既未派单，也未待人工，也未退回"
    " on no work order, not waiting for a person, and not being returned",
    linked_elsewhere_at_reply: "答复服务记录的工单不同"
    " reply has linked it to another work order than dispatch",
    repaired_without_reply: "已修好但没有答复 its work order is repaired and no reply is drafted",
    without_deadlines: "没有办理时限 it has no deadlines",
    answered_without_delivery: "记为已答复但没有送达"
    " recorded as answered without a delivered reply",
}
OF_DEADLINES: Mapping[Callable[[Deadline], bool], str] = {
    overdue_not_recorded: "已超期未记录"
    " due before the last sweep, and neither met nor recorded as missed",
    deadline_not_watched: "无人盯办的时限 open, and no sweep will process it",
    deadline_contradicts_itself: "时限记录自相矛盾 its state and its times contradict each other",
}
OF_REPLIES: Mapping[Callable[[Reply], bool], str] = {
    delivered_without_receipt: "送达无回执 recorded as delivered without a receipt",
}
OF_DELIVERIES: Mapping[Callable[[Delivery], bool], str] = {
    delivered_more_than_once: "重复送达 the platform has stored one version more than once",
    delivered_but_not_at_platform: "平台上没有 recorded as delivered but missing at the platform",
}
OF_MESSAGES: Mapping[Callable[[RawMessage], bool], str] = {
    readable_message_without_complaint: "来件没有对应诉求 a readable message without a complaint",
}
MEANINGS: Mapping[str, str] = {
    "event_not_sent": "事件未发出 an event has not been sent",
    "parked_unseen": "有事件搁置且无人查看 a parked event that nobody has seen",
    "answered_without_call_back": "答复送达后没有回访"
    " a delivered answer says solved, and its resident is not asked",
    "not_solved_without_decision": "反映未解决而没有处理"
    " a resident says that it is not solved, and nothing followed",
    "sealed_without_key": "缺少密钥，无法打开 sealed with a key that is not among the settings",
} | {
    rule.__name__: meaning
    for rules in (OF_COMPLAINTS, OF_DEADLINES, OF_REPLIES, OF_DELIVERIES, OF_MESSAGES)
    for rule, meaning in rules.items()
}
"""By finding name."""
