"""What must hold, one function each: True where it does not.

A function's name is the finding's name; the tables below say what it means. `decided` compared
between services, and everything else that one tells another, may be on its way: look.py looks
again before it believes a finding.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from .facts import Complaint, Deadline, Delivery, RawMessage, Reply

_SWEEP_MAY_LAG = timedelta(seconds=5)
"""A deadline counted anew, or held by another's transaction, is swept a moment later."""
_WAITING = ("open", "warned")


def readable_message_without_complaint(message: RawMessage) -> bool:
    return message.is_readable or message.names_complaint


def unknown_to_dispatch(complaint: Complaint) -> bool:
    return (
        _taken(complaint) and complaint.dispatch is None and "dispatch" not in complaint.parked_at
    )


def unknown_to_reply(complaint: Complaint) -> bool:
    return _taken(complaint) and complaint.reply is None and "reply" not in complaint.parked_at


def never_taken(complaint: Complaint) -> bool:
    return not _taken(complaint)


def decision_not_heard(complaint: Complaint) -> bool:
    heard = {"dispatch": complaint.dispatch, "reply": complaint.reply}
    return _taken(complaint) and any(
        at.decided != complaint.intake
        for service, at in heard.items()
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
            # Answered before it turned out not to be ours: then nothing goes back any more.
            return not (complaint.reply.has_return or complaint.reply.has_left)
        case _:
            return True


def linked_elsewhere_at_reply(complaint: Complaint) -> bool:
    at, heard = complaint.dispatch, complaint.reply
    if at is None or heard is None or "reply" in complaint.parked_at:
        return False
    return at.state == "linked" and at.work_order_id != heard.work_order_id


def repaired_without_reply(complaint: Complaint) -> bool:
    at, heard = complaint.dispatch, complaint.reply
    if at is None or heard is None or "reply" in complaint.parked_at:
        return False
    return at.state == "linked" and at.is_repaired and not heard.has_reply


def without_deadlines(complaint: Complaint) -> bool:
    return complaint.reply is not None and complaint.reply.deadlines == 0


def answered_without_delivery(complaint: Complaint) -> bool:
    heard = complaint.reply
    return heard is not None and heard.state != "open" and not heard.has_arrived


def overdue_not_recorded(deadline: Deadline) -> bool:
    return (
        deadline.standing in _WAITING
        and deadline.swept_until is not None
        and deadline.due_at <= deadline.swept_until - _SWEEP_MAY_LAG
    )


def due_since_last_sweep(deadline: Deadline, now: datetime) -> bool:
    """No finding: nobody swept since (the system was stopped), and the next sweep records it."""
    waits_past_due = deadline.standing in _WAITING and deadline.due_at < now
    return waits_past_due and not overdue_not_recorded(deadline)


def deadline_not_watched(deadline: Deadline) -> bool:
    return deadline.standing in _WAITING and deadline.next_at is None


def deadline_contradicts_itself(deadline: Deadline) -> bool:
    kept, recorded = deadline.met_at is not None, deadline.missed_recorded_at is not None
    match deadline.standing:
        case "open" | "warned":
            return kept or recorded
        case "met":
            return recorded or not kept or _is_late(deadline)
        case "missed":
            return not recorded or (kept and not _is_late(deadline))
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


def _taken(complaint: Complaint) -> bool:
    return complaint.intake is not None


def _is_late(deadline: Deadline) -> bool:
    """Whole seconds count, as platforms print them."""
    return deadline.met_at is not None and deadline.met_at.replace(microsecond=0) > deadline.due_at


OF_COMPLAINTS: Mapping[Callable[[Complaint], bool], str] = {
    unknown_to_dispatch: "派单服务没有这件诉求 taken by intake, and dispatch does not have it",
    unknown_to_reply: "答复服务没有这件诉求 taken by intake, and reply does not have it",
    never_taken: "受理服务没有这件诉求 known to dispatch or reply, and intake never took it",
    decision_not_heard: "各服务对研判的记录不一致"
    " dispatch or reply holds another decision than intake",
    neither_linked_nor_waiting_nor_returned: "既未派单，也未待人工，也未退回"
    " on no work order, waiting for nobody, and not on its way back",
    linked_elsewhere_at_reply: "答复服务记录的工单不同"
    " reply has it on another work order than dispatch",
    repaired_without_reply: "已修好但没有答复 its fault is repaired, and there is not even a draft",
    without_deadlines: "没有办理时限 no deadline was counted for it",
    answered_without_delivery: "记为已答复但没有送达"
    " said to be answered, and no reply was delivered",
}
OF_DEADLINES: Mapping[Callable[[Deadline], bool], str] = {
    overdue_not_recorded: "已超期未记录"
    " due before the last sweep, and neither kept nor recorded missed",
    deadline_not_watched: "无人盯办的时限 open, and no sweep will ever look at it",
    deadline_contradicts_itself: "时限记录自相矛盾 both kept and missed, or neither with its proof",
}
OF_REPLIES: Mapping[Callable[[Reply], bool], str] = {
    delivered_without_receipt: "送达无回执 said to be delivered, without a receipt",
}
OF_DELIVERIES: Mapping[Callable[[Delivery], bool], str] = {
    delivered_more_than_once: "重复送达 the platform has one version more than once",
    delivered_but_not_at_platform: "平台上没有 said to be delivered, and the platform has it not",
}
OF_MESSAGES: Mapping[Callable[[RawMessage], bool], str] = {
    readable_message_without_complaint: "来件没有对应诉求"
    " a readable message belongs to no complaint",
}
MEANINGS: Mapping[str, str] = {
    "event_not_sent": "事件未发出 an event has not left its service",
    "parked_unseen": "有事件搁置且无人查看 an event is parked, and nobody has seen it",
} | {
    rule.__name__: meaning
    for rules in (OF_COMPLAINTS, OF_DEADLINES, OF_REPLIES, OF_DELIVERIES, OF_MESSAGES)
    for rule, meaning in rules.items()
}
"""Of every finding there is."""
