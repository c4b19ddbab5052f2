"""What dispatch says about repairs: write the facts, settle the complaints they touch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import TextClause, func, select
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Link, WorkOrder
from shared.bus.outbox import Outbox
from shared.events.event import Heard
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    WorkOrderClosed,
    WorkOrderOpened,
    WorkOrderRepaired,
)
from shared.statements import any_of, compiled_once

from .drafting import Office
from .settling import one_batch_at_a_time, settle

WorkOrderNews = WorkOrderOpened | CrewAssigned | CrewArrived | WorkOrderRepaired | WorkOrderClosed

_work_orders = WorkOrder.__table__  # type: ignore[attr-defined]
_links = Link.__table__  # type: ignore[attr-defined]

_NOTHING_KNOWN: Mapping[str, Any] = {
    "scheme_name": "",
    "crew_name": "",
    "arrived_at": None,
    "repaired_at": None,
    "found": "",
    "done": "",
    "finished_at": None,
}
_FOR_DRAFTS_ONLY = frozenset({"county", "scheme_name", "crew_name"})
_THE_EARLIEST_COUNTS = frozenset({"arrived_at", "finished_at"})
"""Of everything else the last word counts."""

_LINKED = compiled_once(insert_or_update(_links).on_conflict_do_nothing(), _links.c.keys())
_TOUCHED = (
    select(col(Link.complaint_id))
    .join(WorkOrder, col(WorkOrder.id) == col(Link.work_order_id))
    .where(col(Link.work_order_id) == any_of("work_order_ids"))
    .distinct()
)
_TOUCHED_DRAFTS = _TOUCHED.where(col(WorkOrder.repaired_at).is_not(None))
"""Scheme and crew stand in drafts only, and there is none before the repair."""


async def on_complaints_linked(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Heard[ComplaintsLinked]],
    now: datetime,
    *,
    office: Office,
) -> None:
    """Somebody is on it: that accepts the order. The complaint may not have been heard of yet."""
    await one_batch_at_a_time(session)
    links = {
        (complaint_id, event.data.work_order_id, event.data.linked_at)
        for event in events
        for complaint_id in event.data.complaint_ids
    }
    rows = [
        {"complaint_id": complaint_id, "work_order_id": work_order_id, "linked_at": linked_at}
        for complaint_id, work_order_id, linked_at in sorted(links)
    ]
    await session.execute(_LINKED, rows)
    await settle(session, outbox, {link[0] for link in links}, now, office=office)


async def on_work_orders_changed(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Heard[WorkOrderNews]],
    now: datetime,
    *,
    office: Office,
) -> None:
    """Opened, assigned, arrived, repaired or closed: all `events` are of one of these types."""
    await one_batch_at_a_time(session)
    learned: dict[str, dict[str, Any]] = {}
    for event in events:
        if facts := _facts(event.data):
            known = learned.setdefault(
                event.data.work_order_id, {"county": event.data.county, **facts}
            )
            known.update(
                {
                    name: min(known[name], value) if name in _THE_EARLIEST_COUNTS else value
                    for name, value in facts.items()
                }
            )
    for names in {tuple(facts) for facts in learned.values()}:
        rows = [
            {"id": work_order_id, **_NOTHING_KNOWN, **facts}
            for work_order_id, facts in learned.items()
            if tuple(facts) == names
        ]
        await session.execute(_written(names), rows)
    drafts_only = all(facts.keys() <= _FOR_DRAFTS_ONLY for facts in learned.values())
    touched = await session.execute(
        _TOUCHED_DRAFTS if drafts_only else _TOUCHED, {"work_order_ids": list(learned)}
    )
    await settle(session, outbox, touched.scalars().all(), now, office=office)


def _facts(news: WorkOrderNews) -> dict[str, Any]:
    match news:
        case WorkOrderOpened():
            return {"scheme_name": news.scheme_name}
        case CrewAssigned():
            return {"crew_name": news.crew_name}
        case CrewArrived():
            return {"arrived_at": news.arrived_at}
        case WorkOrderRepaired():
            return {
                "found": news.found,
                "done": news.done,
                "repaired_at": news.repaired_at,
                "finished_at": news.repaired_at,
            }
        case WorkOrderClosed(outcome="nothing_found"):
            return {"finished_at": news.closed_at}
        case WorkOrderClosed():  # repaired: known already; merged: its complaints are linked anew
            return {}


@cache
def _written(names: tuple[str, ...]) -> TextClause:
    """For each of the few sets of facts that news brings."""
    statement = insert_or_update(_work_orders)
    changed = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            name: func.least(_work_orders.c[name], statement.excluded[name])
            if name in _THE_EARLIEST_COUNTS
            else statement.excluded[name]
            for name in names
        },
    )
    return compiled_once(changed, _work_orders.c.keys())
