"""Which handler hears which event."""

from collections.abc import Mapping
from functools import partial

from shared.bus.consumer import Handler
from shared.events import complaints, work_orders
from shared.events.event import Event

from .handlers.arming import on_complaints_received
from .handlers.drafting import Office
from .handlers.redeciding import (
    on_complaints_chased,
    on_complaints_decided,
    on_complaints_edited,
)
from .handlers.work_orders import on_work_orders_changed
from .rulebook import Rulebook


def handlers(rulebook: Rulebook, office: Office) -> Mapping[type[Event], Handler]:
    changed = partial(on_work_orders_changed, office=office)
    return {
        complaints.ComplaintReceived: partial(
            on_complaints_received, rulebook=rulebook, office=office
        ),
        complaints.ComplaintDecided: partial(
            on_complaints_decided, rulebook=rulebook, office=office
        ),
        complaints.ComplaintEdited: partial(on_complaints_edited, rulebook=rulebook, office=office),
        complaints.ComplaintChased: on_complaints_chased,
        work_orders.WorkOrderOpened: changed,
        work_orders.ComplaintsLinked: changed,
        work_orders.CrewAssigned: changed,
        work_orders.CrewArrived: changed,
        work_orders.WorkOrderRepaired: changed,
        work_orders.WorkOrderClosed: changed,
    }
