"""What dispatch tells about repairs: facts of work orders, and the complaints linked to them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import text

from services.reply.context import Context
from services.reply.loading import LinkedWorkOrder
from services.reply.models import Link
from services.reply.models.work_order import NewLink, WorkOrderFacts
from shared.bulk_insert import bulk_insert
from shared.events.event import Envelope
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    RepairExpected,
    WorkOrderClosed,
    WorkOrderOpened,
    WorkOrderRepaired,
)
from shared.sql import table_of

_FactsEvent = (
    WorkOrderOpened
    | CrewAssigned
    | CrewArrived
    | RepairExpected
    | WorkOrderRepaired
    | WorkOrderClosed
)
WorkOrderEvent = ComplaintsLinked | _FactsEvent

_FACTS_WRITTEN = text("""
INSERT INTO work_order AS known (id, county, scheme_name, crew_name, arrived_at, arrived_sequence,
    repaired_at, repaired_sequence, found, done, nothing_found, first_repaired_at,
    first_repaired_sequence, last_arrived_at, last_arrived_sequence, expected_at, found_so_far,
    expected_sequence)
VALUES (:id, :county, :scheme_name, :crew_name, :arrived_at, :arrived_sequence,
    :repaired_at, :repaired_sequence, :found, :done, :nothing_found, :first_repaired_at,
    :first_repaired_sequence, :last_arrived_at, :last_arrived_sequence, :expected_at,
    :found_so_far, :expected_sequence)
ON CONFLICT (id) DO UPDATE SET
    scheme_name = coalesce(excluded.scheme_name, known.scheme_name),
    crew_name = coalesce(excluded.crew_name, known.crew_name),
    arrived_at = coalesce(known.arrived_at, excluded.arrived_at),
    arrived_sequence = coalesce(known.arrived_sequence, excluded.arrived_sequence),
    repaired_at = coalesce(excluded.repaired_at, known.repaired_at),
    repaired_sequence = coalesce(excluded.repaired_sequence, known.repaired_sequence),
    found = coalesce(excluded.found, known.found),
    done = coalesce(excluded.done, known.done),
    nothing_found = coalesce(excluded.nothing_found, known.nothing_found),
    first_repaired_at = coalesce(known.first_repaired_at, excluded.first_repaired_at),
    first_repaired_sequence =
        coalesce(known.first_repaired_sequence, excluded.first_repaired_sequence),
    last_arrived_at = coalesce(excluded.last_arrived_at, known.last_arrived_at),
    last_arrived_sequence = coalesce(excluded.last_arrived_sequence, known.last_arrived_sequence),
    expected_at = coalesce(excluded.expected_at, known.expected_at),
    found_so_far = coalesce(excluded.found_so_far, known.found_so_far),
    expected_sequence = coalesce(excluded.expected_sequence, known.expected_sequence)
""")
"""The first arrival and the first repair count, and the last ones in a later round; of everything
else the last word."""


async def on_work_orders_changed(
    context: Context,
    events: Sequence[Envelope[WorkOrderEvent]],
    linked_before: Iterable[LinkedWorkOrder],
) -> Mapping[str, str]:
    """Opened, linked to complaints, assigned, arrived, repaired or closed.

    `linked_before`: the links of those that something may follow from. Returns the complaints for
    which something may follow, with the work order that it follows from. A complaint need not have
    been received yet.
    """
    links: dict[tuple[str, int], NewLink] = {}
    facts: dict[str, WorkOrderFacts] = {}
    for event in events:
        data = event.data
        if isinstance(data, ComplaintsLinked):
            for complaint_id in data.complaint_ids:
                links[complaint_id, event.sequence] = NewLink(
                    complaint_id, event.sequence, data.work_order_id, data.linked_at
                )
        else:
            known = facts.setdefault(
                data.work_order_id, WorkOrderFacts(data.work_order_id, data.county)
            )
            _learn(known, data, event.sequence)
    await bulk_insert(context.session, table_of(Link), list(links.values()))
    if facts:
        await context.session.execute(_FACTS_WRITTEN, [vars(one) for one in facts.values()])
    touched = {link.complaint_id: link.work_order_id for link in linked_before}
    return touched | {link.complaint_id: link.work_order_id for link in links.values()}


def _learn(known: WorkOrderFacts, data: _FactsEvent, sequence: int) -> None:
    match data:
        case WorkOrderOpened():
            known.scheme_name = data.scheme_name
        case CrewAssigned():
            known.assign(data.crew_name)
        case CrewArrived():
            known.arrive(data.arrived_at, sequence)
        case RepairExpected():
            known.expect(data.expected_at, data.found, sequence)
        case WorkOrderRepaired():
            known.repair(data.found, data.done, data.repaired_at, sequence)
        case WorkOrderClosed():  # by a decision of the office, which proves nothing else
            known.nothing_found = data.note or known.nothing_found
