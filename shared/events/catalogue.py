"""Every event there is, by the service that alone tells it."""

from collections.abc import Mapping

from shared.events import complaints, replies, work_orders
from shared.events.event import Event

OF_SERVICE: Mapping[str, tuple[type[Event], ...]] = {
    "intake": (
        complaints.ComplaintReceived,
        complaints.ComplaintDecided,
        complaints.ComplaintChased,
        complaints.ComplaintEdited,
        complaints.ComplaintEvaluated,
    ),
    "dispatch": (
        work_orders.WorkOrderOpened,
        work_orders.ComplaintsLinked,
        work_orders.CrewAssigned,
        work_orders.WorkOrderAccepted,
        work_orders.CrewArrived,
        work_orders.RepairExpected,
        work_orders.WorkOrderRepaired,
        work_orders.WorkOrderClosed,
        work_orders.FailureRepeated,
    ),
    "reply": (
        replies.DeadlinesSet,
        replies.DeadlineWarned,
        replies.DeadlineMissed,
        replies.DeadlineMet,
        replies.ExtensionChanged,
        replies.ReplyDrafted,
        replies.ReplyApproved,
        replies.ReplyDelivered,
        replies.ReplyStuck,
        replies.ReplyRetryScheduled,
        replies.ReplyWithdrawn,
        replies.ResidentTold,
        replies.CallBackChanged,
    ),
}
ALL: tuple[type[Event], ...] = tuple(event for events in OF_SERVICE.values() for event in events)
