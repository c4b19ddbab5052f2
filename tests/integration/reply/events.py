"""Events as intake and dispatch send them; a test spells out only what it is about."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintEvaluated,
    ComplaintReceived,
    Decision,
)
from shared.events.event import Envelope, Event
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    RepairExpected,
    WorkOrderClosed,
    WorkOrderOpened,
    WorkOrderRepaired,
)
from tests.conftest import NOW

COUNTY = "610122"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

E = TypeVar("E", bound=Event)
_numbers = count(1)


def envelope(event: E) -> Envelope[E]:
    number = next(_numbers)
    return Envelope(id=f"event-{number}", time=NOW, sequence=number, data=event)


def decision(**changes: Any) -> Decision:
    return Decision(
        **{
            "is_ours": True,
            "category": "outage",
            "urgent": False,
            "village": "史家寨村",
            "category_confidence": 0.9,
            "place_confidence": 0.9,
            "needs_human": False,
            **changes,
        }
    )


NOT_OURS = decision(is_ours=False, category="not_ours")


def received(complaint_id: str = "c1", **changes: Any) -> ComplaintReceived:
    return ComplaintReceived(
        **{
            "complaint_id": complaint_id,
            "county": COUNTY,
            "platform": "hotline_12345",
            "external_id": f"LT-{complaint_id}",
            "sent_at": NOW,
            "received_at": changes.get("sent_at", NOW),
            "time_limit": None,
            "decision": decision(),
            **changes,
        }
    )


def decided(complaint_id: str = "c1", *, at: datetime = NOW, **changes: Any) -> ComplaintDecided:
    return ComplaintDecided(
        complaint_id=complaint_id,
        county=COUNTY,
        decision=decision(**changes),
        decided_by="wang",
        decided_at=at,
    )


def edited(
    complaint_id: str = "c1", *, time_limit: str | None, at: datetime = NOW, **changes: Any
) -> ComplaintEdited:
    return ComplaintEdited(
        complaint_id=complaint_id,
        county=COUNTY,
        edited_at=at,
        time_limit=time_limit,
        decision=decision(**changes),
    )


def chased(complaint_id: str = "c1", *, times: int, at: datetime = NOW) -> ComplaintChased:
    return ComplaintChased(complaint_id=complaint_id, county=COUNTY, chased_at=at, times=times)


def evaluated(
    complaint_id: str = "c1",
    *,
    satisfied: bool,
    at: datetime,
    source: str = "hotline_12345",
) -> ComplaintEvaluated:
    return ComplaintEvaluated.model_validate(
        {
            "complaint_id": complaint_id,
            "county": COUNTY,
            "satisfied": satisfied,
            "evaluated_at": at,
            "source": source,
        }
    )


def opened(work_order_id: str = "w1", *, at: datetime = NOW) -> WorkOrderOpened:
    return WorkOrderOpened(
        work_order_id=work_order_id,
        county=COUNTY,
        scheme_id="s1",
        scheme_name="史家寨供水站",
        village_code="610122101201",
        category="outage",
        component="pump",
        urgent=False,
        opened_at=at,
    )


def linked(
    *complaint_ids: str, work_order_id: str = "w1", at: datetime = NOW + HOUR
) -> ComplaintsLinked:
    return ComplaintsLinked(
        work_order_id=work_order_id,
        county=COUNTY,
        complaint_ids=complaint_ids or ("c1",),
        linked_at=at,
        reason="same_village_same_category",
    )


def assigned(work_order_id: str = "w1", *, at: datetime = NOW + HOUR) -> CrewAssigned:
    return CrewAssigned(
        work_order_id=work_order_id,
        county=COUNTY,
        crew_id="k1",
        crew_name="东片维修队",
        assigned_at=at,
        reason="nearest",
    )


def arrived(work_order_id: str = "w1", *, at: datetime = NOW + 2 * HOUR) -> CrewArrived:
    return CrewArrived(work_order_id=work_order_id, county=COUNTY, crew_id="k1", arrived_at=at)


def expected(
    work_order_id: str = "w1",
    *,
    until: datetime,
    found: str = "",
    at: datetime = NOW + 2 * HOUR,
) -> RepairExpected:
    return RepairExpected(
        work_order_id=work_order_id, county=COUNTY, expected_at=until, found=found, said_at=at
    )


def repaired(work_order_id: str = "w1", *, at: datetime = NOW + 4 * HOUR) -> WorkOrderRepaired:
    return WorkOrderRepaired(
        work_order_id=work_order_id,
        county=COUNTY,
        crew_id="k1",
        component="pump",
        found="水泵电机烧毁",
        done="更换电机，恢复供水",
        repaired_at=at,
    )


def closed(
    work_order_id: str = "w1",
    *,
    outcome: str = "repaired",
    note: str | None = None,
    at: datetime = NOW + 5 * HOUR,
) -> WorkOrderClosed:
    return WorkOrderClosed.model_validate(
        {
            "work_order_id": work_order_id,
            "county": COUNTY,
            "closed_at": at,
            "outcome": outcome,
            "note": note,
        }
    )
