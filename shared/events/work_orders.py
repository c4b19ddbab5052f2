"""What dispatch tells the others about work orders."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.bus.topics import WORK_ORDERS
from shared.events.event import Event
from shared.vocabulary import Category, Component


class _WorkOrderEvent(Event):
    topic: ClassVar[str] = WORK_ORDERS
    work_order_id: str
    county: str = Field(pattern=r"^\d{6}$")

    @property
    def key(self) -> str:
        return self.work_order_id


class WorkOrderOpened(_WorkOrderEvent):
    """A fault was found behind one or more complaints."""

    type: ClassVar[str] = "cn.waterdesk.workorder.opened.v1"

    scheme_id: str
    scheme_name: str
    village_code: str
    category: Category
    component: Component
    urgent: bool
    rework_of: str | None = None
    """The first work order of the same fault, where residents say that it was not solved."""
    opened_at: AwareDatetime


class ComplaintsLinked(_WorkOrderEvent):
    """These complaints are linked to this work order; a link with a larger sequence replaces it."""

    type: ClassVar[str] = "cn.waterdesk.workorder.complaints-linked.v1"

    complaint_ids: tuple[str, ...] = Field(min_length=1)
    linked_at: AwareDatetime
    reason: str
    """The rule that found them to be the same fault (a message key)."""


class CrewAssigned(_WorkOrderEvent):
    type: ClassVar[str] = "cn.waterdesk.workorder.crew-assigned.v1"

    crew_id: str
    crew_name: str
    assigned_at: AwareDatetime
    reason: str
    """Why this crew (message keys, the strongest first, joined by commas)."""


class WorkOrderAccepted(_WorkOrderEvent):
    """The crew has seen it and is on its way."""

    type: ClassVar[str] = "cn.waterdesk.workorder.accepted.v1"

    crew_id: str
    accepted_at: AwareDatetime


class CrewArrived(_WorkOrderEvent):
    """The crew is on site: the first contact with the residents."""

    type: ClassVar[str] = "cn.waterdesk.workorder.crew-arrived.v1"

    crew_id: str
    arrived_at: AwareDatetime


class RepairExpected(_WorkOrderEvent):
    """The crew or the office says when the repair is to be expected; the last word counts."""

    type: ClassVar[str] = "cn.waterdesk.workorder.repair-expected.v1"

    expected_at: AwareDatetime
    found: str = ""
    """What was found so far (about the fault, never about a person)."""
    said_at: AwareDatetime


class WorkOrderRepaired(_WorkOrderEvent):
    type: ClassVar[str] = "cn.waterdesk.workorder.repaired.v1"

    crew_id: str
    component: Component
    found: str
    """What was found, in the crew's words (about the fault, never about a person)."""
    done: str
    repaired_at: AwareDatetime


class WorkOrderClosed(_WorkOrderEvent):
    type: ClassVar[str] = "cn.waterdesk.workorder.closed.v1"

    closed_at: AwareDatetime
    outcome: Literal["repaired", "nothing_found", "merged"]
    merged_into: str | None = None
    note: str | None = None
    """What the office wrote where nothing was found (about the fault, never about a person). None:
    it closed by itself, when its last complaint left it."""


class FailureRepeated(_WorkOrderEvent):
    """The same component kind of the same scheme failed again within the window."""

    type: ClassVar[str] = "cn.waterdesk.workorder.failure-repeated.v1"

    scheme_id: str
    component: Component
    failures: int = Field(ge=2)
    window_days: int = Field(ge=1)
    noticed_at: AwareDatetime
