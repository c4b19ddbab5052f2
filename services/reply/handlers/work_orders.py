"""What dispatch says about repairs: write the facts, settle the complaints they touch."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import TextClause, func, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Link, WorkOrder
from shared.bus.outbox import Outbox
from shared.events.event import Envelope
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    WorkOrderClosed,
    WorkOrderOpened,
    WorkOrderRepaired,
)
from shared.sql import any_of, compiled_once

from .drafting import Office
from .reconcile import one_batch_at_a_time, settle

_FactsNews = WorkOrderOpened | CrewAssigned | CrewArrived | WorkOrderRepaired | WorkOrderClosed
WorkOrderNews = ComplaintsLinked | _FactsNews

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
    .where(
        col(Link.work_order_id) == any_of("work_order_ids"),
        or_(
            col(WorkOrder.repaired_at).is_not(None),
            col(Link.work_order_id) == any_of("more_than_drafts"),
        ),
    )
    .distinct()
)
"""Scheme and crew stand in drafts only, and there is none before the repair."""


async def on_work_orders_changed(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[WorkOrderNews]],
    now: datetime,
    *,
    office: Office,
) -> None:
    """Opened, linked to complaints, assigned, arrived, repaired or closed.

    A link accepts its complaint: somebody is on it. The complaint may not have been heard of yet.
    """
    await one_batch_at_a_time(session)
    news = [event.data for event in events]
    linked = await _write_links(session, [one for one in news if isinstance(one, ComplaintsLinked)])
    touched = await _write_facts(
        session, [one for one in news if not isinstance(one, ComplaintsLinked)]
    )
    await settle(session, outbox, {*linked, *touched}, now, office=office)


async def _write_links(session: AsyncSession, news: Sequence[ComplaintsLinked]) -> Collection[str]:
    """Returns the complaints that are linked."""
    links = {
        (complaint_id, one.work_order_id, one.linked_at)
        for one in news
        for complaint_id in one.complaint_ids
    }
    rows = [
        {"complaint_id": complaint_id, "work_order_id": work_order_id, "linked_at": linked_at}
        for complaint_id, work_order_id, linked_at in sorted(links)
    ]
    if rows:
        await session.execute(_LINKED, rows)
    return {link[0] for link in links}


async def _write_facts(session: AsyncSession, news: Sequence[_FactsNews]) -> Collection[str]:
    """Returns the complaints that they may change something for."""
    learned: dict[str, dict[str, Any]] = {}
    for one in news:
        if facts := _facts(one):
            known = learned.setdefault(one.work_order_id, {"county": one.county})
            known.update(
                {
                    name: min(known.get(name, value), value)
                    if name in _THE_EARLIEST_COUNTS
                    else value
                    for name, value in facts.items()
                }
            )
    for names in {frozenset(facts) for facts in learned.values()}:
        rows = [
            {"id": work_order_id, **_NOTHING_KNOWN, **facts}
            for work_order_id, facts in learned.items()
            if facts.keys() == names
        ]
        await session.execute(_written(names), rows)
    more_than_drafts = [
        work_order_id
        for work_order_id, facts in learned.items()
        if not facts.keys() <= _FOR_DRAFTS_ONLY
    ]
    if not learned:
        return ()
    touched = await session.execute(
        _TOUCHED, {"work_order_ids": list(learned), "more_than_drafts": more_than_drafts}
    )
    return touched.scalars().all()


def _facts(news: _FactsNews) -> dict[str, Any]:
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
def _written(names: frozenset[str]) -> TextClause:
    """For each of the few sets of facts that news brings together."""
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
